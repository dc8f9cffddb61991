"""A weekend of 77 subsystems onto a real cluster, on the wall's clock; and one wave taken back.

In the lab: a real API server with its controllers, and simulated nodes. `_weekend_lab.py` says
which parts of this world are fakes. The conductor is the program's own, as in a live run, in a
process of its own; people answer at once, every team has a seat for each of its moves, nothing
soaks, and a drain takes the second that is the shortest one. So what is measured is what the
program and the cluster need, and what the client's own limit of fifty requests a second leaves of
that. In a second run a handler says no where one of the largest waves is verified. The run is the
administrator's, without the fence of admission. Uses the lab that runs (MIGRATOR_LAB), or its own.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypedDict
from unittest.mock import patch

from _flip_lab import a_lab
from _runs import a_folder, report
from _weekend_lab import NODES, new_side, weekend_estate

from cluster.estate_on_cluster import Estate
from cluster.lab.building import build_all
from cluster.lab.images import PYTHON
from cluster.lab.parts import Lab
from cluster.old_side import OldSide
from cluster.people import People
from migrator.cli.run_reading import read_apart
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.plan.model import Plan, PlannedWave
from migrator.platform.kubernetes.bucket import Bucket
from migrator.store.sql import open_store
from migrator.wiring.live import begin_live, conduct
from migrator.wiring.on_cluster import ClusterPlace, identify

WEEKEND_SECONDS_MAX: Final = 300.0
UNWIND_SECONDS_MAX: Final = 60.0
MEMORY_MB_MAX: Final = 250.0
SIMULATED: Final = (
    "pods (kwok), at whose addresses one listener answers for all of them; the old side, one "
    "process; acts on data, answered at once; people, who answer at once"
)
SLOWEST: Final = 5
UNFENCED: Final = "the lab of a benchmark, whose administrator conducts"
CONDUCT_SECONDS_MAX: Final = 20 * 60


def main() -> None:
    """Measure, and print one line per figure."""
    if sys.argv[1:2] == ["conduct"]:
        print(json.dumps(conducted(Path(sys.argv[2]), *sys.argv[3:])))
        return
    build_all(say)
    with a_lab() as lab, lab.inside(), a_folder() as folder:
        if "kwok-000" not in lab.kubectl("get", "nodes", "-o", "name"):
            lab.add_fake_nodes(NODES)
        with new_side(lab):
            report_weekend(lab, folder / "all")
            report_way_back(lab, folder / "back")


def report_weekend(lab: Lab, folder: Path) -> None:
    """Everything moves and stays."""
    with moved(lab, folder) as (estate, found):
        assert found["outcome"] == "completed", found["causes"]
        deployments = json.loads(lab.kubectl("get", "deployments", "-A", "-o", "json"))["items"]
        own = [each for each in deployments if each["metadata"]["namespace"] in estate.namespaces]
        ready = sum(each["status"].get("readyReplicas", 0) for each in own)
        assert estate.plan is not None
        peers = {
            "simulated": SIMULATED,
            "waves": len(estate.plan.waves),
            "links between subsystems, as pairs": len(estate.links),
            "Deployments": len(own),
            "pods that are ready": ready,
            **_peers(found),
        }
        figure = f"a weekend of {len(estate.names)} subsystems, without soak"
        report(figure, found["seconds"], "s", WEEKEND_SECONDS_MAX, peers)
        figure = "memory of its conductor, at its highest"
        report(figure, found["memory_mb"], "MB", MEMORY_MB_MAX)


def report_way_back(lab: Lab, folder: Path) -> None:
    """The same weekend; one wave is taken back by the no of a handler who verifies it."""
    with moved(lab, folder, refuse=True) as (estate, found):
        assert found["outcome"] == "returned", found["causes"]
        assert estate.plan is not None
        moves = len(_largest(estate.plan).moves)
        figure = f"a wave of {moves} subsystems taken back, from the no to the last act"
        report(figure, found["unwind_seconds"], "s", UNWIND_SECONDS_MAX, _peers(found))


def _peers(found: Found) -> dict[str, object]:
    return {
        "objects, by what was done": found["objects"],
        "API requests": found["requests"],
        "seconds that requests waited for their turn, mean": found["waited_seconds"],
        "slowest acts": [f"{a['kind']} of {a['move']}: {a['seconds']} s" for a in found["slowest"]],
        "acts": found["acts"],
    }


@contextmanager
def moved(lab: Lab, folder: Path, *, refuse: bool = False) -> Iterator[tuple[Estate, Found]]:
    """Carry a weekend out; somebody says no to the last subsystem of the largest wave."""
    folder.mkdir()
    estate = weekend_estate(folder)
    assert estate.plan is not None
    refused = [str(_largest(estate.plan).moves[-1].subsystem)] if refuse else []
    old = OldSide(lab)
    old.runs(estate)
    try:
        argv = [sys.executable, __file__, "conduct", str(folder), str(lab.kubeconfig)]
        argv += refused
        done = subprocess.run(
            argv, check=True, stdout=subprocess.PIPE, text=True, timeout=CONDUCT_SECONDS_MAX
        )
        found: Found = json.loads(done.stdout.splitlines()[-1])
        say(f"{found['outcome']} after {found['seconds']} s")
        yield estate, found
    finally:
        old.end()
        lab.kubectl(
            "delete", "namespace", "--ignore-not-found", *estate.namespaces, seconds_max=600
        )


def _largest(plan: Plan) -> PlannedWave:
    return max(plan.waves, key=lambda wave: len(wave.moves))


# --- the conductor's process --------------------------------------------------------------------


class Found(TypedDict):
    """What a run took."""

    outcome: str
    causes: dict[str, str]
    seconds: float
    unwind_seconds: float
    memory_mb: float
    objects: dict[str, int]  # written, by what was done to them
    requests: int
    waited_seconds: float
    acts: dict[str, str]
    slowest: list[dict[str, object]]


@dataclass
class Asked:
    """What went to the API server, and how long it had to wait for its turn here."""

    requests: int = 0
    waited_seconds: float = 0.0


def conducted(folder: Path, kubeconfig: str, refused: str = "") -> Found:
    """Lead the run, as `migrator run` does; what it took."""
    asked = Asked()

    class Counted(Bucket):
        """The client's own speed limit, as it is, and counted."""

        async def take(self) -> None:
            asked.requests += 1
            began = time.perf_counter()
            await super().take()
            asked.waited_seconds += time.perf_counter() - began

    place = identify(ClusterPlace("lab", kubeconfig, PYTHON.reference, UNFENCED))
    read = read_apart(folder / "plan.yaml", None)
    with (
        open_store(folder / "state", practice=False) as store,
        patch("migrator.platform.kubernetes.asking.Bucket", Counted),
    ):
        began = time.perf_counter()
        led = begin_live(store, read.itinerary, "weekend", "anna", read.files, place)
        people = People(led.journal, {refused: lambda: True} if refused else None)
        run = conduct(led, people).run
        seconds = time.perf_counter() - began
    acts = _acts(people.lines)
    return {
        "outcome": run.outcome,
        "causes": {str(name): f"{w.state.value}: {w.cause}" for name, w in run.waves.items()},
        "seconds": round(seconds, 1),
        "unwind_seconds": _unwind_seconds(people.lines),
        "memory_mb": highest_mb(),
        "objects": _written(people.lines),
        "requests": asked.requests,
        "waited_seconds": round(asked.waited_seconds / max(asked.requests, 1), 2),
        "acts": _by_kind(acts),
        "slowest": [asdict(act) for act in sorted(acts, key=lambda act: -act.seconds)[:SLOWEST]],
    }


