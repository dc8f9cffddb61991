"""`migrator token`: made once, shown once, listed, ended."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.conductor.clock import wall_now
from migrator.store.tokens import Tokens
from run_with_pages import DECIDER, NAME, Pages, pages_of_a_run


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    monkeypatch.chdir(tmp_path)
    with pages_of_a_run(tmp_path / ".migrator") as found:
        yield found


def held(pages: Pages) -> list[tuple[str, str, str]]:
    tokens = Tokens(pages.store.database, NAME).all_held(wall_now())
    return [(each.person, each.label, each.only) for each in tokens]


def test_a_token_is_shown_once_and_listed_without_its_secret(
    pages: Pages, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["token", NAME, DECIDER, "--for", "a wall", "--only", "look"]) == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("migrator_")
    assert held(pages) == [(DECIDER, "a wall", "look")]
    assert app.run(["token", NAME, "--list"]) == 0
    told = capsys.readouterr().out
    assert "a wall" in told
    assert secret not in told


def test_a_token_in_a_file_is_for_one_user_only(
    pages: Pages, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["token", NAME, DECIDER, "-o", "token.txt"]) == 0
    file = tmp_path / "token.txt"
    assert held(pages) == [(DECIDER, "", "")]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip() not in capsys.readouterr().err


def test_a_token_that_cannot_be_written_is_not_made(pages: Pages) -> None:
    assert app.run(["token", NAME, DECIDER, "-o", "nowhere/token.txt"]) != 0
    assert held(pages) == []


def test_a_token_is_ended_by_its_id(pages: Pages, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["token", NAME, DECIDER, "--format", "json"]) == 0
    id_ = json.loads(capsys.readouterr().out)["held"]["id"]
    assert app.run(["token", NAME, "--end", "nonsense"]) == 2
    assert app.run(["token", NAME, "--end", id_[:6]]) == 0
    assert held(pages) == []
    assert app.run(["token", NAME, "--end", id_]) == 2


@pytest.mark.parametrize(
    "words",
    [["anyone"], [], ["--list", "--end", "x"], [DECIDER, "--list"], [DECIDER, "--only", "x"]],
)
def test_what_cannot_be_meant_makes_no_token(pages: Pages, words: list[str]) -> None:
    assert app.run(["token", NAME, *words]) == 2
    assert held(pages) == []
