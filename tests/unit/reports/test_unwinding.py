"""The preview of an unwind: its set, order, length, bridges, and what can be tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.errors import RefusedError
from migrator.inventory.model import Estimate
from migrator.plan.bridges import Bridge, Crossing
from migrator.plan.model import Itinerary
from migrator.reports.unwinding import Again, preview
from playing import Play

MINUTES: Final = {"a": 7.0, "b": 3.0, "c": 11.0, "d": 2.0}


def differing(**words: object) -> Itinerary:
    """Moves whose undos take differently long, and whose P80 is twice their P50."""
    itinerary = an_itinerary(**words)  # type: ignore[arg-type]  # a test's own data
    legs = {
        name: replace(
            leg,
            undo_minutes={
                undo: Estimate(MINUTES[name], 2 * MINUTES[name]) for undo in leg.undo_minutes
            },
            planned_end=leg.planned_start + timedelta(hours=3),
        )
        for name, leg in itinerary.legs.items()
    }
    return replace(itinerary, legs=legs)


def soaking(*moves: str, **words: object) -> Play:
    """All these moves have switched, and are in their soak."""
    play = Play(differing(**words))
    soaks = {f"{move}/soak" for move in moves}
    play.go_on(lambda _run: soaks <= play.under_way, but=soaks)
    return play


def taken_back(play: Play, target: str) -> float:
    """Do it, each undo taking exactly as long as the plan says; the minutes that it took."""
    began = play.now
    assert not isinstance(play.say("unwind", target)[0], ev.CommandRefused)
    while any(move.unwinding for move in play.run.moves.values()):
        acts = {
            f"{move}/{name}": act.started + timedelta(minutes=MINUTES[move])
            for (move, name), act in play.run.in_flight.items()
            if name in play.run.moves[move].undos and act.started is not None
        }
        play.now = min(acts.values())
        play.end(*sorted(act for act, ends in acts.items() if ends == play.now))
    return (play.now - began).total_seconds() / 60


@pytest.mark.parametrize(
    "words",
    [
        {"waves": ("abcd",), "links": ("ab", "bc"), "stateless": "abcd"},
        {"waves": ("abcd",), "links": ("ab", "bc", "cd"), "stateless": "bd"},
        {"waves": ("abc",), "links": ()},
        {"waves": ("ab",), "before": ("ab",), "stateless": "a"},
    ],
)
def test_the_unwind_takes_as_long_as_its_preview_says(words: dict[str, object]) -> None:
    moves = "".join(words["waves"])  # type: ignore[arg-type]  # a test's own data
    play = soaking(*moves, **words)
    said = preview(play.run, play.now, "w1")
    assert said.refused == ""
    assert said.minutes_p80 == pytest.approx(2 * said.minutes)
    assert said.ends_at - play.now == timedelta(minutes=said.minutes)
    members = {member.move: member.reason for member in said.members}
    assert taken_back(play, "w1") == pytest.approx(said.minutes)
    begun = play.last(ev.UnwindBegun)
    assert dict(zip(begun.moves, begun.reasons, strict=True)) == members


def test_what_waits_for_traffic_begins_when_that_traffic_is_back() -> None:
    play = soaking("a", "b", waves=("ab",), links=("ab",), stateless="ab")
    rows = {row.move: row for row in preview(play.run, play.now, "w1").members}
    first, last = sorted(rows.values(), key=lambda row: row.begins)
    assert last.waits_for == (first.move,)
    # start-source and switch-back; the rest of the first one's undos is not waited for.
    assert last.begins == 2 * MINUTES[first.move] < first.ends


def test_a_dependant_in_an_earlier_accepted_wave_is_named_with_its_reason() -> None:
    play = Play(differing(waves=("a", "b"), before=("ab",), with_=()))
    play.go_on(lambda run: run.waves["w2"].state.value == "accepted")
    said = preview(play.run, play.now, "w1")
    assert [(row.move, row.reason) for row in said.members] == [
        ("b", "was moved because a had moved before it"),
        ("a", "asked for"),
    ]
    assert said.earlier == {"w2": ("b",)}


def test_what_is_under_way_is_why_it_would_be_refused_now() -> None:
    play = Play(differing(waves=("ab",)))
    play.go_on("a/final-copy")
    said = preview(play.run, play.now, "w1")
    assert "a/final-copy" in said.refused
    assert {row.move for row in said.members} == {"a", "b"}  # and it is shown all the same
    undos = next(row.undos for row in said.members if row.move == "a")
    assert "switch-back" not in undos  # nothing was switched yet
    assert "discard-copy" in undos


def test_nothing_begun_needs_no_unwind() -> None:
    play = Play(differing(waves=("a",), policy={"ahead_of_gate": ()}))
    said = preview(play.run, play.now, "a")
    assert said.members == ()
    assert said.refused == "nothing of it was begun, or all of it is back already"
    assert (said.minutes, said.cut) == (0.0, ())


def test_links_cut_by_it_are_bridges_again_and_checked_against_what_bridges_carry() -> None:
    itinerary = differing(waves=("abc",), links=("ab:3", "bc:2", "ax:4"), stateless="abc")
    pairs = tuple(replace(pair, calls_per_day=240 * pair.links) for pair in itinerary.pairs)
    play = Play(replace(itinerary, pairs=pairs, bridge_calls_per_hour=50.0))
    play.go_on(lambda run: all(move.switched for move in run.moves.values()))
    said = preview(play.run, play.now, "b")
    assert said.cut == (Bridge("a", "b", 3, 30.0), Bridge("b", "c", 2, 20.0))
    assert said.before == Crossing(1, 4, 40.0)  # to x, which does not move
    assert said.after == Crossing(3, 9, 90.0)
    assert said.overloaded is True
    assert preview(play.run, play.now, "w1").after == Crossing(0, 0, 0.0)  # all on the old side
    assert said.partial == ("w1",)
    play.run.itinerary = replace(play.run.itinerary, bridge_calls_per_hour=90.0)
    assert preview(play.run, play.now, "b").overloaded is False


def test_where_calls_are_not_kept_no_capacity_is_claimed() -> None:
    play = soaking("a", "b", waves=("ab",), links=("ab",), stateless="ab")
    said = preview(play.run, play.now, "a")
    assert said.after.calls_per_hour is None
    assert said.overloaded is None


def test_a_wave_can_be_tried_again_while_window_and_attempts_last() -> None:
    play = soaking("a", waves=("a", "b"), stateless="a")
    said = preview(play.run, play.now, "w1")
    assert said.again == (Again("w1", 180.0, possible=True, why="attempt 2 of 3"),)

    short = replace(play.run.itinerary.window, end=said.ends_at_p80 + timedelta(hours=3))
    play.run.itinerary = replace(play.run.itinerary, window=short)
    assert preview(play.run, play.now, "w1").again[0].possible
    short = replace(short, end=short.end - timedelta(minutes=1))
    play.run.itinerary = replace(play.run.itinerary, window=short)
    (last,) = preview(play.run, play.now, "w1").again
    assert (last.possible, last.why) == (False, "the window has no room for it")

    play.run.waves["w1"].attempt = 3
    assert preview(play.run, play.now, "w1").again[0].why == "it had its 3 attempts"


def test_what_is_committed_is_never_unwound() -> None:
    play = Play(differing(waves=("a",)))
    play.go_on(lambda run: run.waves["w1"].state.value == "accepted")
    play.say("commit", "w1")
    said = preview(play.run, play.now, "w1")
    assert said.members == ()
    assert "never unwound" in said.refused


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    play = Play(differing(waves=("a",)))
    with pytest.raises(RefusedError) as caught:
        preview(play.run, play.now, "everythin")
    assert caught.value.message == "nothing is called 'everythin'; everything?"
