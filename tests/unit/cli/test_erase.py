"""`migrator erase` lists what handlers wrote and sent, and erases one for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import practising
from migrator.cli import app
from migrator.conductor.clock import wall_now
from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.store.pictures import Pictures
from migrator.store.sql import Store, open_store

RUN = "small-p1"
CHECK = next(each.id for each in practising.small_itinerary().checks)


@pytest.fixture
def store() -> Iterator[Store]:
    practising.begun()
    with open_store(practising.FOLDER, practice=True) as opened:
        yield opened


@pytest.fixture
def digests(store: Store) -> tuple[str, str]:
    """A note and a picture that a verdict in the journal names."""
    album = Pictures(store.database, RUN)
    note = store.keep_note("her name was Ida")
    picture = album.keep(CHECK, "cecilia", "image/png", b"points", wall_now())
    album.name(picture, CHECK, "cecilia")
    journal = store.journal(RUN, lead=True)
    tick = ev.TickGiven(CHECK, 1, "cecilia", "works_but", note, picture)
    at = journal.itinerary().window.start
    journal.append([Entry(at, "engine", ev.CheckOpened(CHECK, 1)), Entry(at, "cecilia", tick)])
    journal.release()
    return note, picture


def test_it_lists_what_there_is(
    digests: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["erase", RUN]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        [digests[0][:12], "note"],
        [digests[1][:12], "picture"],
    ]


@pytest.mark.parametrize("which", [0, 1])
def test_it_erases_one_and_says_who_and_why(
    store: Store, digests: tuple[str, str], which: int, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["erase", RUN, digests[which][:9], "--reason", "a name", "--as", "anna"]
    assert app.run(asked) == 0
    assert "erased for good" in capsys.readouterr().err
    found = Pictures(store.database, RUN).read(digests[1])
    assert found is not None
    gone = (store.note(digests[0]) is None, found.content is None)
    assert gone == (which == 0, which == 1), "one of them, and not the other"
    assert app.run(["erase", RUN, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["kept"]
    assert rows[which]["erased"]["by"] == "anna"
    assert rows[which]["erased"]["reason"] == "a name"
    assert rows[1 - which]["erased"] is None


def test_a_second_time_changes_nothing(
    store: Store, digests: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    for person in ("anna", "bertil"):
        app.run(["erase", RUN, digests[0], "--reason", f"by {person}", "--as", person])
    assert "was erased before" in capsys.readouterr().err
    stones = Pictures(store.database, RUN).tombstones([digests[0]])
    assert stones[digests[0]].person == "anna"


@pytest.mark.parametrize(
    ("asked", "reference"),
    [
        (["0000"], "reason-missing"),
        (["ffff0000", "--reason", "x"], "nothing-to-erase"),
    ],
)
def test_what_cannot_be_erased_is_said(
    digests: tuple[str, str], asked: list[str], reference: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert digests
    assert app.run(["erase", RUN, *asked]) == 2
    assert reference in capsys.readouterr().err


def test_the_journal_stays_whole(store: Store, digests: tuple[str, str]) -> None:
    app.run(["erase", RUN, digests[0], "--reason", "a name", "--as", "anna"])
    store.journal(RUN, lead=False).verify()


def test_the_report_says_what_was_erased(digests: tuple[str, str], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    picture = "picture kept apart"
    for words in (("note kept apart", picture), ("note erased", picture)):
        assert app.run(["report", RUN, "-o", str(page), "--lang", "en"]) == 0
        text = page.read_text(encoding="utf-8")
        assert all(f"({each})" in text for each in words), words
        app.run(["erase", RUN, digests[0], "--reason", "a name", "--as", "anna"])
