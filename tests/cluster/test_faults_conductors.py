"""Two conductors: one is frozen, a standby takes over, and the first one wakes up too late.

The program itself, as two processes. The store keeps the late one from the journal, and what is
written on the cluster keeps it from the cluster: every object of ours says in which epoch it was
written, and nobody of an older one writes over it.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster.estate_on_cluster import Estate
from cluster.faulty import Night, night
from cluster.hammer import Hammer
from cluster.lab.parts import wait_until
from kubernetes_rig import wall
from migrator.errors import PermanentError
from migrator.platform.kubernetes.applying import Applier
from migrator.platform.kubernetes.bucket import Bucket
from migrator.platform.kubernetes.connecting import client_of
from migrator.platform.kubernetes.kubeconfig import choose
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.slices import OLD, Backend, Mark, Port
from migrator.platform.kubernetes.traffic import Front, OwnedSlice

__all__ = ["night"]  # a fixture
pytestmark = pytest.mark.cluster
COMMAND = str(Path(sys.executable).parent / "migrator")
SECONDS = 120.0


def told(folder: Path, *words: str) -> str:
    """What one command says."""
    done = subprocess.run(
        [COMMAND, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    return done.stdout + done.stderr


@contextmanager
def leading(folder: Path, log: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A process that leads the run, or stands by; ended by force if the test leaves it."""
    with (
        (folder / log).open("w", encoding="utf-8") as out,
        subprocess.Popen(
            [COMMAND, "run", *words], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            text=True, start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def until(holds: Callable[[], bool], what: str) -> None:
    wait_until(holds, SECONDS, f"never: {what}")


def journal(folder: Path) -> str:
    return told(folder, "journal", "show", "night")


def begun(folder: Path, act: str) -> bool:
    return bool(re.search(rf"StepStarted .*step={act}\b", journal(folder)))


def people(folder: Path) -> None:
    """Answer whatever the run asks; the handlers are content."""
    asked = told(folder, "decide", "night")
    if "gate of w01" in asked:
        told(folder, "go", "night", "w01", "--as", "anna", "--yes", "--reason", "as planned")
    for check in re.findall(r"tick night (\S+) works ", asked):
        told(folder, "tick", "night", check, "works", "--as", "cia", "--yes")
    if re.search(r"commit night w01", asked):
        told(folder, "commit", "night", "w01", "--as", "anna", "--yes", "--reason", "it works")


def epochs(night: Night, space: str) -> dict[str, str]:
    """By object of ours in a namespace: the epoch that it was written in."""
    kinds = "services,endpointslices,deployments.apps,configmaps,secrets"
    found = json.loads(night.cluster.kubectl("-n", space, "get", kinds, "-o", "json"))["items"]
    return {
        f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["annotations"].get(
            "migrator/epoch", ""
        )
        for each in found
        if "migrator/token" in each["metadata"].get("annotations", {})
    }


def versions(night: Night, space: str) -> dict[str, str]:
    kinds = "services,endpointslices,deployments.apps,pods,configmaps,secrets"
    found = json.loads(night.cluster.kubectl("-n", space, "get", kinds, "-o", "json"))["items"]
    return {each["metadata"]["uid"]: each["metadata"]["resourceVersion"] for each in found}


def approved(estate: Estate) -> Path:
    folder = estate.plan_file.parent
    told(folder, "dry-run", estate.plan_file.name)
    said = told(folder, "approve", estate.plan_file.name, "--as", "anna")
    assert "error" not in said, said
    return folder


def test_a_standby_takes_over_and_the_one_that_wakes_up_writes_nothing(night: Night) -> None:
    estate = night.estate("ha", soak=0.05)
    folder = approved(estate)
    night.old.runs(estate)
    config = str(night.cluster.kubeconfig)
    words = (estate.plan_file.name, "--platform", "kubernetes", "--context", "lab",
             "--kubeconfig", config, "--probe-image", night.cluster.image,
             "--without-admission-fence", "--name", "night", "--as", "anna", "--yes")  # fmt: skip
    with Hammer(night.cluster, estate) as hammer, leading(folder, "first.log", *words) as first:
        until(lambda: "gate of w01" in told(folder, "decide", "night"), "the gate opens")
        with leading(folder, "second.log", "--continue", "night", "--standby") as second:
            until(lambda: "standing by" in (folder / "second.log").read_text(), "it stands by")
            people(folder)
            until(lambda: begun(folder, "start"), "the start begins")
            first.send_signal(signal.SIGSTOP)
            until(lambda: "taking over" in (folder / "second.log").read_text(), "it takes over")
            until(lambda: _goes_on(folder, second), "the wave is committed")
            assert second.wait(30) == 0, (folder / "second.log").read_text()
        before = versions(night, "ha")
        first.send_signal(signal.SIGCONT)
        assert first.wait(60) != 0, "it was displaced, and must not say that all is well"
        time.sleep(1)
        assert versions(night, "ha") == before, "the late one has written something"
    assert "epoch" in (folder / "first.log").read_text()
    assert set(epochs(night, "ha").values()) <= {"1", "2"}
    assert epochs(night, "ha")["Deployment/ha"] in {"1", "2"}
    assert hammer.heard["ha"].turns == ["old", "new"], hammer.heard["ha"].turns
    assert night.old.states() == {"ha": "fenced"}


def _goes_on(folder: Path, second: subprocess.Popen[str]) -> bool:
    people(folder)
    return second.poll() is not None


async def test_whoever_is_of_an_older_epoch_is_refused_by_what_is_written(night: Night) -> None:
    night.spaces.append("hb")
    night.cluster.kubectl("create", "namespace", "hb")
    front, new = Front("hb", "web"), Mark("run.late", 2)
    backend = Backend(OLD, ("10.78.0.2",), (Port("", 8080),))
    settings: KubeObject = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "hb"},
        "data": {"of": "two"},
    }
    context = choose("lab", file=night.lab.kubeconfig)
    client = client_of(context, wall=wall, bucket=Bucket(0))
    try:
        images = await Applier(client, new).pre_images([settings])
        await Applier(client, new).apply([settings], images=images, empty=False)
        await OwnedSlice(client).point(front, backend, new)
        before = versions(night, "hb")
        late = Mark("run.early", 1)
        changed: KubeObject = {**settings, "data": {"of": "one"}}
        with pytest.raises(PermanentError) as refused:
            await Applier(client, late).apply([changed], images=images, empty=False)
        assert refused.value.reference == "epoch-passed"
        with pytest.raises(PermanentError) as refused:
            await OwnedSlice(client).point(front, backend, late)
        assert refused.value.reference == "epoch-passed"
        assert versions(night, "hb") == before
    finally:
        await client.close()
