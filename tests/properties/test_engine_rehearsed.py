"""What holds for every rehearsal: small estates, faults and seeds by chance, judged by the world.

Each example is a whole weekend on the virtual clock. The judge's promises are all asked for; what
is asked for beside them stands in its own test, with other words than the judge's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faults import planned_faults
from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.fold import fold
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import RunState, Side, WaveState
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from migrator.platform.simulated.faults import PlannedFault
from migrator.wiring import Rehearsed, rehearsal
from stage import Stage

EXAMPLES = 60
PAIRS = [f"{one}{two}" for one in "abcde" for two in "abcde" if one != two]


@st.composite
def estates(draw: st.DrawFn) -> Itinerary:
    """Up to five moves in up to three waves, with links, relations, kinds, seats and policies."""
    waves = draw(st.sampled_from([("a",), ("ab",), ("ab", "c"), ("a", "bc", "d"), ("abc", "de")]))
    moves = "".join(waves)
    links = [p for p in draw(st.sets(st.sampled_from(PAIRS), max_size=6)) if set(p) <= set(moves)]
    before = [
        pair
        for pair in draw(st.sets(st.sampled_from(PAIRS), max_size=2))
        if set(pair) <= set(moves) and pair[0] < pair[1]
    ]
    mates = ["ab"] if "ab" in waves[0] and draw(st.booleans()) else []
    reactions = st.sampled_from(
        [Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, retries=1, scope=scope)
         for scope in ("wave", "move")] + [Reaction(Act.UNWIND), Reaction(Act.HOLD)]
    )  # fmt: skip
    made = an_itinerary(
        waves=waves,
        links=links,
        before=[] if mates else before,
        with_=mates,
        stateless=draw(st.sampled_from(["", "a", "bd", "abcde"])),
        batch=draw(st.sampled_from(["", "c"])),
        seats=draw(st.sampled_from([None, 1, 2])),
        policy={
            "next_wave_when": draw(st.sampled_from(["verified", "accepted"])),
            "after_unwind": draw(st.sampled_from(["continue", "continue", "hold"])),
        },
        on={
            trouble: draw(reactions)
            for trouble in (Trouble.STEP_FAILED, Trouble.TIMED_OUT, Trouble.LINKS_REGRESSED)
        },
    )
    chance = draw(st.sampled_from([0.0, 0.3]))
    legs = {name: replace(leg, failure_probability=chance) for name, leg in made.legs.items()}
    return replace(made, legs=legs)


faults = st.lists(planned_faults("abcde", ["f1", "f2", "f3"]), max_size=4).map(tuple)
seeds = st.integers(0, 10_000)


def committed(lines: Sequence[Line]) -> set[str]:
    return {line.event.wave for line in lines if isinstance(line.event, ev.CommitBegun)}


@settings(max_examples=EXAMPLES)
@given(estates(), faults, seeds)
def test_every_promise_is_kept_whatever_goes_wrong(
    itinerary: Itinerary, given_faults: tuple[PlannedFault, ...], seed: int
) -> None:
    rehearsed = rehearsal(itinerary, seed=seed, faults=given_faults)

    assert rehearsed.ledger.violations == []
    assert rehearsed.ledger.both_live_seconds == 0
    assert rehearsed.ledger.rows_lost == 0
    assert rehearsed.ledger.effects_doubled == 0
    it_ended(rehearsed)


def it_ended(rehearsed: Rehearsed) -> None:
    """Everything has an end, or is in a human's hands and says so."""
    run = rehearsed.run
    if run.state is RunState.ENDED:
        assert rehearsed.outcome in {"completed", "with_exceptions", "returned"}
        assert run.in_flight == {}
        return
    human = {WaveState.STUCK, WaveState.COMMITTING}
    assert run.state is RunState.PAUSED or any(w.state in human for w in run.waves.values())


