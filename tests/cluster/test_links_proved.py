"""A weekend in the lab whose links are proved one by one, from pods and from this machine.

Every caller that has moved is spoken for by a pod beside its own workload. What breaks a link here
leaves every front answering as it should: only a look at the link itself, from where it is used,
can tell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from cluster.agents_seen import AgentsSeen
from cluster.carrying_out import Weekend, carry_out
from cluster.estate_on_cluster import Estate, an_estate
from cluster.leftovers import unknown
from cluster.links_declared import probes_of, vantage_of
from cluster.old_side import OldSide
from cluster.reach import Cluster
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.engine.states import WaveState
from migrator.platform.kubernetes.agent_objects import LABEL, NAME

pytestmark = pytest.mark.cluster

NAMES: Final = ("agency", "bureau", "clinic", "desk")
PILOT, TARGET = "agency", "clinic"
"""Who has moved before the others, and whom it calls: from a pod, and nobody else does."""
LINKS: Final = ((PILOT, TARGET), ("bureau", "desk"), (TARGET, "bureau"), ("desk", PILOT))
LEDGER: Final = "/ledger"


@dataclass
class Night:
    """A weekend that was carried out, and the looks at its links."""

    weekend: Weekend
    estate: Estate
    folder: Path

    @property
    def looks(self) -> list[ev.LinksJudged]:
        """In the order of the journal."""
        return [x.event for x in self.weekend.lines if isinstance(x.event, ev.LinksJudged)]

    def of(self, *names: str) -> list[ev.LinksJudged]:
        """The looks of these names."""
        return [each for each in self.looks if each.look in names]

    def state(self, member: str) -> WaveState:
        """What became of the wave that somebody moved in."""
        run = self.weekend.run
        return run.waves[run.moves[member].wave].state

    def sweep(self, look: ev.LinksJudged) -> Path:
        """The folder of a look."""
        return self.folder / "state" / "sweeps" / "night" / look.sweep


def estate_of_four(
    folder: Path, cluster: Cluster, *, target_does: str = "", unserved: bool = False
) -> Estate:
    """Four subsystems in two waves.

    `target_does` is what the target's pods do where its callers ask; `unserved`: nobody is there.
    """
    paths: Mapping[str, str] = {TARGET: LEDGER} if target_does else {}
    return an_estate(
        folder,
        NAMES,
        cluster.image,
        links=LINKS,
        waves=[[PILOT]],
        odd={TARGET: {LEDGER: target_does}} if target_does else None,
        probes=partial(
            probes_of, links=LINKS, paths=paths, unserved={TARGET} if unserved else frozenset()
        ),
    )


def carried_out(
    cluster: Cluster,
    estate: Estate,
    folder: Path,
    meanwhile: Callable[[Line], None] = lambda _line: None,
) -> Night:
    """Carry it out and show its journal, for a failing test. `meanwhile` hears every line of it."""
    weekend = carry_out(estate, folder, cluster, meanwhile=meanwhile)
    for line in weekend.lines:
        print(line.at, line.seq, line.event)  # noqa: T201
    return Night(weekend, estate, folder)


def test_a_weekend_is_accepted_on_the_proof_of_every_link_from_pods_and_from_here(
    cluster: Cluster, old: OldSide, clean: list[str], tmp_path: Path
) -> None:
    estate = estate_of_four(tmp_path, cluster)
    clean += estate.namespaces
    old.runs(estate)
    with AgentsSeen(cluster) as seen:
        night = carried_out(cluster, estate, tmp_path)
        left, _ = unknown(cluster, night.weekend.lines)
    assert night.weekend.run.outcome == "completed", night.weekend.causes

    # Every look has its sweep, and every link of a sweep its one place among the counts.
    assert {(each.move, each.look) for each in night.looks} >= {
        (name, look) for name in NAMES for look in ("baseline", "probe-links")
    }
    for look in night.looks:
        summary = json.loads((night.sweep(look) / "summary.json").read_text("utf-8"))
        counted = look.same + look.better + look.broken + look.deferred
        assert counted == summary["links"] > 0, look
        assert (look.regressed, look.unproved, look.broken) == (0, 0, 0), look
    # Whoever has moved is spoken for by the pod beside its own workload.
    assert set(_looked_from(night)) == {"here", *(vantage_of(name) for name, _ in LINKS)}

    # Those pods carry the labels of the workload, are never called, and are gone.
    assert set(seen.agents.values()) == {f"{name}/{name}" for name, _ in LINKS}
    assert seen.ever_ready == set()
    assert seen.told_unready
    assert seen.called == set()
    assert left == []


def _looked_from(night: Night) -> Iterator[str]:
    """The vantage points that had something to look at, of all sweeps."""
    for look in night.looks:
        for file in (night.sweep(look) / "results").glob("*.jsonl"):
            if file.stat().st_size:
                yield file.stem


def _went_back(night: Night, old: OldSide) -> tuple[ev.WaveHeld, ev.LinksJudged]:
    """The hold and the look that took the second wave back, by itself; everything else is well."""
    assert night.state(PILOT) is WaveState.COMMITTED, night.weekend.causes
    assert night.state(TARGET) is WaveState.RETURNED, night.weekend.causes
    assert old.states() == {n: "fenced" if n == PILOT else "open" for n in NAMES}
    lines = [line.event for line in night.weekend.lines]
    held = next(each for each in lines if isinstance(each, ev.WaveHeld))
    begun = next(each for each in lines if isinstance(each, ev.UnwindBegun))
    assert (held.trouble, begun.by) == ("links_regressed", "policy")
    move, _, look = held.subject.partition("/")
    failed = [x for x in night.looks if (x.move, x.look) == (move, look)][-1]
    # Whoever is back has all its links proved again; two that go back together, by the later one.
    back = night.of("prove-back")
    assert {each.move for each in back} == {*NAMES} - {PILOT}
    assert {(each.regressed, each.unproved, each.broken) for each in back} == {(0, 0, 0)}
    return held, failed


@pytest.mark.slow
def test_links_that_nobody_can_look_at_any_more_are_unproved_and_hold_their_wave(
    cluster: Cluster, old: OldSide, clean: list[str], tmp_path: Path
) -> None:
    """The pod that speaks for the pilot is lost; the next look that needs it makes it anew."""
    estate = estate_of_four(tmp_path, cluster)
    clean += estate.namespaces
    old.runs(estate)
    lost: list[str] = []

    def lose(line: Line) -> None:
        event = line.event
        if isinstance(event, ev.StepEnded) and (event.move, event.step) == (TARGET, "fence"):
            lost.extend(_lose_the_pilots_agent(cluster))

    night = carried_out(cluster, estate, tmp_path, lose)
    assert len(lost) == 1
    held, look = _went_back(night, old)
    assert (look.move, look.look) == (TARGET, "probe-links")
    assert (look.same, look.regressed, look.unproved) == (1, 0, 1)
    assert "1 that answered before could not be looked at" in held.cause
    assert f"{vantage_of(PILOT)}: " in held.cause
    left, _ = unknown(cluster, night.weekend.lines)
    assert left == []


def _lose_the_pilots_agent(cluster: Cluster) -> list[str]:
    """Have its Deployment want an image that nobody has, and wait until its pod is gone."""
    listing = ("-n", PILOT, "get", "--selector", LABEL, "-o", "name")
    pods = cluster.kubectl(*listing, "pods").split()
    named = cluster.kubectl(*listing[:3], "deployments", "-o", "name").split()
    (agent,) = [each for each in named if f"/{NAME}-" in each]
    cluster.kubectl("-n", PILOT, "set", "image", agent, "agent=lab.local/nobody-has-this:1")
    cluster.kubectl("-n", PILOT, "wait", "--for=delete", "--timeout=60s", *pods)
    return pods


def _fronts_answered(night: Night, look: ev.LinksJudged) -> bool:
    """Whether every front answered in a look that failed: its own words say so."""
    ended = next(
        line.event
        for line in night.weekend.lines
        if isinstance(line.event, ev.StepEnded)
        and (line.event.move, line.event.step) == (look.move, look.look)
        and line.event.outcome == "failed"
    )
    return "fronts answer; " in ended.detail


@dataclass(frozen=True)
class Fault:
    """What is wrong with the one link, and what is said of it: worse, wrong side, slower."""

    target_does: str
    said: str
    counts: tuple[int, int, int]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("", "refused", (1, 0, 0)), id="refused"),
        pytest.param(
            Fault("other-side", "wrong side", (1, 1, 0)), id="wrong-side", marks=pytest.mark.slow
        ),
        pytest.param(Fault("slow", "slower", (1, 0, 1)), id="slow", marks=pytest.mark.slow),
    ],
)
def test_a_link_that_is_worse_takes_its_wave_back_though_every_front_answers(
    fault: Fault, cluster: Cluster, old: OldSide, clean: list[str], tmp_path: Path
) -> None:
    estate = estate_of_four(
        tmp_path, cluster, target_does=fault.target_does, unserved=not fault.target_does
    )
    clean += estate.namespaces
    old.runs(estate)
    night = carried_out(cluster, estate, tmp_path)
    held, look = _went_back(night, old)
    assert (look.regressed, look.wrong_side, look.slower) == fault.counts
    assert look.examples == ("l0",), "the link from the pilot's pod, and no other"
    assert fault.said in look.causes[0].lower(), look.causes
    assert f"{TARGET}.app" in look.causes[0]
    assert look.causes[0] in held.cause
    assert _fronts_answered(night, look)
    left, _ = unknown(cluster, night.weekend.lines)
    assert left == []
