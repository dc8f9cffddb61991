"""`migrator check --cluster` tells every finding, and says plainly why it could not ask."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_server import ApiServer
from api_thread import ThreadedServer, threaded
from builders import write_inventory
from migrator.cli import app, check_cluster

CLAIM = (
    "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
    "spec: {accessModes: [ReadWriteOnce], storageClassName: fast,"
    " resources: {requests: {storage: 1Gi}}}\n"
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    found = write_inventory(tmp_path / "estate")
    manifests = found / "manifests" / "ledger"
    manifests.mkdir(parents=True)
    (manifests / "data.yaml").write_text(CLAIM, encoding="utf-8")
    return found


@pytest.fixture
def server() -> Iterator[ThreadedServer]:
    with threaded() as found:
        yield found


@pytest.fixture
def one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_cluster, "TRIES_MAX", 1)


def check(place: Path, file: Path, *more: str) -> int:
    return app.run(["check", "--cluster", str(place), "--kubeconfig", str(file), *more])


def test_every_finding_stands_with_its_mend_and_its_page(
    place: Path, server: ThreadedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = server.kubeconfig(tmp_path / "config")
    server.server.forbidden.add(("patch", "namespaces"))
    assert check(place, file, "--context", "fake") == 1
    said = capsys.readouterr()
    assert "patch namespaces ledger in the whole cluster" in said.out
    assert "see: runbooks/cluster-forbidden.md" in said.out
    assert "see: runbooks/cluster-kind-unknown.md" in said.out
    assert "mend: " in said.out
    assert "1 subsystem against this cluster" in said.err
    assert server.server.writes_seen == []


def test_programs_get_the_same_as_one_document(
    place: Path, server: ThreadedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = server.kubeconfig(tmp_path / "config")
    assert check(place, file, "--format", "json") == 1
    facts = json.loads(capsys.readouterr().out)
    assert facts["subsystems"] == 1
    assert sum(facts["levels"].values()) == len(facts["findings"])
    assert {"level", "what", "found", "mend", "page"} == set(facts["findings"][0])


@pytest.mark.usefixtures("one_try")
def test_a_cluster_that_is_not_there_is_named(
    place: Path, server: ThreadedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = server.kubeconfig(tmp_path / "config")
    server.wait(server.server.crash())
    assert check(place, file) == 1
    said = capsys.readouterr().err
    assert server.server.address in said
    assert "runbooks/cluster-unreachable.md" in said


def test_an_expired_sign_in_is_told_from_a_missing_right(
    place: Path, server: ThreadedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.server.tokens = {"new": "kubernetes-admin"}
    file = server.kubeconfig(tmp_path / "config", token="old")
    assert check(place, file) == 1
    assert "runbooks/cluster-credentials.md" in capsys.readouterr().err


@pytest.mark.parametrize("version", ["1.29", "1.38"])
def test_a_server_of_another_time_is_refused_with_what_is_supported(
    place: Path, tmp_path: Path, version: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with threaded(ApiServer(version=version)) as other:
        file = other.kubeconfig(tmp_path / "config")
        assert check(place, file) == 2
    said = capsys.readouterr().err
    assert "supported are 1.30 to 1.37" in said
    assert "runbooks/cluster-version.md" in said


def test_a_context_that_there_is_not_is_answered_with_those_that_there_are(
    place: Path, server: ThreadedServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = server.kubeconfig(tmp_path / "config")
    assert check(place, file, "--context", "productoin") == 2
    said = capsys.readouterr().err
    assert "there are: fake" in said
    assert "runbooks/kubeconfig-context.md" in said


def test_a_kubeconfig_that_is_not_there_or_broken_is_named(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(place, tmp_path / "none") == 2
    assert "runbooks/kubeconfig-missing.md" in capsys.readouterr().err
    (tmp_path / "list").write_text("- a\n", encoding="utf-8")
    assert check(place, tmp_path / "list") == 2
    assert "runbooks/kubeconfig-broken.md" in capsys.readouterr().err


def test_the_options_of_a_cluster_need_the_word(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["check", str(place), "--context", "fake"]) == 2
    assert "are for --cluster" in capsys.readouterr().err
