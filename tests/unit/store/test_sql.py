"""A store keeps practice and live runs apart, finds a run by its name, and never doubles one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Entry, Line
from migrator.errors import InputError, JournalError
from migrator.store.chain import verify
from migrator.store.memory import MemoryJournal
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)
ITINERARY = an_itinerary()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, practice=True) as opened:
        yield opened


def begin(store: Store, name: str) -> SqlJournal:
    return store.create_run(
        name, ITINERARY, seed=7, mode="scaled", target="nowhere", plan_digest="p", started="12:00"
    )


def started(name: str = "kept", *, practice: bool = True) -> ev.RunStarted:
    return ev.RunStarted(
        name, "virtual", practice, "nowhere", AT, None, 1.0, 7, "p", "i", "0.1", ()
    )


def played(name: str = "kept", *, practice: bool = True) -> tuple[Line, ...]:
    journal = MemoryJournal(name, ITINERARY)
    events = [started(name, practice=practice), ev.RunPaused(""), ev.RunEnded("completed")]
    return journal.append([Entry(AT, "engine", event) for event in events])


def refused(reference: str) -> pytest.RaisesExc[InputError]:
    return pytest.RaisesExc(InputError, check=lambda error: error.reference == reference)


def test_a_run_is_listed_as_it_was_begun(store: Store) -> None:
    begin(store, "first")
    begin(store, "second").append([Entry(AT, "engine", ev.RunEnded("returned"))])

    second, first = store.runs()

    assert (first.name, first.lines, first.head, first.outcome) == ("first", 0, "", "")
    assert (second.name, second.lines, second.outcome) == ("second", 1, "returned")
    assert (second.mode, second.target, second.seed) == ("scaled", "nowhere", 7)
    assert (second.practice, second.started, second.plan_name) == (
        True,
        "12:00",
        ITINERARY.plan_name,
    )
    assert second.head == store.journal("second", lead=False).head


def test_a_run_is_never_written_over(store: Store) -> None:
    begin(store, "weekend")

    with refused("run-exists"):
        begin(store, "weekend")
    with refused("run-exists"):
        store.keep("weekend", ITINERARY, played("weekend"), {})

    assert [row.name for row in store.runs()] == ["weekend"]


@pytest.mark.parametrize("name", ["latest", "Ä", "", "a b", "../x"])
def test_a_name_that_cannot_be_used_is_refused(store: Store, name: str) -> None:
    with refused("run-name"):
        begin(store, name)


def test_a_run_is_found_by_name_beginning_and_latest(store: Store) -> None:
    for name in ("autumn", "autumn-2", "winter"):
        begin(store, name)

    assert store.resolve("latest") == "winter"
    assert store.resolve("w") == "winter"
    assert store.resolve("autumn") == "autumn"


def test_a_weekend_that_is_played_again_is_the_latest(store: Store) -> None:
    begin(store, "autumn")
    begin(store, "winter")
    store.play_again("autumn", "2026-11-22T12:00:00+00:00")
    assert store.resolve("latest") == "autumn"
    assert [run.name for run in store.runs()] == ["autumn", "winter"]
    assert store.runs()[0].started == "2026-11-22T12:00:00+00:00"


def test_an_unknown_run_is_answered_with_the_nearest_names(store: Store) -> None:
    with refused("unknown-run") as none:
        store.resolve("latest")
    assert none.value.hint == "no run is kept here yet"
    begin(store, "weekend")
    begin(store, "weekday")

    with refused("unknown-run") as near:
        store.resolve("wekend")
    with refused("unknown-run") as several:
        store.resolve("week")
    with refused("unknown-run"):
        store.resolve("")

    assert near.value.hint.startswith("did you mean weekend")
    assert "beginning of several" in several.value.message


def test_a_kept_run_has_the_hashes_with_which_it_was_played(store: Store) -> None:
    lines = played()

    store.keep("kept", ITINERARY, lines, {"ledger": {"rows_lost": 0}})

    journal = store.journal("kept", lead=False)
    assert tuple(journal.lines()) == lines
    assert journal.verify().head == lines[-1].hash
    assert journal.facts("ledger") == {"rows_lost": 0}
    assert journal.facts("nothing") is None
    (row,) = store.runs()
    assert (row.mode, row.target, row.seed, row.outcome) == ("virtual", "nowhere", 7, "completed")


def test_a_run_that_is_not_proven_is_not_kept(store: Store) -> None:
    lines = played()

    with pytest.raises(JournalError):
        store.keep("kept", ITINERARY, (lines[0], lines[2]), {})

    assert store.runs() == ()


def test_a_run_is_kept_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(TypeError):
        store.keep("kept", ITINERARY, played(), {"ledger": object()})

    assert store.runs() == ()
    store.keep("kept", ITINERARY, played(), {})  # nothing of the first try stands in the way


def test_live_runs_never_go_where_practice_runs_are(tmp_path: Path) -> None:
    file = tmp_path / "ours.db"
    with open_store(file, practice=True) as store:
        journal = begin(store, "weekend")
        with refused("store-mode"):
            store.keep("kept", ITINERARY, played(practice=False), {})
        with refused("store-mode"):
            journal.append([Entry(AT, "engine", started(practice=False))])
        assert tuple(journal.lines()) == ()

    with refused("store-mode"):
        open_store(file, practice=False)


def test_practice_runs_never_go_where_live_runs_are(tmp_path: Path) -> None:
    file = tmp_path / "ours.db"
    with open_store(file, practice=False) as store, refused("store-mode"):
        store.keep("kept", ITINERARY, played(), {})

    with refused("store-mode"):
        open_store(file, practice=True)


def test_a_folder_has_a_file_for_each_kind(tmp_path: Path) -> None:
    open_store(tmp_path / "new" / "folder", practice=True).close()
    open_store(tmp_path / "new" / "folder", practice=False).close()

    assert {path.name for path in (tmp_path / "new" / "folder").glob("*.db")} == {
        "practice.db",
        "live.db",
    }


def test_a_store_is_named_by_url_too(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/x.db", practice=True) as store:
        assert store.path == tmp_path / "x.db"

    with refused("store-address"):
        open_store("mysql://somewhere/x", practice=True)


def test_a_store_that_is_only_looked_at_is_not_made(tmp_path: Path) -> None:
    with refused("store-missing"):
        open_store(tmp_path / "none", practice=True, create=False)

    assert not (tmp_path / "none").exists()


def test_a_kept_itinerary_stays_as_the_bytes_that_were_pinned(store: Store, tmp_path: Path) -> None:
    # A newer program reads an older itinerary, and would write it with its own new fields.
    store.keep("kept", ITINERARY, played(), {})
    pinned = store.journal("kept", lead=False).pinned() + b" "

    with open_store(tmp_path / "there", practice=True) as there:
        there.keep("kept", pinned, played(), {})

        journal = there.journal("kept", lead=False)
        assert journal.pinned() == pinned
        assert journal.itinerary() == ITINERARY


def test_a_process_leaves_whole_commits_when_it_closes_the_store(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as store:
        journal = begin(store, "weekend")
        asked = [journal.append_soon([Entry(AT, "engine", ev.RunPaused(str(n)))]) for n in range(9)]

    assert [future.result()[0].seq for future in asked] == [*range(1, 10)]
    with open_store(tmp_path, practice=True) as store:
        assert store.journal("weekend", lead=False).verify().count == 9


def test_facts_are_replaced_and_listed(store: Store) -> None:
    journal = begin(store, "weekend")
    journal.put_facts("ledger", [1])
    journal.put_facts("ledger", [2])
    journal.put_facts("other", "x")

    assert journal.all_facts() == {"ledger": [2], "other": "x"}


def test_what_a_run_was_begun_from_is_kept_by_value(store: Store) -> None:
    digest = store.pin("fault-file", b"faults: []")

    assert store.pin("fault-file", b"faults: []") == digest
    assert store.pinned(digest) == b"faults: []"
    assert store.pinned("0" * 64) is None


def test_new_codes_void_the_old_ones_of_the_same_people(store: Store) -> None:
    journal = begin(store, "weekend")
    store.put_codes("weekend", {"anna": "1", "bertil": "2"})
    store.put_codes("weekend", {"anna": "3"})
    store.put_codes("weekend", {})

    assert journal.codes == {"anna": "3", "bertil": "2"}


def test_an_erased_note_leaves_a_tombstone_and_no_trace(store: Store) -> None:
    text = "the name of a citizen, typed by mistake"
    digest = store.keep_note(text)
    assert store.keep_note(text) != digest  # salted: a text cannot be recognised by its digest
    assert store.note(digest) == text

    assert store.erase_note(digest)

    assert store.note(digest) is None
    assert not store.erase_note("0" * 64)
    with sqlite3.connect(store.path) as raw:
        found = raw.execute("select salt, text from notes where digest = ?", (digest,)).fetchone()
    raw.close()
    assert found == (None, None)


def test_an_erased_note_is_not_in_the_file_any_more(store: Store) -> None:
    digest = store.keep_note("a-rare-word " * 50)

    store.erase_note(digest)

    files = [path for path in store.path.parent.iterdir() if path.name.startswith("practice.db")]
    assert not any(b"a-rare-word" in path.read_bytes() for path in files)


def test_an_exported_run_is_whole(store: Store) -> None:
    store.keep("kept", ITINERARY, played(), {"ledger": 1}, "12:00")

    exported = store.exported("kept")

    assert verify("kept", exported.lines).count == 3
    assert exported.itinerary == ITINERARY
    assert (exported.facts, exported.started, exported.practice) == ({"ledger": 1}, "12:00", True)
