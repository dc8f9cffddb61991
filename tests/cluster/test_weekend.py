"""Weekends in the lab: real pods, real listeners, and traffic that moves by one write."""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from by_command import Willing
from cluster import old_platform
from cluster.estate_on_cluster import CONTROL, Estate, an_estate
from cluster.hammer import Hammer
from cluster.lab.parts import OLD_ADDRESS, Lab, wait_until
from cluster.old_platform import CONTROL_PORT
from cluster.reach import Cluster
from migrator.cli.run_reading import Read, read_plan_here
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.engine.states import WaveState
from migrator.store.sql import open_store
from migrator.wiring.live import begin_live, conduct
from migrator.wiring.on_cluster import ClusterPlace, identify
from migrator.wiring.practising import Practised

pytestmark = pytest.mark.cluster


class OldSide:
    """The old platform of one test."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._name = "old-platform"

    def listens(self, names: Sequence[str]) -> None:
        """Start a listener for each subsystem."""
        self.end()  # one that a killed test has left
        program = Path(old_platform.__file__)
        self._lab.run(self._name, [sys.executable, program, *names], network="old")
        wait_until(_control_answers, 10, "no old platform")

    def facts(self) -> dict[str, dict[str, object]]:
        """What the old platform says of its listeners."""
        with urllib.request.urlopen(CONTROL + "/", timeout=5) as answer:  # noqa: S310 - the lab's
            found: dict[str, dict[str, object]] = json.load(answer)["listeners"]
        return found

    def end(self) -> None:
        """Stop all listeners."""
        if self._lab.lives(self._name):
            self._lab.kill(self._name)


def _control_answers() -> bool:
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex((OLD_ADDRESS, CONTROL_PORT)) == 0


@pytest.fixture
def old(lab: Lab) -> Iterator[OldSide]:
    side = OldSide(lab)
    yield side
    side.end()


@pytest.fixture
def clean(cluster: Cluster) -> Iterator[list[str]]:
    """Namespaces to be deleted when the test is over."""
    names: list[str] = []
    yield names
    if names:
        cluster.kubectl("delete", "namespace", "--ignore-not-found", "--wait=false", *names)


def weekend(
    estate: Estate, folder: Path, cluster: Cluster, verdict: str = "works"
) -> tuple[Practised, list[Line]]:
    """Carry the plan out on the lab; everybody is willing."""
    read = read_plan_here(estate.plan_file, None)
    assert isinstance(read, Read), read
    place = identify(ClusterPlace(cluster.context, str(cluster.kubeconfig or ""), cluster.image))
    with open_store(folder / "state", practice=False) as store:
        led = begin_live(store, read.itinerary, "night", "anna", read.files, place)
        people = Willing(led.journal, verdict)
        done = conduct(led, people)
        return done, people.lines


def test_a_wave_moves_onto_the_cluster_and_every_caller_follows(
    lab: Lab, cluster: Cluster, old: OldSide, clean: list[str], tmp_path: Path
) -> None:
    names = ["alpha", "beta"]
    clean += names
    estate = an_estate(tmp_path, names, cluster.image, links=[("alpha", "beta")])
    old.listens(names)
    with Hammer(cluster) as hammer:
        done, lines = weekend(estate, tmp_path, cluster)
    for line in lines:
        print(line.seq, line.event)  # noqa: T201
    assert done.run.outcome == "completed", [w.cause for w in done.run.waves.values()]
    assert {k: v["state"] for k, v in old.facts().items()} == {"alpha": "fenced", "beta": "fenced"}
    for heard in hammer.heard.values():
        assert heard.turns == ["old", "new"], heard.turns
        assert not heard.errors


def test_a_handlers_no_takes_the_wave_back_with_its_traffic(
    lab: Lab, cluster: Cluster, old: OldSide, clean: list[str], tmp_path: Path
) -> None:
    names = ["gamma", "delta"]
    clean += names
    estate = an_estate(tmp_path, names, cluster.image, links=[("gamma", "delta")])
    old.listens(names)
    with Hammer(cluster) as hammer:
        done, lines = weekend(estate, tmp_path, cluster, verdict="does_not_work")
    for line in lines:
        print(line.at, line.seq, line.event)  # noqa: T201
    assert done.run.outcome == "returned", [w.cause for w in done.run.waves.values()]
    assert {v["state"] for v in old.facts().values()} == {"open"}
    for heard in hammer.heard.values():
        assert heard.turns in (["old", "new", "old"], ["old"]), heard.turns
    left = json.loads(cluster.kubectl("get", "pods,deployments", "-A", "-o", "json"))["items"]
    assert not [each for each in left if each["metadata"]["namespace"] in names]
