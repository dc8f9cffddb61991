"""The lab itself: it is a real cluster, and when it ends nothing of it is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.lab import ledger, life, places, settings
from cluster.lab.images import POSTGRESQL, PYTHON
from cluster.lab.machine import LabFailed
from cluster.lab.parts import OLD_ADDRESS, Lab, wait_until
from cluster.reach import Cluster
from cluster.workloads import FETCH, PORT, SERVER, a_database, a_deployment, a_service

pytestmark = pytest.mark.cluster

WRITTEN_BY_HABIT = ("/var/lib/cni", "/var/lib/kubelet", "/run/containerd", "/run/netns")
"""Where the lab's parts would leave something if they saw the machine's own folders."""

READY = ("get", "--raw", "/readyz")


def is_ready(cluster: Cluster, namespace: str, name: str) -> None:
    rollout = ["rollout", "status", f"deployment/{name}", "--timeout=90s"]
    cluster.kubectl("--namespace", namespace, *rollout)


def answers_in_time(cluster: Cluster, namespace: str, words: list[str]) -> None:
    """Wait for the data plane: that pods are ready says nothing of when a Service leads to them."""
    ask = ["--namespace", namespace, "exec", "deployment/web", "--", *words]
    wait_until(lambda: works(cluster, *ask), 20, f"no answer to {words[-1]}")


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - an address of the lab
        body: bytes = answer.read()
    return body.decode()


@pytest.fixture
def web(cluster: Cluster, namespace: str) -> str:
    """A ready Deployment and a Service that leads to it; the Service's address."""
    web = a_deployment("web", cluster.image, replicas=2)
    cluster.apply(namespace, web, a_service("web"))
    is_ready(cluster, namespace, "web")
    answers_in_time(cluster, namespace, ["python3", "-c", FETCH, "http://web/"])
    address = ["get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"]
    return cluster.kubectl("--namespace", namespace, *address)


def from_a_pod(cluster: Cluster, namespace: str, url: str) -> str:
    words = ["exec", "deployment/web", "--", "python3", "-c", FETCH, url]
    return cluster.kubectl("--namespace", namespace, *words).strip()


@pytest.mark.usefixtures("web")
def test_a_service_answers_by_its_name_inside_a_pod(cluster: Cluster, namespace: str) -> None:
    assert from_a_pod(cluster, namespace, f"http://web.{namespace}.svc/") == "web"


def test_a_service_answers_this_process_and_the_old_platform(lab: Lab, web: str) -> None:
    assert fetch(f"http://{web}/") == "web"
    with lab.inside("old"):
        assert fetch(f"http://{web}/") == "web"


@pytest.mark.usefixtures("web")
def test_a_pod_reaches_the_old_platform(lab: Lab, cluster: Cluster, namespace: str) -> None:
    python = [sys.executable, "-I", "-c", SERVER, str(PORT), "old"]
    lab.run("old-system", python, network="old")
    try:
        with lab.inside("old"):
            wait_until(lambda: answers(f"http://127.0.0.1:{PORT}/"), 10, "no answer")
        assert from_a_pod(cluster, namespace, f"http://{OLD_ADDRESS}:{PORT}/") == "old"
    finally:
        lab.kill("old-system")


@pytest.mark.usefixtures("lab")
def test_a_database_of_the_lab_answers_through_its_service(
    cluster: Cluster, namespace: str
) -> None:
    database = a_database("database", POSTGRESQL.reference)
    cluster.apply(namespace, database, a_service("database", port=5432, target=5432))
    is_ready(cluster, namespace, "database")

    psql = ["psql", "--host=database", "--username=postgres", "--tuples-only", "--no-align"]
    ask = ["exec", "deployment/database", "--", *psql, "--command=show wal_level"]
    inside = ["--namespace", namespace, *ask]
    wait_until(lambda: works(cluster, *inside), 20, "the Service leads nowhere")
    assert cluster.kubectl(*inside).strip() == "logical"


def answers(url: str) -> bool:
    try:
        fetch(url)
    except OSError:
        return False
    return True


def test_simulated_nodes_take_deployments_beside_the_real_one(
    lab: Lab, cluster: Cluster, namespace: str
) -> None:
    lab.add_fake_nodes(2)
    cluster.apply(namespace, a_deployment("many", cluster.image, replicas=50, fake=True))
    is_ready(cluster, namespace, "many")
    nodes = "jsonpath={.items[*].spec.nodeName}"
    said = cluster.kubectl("--namespace", namespace, "get", "pods", "-o", nodes)
    assert set(said.split()) == {"kwok-000", "kwok-001"}