@settings(max_examples=10)
@given(estates(), faults, seeds)
def test_the_fold_is_the_live_run_after_every_commit(
    itinerary: Itinerary, given_faults: tuple[PlannedFault, ...], seed: int
) -> None:
    kept: list[tuple[int, dict[str, WaveState], dict[str, Side]]] = []

    def keep(run: Run, lines: Sequence[Line]) -> None:
        waves = {wave.id: wave.state for wave in run.waves.values()}
        kept.append((lines[-1].seq, waves, dict(run.authority)))

    rehearsed = rehearsal(itinerary, seed=seed, faults=given_faults, on_commit=keep)

    history = [(line.at, line.event) for line in rehearsed.lines]
    assert fold(itinerary, history) == rehearsed.run
    for seq, waves, authority in kept[:: max(1, len(kept) // 12)]:
        run = fold(itinerary, history[:seq])
        assert {wave.id: wave.state for wave in run.waves.values()} == waves
        assert run.authority == authority


@settings(max_examples=8)
@given(estates(), faults, seeds)
def test_the_same_seed_gives_the_same_journal_byte_for_byte(
    itinerary: Itinerary, given_faults: tuple[PlannedFault, ...], seed: int
) -> None:
    first = rehearsal(itinerary, seed=seed, faults=given_faults)
    second = rehearsal(itinerary, seed=seed, faults=given_faults)

    assert first.head == second.head
    assert first.lines == second.lines


@settings(max_examples=EXAMPLES)
@given(estates(), faults, seeds, st.data())
def test_people_may_interfere_at_any_moment(
    itinerary: Itinerary,
    given_faults: tuple[PlannedFault, ...],
    seed: int,
    data: st.DataObject,
) -> None:
    verbs = st.sampled_from(
        ["hold", "release", "unwind", "retry", "veto", "pause", "resume", "commit", "abort",
         "no-go", "skip", "force-done", "abandon"]
    )  # fmt: skip
    at = data.draw(st.lists(st.integers(1, 150), max_size=4, unique=True).map(sorted))
    chosen = {seq: data.draw(verbs) for seq in at}
    given_commands = 0

    def interfere(run: Run, lines: Sequence[Line]) -> Sequence[OperatorCommand]:
        nonlocal given_commands
        due = [seq for seq in chosen if seq <= lines[-1].seq]
        commands = []
        for seq in due:
            verb = chosen.pop(seq)
            given_commands += 1
            target = _target(run, verb)
            commands.append(
                OperatorCommand(f"x{seq}", verb, "anna", True, target, "because", lines[-1].seq)
            )
        return commands

    rehearsed = rehearsal(itinerary, seed=seed, faults=given_faults, react=interfere)

    assert rehearsed.ledger.violations == []
    answered = {
        line.event.command
        for line in rehearsed.lines
        if isinstance(line.event, ev.CommandTaken | ev.CommandRefused)
    }
    if rehearsed.run.state is not RunState.ENDED:
        assert len([command for command in answered if command.startswith("x")]) == given_commands


def _target(run: Run, verb: str) -> str:
    """What fits the verb best at this moment, or something that does not fit at all."""
    if verb in {"retry", "skip", "force-done", "abandon"}:
        for move in run.moves.values():
            for act in (*move.steps.values(), *move.undos.values()):
                if act.state.value in {"failed", "unknown"}:
                    return f"{move.id}/{act.name}"
        return next(iter(run.waves))
    if verb in {"pause", "resume", "abort"}:
        return "run"
    wanted = {"release": "held", "veto": "held", "commit": "accepted"}.get(verb)
    for wave in run.waves.values():
        if wave.state.value == wanted or (wanted is None and wave.state is WaveState.MOVING):
            return wave.id
    return next(iter(run.waves))


@settings(max_examples=15)
@given(estates(), faults, st.sampled_from(["no-go", "wait"]))
def test_a_weekend_that_nobody_answers_moves_nothing(
    itinerary: Itinerary, given_faults: tuple[PlannedFault, ...], unanswered: str
) -> None:
    """It ends waiting, or taken back, as the plan's policy says; no gate is ever a go by itself."""
    itinerary = replace(itinerary, policy=replace(itinerary.policy, gate_default=unanswered))
    stage = Stage(itinerary, given_faults, people=False)
    run = stage.play()
    events = [line.event for line in stage.lines]

    assert stage.ledger().violations == []
    assert set(run.authority.values()) == {Side.OLD}
    assert not any(isinstance(event, ev.GateDecided) for event in events)
    assert not any(move.switched for move in run.moves.values())
    still = {WaveState.DECLINED, WaveState.BLOCKED, WaveState.RETURNED, WaveState.HELD,
             WaveState.STUCK, WaveState.PLANNED}  # fmt: skip
    states = {wave.state for wave in run.waves.values()}
    lapsed = [event for event in events if isinstance(event, ev.GateLapsed)]
    if unanswered == "no-go":
        assert states <= still
        assert {event.by for event in lapsed} <= {"policy"}
    else:
        assert states <= still | {WaveState.DECIDING}
        assert lapsed == []
        waiting = {wave.id for wave in run.waves.values() if wave.state is WaveState.DECIDING}
        called = {event.subject for event in events if isinstance(event, ev.Stalled)}
        assert waiting <= called, "a silent wait is a defect"
        assert not waiting or run.state is not RunState.ENDED


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(estates(), faults, seeds)
def test_what_was_unwound_is_where_it_was_and_what_is_committed_stays(
    itinerary: Itinerary, given_faults: tuple[PlannedFault, ...], seed: int
) -> None:
    rehearsed = rehearsal(itinerary, seed=seed, faults=given_faults)
    run = rehearsed.run
    signed = committed(rehearsed.lines)

    for line in rehearsed.lines:
        if isinstance(line.event, ev.UnwindBegun):
            before = {
                other.event.wave
                for other in rehearsed.lines[: line.seq]
                if isinstance(other.event, ev.CommitBegun)
            }
            assert line.event.wave not in before
    for move in run.moves.values():
        if run.waves[move.wave].state is WaveState.RETURNED and not run.exceptions:
            assert run.authority[move.id] is Side.OLD
        if run.waves[move.wave].state is WaveState.COMMITTED:
            assert move.wave in signed
            assert move.returned or run.authority[move.id] is Side.NEW
