"""A form that comes twice in one instant, and notes that nobody could find again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select

from migrator.engine.ports import OperatorCommand
from migrator.errors import InputError, RefusedError
from migrator.store import tables
from migrator.store.sql_journal import SqlJournal
from migrator.web.asking import Deed, ask, fresh_id
from migrator.web.visitors import Visitor
from run_with_pages import ASKED, CHECK, OTHER, Pages, pages_of_a_run

WHO = Visitor(ASKED, "Handler", frozenset({"handler"}), "")


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def kept_notes(pages: Pages) -> int:
    with pages.store._database.reading() as connection:
        notes = tables.notes
        found = select(func.count()).select_from(notes).where(notes.c.text.is_not(None))
        return connection.execute(found).scalar_one()


def a_deed() -> Deed:
    return Deed(fresh_id(), "tick", CHECK, 1, "", (("verdict", "works_but"),), "letters are slow")


def test_a_form_that_comes_twice_in_one_instant_is_one_deed_with_one_note(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Barrier(2, timeout=10)
    submit = SqlJournal.submit

    def at_once(journal: SqlJournal, command: OperatorCommand, submitted: str = "") -> None:
        together.wait()
        submit(journal, command, submitted)

    monkeypatch.setattr(SqlJournal, "submit", at_once)
    deed = a_deed()
    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(ask, pages.seen, WHO, deed) for _ in range(2)]:
            each.result()
    (command,) = pages.leader.journal.take_commands()
    assert pages.store.note(dict(command.details)["note_digest"]) == deed.note
    assert kept_notes(pages) == 1


def test_an_id_that_somebody_else_used_is_refused_and_leaves_no_note(pages: Pages) -> None:
    deed = a_deed()
    ask(pages.seen, WHO, deed)
    for person, other in (
        (replace(WHO, person=OTHER), deed),
        (WHO, replace(deed, details=(("verdict", "works"),))),
    ):
        with pytest.raises(RefusedError, match="used before"):
            ask(pages.seen, person, other)
    assert kept_notes(pages) == 1


@pytest.mark.parametrize("note", ["a\0b", "half \ud800 a letter"])
def test_a_note_that_cannot_be_written_down_is_not_kept(pages: Pages, note: str) -> None:
    with pytest.raises(InputError):
        ask(pages.seen, WHO, replace(a_deed(), note=note))
    assert kept_notes(pages) == 0
