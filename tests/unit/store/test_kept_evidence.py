"""Evidence beside the journal: archives that are the same when their files are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import practising
from migrator.store.kept_evidence import erase, files_of, keep, of_run, packed, unpacked
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
FILES = {"events.txt": b"it crashed\n", "pods/web-1/web.previous.log": b"no database\n"}


@pytest.fixture
def store() -> Iterator[Store]:
    practising.begun()
    with open_store(practising.FOLDER, practice=True) as found:
        yield found


@pytest.fixture
def journal(store: Store) -> SqlJournal:
    return store.journal("small-p1", lead=False)


def test_the_same_files_are_the_same_bytes() -> None:
    turned = dict(reversed(FILES.items()))
    assert packed(FILES) == packed(turned)
    assert unpacked(packed(FILES)) == FILES


def test_what_is_kept_is_found_by_what_it_is_about(store: Store, journal: SqlJournal) -> None:
    digest = keep(store, journal, ("ledger", 1, "fence-target"), FILES, ["a log: no answer"])
    (found,) = of_run(journal)
    assert (found.move, found.attempt, found.act, found.number) == ("ledger", 1, "fence-target", 1)
    assert (found.digest, found.files, found.size) == (digest, 2, 23)
    assert found.missing == ("a log: no answer",)
    assert files_of(store, found) == FILES


def test_an_act_that_is_tried_again_replaces_nothing(store: Store, journal: SqlJournal) -> None:
    keep(store, journal, ("ledger", 1, "fence-target"), FILES, ())
    keep(store, journal, ("ledger", 1, "fence-target"), {}, ())
    assert [each.folder for each in of_run(journal)] == [
        "ledger/1-fence-target-1",
        "ledger/1-fence-target-2",
    ]


def test_what_was_erased_is_gone_and_says_who_and_why(store: Store, journal: SqlJournal) -> None:
    keep(store, journal, ("ledger", 1, "stop-target"), FILES, ())
    found = of_run(journal)
    assert erase(store, journal, found, by="someone", at=NOW, reason="a name is in it") == 1
    (after,) = of_run(journal)
    assert after.erased == "erased by someone at 2026-11-22 03:00 UTC: a name is in it"
    assert files_of(store, after) is None
    assert erase(store, journal, of_run(journal), by="other", at=NOW, reason="again") == 0
    assert of_run(journal) == (after,)


def test_other_facts_are_no_evidence(journal: SqlJournal) -> None:
    journal.put_facts("output/ledger/copy/1/1", "copied")
    assert of_run(journal) == ()
