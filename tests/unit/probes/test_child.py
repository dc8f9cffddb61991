"""The child process answers one request, and says what is wrong in its answer."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from builders import a_link, csv_of, write_inventory
from migrator.probes import child
from migrator.probes.child import USAGE, VERBS, answered, main, verb_named

PROBES = """\
allow: [10.0.0.0/8]
vantages: [{id: here, kind: here}]
stands: [{old: here, new: here}]
addresses: {payments.app: 10.0.0.1}
"""


def reading(folder: Path, tmp_path: Path) -> dict[str, object]:
    """The request to read an inventory."""
    return {"inventory": str(folder), "cache": str(tmp_path / "cache"), "today": "2023-10-13"}


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_has_its_function(verb: str) -> None:
    assert callable(verb_named(verb))


def test_an_inventory_is_read_and_a_sweep_planned_from_what_it_declares(tmp_path: Path) -> None:
    folder = write_inventory(tmp_path / "ours", links=csv_of(a_link("l-1"), a_link("l-2")))
    (folder / "probes.yaml").write_text(PROBES, "utf-8")
    told, code = answered("declared", reading(folder, tmp_path))
    read = json.loads(json.dumps(told["answer"]))
    assert (code, read["estate"]["count"], read["warnings"]) == (0, 2, [])
    question: dict[str, object] = {
        "id": "w01-baseline",
        "sweeps": str(tmp_path / "sweeps"),
        "purpose": "baseline",
        "scope": "w01",
        "members": ["payments"],
        "sides": {},
        "seed": 1,
        "today": "2023-10-13",
        "estate": read["estate"],
        "declared": read["declared"],
    }
    planned, code = answered("plan", question)
    answer = planned["answer"]
    assert isinstance(answer, dict)
    assert (code, answer["links"], answer["looks"]) == (0, 2, 1)
    assert (tmp_path / "sweeps" / "w01-baseline" / "looks" / "here.jsonl").exists()


def test_an_inventory_without_the_file_declares_nothing(tmp_path: Path) -> None:
    folder = write_inventory(tmp_path / "ours")
    told, code = answered("declared", reading(folder, tmp_path))
    answer = told["answer"]
    assert isinstance(answer, dict)
    assert (code, answer["declared"], answer["estate"]["links"]) == (0, None, None)


def test_what_is_wrong_is_an_answer_with_its_faults(tmp_path: Path) -> None:
    folder = write_inventory(tmp_path / "ours")
    (folder / "probes.yaml").write_text("allow: []\n", "utf-8")
    told, code = answered("declared", reading(folder, tmp_path))
    error = told["error"]
    assert isinstance(error, dict)
    assert (code, error["kind"], error["reference"]) == (2, "InputError", "invalid-probes")
    assert error["count"] == len(error["faults"]) == 3


def test_a_request_comes_on_stdin_and_the_answer_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(child.VERBS, "echo", "builtins:dict")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": "\xc3\xa5"}')))
    assert main(["echo"]) == 0
    assert capsys.readouterr().out == '{"answer": {"a": "\\u00e5"}}\n'


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["plan", "more"]])
def test_a_caller_that_names_no_verb_is_told(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == USAGE
    assert "usage: one of" in capsys.readouterr().err
