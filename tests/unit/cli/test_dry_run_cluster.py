"""`migrator dry-run --context` tries every write on the server and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_thread import ThreadedServer, threaded
from migrator.cli import app
from migrator.platform.kubernetes.objects import KubeObject
from planned import a_planned_estate

SPACE: KubeObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ledger"}}
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: ours}\n"


@pytest.fixture
def fake() -> Iterator[ThreadedServer]:
    with threaded() as server:
        server.call(lambda: server.server.make(SPACE))
        yield server


def a_plan(folder: Path, text: str = CONFIG) -> Path:
    manifests = folder / "estate" / "manifests" / "ledger"
    manifests.mkdir(parents=True)
    (manifests / "app.yaml").write_text(text, "utf-8")
    return a_planned_estate(folder)


def tried(plan: Path, fake: ThreadedServer, *options: str) -> int:
    config = fake.kubeconfig(plan.parent / "config")
    words = ["dry-run", str(plan), "--no-seal", "--context", "fake", "--kubeconfig", str(config)]
    return app.run([*words, *options])


def test_people_get_a_table_the_reasons_and_the_coverage_last(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tried(a_plan(tmp_path), fake) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:2] == ["prepare", "1"] for line in lines)
    assert any(line.startswith("not at all (") and "manifests/web" in line for line in lines)
    assert "nothing changed: 2 objects are at the version they were at" in lines
    assert lines[-1].startswith("coverage: 1 on the server, ")
    assert lines[-1].endswith("% exercised on the server")
    assert fake.server.writes_seen == []


def test_programs_get_every_trial(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tried(a_plan(tmp_path), fake, "--format", "json") == 0
    cluster = json.loads(capsys.readouterr().out)["cluster"]
    (trial,) = [each for each in cluster["trials"] if each["reach"] == "server"]
    assert (trial["what"], trial["word"]) == ("ConfigMap/ledger/settings", "created")
    assert sum(cluster["counts"].values()) == len(cluster["trials"])
    assert (cluster["changed"], cluster["passed"]) == ([], True)


def test_less_coverage_than_was_asked_for_fails(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_plan(tmp_path)
    assert tried(plan, fake, "--min-coverage", "99") == 1
    assert "and 99 % were asked for" in capsys.readouterr().err
    assert tried(plan, fake, "--min-coverage", "0.1") == 0


def test_somebody_elses_field_fails_and_is_named(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs: KubeObject = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "ledger"},
        "data": {"a": "theirs"},
    }
    fake.call(lambda: fake.server.make(theirs, by="kubectl-edit"))
    assert tried(a_plan(tmp_path), fake) == 1
    told = capsys.readouterr().out
    assert "ConfigMap/ledger/settings: .data.a is owned by kubectl-edit" in told
    assert "see: runbooks/cluster-field-conflict.md" in told


def test_wrong_manifests_are_refused_before_the_server_is_asked(
    tmp_path: Path, fake: ThreadedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tried(a_plan(tmp_path, "kind: X\n"), fake) == 2
    assert "manifests/ledger/app.yaml:1" in capsys.readouterr().err
    assert fake.server.log == []


@pytest.mark.parametrize("option", [("--min-coverage", "5"), ("--kubeconfig", "x")])
def test_options_about_a_cluster_want_one(
    tmp_path: Path, option: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["dry-run", str(tmp_path / "plan.yaml"), *option]) == 2
    assert f"{option[0]} is about a cluster" in capsys.readouterr().err