def test_every_part_works_again_once_it_was_killed_and_started(
    lab: Lab, cluster: Cluster, namespace: str, web: str
) -> None:
    for part in settings.COMMAND_LINES:
        lab.kill(part)
        assert not lab.lives(part)
        reached = works(cluster, "version")
        lab.start(part)
        assert reached == (part != "kube-apiserver")
        wait_until(lambda: works(cluster, *READY), 60, f"the API does not work after {part}")

    assert fetch(f"http://{web}/") == "web", "what ran goes on"
    cluster.apply(namespace, a_deployment("new", cluster.image), a_service("new"))
    is_ready(cluster, namespace, "new")
    answers_in_time(cluster, namespace, ["python3", "-c", FETCH, "http://new/"])


def works(cluster: Cluster, *words: str) -> bool:
    try:
        cluster.kubectl(*words)
    except LabFailed:
        return False
    return True


@pytest.fixture
def trial(lab_is_possible: None) -> Iterator[str]:  # noqa: ARG001 - asked for what it does
    """The name of a lab that a test may start and break."""
    name = f"trial-{os.getpid()}"
    yield name
    life.down(name)


def traces(token: str) -> list[str]:
    """Whatever on this machine still carries a lab's word, which is in all that it makes."""
    found = [line for line in Path("/proc/self/mounts").read_text().splitlines() if token in line]
    found += [str(group) for group in Path("/sys/fs/cgroup").rglob(f"{token}*")]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            found += [f"{file}: process" for file in said_by(entry, token)]
    found += [str(path) for path in places.ledgers().glob(f"{name_in(token)}.*")]
    found += [str(path) for path in Path("/tmp").glob(f"*{token}*")]  # noqa: S108 - looked at only
    return found


def name_in(token: str) -> str:
    """A lab's word is migrator-lab-NAME-LETTERS."""
    return token.removeprefix("migrator-lab-").rpartition("-")[0]


def said_by(process: Path, token: str) -> list[Path]:
    files = []
    for name in ("cmdline", "cgroup", "mountinfo"):
        try:
            if token in (process / name).read_text(errors="replace"):
                files.append(process / name)
        except OSError:
            continue  # it ended while we looked
    return files


def with_a_pod(lab: Lab) -> None:
    objects = json.dumps(a_deployment("web", PYTHON.reference))
    lab.kubectl("apply", "-f", "-", stdin=objects)
    lab.kubectl("rollout", "status", "deployment/web", "--timeout=90s")


def quiet(_text: str) -> None:
    """What a lab says while it starts is of no use to a test."""


def test_lab_down_leaves_nothing(trial: str) -> None:
    before = [path for path in WRITTEN_BY_HABIT if Path(path).exists()]
    lab = life.up(trial, quiet, stays=False)
    with_a_pod(lab)
    assert traces(lab.ledger.token) != []

    assert life.down(trial)

    assert traces(lab.ledger.token) == []
    assert [path for path in WRITTEN_BY_HABIT if Path(path).exists()] == before
    assert not life.down(trial)


def test_lab_down_clears_up_after_the_first_process_was_killed(trial: str) -> None:
    lab = life.up(trial, quiet, stays=False)
    with_a_pod(lab)
    assert lab.ledger.holder is not None
    os.kill(lab.ledger.holder.pid, signal.SIGKILL)
    # The kernel ends every part with it; none goes on without its lab.
    wait_until(lambda: not any(map(lab.lives, lab.ledger.processes)), 20, "a part lives on")

    assert life.down(trial)

    assert traces(lab.ledger.token) == []


@pytest.mark.parametrize("until", ["folder", "holder", "kubelet"])
def test_lab_down_clears_up_after_its_maker_was_killed_half_way(trial: str, until: str) -> None:
    maker = subprocess.Popen(
        [sys.executable, "-m", "cluster.lab", "up"],
        env={**os.environ, "MIGRATOR_LAB": trial, "PYTHONPATH": str(places.TESTS)},
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: has_got_to(trial, until), 60, f"the maker never got to {until}")
    maker.kill()
    maker.wait()
    found = ledger.read(trial)
    assert found is not None

    assert life.down(trial)

    assert traces(found.token) == []


def has_got_to(name: str, point: str) -> bool:
    found = ledger.read(name)
    if found is None:
        return False
    if point == "folder":
        return found.folder.exists()
    if point == "holder":
        return (found.folder / "holder.sock").exists()
    return point in found.processes


def test_a_lab_is_swept_away_once_nobody_wants_it(trial: str) -> None:
    asks = f"from cluster.lab import life; life.up({trial!r}, print, stays=False)"
    subprocess.run(
        [sys.executable, "-c", asks],
        env={**os.environ, "PYTHONPATH": str(places.TESTS)},
        check=True,
        capture_output=True,
    )
    found = ledger.read(trial)
    assert found is not None

    assert life.sweep() == [trial]

    assert traces(found.token) == []
