"""Who is there: counted once, those on shift first."""

from __future__ import annotations

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import new_run
from migrator.reports.texts import texts
from migrator.web.roster_view import ROLES, Doors, roster
from weekend import HANDLERS, START, an_itinerary, minutes

T = texts("en", "Europe/Stockholm")
NOBODY = Doors(frozenset(), {}, frozenset())


def test_every_role_of_the_plan_has_a_word() -> None:
    roles = {role for each in an_itinerary().members.values() for role in each.roles}
    assert roles <= set(ROLES)


def test_the_count_is_of_handlers_and_of_no_others() -> None:
    run = new_run(an_itinerary())
    handlers = [id_ for id_, each in run.itinerary.members.items() if "handler" in each.roles]
    doors = Doors(frozenset(run.itinerary.members), {HANDLERS[0]: START, "lead-01": START}, ())
    found = roster(run, START, doors, T)
    assert (found.handlers, found.handlers_signed_in) == (len(handlers), 1)
    assert len(found.people) == len(run.itinerary.members)


def test_whoever_is_on_shift_stands_first_and_the_others_say_when_they_come() -> None:
    run = new_run(an_itinerary())
    found = roster(run, START, NOBODY, T)
    there = [row.on_shift for row in found.people]
    assert there == sorted(there, reverse=True)
    assert found.on_shift == sum(there)
    for row in found.people:
        shifts = run.itinerary.members[row.id].shifts
        starts = [start for start, _ in shifts if start > START]
        assert row.next_shift == (None if row.on_shift else min(starts, default=None))


def test_on_shift_and_never_signed_in_is_told_of_handlers() -> None:
    run = new_run(an_itinerary())
    before = roster(run, START, NOBODY, T).on_shift_not_signed_in
    one = next(row.id for row in roster(run, START, NOBODY, T).people if row.on_shift
               and "handler" in run.itinerary.members[row.id].roles)  # fmt: skip
    after = roster(run, START, Doors((one,), {one: START}, (one,)), T)
    assert after.on_shift_not_signed_in == before - 1
    row = next(each for each in after.people if each.id == one)
    assert (row.invited, row.signed_in, row.here) == (True, START, True)


def test_a_person_has_the_checks_that_they_are_asked_and_no_answered_ones() -> None:
    run, check = new_run(an_itinerary(1, 2)), "function-1-1@w01"
    apply(run, START, ev.CheckOpened(check, 1))
    apply(run, START, ev.CheckAssigned(check, 1, HANDLERS[0], START + minutes(45)))

    def mine() -> tuple[list[str], int]:
        found = roster(run, START, NOBODY, T)
        row = next(each for each in found.people if each.id == HANDLERS[0])
        return [each.id for each in row.checks], row.answered

    assert mine() == ([check], 0)
    apply(run, START, ev.TickGiven(check, 1, HANDLERS[0], "cannot_judge", ""))
    assert mine() == ([], 1)
