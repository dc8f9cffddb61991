"""A run that was planned anew under way ends as one that was planned so from the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.fold import fold
from migrator.engine.ports import Line, OperatorCommand
from migrator.engine.replanning import plan_anew
from migrator.engine.run import Run
from migrator.plan.model import Itinerary
from migrator.wiring import rehearsal

NAMES: Final = {letter: letter.upper() for letter in "abcdefgh"}
MOMENTS: Final[dict[str, type[ev.Event]]] = {
    "before anything": ev.GateOpened,
    "while the first wave moves": ev.GateDecided,
    "when the first wave is verified": ev.WaveVerified,
}


def a_plan(waves: Sequence[str], *, ahead: bool) -> Itinerary:
    """A plan of these waves, from one inventory; its digest tells it from others."""
    policy = {} if ahead else {"ahead_of_gate": ()}
    plan = an_itinerary(waves=waves, policy=policy, links=("ac:3", "bd:2", "cg:1"), names=NAMES)
    return replace(plan, plan_digest="/".join(waves).encode().hex())


def end_of(run: Run) -> dict[str, object]:
    """How a run ended, without its hours."""
    return {
        "itinerary": run.itinerary,
        "outcome": run.outcome,
        "waves": {wave.id: (wave.state, wave.attempt) for wave in run.waves.values()},
        "authority": run.authority,
        "returned": {move.id: move.returned for move in run.moves.values()},
        "steps": {
            (move.id, step.name): step.state
            for move in run.moves.values()
            for step in move.steps.values()
        },
        "checks": {check.id: check.state for check in run.checks.values()},
        "exceptions": run.exceptions,
    }


class Replanners:
    """Two people who give the verb together at the first moment that fits."""

    def __init__(self, moment: str, new: Itinerary) -> None:
        """They wait."""
        self.moment, self.new = MOMENTS[moment], new
        self.wrong: Sequence[str] | None = None

    def __call__(self, run: Run, lines: Sequence[Line]) -> Sequence[OperatorCommand]:
        """Give it, unless it was given or it is not time."""
        if self.wrong is not None or not any(isinstance(line.event, self.moment) for line in lines):
            return ()
        made, self.wrong = plan_anew(run, self.new)
        return tuple(
            OperatorCommand(
                f"replan-{who}", "replan", who, asserted=True, target="", reason="late", saw=0,
                details=(*made.details(), ("os_user", who)),
            )
            for who in ("anna", "bo")
        )  # fmt: skip


@st.composite
def new_waves(draw: st.DrawFn, fixed: Sequence[str]) -> tuple[str, ...]:
    """The rest of a plan in another order, in other waves, with some gone and some new."""
    letters = draw(st.permutations("cdefgh"))
    cuts = sorted(draw(st.sets(st.integers(1, 5), max_size=3)))
    size = draw(st.integers(2, 6))
    spans = zip([0, *cuts], [*cuts, 6], strict=True)
    parts = ["".join(letters[i : min(j, size)]) for i, j in spans]
    return (*fixed, *(part for part in parts if part))


@pytest.mark.slow
@settings(max_examples=20)
@given(waves=new_waves(("ab",)), moment=st.sampled_from(sorted(MOMENTS)), seed=st.integers(0, 50))
def test_a_replanned_run_ends_as_one_that_was_planned_so_from_the_start(
    waves: tuple[str, ...], moment: str, seed: int
) -> None:
    old, new = a_plan(("ab", "cd", "ef"), ahead=False), a_plan(waves, ahead=False)
    people = Replanners(moment, new)

    replanned = rehearsal(old, seed=seed, react=people)
    planned = rehearsal(new, seed=seed)

    assert people.wrong == ()
    assert end_of(replanned.run) == end_of(planned.run)
    assert replanned.violations == planned.violations == ()
    again = fold(old, ((line.at, line.event) for line in replanned.lines))
    assert again == replanned.run


@settings(max_examples=20)
@given(waves=new_waves(()), moment=st.sampled_from(sorted(MOMENTS)))
def test_a_plan_that_is_refused_changes_nothing(waves: tuple[str, ...], moment: str) -> None:
    old, new = a_plan(("ab", "cd", "ef"), ahead=True), a_plan(waves, ahead=True)
    people = Replanners(moment, new)

    played = rehearsal(old, seed=1, accidents=False, react=people)

    told = [line.event for line in played.lines if isinstance(line.event, ev.Replanned)]
    if people.wrong:
        assert told == []
        assert played.run.itinerary == old
    else:
        assert len(told) == 1
        assert played.run.itinerary == new
    assert played.violations == ()
