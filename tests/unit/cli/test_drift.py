"""`migrator drift` names who changed what, and shows no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_thread import ThreadedServer, threaded
from api_writes import Write
from migrator.cli import app
from migrator.platform.kubernetes.objects import KubeObject
from planned import a_planned_estate

SPACE: KubeObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ledger"}}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: ours}\n"
APPLIED: KubeObject = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {
        "name": "settings",
        "namespace": "ledger",
        "annotations": {"migrator/token": "t-1", "migrator/epoch": "3"},
    },
    "data": {"a": "ours"},
}


@pytest.fixture
def fake() -> Iterator[ThreadedServer]:
    with threaded() as server:
        server.call(lambda: server.server.make(SPACE))
        yield server


def applied(fake: ThreadedServer) -> None:
    server = fake.server
    write = Write(server.kind("ConfigMap"), "ledger", "settings", APPLIED, "migrator")
    fake.call(lambda: server.writes.apply(write))


def edited(fake: ThreadedServer, **data: str) -> None:
    change: KubeObject = {"data": {**data}}
    fake.call(lambda: fake.server.edit("ConfigMap", "ledger", "settings", change, "kubectl-edit"))


def a_plan(folder: Path) -> Path:
    manifests = folder / "estate" / "manifests" / "ledger"
    manifests.mkdir(parents=True)
    (manifests / "app.yaml").write_text(CONFIG, "utf-8")
    return a_planned_estate(folder)


def drift(plan: Path, fake: ThreadedServer, *options: str) -> int:
    config = fake.kubeconfig(plan.parent / "config")
    words = ["drift", str(plan), "--context", "fake", "--kubeconfig", str(config), *options]
    return app.run(words)


def test_nothing_is_changed_where_nobody_touched_anything(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    applied(fake)
    assert drift(a_plan(tmp_path), fake) == 0
    assert capsys.readouterr().out.startswith("0 fields changed by others in 1 objects; 0 objects")
    assert fake.server.writes_seen == []


def test_who_changed_what_is_told_to_people(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    applied(fake)
    edited(fake, a="theirs", more="x" * 100)
    assert drift(a_plan(tmp_path), fake) == 1
    told = capsys.readouterr()
    first, second, last = told.out.splitlines()
    assert first.startswith("ledger: ConfigMap/ledger/settings .data.a: kubectl-edit at 2")
    assert first.endswith("made it theirs; ours is ours")
    assert second.endswith(f"added {'x' * 60}...")
    assert last.startswith("2 fields changed by others")
    assert "see: runbooks/drift-found.md" in told.err


def test_who_changed_what_is_told_to_programs(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    applied(fake)
    edited(fake, a="theirs")
    assert drift(a_plan(tmp_path), fake, "--format", "json") == 1
    facts = json.loads(capsys.readouterr().out)
    (found,) = facts["drifts"]
    assert found.pop("time").endswith("Z")
    assert found == {
        "subsystem": "ledger", "object": "ConfigMap/ledger/settings", "path": ".data.a",
        "manager": "kubectl-edit", "ours": "ours", "theirs": "theirs",
    }  # fmt: skip
    assert (facts["compared"], facts["not_applied"], facts["not_compared"]) == (1, [], [])


def test_what_was_never_applied_is_no_drift(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drift(a_plan(tmp_path), fake, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["not_applied"] == ["ConfigMap/ledger/settings"]


def test_what_could_not_be_compared_is_no_success(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    applied(fake)
    fake.server.forbidden.add(("patch", "configmaps"))
    assert drift(a_plan(tmp_path), fake) == 1
    assert "could not be compared: not allowed to patch configmaps" in capsys.readouterr().out
