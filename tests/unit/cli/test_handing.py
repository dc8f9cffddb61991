"""Handlers' verbs from a terminal: a check is handed over and taken, a defect is raised."""

from __future__ import annotations

import json

import pytest

import practising
from migrator.cli import app
from migrator.cli.runs import see_run


def given(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, object]:
    assert app.run([*words, "--format", "json"]) == code
    facts = json.loads(capsys.readouterr().out)
    assert isinstance(facts, dict)
    return facts


def test_a_check_is_handed_over_by_who_has_it_and_to_who_may(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with practising.led():
        practising.until(lambda: ("anna", "w1") in see_run("latest").still_for)
        given(capsys, "go", "latest", "w1", "--as", "anna")
        practising.until(lambda: ("cecilia", "ask@w1") in see_run("latest").still_for)
        hers = given(capsys, "claim", "latest", "ask@w1", "--as", "cecilia", code=2)["why"]
        words = ["hand-over", "latest", "ask@w1", "--to", "anna", "--as", "cecilia"]
        to_anna = given(capsys, *words, "--reason", "she asked", code=2)["why"]
        none = given(capsys, "raise", "latest", "F1", "--as", "anna", "--reason", "so", code=2)
        words = ["hand-over", "latest", "ask@w1", "--as", "cecilia", "--reason", "called away"]
        over = given(capsys, *words)

    assert hers == "cecilia has ask@w1 already"
    assert "anna may not verify ask@w1" in str(to_anna)
    assert none["why"] == "there is no defect 'F1' in this run"
    assert over["follows"] == [
        "check “ask” (ask@w1) is handed over by Cecilia to everybody who may: called away"
    ]


def test_who_is_there_says_so_once(capsys: pytest.CaptureFixture[str]) -> None:
    with practising.led():
        practising.until(lambda: ("anna", "w1") in see_run("latest").still_for)
        facts = given(capsys, "arrive", "latest", "--as", "cecilia")
        again = given(capsys, "arrive", "latest", "--as", "cecilia", code=2)
        gone = given(capsys, "leave", "latest", "--as", "cecilia", "--reason", "ill")

    assert facts["follows"] == ["Cecilia says to be there"]
    assert again["why"] == "Cecilia is there already"
    assert gone["follows"] == ["Cecilia says to be gone"]
