"""Journals become samples: what was done from beginning to end, beside what was estimated."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.errors import InputError
from migrator.forecast.durations import Kind
from migrator.forecast.learned import DECISION, TICK
from migrator.inventory.model import Estimate
from migrator.plan.digest import plan_digest
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import Itinerary
from migrator.planner.build import make_plan
from migrator.platform.simulated.chance import Chance
from migrator.platform.simulated.faults import PlannedFault
from migrator.wiring.learning import LIVE, PRACTICE, SIMULATED, Finished, learned_from, samples_of
from migrator.wiring.rehearsing import rehearsal
from weekend_estates import an_estate


@cache
def itinerary() -> Itinerary:
    inventory = an_estate(6)
    plan = make_plan(inventory, (), seed=1, evaluations=30, name="six", path="six")
    return make_itinerary(plan, inventory, (), plan_digest(plan))


class Longer(Chance):
    """Everything takes so much longer than its P50."""

    def __init__(self, factor: float) -> None:
        super().__init__(1)
        self._factor = factor

    def minutes(self, estimate: Estimate, *_: object) -> float:
        return estimate.p50 * self._factor


@cache
def played(factor: float = 1.0, *, failing: bool = False) -> Finished:
    move = min(itinerary().legs)
    faults = (PlannedFault("step_fails", move, "start", times=9),) if failing else ()
    found = rehearsal(itinerary(), seed=1, accidents=False, chance=Longer(factor), faults=faults)
    return Finished(f"x{factor:g}", "ab" * 32, itinerary(), tuple(found.lines))


def told(finished: Finished, **changes: object) -> Finished:
    """The same run, begun in another way."""
    first = finished.lines[0]
    begun = replace(first.event, **changes)
    return replace(finished, lines=(replace(first, event=begun), *finished.lines[1:]))


def live(factor: float = 1.0) -> Finished:
    return told(played(factor), mode="wall", practice=False, target="the new cluster")


def test_a_run_says_where_its_durations_come_from() -> None:
    assert played().source == SIMULATED
    assert live().source == LIVE
    assert told(played(), mode="wall", practice=True, target="a lab").source == PRACTICE
    assert told(played(), mode="scaled").source == SIMULATED
    assert replace(played(), lines=()).source == SIMULATED


def test_every_act_that_was_done_is_a_sample_and_no_waiting_is() -> None:
    found = samples_of(played(1.5))
    acts = {sample.kind.act for sample in found}
    assert {"prepare", "copy", "start", "switch", "probe-links", "tick", "decision"} <= acts
    assert not acts & {"soak", "verify", "accept", "finalise", "retire"}
    steps = [s for s in found if s.kind not in (TICK, DECISION) and s.kind.act != "drain"]
    assert len({sample.subject for sample in steps}) == 6
    assert all(sample.minutes == pytest.approx(1.5 * sample.p50, rel=1e-3) for sample in steps)


def test_what_failed_was_not_done() -> None:
    move = min(itinerary().legs)
    found = [s for s in samples_of(played(failing=True)) if s.subject == move]
    assert "start" not in {sample.kind.act for sample in found}
    assert "prepare" in {sample.kind.act for sample in found}
    assert any(sample.kind.act == "stop-target" for sample in found)


def test_an_act_that_a_restart_interrupted_is_no_sample() -> None:
    lines = list(played().lines)
    place = next(i for i, line in enumerate(lines) if isinstance(line.event, ev.StepStarted))
    begun = lines[place].event
    assert isinstance(begun, ev.StepStarted)
    doubt = ev.StepDoubted(begun.move, begun.step, begun.attempt)
    lines.insert(place + 1, replace(lines[place], event=doubt))
    doubted = replace(played(), lines=tuple(lines))
    assert len(samples_of(doubted)) == len(samples_of(played())) - 1


def test_live_runs_teach_and_rehearsals_only_where_somebody_says_so() -> None:
    found = learned_from([live(1.5)], rehearsals=False)
    assert [run.source for run in found.runs] == [LIVE]
    factors = {kind.kind: kind.factor for kind in found.durations.kinds}
    assert factors[Kind("prepare", "stateful")] == pytest.approx(1.5 ** (2 / 6), rel=1e-3)
    with pytest.raises(InputError) as refused:
        learned_from([live(), played(2.0)], rehearsals=False)
    assert refused.value.reference == "learned-rehearsals"
    assert "x2" in refused.value.message
    mixed = learned_from([live(), played(2.0)], rehearsals=True)
    assert [run.source for run in mixed.runs] == [LIVE, SIMULATED]


def test_waves_that_failed_are_counted_against_what_was_expected() -> None:
    calm = learned_from([live()], rehearsals=False).failures
    assert (calm.taken_back, calm.tried) == (0, len(itinerary().waves))
    assert 0.0 < calm.expected < calm.tried
    bad = learned_from([played(failing=True)], rehearsals=True).failures
    assert bad.taken_back == 1


def test_a_run_that_goes_on_teaches_nothing_yet() -> None:
    half = replace(live(), lines=live().lines[:40])
    with pytest.raises(InputError) as refused:
        learned_from([half], rehearsals=False)
    assert refused.value.reference == "run-not-over"


def test_runs_of_two_estates_are_not_counted_together() -> None:
    other = replace(live(), itinerary=replace(itinerary(), inventory_name="elsewhere"))
    with pytest.raises(InputError) as refused:
        learned_from([live(), other], rehearsals=False)
    assert refused.value.reference == "learned-elsewhere"


def test_a_run_in_which_nothing_was_done_teaches_nothing() -> None:
    first, last = live().lines[0], live().lines[-1]
    lines: tuple[Line, ...] = (first, last)
    with pytest.raises(InputError) as refused:
        learned_from([replace(live(), lines=lines)], rehearsals=False)
    assert refused.value.reference == "nothing-to-learn"
