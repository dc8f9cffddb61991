"""Disturbances as they are typed: what lies on the desk, what a run says of them, how they look."""

from __future__ import annotations

import json

import pytest

import practising
from migrator.cli import app
from migrator.cli.runs import see_run
from migrator.engine.ports import OperatorCommand
from migrator.store.sql import open_store


def on_the_desk() -> tuple[OperatorCommand, ...]:
    with open_store(practising.FOLDER, practice=True) as store:
        return store.journal("latest", lead=False).take_commands()


def said(*words: str, code: int = 0) -> None:
    assert app.run([*words, "--as", "anna"]) == code


@pytest.mark.parametrize(
    ("words", "target", "details"),
    [
        (["disturb", "latest", "--reason", "odd"], "run", {}),
        (["disturb", "latest", "web", "--reason", "odd", "--owner", "bertil"], "web",
         {"owner": "bertil"}),
        (["disturb", "latest", "w1", "--reason", "odd", "--key", "k"], "w1", {"key": "k"}),
        (["staff", "latest", "D1", "--members", "bertil,cecilia"], "D1",
         {"members": "bertil,cecilia"}),
        (["staff", "latest", "D1", "--members", "", "--owner", "bertil"], "D1",
         {"members": "", "owner": "bertil"}),
        (["staff", "latest", "D1", "--room", "R 4", "--link", "https://meet/x"], "D1",
         {"room": "R 4", "link": "https://meet/x"}),
        (["log", "latest", "D1", "seen in web"], "D1", {"note": "seen in web"}),
        (["close", "latest", "D1", "--cause", "a bug", "--reason", "mended"], "D1",
         {"cause": "a bug"}),
    ],
)  # fmt: skip
def test_what_is_typed_lies_on_the_desk(
    words: list[str], target: str, details: dict[str, str]
) -> None:
    practising.begun()
    said(*words)
    (command,) = on_the_desk()
    assert (command.verb, command.target, dict(command.details)) == (words[0], target, details)


def test_one_is_opened_staffed_logged_and_closed(capsys: pytest.CaptureFixture[str]) -> None:
    with practising.led():
        practising.until(lambda: see_run("latest").run.waves["w1"].state.value == "deciding")
        said("disturb", "latest", "web", "--reason", "sums differ")
        said("disturb", "latest", "web", "--reason", "here, too")
        said("staff", "latest", "D1", "--members", "bertil", "--room", "R 4")
        said("log", "latest", "D1", "only old cases")
        capsys.readouterr()
        assert app.run(["disturbances", "latest"]) == 0
        shown = capsys.readouterr().out
        assert app.run(["status", "latest"]) == 0
        assert "D1 is yellow, web: sums differ" in capsys.readouterr().out
        assert app.run(["decide", "latest"]) == 0
        assert "migrator close small-p1 D1 --cause ... --as anna" in capsys.readouterr().out
        said("close", "latest", "D1", "--cause", "an old rule", code=2)
        said("close", "latest", "D1", "--cause", "an old rule", "--reason", "removed")
        capsys.readouterr()
        assert app.run(["disturbances", "latest", "--format", "json"]) == 0
        facts = json.loads(capsys.readouterr().out)

    for line in (
        "the whole is YELLOW", "D1 YELLOW, web: sums differ", "reported 2 times",
        "with Bertil", "at R 4", "red at", "here, too (2 by then)", "Anna: only old cases",
    ):  # fmt: skip
        assert line in shown
    (known,) = facts["disturbances"]
    assert (facts["whole"], facts["waves"], facts["subsystems"]) == ("green", {}, {})
    assert (known["level"], known["cause"], known["note"]) == ("green", "an old rule", "removed")
    assert [line["text"] for line in known["log"]] == ["here, too", "only old cases"]
    assert (known["wave"], known["members"], known["times"]) == ("w1", ["bertil"], 2)


def test_a_run_without_any_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["disturbances", "latest"]) == 0
    out = capsys.readouterr().out
    assert "the whole is GREEN" in out
    assert "there has been no disturbance" in out


def test_the_keys_are_those_that_the_help_names(capsys: pytest.CaptureFixture[str]) -> None:
    with practising.led():
        practising.until(lambda: see_run("latest").run.waves["w1"].state.value == "deciding")
        said("disturb", "latest", "web", "--reason", "sums differ")
        capsys.readouterr()
        assert app.run(["disturbances", "latest", "--open", "--format", "json"]) == 0
        facts = json.loads(capsys.readouterr().out)
    assert app.run(["disturbances", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert [key for key in (*facts, *facts["disturbances"][0]) if key not in told] == []
    assert facts["subsystems"] == {"web": "yellow"}
