"""The briefing of a shift: what happened since an hour, sorted by what a shift asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import practising
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.engine.states import WaveState
from migrator.platform.simulated.faults import PlannedFault
from migrator.reports.handover import AHEAD, Handover, Under, coming, hand_over
from migrator.wiring import Rehearsed, rehearsal

FAULTS = (
    PlannedFault("step_fails", "web", "start", times=9),
    PlannedFault("handler_says_no", function="pay", times=1),
)


@cache
def weekend() -> Rehearsed:
    return rehearsal(practising.small_itinerary(), seed=1, faults=FAULTS, accidents=False)


def at(kind: type[ev.Event]) -> datetime:
    return next(line.at for line in weekend().lines if isinstance(line.event, kind))


def briefed(since: datetime, lines: Sequence[Line] | None = None) -> Handover:
    played = weekend().lines if lines is None else lines
    return hand_over(practising.small_itinerary(), played, since, played[-1].at)


def test_every_fact_of_a_kind_since_then_is_told_and_none_before() -> None:
    since = at(ev.WaveHeld)
    found = briefed(since)
    for under, kinds in (
        (Under.HOLDS, (ev.WaveHeld, ev.HoldReleased, ev.VetoGiven, ev.Stalled, ev.WaveStuck)),
        (Under.GATES, (ev.GateDecided, ev.GateLapsed, ev.AttemptOpened, ev.CommitBegun)),
        (Under.TICKS, (ev.TickGiven, ev.TickWithdrawn)),
        (Under.REFUSED, (ev.CommandRefused,)),
    ):
        expected = [
            line.seq
            for line in weekend().lines
            if isinstance(line.event, kinds) and line.at >= since
        ]
        told = [line.seq for line in found.told[under] if isinstance(line.event, kinds)]
        assert told == expected, under
    assert found.told[Under.HOLDS][0].at == since
    assert found.events == sum(line.at >= since for line in weekend().lines)


def test_a_wave_is_told_as_it_was_and_as_it_is() -> None:
    first = briefed(at(ev.WaveHeld)).waves[0]
    assert first.then is WaveState.MOVING
    assert first.now is weekend().run.waves[first.wave].state
    begun = briefed(weekend().lines[0].at).waves[0]
    assert begun.then is WaveState.PLANNED
    assert (begun.moved_then, begun.moves) == (0, 1)


def test_a_trouble_is_told_with_what_became_of_it_and_an_open_one_always() -> None:
    held = next(line for line in weekend().lines if isinstance(line.event, ev.WaveHeld))
    whole = briefed(held.at)
    assert whole.troubles[0].seq == held.seq
    assert whole.troubles[0].result == "returned"
    early = [line for line in weekend().lines if line.seq <= held.seq]
    (still,) = briefed(held.at + timedelta(hours=9), early).troubles  # from long before, and open
    assert (still.seq, still.result_at) == (held.seq, None)
    ended = whole.troubles[0].result_at
    assert ended is not None
    later = briefed(ended + timedelta(minutes=1))
    assert held.seq not in {trouble.seq for trouble in later.troubles}


def test_what_was_done_by_hand_is_an_exception_too() -> None:
    lines = list(weekend().lines)
    held = next(n for n, line in enumerate(lines) if isinstance(line.event, ev.WaveHeld))
    move, _, step = getattr(lines[held].event, "subject", "").partition("/")
    forced = ev.StepResolved(move, step, 1, "force-done", "anna", "started by hand")
    last = lines[held]
    lines = [*lines[: held + 1], replace(last, seq=last.seq + 1, actor="anna", event=forced)]
    found = hand_over(practising.small_itinerary(), lines, last.at, last.at)
    assert [line.event for line in found.told[Under.BY_HAND]] == [forced]
    assert [line.event for line in found.told[Under.EXCEPTIONS]] == [forced]


def test_what_comes_is_what_the_plan_has_in_those_two_hours_and_is_not_over() -> None:
    seen = practising.seen_after(lambda line: isinstance(line.event, ev.GateOpened))
    start = seen.itinerary.window.start
    found = coming(seen.run, start, start + AHEAD)
    assert {each.what for each in found} >= {"gate", "start"}
    assert all(start <= each.at < start + AHEAD for each in found)
    assert [each.at for each in found] == sorted(each.at for each in found)
    done = practising.seen_after(lambda line: isinstance(line.event, ev.RunEnded))
    rest = coming(done.run, start, seen.itinerary.window.end + AHEAD)
    assert {each.what for each in rest} == {"shift", "shift_end", "window_end"}