@dataclass(frozen=True)
class Act:
    """One act that was performed, and what it took from its line in the journal to the next."""

    move: str
    kind: str
    seconds: float


def _acts(lines: Sequence[Line]) -> list[Act]:
    begun: dict[tuple[str, str], datetime] = {}
    acts = []
    for line in lines:
        event = line.event
        if isinstance(event, ev.StepStarted | ev.UndoStarted):
            begun[_key(event)] = line.at
        elif isinstance(event, ev.StepEnded | ev.UndoEnded) and _key(event) in begun:
            move, kind = _key(event)
            seconds = (line.at - begun[move, kind]).total_seconds()
            acts.append(Act(move, kind, round(seconds, 2)))
    return acts


def _key(event: ev.StepStarted | ev.StepEnded | ev.UndoStarted | ev.UndoEnded) -> tuple[str, str]:
    if isinstance(event, ev.StepStarted | ev.StepEnded):
        return event.move, event.step
    return event.move, event.undo


def _by_kind(acts: Sequence[Act]) -> dict[str, str]:
    """Of each kind: how many, the middle and the longest time, in seconds."""
    by_kind: dict[str, list[float]] = {}
    for act in acts:
        by_kind.setdefault(act.kind, []).append(act.seconds)
    return {
        kind: f"{len(found)}: {statistics.median(found):.2f} s, at most {max(found):.2f} s"
        for kind, found in by_kind.items()
    }


def _written(lines: Sequence[Line]) -> dict[str, int]:
    """Every object that an act says it has changed, by what it did; and its audited writes."""
    ended = [line.event for line in lines if isinstance(line.event, ev.StepEnded | ev.UndoEnded)]
    return dict(Counter(_word(change) for event in ended for change in event.changes))


def _word(change: str) -> str:
    """What was done, or that this is a write's number in the audit log."""
    return "in the audit log" if change.startswith("audit ") else change.rpartition(" ")[2]


def _unwind_seconds(lines: Sequence[Line]) -> float:
    undone = [line.at for line in lines if isinstance(line.event, ev.UndoEnded)]
    said = [
        line.at
        for line in lines
        if isinstance(line.event, ev.TickGiven) and line.event.verdict == "does_not_work"
    ]
    return round((undone[-1] - said[0]).total_seconds(), 1) if undone and said else 0.0


def highest_mb() -> float:
    """The most memory that this process has ever had."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024, 1)


def say(text: str) -> None:
    """Tell whoever watches; figures alone go to stdout."""
    print(f"# {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
