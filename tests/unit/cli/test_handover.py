"""`migrator handover`: the note of one shift to the next, in both languages and as data."""

from __future__ import annotations

import json

import pytest

import practising
from migrator.cli import app


@pytest.fixture(autouse=True)
def _played() -> None:
    practising.played()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("What moved", "What waits, and for whom", "Next decisions", "Open disturbances")),
        ("sv", ("Vad som har flyttats", "Vad som väntar", "Nästa beslut", "Öppna störningar")),
    ],
)
def test_the_note_has_its_four_parts(
    capsys: pytest.CaptureFixture[str], language: str, words: tuple[str, ...]
) -> None:
    assert app.run(["handover", "latest", "--since", "72h", "--language", language]) == 0
    told = capsys.readouterr().out
    for word in words:
        assert word in told
    assert "w1" in told


def test_the_same_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["handover", "latest", "--since", "72h", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {each["wave"] for each in told["moved"]} == {"w1", "w2"}
    assert all(each["moved_now"] == each["moves"] for each in told["moved"])


def test_an_hour_that_nobody_means_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["handover", "latest", "--since", "soon"]) == 2
    assert "usage" in capsys.readouterr().err
