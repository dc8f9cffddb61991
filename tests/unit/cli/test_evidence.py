"""`migrator evidence` lists, hands out and erases what was kept before an unwind."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import practising
from migrator.cli import app
from migrator.store.kept_evidence import keep
from migrator.store.sql import open_store

FILES = {"events.txt": b"it crashed\n", "pods/web-1/web.previous.log": b"no database\n"}


@pytest.fixture(autouse=True)
def _kept() -> None:
    practising.begun()
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=False)
        keep(store, journal, ("ledger", 1, "fence-target"), FILES, ["pods/web-2/web.log: no"])


def wave_of_ledger() -> str:
    with open_store(practising.FOLDER, practice=True) as store:
        legs = store.journal("small-p1", lead=False).itinerary().legs
        return next(str(leg.wave) for move, leg in legs.items() if str(move) == "ledger")


def test_it_is_listed_by_wave_and_by_move(capsys: pytest.CaptureFixture[str]) -> None:
    for what in (wave_of_ledger(), "ledger"):
        assert app.run(["evidence", "latest", what]) == 0
        line = capsys.readouterr().out
        assert line.startswith("ledger/1-fence-target-1  ")
        assert line.endswith("2 files, 23 bytes, 1 not to be had\n")


def test_the_archive_has_every_file_and_an_index(tmp_path: Path) -> None:
    file = tmp_path / "x.zip"
    assert app.run(["evidence", "latest", "ledger", "-o", str(file)]) == 0
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        index = archive.read("README.txt").decode()
        log = archive.read("ledger/1-fence-target-1/pods/web-1/web.previous.log")
    assert names == {"README.txt", *(f"ledger/1-fence-target-1/{name}" for name in FILES)}
    assert log == b"no database\n"
    assert "pods/web-1/web.previous.log  12 bytes" in index
    assert "not here: pods/web-2/web.log: no" in index


def test_the_same_evidence_makes_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "1.zip", tmp_path / "2.zip"
    for file in (first, second):
        assert app.run(["evidence", "latest", "ledger", "-o", str(file)]) == 0
    assert first.read_bytes() == second.read_bytes()


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.zip"
    file.write_text("somebody's")
    assert app.run(["evidence", "latest", "ledger", "-o", str(file)]) == 2
    assert file.read_text() == "somebody's"
    assert "is there already" in capsys.readouterr().err
    assert app.run(["evidence", "latest", "ledger", "-o", str(tmp_path / "no" / "x.zip")]) == 2


def test_it_is_not_erased_without_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["evidence", "latest", "ledger", "--erase"]) == 2
    assert "nobody said why" in capsys.readouterr().err
    assert app.run(["evidence", "latest", "ledger"]) == 0
    assert "2 files" in capsys.readouterr().out


def test_what_was_erased_stays_a_line_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person = a_person()
    words = ["evidence", "latest", "ledger", "--erase", "--reason", "a name", "--as", person]
    assert app.run(words) == 0
    assert "1 archives were erased" in capsys.readouterr().err
    assert app.run(["evidence", "latest", "ledger"]) == 0
    assert f"erased by {person} at " in capsys.readouterr().out
    file = tmp_path / "x.zip"
    assert app.run(["evidence", "latest", "ledger", "-o", str(file)]) == 0
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["README.txt"]
        assert ": a name" in archive.read("README.txt").decode()


def a_person() -> str:
    with open_store(practising.FOLDER, practice=True) as store:
        members = store.journal("small-p1", lead=False).itinerary().members
        return next(iter(members), "someone")


def test_a_wave_without_any_names_those_that_have(capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(practising.FOLDER, practice=True) as store:
        legs = store.journal("small-p1", lead=False).itinerary().legs
        other = next(str(move) for move in legs if str(move) != "ledger")
    assert app.run(["evidence", "latest", other]) == 2
    assert f"there is some of {wave_of_ledger()}/ledger" in capsys.readouterr().err
    assert app.run(["evidence", "latest", "no-such-wave"]) == 2
    assert "no wave and no move" in capsys.readouterr().err


def test_a_program_reads_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["evidence", "latest", "ledger", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["evidence"]
    assert (row["move"], row["act"], row["files"]) == ("ledger", "fence-target", 2)
