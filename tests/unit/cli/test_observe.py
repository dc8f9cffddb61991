"""`migrator run --log --metrics`: what is refused before a run, and what is shown of one."""

from __future__ import annotations

import json
from contextlib import closing
from socket import create_server

import pytest

import practising
from migrator.cli import app, run, run_reading

QUICKLY = ["run", "plan.yaml", "--speed", "60000", "--name", "small-p1"]


@pytest.fixture(autouse=True)
def _read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is read already; how it is read apart is tested with a real process."""
    read = run_reading.Read(practising.small_itinerary(), (), ())
    monkeypatch.setattr(run, "read_apart", lambda _plan, _inventory: read)


@pytest.mark.parametrize("metrics", ["0.0.0.0:9464", "web"])
def test_address_that_is_none_of_this_machine_alone_begins_no_run(
    metrics: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run([*QUICKLY, "--metrics", metrics]) == 2
    assert "see: runbooks/metrics-address.md" in capsys.readouterr().err
    assert not practising.FOLDER.exists()


def test_port_that_is_taken_begins_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(create_server(("127.0.0.1", 0))) as taken:
        assert app.run([*QUICKLY, "--metrics", str(taken.getsockname()[1])]) == 1
    assert "see: runbooks/metrics-port.md" in capsys.readouterr().err
    assert not practising.FOLDER.exists()


def test_log_takes_the_place_of_the_news_and_leaves_the_result_alone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with closing(create_server(("127.0.0.1", 0))) as free:
        port = str(free.getsockname()[1])
    code = app.run([*QUICKLY, "--log", "json", "--metrics", port, "--format", "json"])
    said = capfd.readouterr()
    result = json.loads(said.out)
    # How a weekend ends at this speed is chance's and a busy machine's; that it ends, is not.
    assert (code in {0, 1}, result["ended"]) == (True, True)
    lines = said.err.splitlines()
    assert f"metrics: http://127.0.0.1:{port}/metrics" in lines
    told = [json.loads(line) for line in lines if line.startswith("{")]
    assert [fact["seq"] for fact in told[1:-1]] == list(range(1, result["events"] + 1))
    assert {fact["run"] for fact in told} == {"small-p1"}
    # Beside the log: which run it is, where its metrics are, who may watch it. No news.
    assert len(lines) - len(told) <= 4
