"""Invitations to try the pages before the weekend: to a run, or to a plan that has none yet."""

from __future__ import annotations

from pathlib import Path

import pytest

import practising
from migrator.cli import app, invite_practice
from migrator.cli.run_reading import Read
from migrator.store.sql import open_store
from migrator.web.seen import see_run
from run_with_pages import ASKED, NAME, OTHER, pages_of_a_run


def test_everybody_who_verifies_is_invited_and_told_what_to_do(tmp_path: Path) -> None:
    cards = tmp_path / "cards.txt"
    with pages_of_a_run(tmp_path / "store") as pages:
        asked = ["invite", NAME, "--practice", "--store", str(tmp_path / "store"), "-o", str(cards)]
        assert app.run(asked) == 0
        verify = {person for each in pages.seen.itinerary.checks for person in each.eligible}
    text = cards.read_text(encoding="utf-8")
    assert text.count("/in/") == len(verify)
    assert text.count("Prova före helgen") == len(verify)


def test_some_are_invited_by_name_and_others_are_not_told_of_practice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pages_of_a_run(tmp_path / "store"):
        here = ["--store", str(tmp_path / "store")]
        assert app.run(["invite", NAME, ASKED, OTHER, "--practice", *here]) == 0
        assert capsys.readouterr().out.count("Prova före helgen") == 2
        assert app.run(["invite", NAME, ASKED, *here]) == 0
        assert "Prova" not in capsys.readouterr().out


def test_for_a_plan_a_run_is_begun_once_that_nobody_leads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read = Read(practising.small_itinerary(), (), ())
    monkeypatch.setattr("migrator.cli.run_reading.read_apart", lambda *_: read)
    Path("plan.yaml").write_text("read by somebody else", encoding="utf-8")
    for _ in range(2):
        assert app.run(["invite", "plan.yaml", "--practice"]) == 0
    said = capsys.readouterr()
    assert said.err.count("was begun for practice") == 1
    name = f"{practising.small_itinerary().plan_name}{invite_practice.ENDING}"
    with open_store(practising.FOLDER, practice=True) as store:
        assert [row.name for row in store.runs()] == [name]
    seen = see_run(name, practising.FOLDER)
    with seen.store:
        assert seen.practice
        assert seen.leader is None


def test_a_plan_without_practice_is_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("plan.yaml").write_text("a plan", encoding="utf-8")
    practising.begun()
    assert app.run(["invite", "plan.yaml", "anna"]) == 2
    assert "unknown-run" in capsys.readouterr().err
