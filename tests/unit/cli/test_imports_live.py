"""`migrator import casual`, `otel-graph`, `jaeger`, `join`: what they print, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from casual_texts import a_domain
from migrator.cli.app import run

ORDERS = a_domain("orders", dials="{address: 'pay.example:7771'}")
PAY = a_domain("pay", listens="pay.example:7771")


@pytest.fixture
def domains() -> Path:
    """Two domains, of which one calls the other."""
    folder = Path("domains")
    folder.mkdir()
    (folder / "orders.yaml").write_text(ORDERS, encoding="utf-8")
    (folder / "pay.yaml").write_text(PAY, encoding="utf-8")
    return folder


def counts(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert run(["import", *words, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_casual_writes_an_inventory_that_passes_the_check(
    domains: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = counts(capsys, "casual", str(domains), "-o", "out")
    assert (said["subsystems"], said["links"]) == (2, 1)
    assert run(["check", "out"]) == 0


def test_a_graph_and_traces_join_what_was_declared(
    domains: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = [{"parent": "orders", "child": "pay", "callCount": 70}]
    Path("calls.json").write_text(json.dumps({"data": data}), encoding="utf-8")
    metric = {"client": "orders", "server": "mail"}
    answer = {"data": {"result": [{"metric": metric, "value": [1, "5"]}]}}
    Path("graph.json").write_text(json.dumps(answer), encoding="utf-8")
    counts(capsys, "casual", str(domains), "-o", "declared")
    counts(capsys, "jaeger", "calls.json", "--window", "168", "-o", "jaeger", "--name", "jaeger")
    counts(capsys, "otel-graph", "graph.json", "--window", "24", "-o", "graph")
    said = counts(capsys, "join", "jaeger", "graph", "--against", "declared", "-o", "all")
    assert (said["links"], said["seen_by_several"]) == (2, 1)
    assert (said["seen_not_declared"], said["declared_never_seen"]) == (1, 0)
    assert run(["check", "all"]) == 0


def test_a_join_says_where_the_differences_stand(
    domains: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", "casual", str(domains), "-o", "one"]) == 0
    assert run(["import", "casual", str(domains / "pay.yaml"), "-o", "two"]) == 0
    assert run(["import", "join", "two", "--against", "one", "-o", "all"]) == 0
    assert "seen-declared.txt" in capsys.readouterr().err
    assert run(["import", "join", "one", "two", "-o", "other", "--dry-run"]) == 0
    assert not Path("other").exists()


@pytest.mark.parametrize(
    ("words", "reference"),
    [
        (["casual", "gone"], "import-path-missing"),
        (["jaeger", "broken.json"], "import-broken-documents"),
        (["otel-graph", "broken.json"], "import-broken-documents"),
        (["casual", "broken.json"], "import-broken-documents"),
        (["join", "gone", "other"], "missing-inventory"),
        (["kubernetes-live", "--kubeconfig", "gone"], "kubeconfig-missing"),
    ],
)
def test_bad_input_has_a_page(
    words: list[str], reference: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.json").write_text("{", encoding="utf-8")
    assert run(["import", *words, "-o", "out"]) == 2
    assert f"runbooks/{reference}.md" in capsys.readouterr().err
    assert not Path("out").exists()
