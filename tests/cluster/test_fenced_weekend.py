"""A weekend by migrator's own account, with the rights that it prints and behind its own fence.

The administrator applies what `migrator rights` prints and hands over a token; from there on the
run has no other right. While it lasts, nobody else writes into the moving namespaces.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from cluster.carrying_out import carry_out_at
from cluster.estate_on_cluster import Estate, an_estate
from cluster.fenced import are_in_force
from cluster.hammer import Hammer
from cluster.lab.machine import LabFailed
from cluster.lab.parts import Lab, wait_until
from cluster.old_side import OldSide
from cluster.reach import Cluster
from migrator.platform.kubernetes.policy_shape import SYSTEM_NAMESPACE
from migrator.platform.kubernetes.rights import LABEL, rights
from migrator.platform.kubernetes.yaml_out import documents
from migrator.wiring.on_cluster import ClusterPlace, identify, subjects_of

pytestmark = pytest.mark.cluster

NAMES = ("eta", "theta")


@pytest.fixture
def estate(lab: Lab, cluster: Cluster, clean: list[str], tmp_path: Path) -> Iterator[Estate]:  # noqa: ARG001 - the lab only
    """An estate whose rights and policies are in force, and are taken away again."""
    clean += NAMES
    found = an_estate(tmp_path, NAMES, cluster.image, links=[NAMES])
    folder = found.inventory / "manifests"
    files = {
        f"inventory/manifests/{path.relative_to(folder)}": path.read_bytes
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    text = documents(rights(subjects_of(files).values()))
    cluster.kubectl("apply", "-f", "-", stdin=text)
    wait_until(lambda: are_in_force(cluster), 20, "the policies are not in force")
    yield found
    policies = "validatingadmissionpolicies,validatingadmissionpolicybindings"
    roles = "clusterroles,clusterrolebindings,roles,rolebindings"
    cluster.kubectl("delete", policies, "-l", LABEL, "--ignore-not-found")
    cluster.kubectl("delete", roles, "-A", "-l", LABEL, "--ignore-not-found")
    parameters = ["-n", SYSTEM_NAMESPACE, "-l", "migrator/parameter"]
    cluster.kubectl("delete", "configmaps", *parameters)


def conductor(lab: Lab, cluster: Cluster, folder: Path) -> Path:
    """A kubeconfig whose only user is the account that `migrator rights` makes for a run."""
    token = cluster.kubectl("create", "token", "conductor", "-n", SYSTEM_NAMESPACE).strip()
    words = ["config", "view", "--raw", "-o", "json"]
    config = json.loads(cluster.kubectl(*words))
    config["users"] = [{"name": "conductor", "user": {"token": token}}]
    for context in config["contexts"]:
        context["context"]["user"] = "conductor"
    del lab
    file = folder / "conductor.kubeconfig"
    file.write_text(json.dumps(config), "utf-8")
    return file


class Intruder:
    """Somebody else who writes into a moving namespace again and again."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster, self._namespace = cluster, namespace
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.heard: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.set()
        self._thread.join(30)

    def _run(self) -> None:
        words = ["-n", self._namespace, "create", "configmap", "intruder", "--dry-run=server"]
        while not self._ends.wait(0.3):
            try:
                self._cluster.kubectl(*words)
            except LabFailed as refused:
                self.heard.append(str(refused))
            else:
                self.heard.append("passed")


@pytest.mark.parametrize("no_to", ["", "eta"])
def test_the_rights_that_are_printed_are_enough_and_the_fence_holds(
    no_to: str, lab: Lab, cluster: Cluster, old: OldSide, estate: Estate, tmp_path: Path
) -> None:
    old.runs(estate)
    place = ClusterPlace(
        cluster.context, str(conductor(lab, cluster, tmp_path)), cluster.image, "", ""
    )
    refused = {no_to: lambda: True} if no_to else {}
    with Hammer(cluster, estate) as hammer, Intruder(cluster, "eta") as intruder:
        weekend = carry_out_at(identify(place), estate, tmp_path, refused)
    assert weekend.run.outcome == ("returned" if no_to else "completed"), weekend.causes
    turns = ["old", "new", "old"] if no_to else ["old", "new"]
    assert hammer.heard["eta"].turns == turns
    kept_out = [each for each in intruder.heard if "migrator-freeze" in each]
    assert kept_out, f"nobody was kept out: {set(intruder.heard)}"
