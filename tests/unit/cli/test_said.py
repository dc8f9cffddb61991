"""`migrator said` prints what the program of an act said, try after try."""

from __future__ import annotations

import pytest

import practising
from migrator.cli import app
from migrator.store.sql import open_store


@pytest.fixture(autouse=True)
def _kept() -> None:
    practising.begun()
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=False)
        journal.put_facts("output/ledger/copy/1/1", "the disk is full")
        journal.put_facts("output/ledger/copy/1/2", "copied")
        journal.put_facts("output/ledger/copy/2/1", "copied anew")


def test_the_last_attempt_is_printed_unless_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["said", "latest", "ledger/copy"]) == 0
    assert capsys.readouterr().out == "copied anew\n"


def test_every_try_of_an_attempt_is_printed_in_its_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert app.run(["said", "latest", "ledger/copy", "--attempt", "1"]) == 0
    assert capsys.readouterr().out == "--- try 1\nthe disk is full\n--- try 2\ncopied\n"


def test_an_act_that_said_nothing_names_those_that_did(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert app.run(["said", "latest", "ledger/fence"]) == 2
    told = capsys.readouterr().err
    assert "no output of ledger/fence is kept" in told
    assert "there is output of ledger/copy" in told
