"""The story of a run, from its journal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from migrator.engine import events as ev
from migrator.errors import JournalError
from migrator.plan.model import StepKind
from migrator.reports.story import StoryBook
from migrator.reports.teller import tell
from weekend import (
    DECIDER,
    HANDLERS,
    SECOND,
    START,
    Weekend,
    a_quiet_weekend,
    a_troubled_weekend,
    a_weekend,
    minutes,
)


def told(weekend: Weekend, outcome: str | None = "completed") -> StoryBook:
    return tell(weekend.itinerary, weekend.lines(outcome))


def test_a_quiet_weekend_moves_everything_and_has_no_troubles() -> None:
    book = told(a_quiet_weekend())
    assert book.counts.moved == book.counts.planned == 6
    assert (book.counts.returned, book.counts.blocked, book.counts.stuck) == (0, 0, 0)
    assert book.troubles == ()
    assert [wave.outcome for wave in book.waves] == ["accepted", "accepted"]


def test_an_empty_journal_tells_no_run() -> None:
    with pytest.raises(JournalError) as caught:
        tell(a_weekend().itinerary, ())
    assert caught.value.reference == "journal-empty"


def test_the_head_of_the_chain_and_the_number_of_lines_are_the_journals() -> None:
    weekend = a_quiet_weekend()
    lines = weekend.lines()
    book = tell(weekend.itinerary, lines)
    assert (book.lines, book.head) == (len(lines), lines[-1].hash)


def test_a_returned_wave_is_told_with_cause_decision_and_the_order_of_return() -> None:
    book = told(a_troubled_weekend(), "returned")
    (trouble,) = book.troubles
    assert trouble.kind == "links_regressed"
    assert [decision.what for decision in trouble.decisions] == ["veto"]
    assert trouble.unwind is not None
    wave = book.itinerary.waves[1]
    assert [move for move, _ in trouble.unwind.returned] == list(reversed(wave.moves))
    assert trouble.result == "returned"
    assert trouble.result_at == book.waves[1].ended


def test_what_is_left_on_the_target_is_listed_for_returned_moves_only() -> None:
    book = told(a_troubled_weekend(), "returned")
    returned = set(book.itinerary.waves[1].moves)
    assert book.remains
    assert {move for move, _ in book.remains} <= returned


def test_a_blocked_wave_counts_as_never_begun() -> None:
    book = told(a_troubled_weekend(), "returned")
    assert book.waves[3].outcome == "blocked"
    assert book.waves[3].started is None
    assert book.counts.blocked == 4


def test_a_new_attempt_keeps_the_story_of_the_old_one() -> None:
    weekend = a_weekend(1, 3)
    wave = weekend.itinerary.waves[0]
    back = weekend.failed_wave(wave)
    weekend.note(back + minutes(5), ev.AttemptOpened(wave.id, 2, DECIDER), DECIDER)
    shift = (back + minutes(60) - wave.gate_at) / timedelta(minutes=1)
    weekend.quiet_wave(wave, 2, shift)
    book = told(weekend)
    first, second = book.waves[0].attempts
    assert (first.outcome, second.outcome) == ("returned", "accepted")
    assert all(move.returned is not None for move in first.moves)
    assert all(move.returned is None and move.switched is not None for move in second.moves)
    assert first.checks == ()
    assert len(second.checks) == 2
    assert (book.counts.moved, book.counts.returned) == (3, 0)


def test_a_step_tried_again_is_two_tries_and_no_trouble() -> None:
    weekend = a_weekend(1, 1)
    wave = weekend.itinerary.waves[0]
    leg = next(iter(weekend.itinerary.legs.values()))
    at = weekend.gate(wave)
    at = weekend.step(leg, StepKind.PREPARE, at, "failed", detail="no room")
    weekend.step(leg, StepKind.PREPARE, at + minutes(1), nth=2)
    book = told(weekend, None)
    tries = book.waves[0].attempts[0].moves[0].acts
    assert [(act.nth, act.outcome) for act in tries] == [(1, "failed"), (2, "done")]
    assert book.counts.retries == 1
    assert book.troubles == ()
    assert book.outcome == "running"


def test_a_withdrawn_verdict_stays_readable_and_no_longer_counts() -> None:
    weekend = a_quiet_weekend(1, 3)
    check = weekend.itinerary.checks[0]
    person = HANDLERS[3]
    last = max(at for at, _, _ in weekend.facts)
    weekend.note(last + minutes(1), ev.TickWithdrawn(check.id, 1, person), person)
    book = told(weekend)
    story = book.waves[0].attempts[0].checks[0]
    assert [tick.withdrawn for tick in story.ticks if tick.person == person] == [True]
    assert story.outcome == "open"
    assert book.counts.checks_passed == 1


def test_a_handler_whose_verdict_was_withdrawn_is_not_counted_as_one_who_verified() -> None:
    weekend = a_quiet_weekend(1, 3)
    check = weekend.itinerary.checks[0]
    last = max(at for at, _, _ in weekend.facts)
    weekend.note(last + minutes(1), ev.TickWithdrawn(check.id, 1, HANDLERS[3]), HANDLERS[3])
    tick = ev.TickGiven(check.id, 1, HANDLERS[9], "works", "")
    weekend.note(last + minutes(2), tick, HANDLERS[9])
    weekend.note(last + minutes(2), ev.CheckPassed(check.id, 1))
    book = told(weekend)
    assert (book.counts.checks_passed, book.counts.handlers) == (2, 4)


def test_an_override_is_an_exception_by_two_named_people() -> None:
    weekend = a_weekend(1, 2)
    wave = weekend.itinerary.waves[0]
    check = weekend.itinerary.checks[0]
    at = weekend.gate(wave) + minutes(90)
    weekend.note(at, ev.CheckOpened(check.id, 1))
    weekend.note(at, ev.TickGiven(check.id, 1, HANDLERS[0], "does_not_work", ""), HANDLERS[0])
    held = ev.WaveHeld(wave.id, 1, "refused", check.id, check.core, "it is slow", at + minutes(15))
    weekend.note(at, held)
    given = ev.OverrideGiven(wave.id, check.id, DECIDER, SECOND, "slow, but right")
    weekend.note(at + minutes(3), given, DECIDER)
    released = ev.HoldReleased(wave.id, check.id, DECIDER, "slow, but right")
    weekend.note(at + minutes(3), released, DECIDER)
    book = told(weekend, None)
    (exception,) = book.exceptions
    assert (exception.by, exception.second) == (DECIDER, SECOND)
    (trouble,) = book.troubles
    assert trouble.result == "released"
    assert [decision.what for decision in trouble.decisions] == ["override", "release"]
    assert book.waves[0].attempts[0].checks[0].overridden


def test_a_release_of_one_subject_leaves_the_other_trouble_open() -> None:
    weekend = a_weekend(1, 2)
    wave = weekend.itinerary.waves[0]
    at = weekend.gate(wave) + minutes(10)
    for subject in ("a/start", "b/start"):
        held = ev.WaveHeld(wave.id, 1, "step_failed", subject, (), "broken", None)
        weekend.note(at, held)
    weekend.note(at + minutes(1), ev.HoldReleased(wave.id, "a/start", DECIDER, "mended"), DECIDER)
    first, second = told(weekend, None).troubles
    assert (first.result, second.result) == ("released", "open")
    assert [d.what for d in first.decisions] == ["release"]
    assert second.decisions == ()


def test_an_undo_that_fails_for_good_is_stuck_until_a_person_resolves_it() -> None:
    weekend = a_weekend(1, 1)
    wave = weekend.itinerary.waves[0]
    leg = next(iter(weekend.itinerary.legs.values()))
    at = weekend.step(leg, StepKind.PREPARE, weekend.gate(wave))
    weekend.note(
        at, ev.UnwindBegun(wave.id, 1, (leg.id,), ("asked for",), False, DECIDER, "no more time")
    )
    token, limit = "t", at + minutes(60)
    weekend.note(at, ev.UndoStarted(leg.id, "remove", 1, 1, token, limit), "conductor")
    at += minutes(2)
    weekend.note(at, ev.UndoEnded(leg.id, "remove", 1, "failed", "refused"), "conductor")
    weekend.note(at, ev.WaveStuck(wave.id, f"{leg.id}/remove", "the target refuses"))
    stuck = told(weekend, None)
    assert stuck.counts.stuck == 1
    assert [t.result for t in stuck.troubles] == ["open", "stuck"]
    at += minutes(9)
    resolved = ev.UndoResolved(leg.id, "remove", 1, "force-done", DECIDER, "removed by hand")
    weekend.note(at, resolved, DECIDER)
    weekend.note(at, ev.WaveUnstuck(wave.id))
    weekend.note(at, ev.MoveReturned(leg.id, 1, ()))
    weekend.note(at, ev.WaveReturned(wave.id, 1))
    book = told(weekend, "returned")
    unwound, undo = book.troubles
    assert (unwound.kind, unwound.result) == ("unwind", "returned")
    assert undo.result == "unstuck"
    assert [d.what for d in undo.decisions] == ["force-done"]
    assert [d.what for d in book.exceptions] == ["force-done"]


def test_in_virtual_time_all_who_are_not_there_are_simulated() -> None:
    book = told(a_quiet_weekend())
    assert all(decision.simulated for decision in book.decisions)
    ticks = [t for w in book.waves for a in w.attempts for c in a.checks for t in c.ticks]
    assert ticks
    assert all(tick.simulated for tick in ticks)


def test_in_real_time_a_name_that_nobody_checked_is_asserted() -> None:
    weekend = a_weekend(1, 1, practice=False)
    wave = weekend.itinerary.waves[0]
    command = ev.CommandTaken("c", "go", wave.id, DECIDER, True, "ready", 1)
    weekend.note(START + minutes(30), ev.GateOpened(wave.id, 1, START + minutes(90)))
    weekend.note(START + minutes(40), command, DECIDER)
    weekend.note(START + minutes(40), ev.GateDecided(wave.id, 1, DECIDER, "ready"), DECIDER)
    (decision,) = told(weekend, None).decisions
    assert decision.asserted
    assert not decision.simulated


@pytest.mark.parametrize("part", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_every_beginning_of_a_journal_can_be_told(part: float) -> None:
    weekend = a_troubled_weekend()
    lines = weekend.lines("returned")
    book = tell(weekend.itinerary, lines[: int(len(lines) * part)])
    assert not book.ended
    assert book.outcome == "running"


def test_what_is_opened_again_keeps_what_was_said_and_wants_it_anew() -> None:
    weekend = a_weekend(1, 2)
    wave = weekend.itinerary.waves[0]
    check = next(c for c in weekend.itinerary.checks if c.wave == wave.id)
    at = weekend.gate(wave) + minutes(60)
    weekend.note(at, ev.CheckOpened(check.id, 1))
    weekend.note(at, ev.TickGiven(check.id, 1, HANDLERS[0], "works_but", ""), HANDLERS[0])
    weekend.note(at, ev.CheckPassed(check.id, 1))
    weekend.note(at + minutes(5), ev.CheckOpened(check.id, 1))
    (story,) = told(weekend, None).waves[0].attempts[0].checks

    assert (story.outcome, story.ended) == ("open", None)
    assert [tick.verdict for tick in story.ticks] == ["works_but"]


def test_a_defect_that_is_raised_is_told_as_a_no_of_who_raised_it() -> None:
    weekend = a_weekend(1, 2)
    wave = weekend.itinerary.waves[0]
    check = next(c for c in weekend.itinerary.checks if c.wave == wave.id)
    at = weekend.gate(wave) + minutes(60)
    weekend.note(at, ev.CheckOpened(check.id, 1))
    weekend.note(at, ev.TickGiven(check.id, 1, HANDLERS[0], "works_but", ""), HANDLERS[0])
    filed = ev.DefectFiled("F1", check.id, 1, "f", wave.id, HANDLERS[0], "")
    weekend.note(at, filed, HANDLERS[0])
    weekend.note(at, ev.CheckPassed(check.id, 1))
    weekend.note(at, ev.DefectRaised("F1", check.id, 1, DECIDER, "wrong"), DECIDER)
    (story,) = told(weekend, None).waves[0].attempts[0].checks

    assert story.outcome == "refused"
    assert [(tick.person, tick.verdict) for tick in story.ticks][1:] == [(DECIDER, "does_not_work")]
