"""`migrator rights` prints what an administrator applies, and refuses what it cannot know."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import write_inventory
from migrator.cli import app
from migrator.inventory.yaml_text import read_yaml_documents
from migrator.platform.kubernetes.objects import text_at

DEPLOYMENT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
    "spec:\n  selector: {matchLabels: {app: web}}\n  template:\n"
    "    metadata: {labels: {app: web}}\n"
    "    spec: {containers: [{name: web, image: registry.invalid/web:1}]}\n"
)
ROLE = (
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\n"
    'rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n'
)


def an_inventory(folder: Path, **files: str) -> Path:
    place = write_inventory(folder)
    manifests = place / "manifests" / "ledger"
    manifests.mkdir(parents=True)
    for name, text in files.items():
        (manifests / f"{name}.yaml").write_text(text, encoding="utf-8")
    return place


def test_what_is_printed_is_yaml_for_the_manifests_namespaces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = an_inventory(tmp_path, web=DEPLOYMENT)
    assert app.run(["rights", str(place)]) == 0
    said = capsys.readouterr()
    kinds = [text_at(d.data, "kind") for d in read_yaml_documents(said.out, "out")]
    assert kinds[:2] == ["Namespace", "Namespace"]
    assert {"ServiceAccount", "Role", "ClusterRole", "ValidatingAdmissionPolicy"} <= set(kinds)
    assert "namespace: ledger" in said.out
    assert said.err == ""


def test_where_pods_look_at_links_the_rights_for_them_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = an_inventory(tmp_path, web=DEPLOYMENT)
    assert app.run(["rights", str(place), "--for", "prober"]) == 0
    assert "namespace: folkbok" not in capsys.readouterr().out
    (place / "probes.yaml").write_text(
        "allow: [10.0.0.0/8]\n"
        "vantages: [{id: p, kind: pod, namespace: folkbok, workload: Deployment/folkbok}]\n"
        "stands: [{new: p}]\naddresses: {ledger.app: 10.0.0.1}\n",
        encoding="utf-8",
    )
    assert app.run(["rights", str(place), "--for", "prober"]) == 0
    said = capsys.readouterr().out
    assert "namespace: folkbok" in said
    assert said.count("pods/proxy") == 2
    (place / "probes.yaml").write_text("allow: []\n", encoding="utf-8")
    assert app.run(["rights", str(place), "--for", "prober"]) == 2
    assert "see: runbooks/invalid-probes.md" in capsys.readouterr().err


def test_it_is_written_to_a_file_and_roles_for_an_administrator_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = an_inventory(tmp_path, web=DEPLOYMENT, role=ROLE)
    into = tmp_path / "rights.yaml"
    assert app.run(["rights", str(place), "-o", str(into), "--for", "conductor"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "Role/ledger/reader" in said.err
    names = [
        text_at(d.data, "metadata", "name")
        for d in read_yaml_documents(into.read_text(encoding="utf-8"), "out")
        if text_at(d.data, "kind") == "ServiceAccount"
    ]
    assert names == ["conductor"]


def test_an_account_that_there_is_not_is_refused_with_those_that_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = an_inventory(tmp_path, web=DEPLOYMENT)
    assert app.run(["rights", str(place), "--for", "root"]) == 2
    said = capsys.readouterr().err
    assert "there is no account 'root'" in said
    assert "rehearser" in said


def test_an_inventory_without_manifests_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["rights", str(write_inventory(tmp_path))]) == 2
    assert "runbooks/manifests-missing.md" in capsys.readouterr().err


def test_every_fault_of_the_manifests_is_named_before_anything_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = an_inventory(tmp_path, one="kind: Deployment\n", two="apiVersion: v1\n")
    assert app.run(["rights", str(place)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "one.yaml" in said.err
    assert "two.yaml" in said.err
