"""An unwind and its preview: the same set, the same reasons, the same figures for the bridges.

Estates, capacities and the moment are drawn; what the preview says stands against what is begun.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from itineraries import an_itinerary, carrying
from migrator.engine import events as ev
from migrator.engine.bridging import BRIDGES_NAMED_MAX
from migrator.engine.decide import decide
from migrator.engine.fold import fold
from migrator.engine.states import WaveState
from migrator.plan.bridges import too_many
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from migrator.platform.simulated.faults import PlannedFault
from migrator.reports.unwinding import Preview, preview
from migrator.wiring import rehearsal
from playing import Play

MOVES = "abcde"
PAIRS = [one + two for one in MOVES + "x" for two in MOVES + "x" if one != two]
STOPS = ["quiesce", "final-copy", "start", "switch", "probe-links", "soak"]


@st.composite
def estates(draw: st.DrawFn) -> Itinerary:
    """Five moves in one or two waves; policies that take back the move alone."""
    on = {
        trouble: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, scope="move")
        for trouble in (Trouble.STEP_FAILED, Trouble.LINKS_REGRESSED, Trouble.SOAK)
    }
    made = an_itinerary(
        waves=draw(st.sampled_from([("abcde",), ("ab", "cde"), ("abc", "de")])),
        links=[
            f"{pair}:{draw(st.integers(1, 9))}"
            for pair in sorted(draw(st.sets(st.sampled_from(PAIRS), max_size=8)))
        ],
        with_=draw(st.sampled_from([(), ("ab",)])),
        before=draw(st.sampled_from([(), ("ce",), ("ac",)])),
        stateless=draw(st.sampled_from(["", "bd", MOVES])),
        on=on,
    )
    return carrying(made, draw(st.sampled_from([None, 0.0, 40.0, 90.0, 150.0])))


def stopped(itinerary: Itinerary, move: str, step: str) -> Play | None:
    """A run in which a step of a move is under way, and nothing else; None where it has none."""
    recipe = itinerary.recipes[itinerary.legs[move].recipe]
    if step not in {each.key for each in recipe.steps}:
        return None
    play = Play(itinerary)
    play.go_on(f"{move}/{step}", but={f"{other}/soak" for other in MOVES})
    return play


def agree(begun: list[ev.UnwindBegun], said: Preview) -> None:
    """What was begun together (an event for each wave) is what was said."""
    moves = [move for event in begun for move in event.moves]
    assert sorted(moves) == sorted(row.move for row in said.members)
    for event in begun:
        assert event.calls_per_hour == said.after.calls_per_hour
        assert event.calls_per_hour_max == said.bridge_calls_per_hour
        assert event.bridges == tuple(str(bridge) for bridge in said.cut[:BRIDGES_NAMED_MAX])
        assert event.partial == (event.wave in said.partial)
        assert too_many(event.calls_per_hour, event.calls_per_hour_max) == said.overloaded


def reasons(begun: list[ev.UnwindBegun]) -> dict[str, str]:
    """The reason of each member."""
    return {
        move: reason
        for event in begun
        for move, reason in zip(event.moves, event.reasons, strict=True)
    }


def overloads(play: Play, wave: str, said: Preview) -> bool:
    """Too much, and more than if all waves that lose something had arrived: with other words."""
    waves = {wave, *(row.wave for row in said.members)}
    new = {move for move, side in play.run.authority.items() if side.value == "new"}
    new |= {move for move, record in play.run.moves.items() if record.wave in waves}
    onward = sum(
        pair.calls_per_day or 0
        for pair in play.run.itinerary.pairs
        if len({pair.source, pair.target} & new) == 1
    )
    asked = said.after.calls_per_hour
    assert asked is not None
    return bool(said.overloaded) and asked > onward / 24


@settings(max_examples=60)
@given(estates(), st.sampled_from(MOVES), st.sampled_from(STOPS), st.booleans())
def test_what_an_operator_begins_is_what_the_preview_said(
    itinerary: Itinerary, move: str, step: str, whole: bool
) -> None:
    play = stopped(itinerary, move, step)
    if play is None:
        return
    wave = play.run.moves[move].wave
    target = wave if whole else move
    play.say("hold", wave)
    play.end(*play.under_way)
    said = preview(play.run, play.now, target)
    answer = play.say("unwind", target)
    assert isinstance(answer[0], ev.CommandRefused) == bool(said.refused)
    if isinstance(answer[0], ev.CommandRefused):
        assert answer[0].why == said.refused
        assert "--over-capacity" in said.refused or "under way" in said.refused
        if "under way" in said.refused:
            return  # an act of a later wave that goes back, too
        assert said.overloaded
        assert said.partial
        assert not whole
        answer = play.say("unwind", target, over_capacity="yes")
    begun = [event for event in answer if isinstance(event, ev.UnwindBegun)]
    agree(begun, said)
    assert reasons(begun) == {row.move: row.reason for row in said.members}


@settings(max_examples=60)
@given(estates(), st.sampled_from(MOVES), st.sampled_from(STOPS))
def test_what_the_policy_begins_is_the_part_or_for_the_bridges_sake_the_wave(
    itinerary: Itinerary, move: str, step: str
) -> None:
    play = stopped(itinerary, move, step)
    if play is None:
        return
    wave = play.run.moves[move].wave
    play.fail(f"{move}/{step}")
    if play.wave(wave) is not WaveState.HELD:
        return
    play.end(*play.under_way)
    play.wait(14.9)
    play.end(*play.under_way)
    play.now += timedelta(minutes=0.1)
    part, all_of_it = (preview(play.run, play.now, target) for target in (move, wave))
    begun = [e for e in decide(play.run, play.now).events if isinstance(e, ev.UnwindBegun)]
    if not begun:
        assert play.under_way  # of a later wave that would go back, too
        return
    widens = overloads(play, wave, part) and not overloads(play, wave, all_of_it)
    agree(begun, all_of_it if widens else part)
    assert any(event.widened for event in begun) == widens
    known = {row.move: row.reason for row in part.members}
    for member, reason in reasons(begun).items():
        assert reason == known.get(member, reason)


failures = st.sets(st.sampled_from(MOVES), min_size=1, max_size=2).flatmap(
    lambda moves: st.tuples(
        *(
            st.sampled_from(["prepare", "final-copy", "start", "probe", "switch"]).map(
                lambda step, move=move: PlannedFault("step_fails", move, step, times=9)  # type: ignore[misc]  # bound now
            )
            for move in sorted(moves)
        )
    )
)


@settings(max_examples=20)
@given(estates(), failures, st.integers(0, 10_000))
def test_a_weekend_keeps_every_promise_also_where_a_part_takes_its_wave_along(
    itinerary: Itinerary, faults: tuple[PlannedFault, ...], seed: int
) -> None:
    rehearsed = rehearsal(itinerary, seed=seed, faults=faults)

    assert rehearsed.ledger.violations == []
    assert rehearsed.ledger.both_live_seconds == 0
    assert rehearsed.ledger.rows_lost == 0
    assert rehearsed.ledger.effects_doubled == 0
    assert fold(itinerary, [(line.at, line.event) for line in rehearsed.lines]) == rehearsed.run
    for line in rehearsed.lines:
        if isinstance(line.event, ev.UnwindBegun) and line.event.widened:
            assert not line.event.partial
