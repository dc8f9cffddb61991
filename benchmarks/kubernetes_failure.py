"""How soon a failure in a pod holds its wave, and how soon the old side answers again.

In the lab, by the real wiring: a stateless subsystem with two pods has moved and soaks, when every
container of it ends by itself. A caller connects anew fifty times a second all the while; the
failure is the beginning of the first call that nobody answers, the end is the beginning of the
first one after it that the old side answers. The hold is the journal's line. Seven weekends, one
after the other; medians. Uses the lab that runs (MIGRATOR_LAB), or one of its own.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from _flip_lab import a_lab

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from cluster.faulty import Fault, Night, ends
from cluster.hammer import SIDES, Call
from cluster.lab import programs
from cluster.lab.building import build_all
from cluster.lab.images import PYTHON
from cluster.lab.parts import Lab
from cluster.old_side import OldSide
from cluster.poison import no_poison, poison, poisonable
from cluster.reach import Cluster
from migrator.engine import events as ev
from migrator.engine.ports import Line

WEEKENDS: Final = 7
NAME: Final = "failing"
CALL_PAUSE_SECONDS: Final = 0.02
HOLD_SECONDS: Final = 1.0
BACK_SECONDS: Final = 5.0
ABOUT: Final = {"subsystem": NAME, "side": "new", "port": 8080, "logbook": ["127.0.0.1", 9]}


@dataclass(frozen=True, slots=True)
class Measured:
    """One weekend, in seconds from the first call in vain."""

    hold: float
    back: float
    failed_calls: int


def main() -> None:
    """Measure, and print the figures."""
    with redirect_stdout(sys.stderr):
        build_all(lambda text: print(f"lab: {text}"))
        with a_lab() as lab, lab.inside():
            found = [one(lab, number) for number in range(WEEKENDS)]
    peers = {"weekends": len(found), "failed calls in each": [each.failed_calls for each in found]}
    figure("failure in a pod to hold", [each.hold for each in found], HOLD_SECONDS, peers)
    figure("failure in a pod to old side answering", [f.back for f in found], BACK_SECONDS, peers)


def one(lab: Lab, number: int) -> Measured:
    """One weekend whose pods end while it soaks."""
    cluster = Cluster(programs.program("kubectl"), lab.kubeconfig, "lab", PYTHON.reference)
    without = ("delete", "namespace", "--ignore-not-found", NAME)
    no_poison(lab)  # this, and the namespace, are what a killed benchmark leaves
    cluster.kubectl(*without, seconds_max=120)
    with tempfile.TemporaryDirectory() as folder:
        night = Night(lab, cluster, OldSide(lab), Path(folder))
        night.call_pause_seconds = CALL_PAUSE_SECONDS
        changes = {NAME: poisonable(ABOUT, crashes=True)}
        estate = night.estate(NAME, changes=changes, replicas=2, soak=1.0)
        night.faults.append(Fault("poison", ends("verify"), lambda: poison(lab), lasts=True))
        try:
            ended = night.carry_out(estate)
        finally:
            night.old.end()
            no_poison(lab)
            cluster.kubectl(*without, seconds_max=120)
    assert ended.run.outcome == "returned", ended.cause
    unexplained = ended.unexplained()
    assert not unexplained, unexplained
    held = next(line.at.timestamp() for line in ended.lines if isinstance(line.event, ev.WaveHeld))
    calls = ended.heard[NAME].calls
    first = next(
        call for call in calls if _is_in_vain(call) and call.began > _switched(ended.lines)
    )
    back = next(call for call in calls if call.began > first.began and call.word == "old")
    print(
        f"weekend {number}: hold {held - first.began:.2f} s, back {back.began - first.began:.2f} s"
    )
    failed = sum(_is_in_vain(call) for call in calls if first.began <= call.began < back.began)
    return Measured(held - first.began, back.began - first.began, failed)


def _is_in_vain(call: Call) -> bool:
    return call.word not in SIDES


def _switched(lines: list[Line]) -> float:
    return next(line.at.timestamp() for line in lines if ends("switch")(line.event))


def figure(name: str, seconds: list[float], goal: float, peers: dict[str, object]) -> None:
    """Print the median of the times, and all of them."""
    value = round(statistics.median(seconds), 3)
    line = {"figure": name, "value": value, "unit": "s", "goal": goal, "ok": value <= goal}
    every = {"each": [round(each, 3) for each in seconds], **peers}
    print(json.dumps({**line, "peers": every}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
