"""Disturbances under whatever people and forecasts do: clocks, levels and replays keep promises."""

from __future__ import annotations

import json
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts import a_forecast
from itineraries import START, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.fold import apply, fold
from migrator.engine.run import new_run
from migrator.engine.states import RunState
from migrator.incidents.levels import levels
from migrator.incidents.model import Disturbance, Level
from playing import Play

Said = tuple[str, int]

acts: st.SearchStrategy[Said] = st.tuples(
    st.sampled_from(
        ["disturb", "disturb", "again", "staff", "log", "close", "wait", "wait", "wake", "forecast",
         "pause", "resume"]
    ),
    st.integers(0, 30),
)  # fmt: skip


def played(said: list[Said]) -> Play:
    """A run that moves, in which these things are said and done."""
    policy = {"ahead_of_gate": (), "gate_default": "wait", "step_minutes_max": 9_999.0}
    play = Play(an_itinerary(waves=("ab", "c"), policy=policy))
    play.say("go", "w1")
    for what, number in said:
        target = ("a", "b", "w2", "run")[number % 4]
        one = f"D{number % 5 + 1}"
        if what == "disturb":
            play.say("disturb", target, key=f"k{number}")
        elif what == "again":
            play.say("disturb", target, key=f"k{number % 3}")
        elif what == "staff":
            play.say("staff", one, members=("lena", "hanna", "")[number % 3], room=f"R{number}")
        elif what == "log":
            play.say("log", one, note=f"line {number}")
        elif what == "close":
            play.say("close", one, cause="a bug")
        elif what == "wait":
            play.wait(number * 7)
        elif what == "wake" and play.wake_at() is not None:
            play.wait_until_woken()
        elif what == "forecast":
            limit = None if number % 5 == 0 else after(number * 40)
            play.note(a_forecast(limit=limit, made=play.now, knows=play.run.seq))
            play.settle()
        elif what in {"pause", "resume"}:
            play.say(what)
    return play


def promised(play: Play) -> dict[str, list[datetime]]:
    """The hours that were said of each disturbance, in their order."""
    said: dict[str, list[datetime]] = {}
    for _, event in play.history:
        if isinstance(event, ev.DisturbanceOpened | ev.DisturbanceHastened):
            said.setdefault(event.disturbance, []).append(event.red_at)
    return said


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, max_size=25))
def test_a_deadline_only_ever_comes_nearer_and_is_kept(said: list[Said]) -> None:
    play = played(said)
    for name, hours in promised(play).items():
        known = play.run.disturbances[name]
        assert hours == sorted(set(hours), reverse=True)
        assert known.red_at == hours[-1] <= after_four_hours(known)
        assert known.level is not Level.YELLOW or play.now < known.red_at


def after_four_hours(known: Disturbance) -> datetime:
    return after((known.opened - START).total_seconds() / 60 + 240)


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, max_size=20))
def test_every_yellow_ends_in_red_or_closed_and_is_warned_before(said: list[Said]) -> None:
    play = played(said)
    for _ in range(60):
        if all(known.level is Level.RED for known in play.run.unsettled.values()):
            break
        play.wait_until_woken()
    assert all(known.level is not Level.YELLOW for known in play.run.disturbances.values())
    for known in play.run.disturbances.values():
        if known.reddened is not None:
            waited = (known.reddened - known.opened).total_seconds()
            assert known.reddened >= known.red_at
            assert known.warned or waited == 0 or known.reddened > known.red_at or hastened(play)


def hastened(play: Play) -> bool:
    """A forecast may leave no time at all: then red comes with the news itself."""
    return bool(play.happened(ev.DisturbanceHastened))


@settings(max_examples=60, deadline=None)
@given(st.lists(acts, max_size=25))
def test_red_stops_the_run_unless_somebody_answered_for_that(said: list[Said]) -> None:
    play = played(said)
    running = True
    stopped_for: set[str] = set()
    for _, event in play.history:
        if isinstance(event, ev.DisturbanceReddened):
            assert event.holds is running
            stopped_for.add(event.disturbance)
        elif isinstance(event, ev.RunPaused):
            running = False
        elif isinstance(event, ev.RunResumed):
            running = True
        elif isinstance(event, ev.StepStarted):
            assert running
    assert running is (play.run.state is RunState.RUNNING)
    assert stopped_for == {
        known.id for known in play.run.disturbances.values() if known.reddened is not None
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(acts, max_size=20), st.integers(0, 200))
def test_the_clock_survives_a_journal_that_is_cut_anywhere(said: list[Said], cut: int) -> None:
    play = played(said)
    told = [
        (
            at,
            ev.event_from_data(
                type(event).__name__, json.loads(json.dumps(ev.event_to_data(event)))
            ),
        )
        for at, event in play.history
    ]
    again = new_run(play.run.pinned)
    for at, event in told[:cut]:
        apply(again, at, event)
    first = fold(play.run.pinned, told[:cut])
    assert first == again
    for at, event in told[cut:]:
        apply(again, at, event)
    assert again == play.run


bad = st.builds(
    lambda number, where, level: Disturbance(
        f"D{number}", f"k{number}", where[1] or where[0], where[0], where[1], "person", "odd",
        "anna", "anna", START, after(240), "policy", level,
        closed=START if level is Level.GREEN else None,
    ),
    st.integers(1, 99),
    st.sampled_from([("w1", "a"), ("w1", "b"), ("w2", "c"), ("w2", ""), ("", "")]),
    st.sampled_from(list(Level)),
)  # fmt: skip


@given(st.lists(bad, max_size=6), st.lists(bad, max_size=3))
def test_what_is_open_only_ever_makes_things_worse(
    some: list[Disturbance], more: list[Disturbance]
) -> None:
    less, all_ = levels(some), levels([*some, *more])
    assert less.whole.rank <= all_.whole.rank
    for wave in ("w1", "w2"):
        assert less.of_wave(wave).rank <= all_.of_wave(wave).rank <= all_.whole.rank
    for move, wave in (("a", "w1"), ("b", "w1"), ("c", "w2")):
        assert less.of_subsystem(move).rank <= all_.of_subsystem(move).rank
        assert all_.of_subsystem(move).rank <= all_.of_wave(wave).rank
