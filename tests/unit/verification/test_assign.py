"""Who gets a check: on shift, free, with the least done so far; ties by id."""

from __future__ import annotations

from itineraries import a_check, a_member, after
from migrator.ids import PersonId
from migrator.plan.model import Member
from migrator.verification.assign import (
    choose,
    deputies,
    deputy_of,
    eligible,
    may_verify,
    next_shift,
    on_shift,
)


def at(name: str, *hours: tuple[float, float]) -> Member:
    return a_member(name, shifts=tuple((after(start), after(end)) for start, end in hours))


def test_somebody_without_shifts_is_always_there() -> None:
    assert on_shift(a_member("anna"), after(0))


def test_a_shift_has_its_first_minute_and_not_its_last() -> None:
    anna = at("anna", (10, 20), (40, 50))

    assert [on_shift(anna, after(n)) for n in (9, 10, 19, 20, 40, 50)] == [
        False, True, True, False, True, False,
    ]  # fmt: skip


def test_the_next_shift_is_the_earliest_that_has_not_begun() -> None:
    people = [at("anna", (10, 20), (90, 99)), at("bo", (40, 50))]

    assert next_shift(people, after(0)) == after(10)
    assert next_shift(people, after(10)) == after(40)
    assert next_shift(people, after(90)) is None
    assert next_shift([], after(0)) is None


def test_only_known_people_are_eligible_in_the_checks_own_order() -> None:
    check = a_check("f1", 1, "a", eligible=("bo", "nobody", "anna"))
    members = {name: a_member(name) for name in ("anna", "bo", "cia")}

    assert [member.id for member in eligible(check, members)] == ["bo", "anna"]


def test_the_one_with_the_fewest_checks_is_chosen_and_then_the_first_by_id() -> None:
    people = [a_member(name) for name in ("cia", "bo", "anna")]

    chosen = choose(people, after(0), (), {"anna": 1, "bo": 0, "cia": 0})
    assert chosen is not None
    assert chosen.id == "bo"
    busy = choose(people, after(0), {"bo", "cia"}, {"anna": 5})
    assert busy is not None
    assert busy.id == "anna"


def test_nobody_is_chosen_where_nobody_is_free_or_there() -> None:
    assert choose([a_member("anna")], after(0), {"anna"}, {}) is None
    assert choose([at("anna", (10, 20))], after(0), (), {}) is None
    assert choose([], after(0), (), {}) is None


def test_a_deputy_may_verify_where_the_check_says_so() -> None:
    check = a_check("f1", 1, "a", eligible=("anna",), deputies=(PersonId("bo"), PersonId("zoe")))
    members = {
        "anna": a_member("anna", deputy=PersonId("bo")),
        "bo": a_member("bo", deputy=PersonId("cia")),
        "cia": a_member("cia"),
    }

    assert [member.id for member in deputies(check, members)] == ["bo"]
    assert [may_verify(check, who) for who in ("anna", "bo", "cia")] == [True, True, False]
    assert may_verify(a_check("f1", 1, "a", eligible=()), "anybody")
    found = deputy_of(check, members, "anna")
    assert found is not None
    assert found.id == "bo"
    assert deputy_of(check, members, "bo") is None  # cia may not verify it
    assert deputy_of(check, members, "team.blue") is None
