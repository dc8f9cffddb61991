"""Who is at a page counts as there for as long as that is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from migrator.store import presence
from migrator.store.sql import open_store
from weekend import an_itinerary

NOW = datetime(2023, 10, 13, 12, tzinfo=UTC)


def test_several_processes_say_who_is_there_and_a_silent_one_is_forgotten(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as store:
        journal = store.create_run(
            "autumn", an_itinerary(1, 1), seed=1, mode="scaled", target="t", plan_digest="p"
        )
        assert presence.here(journal, NOW) == frozenset()
        presence.tell(journal, "one", {"anna", "bo"}, NOW)
        presence.tell(journal, "two", ["cia"], NOW + presence.HOLDS)
        journal.put_facts("clock", {"people": ["dan"], "wall": NOW.isoformat()})
        assert presence.here(journal, NOW + presence.HOLDS) == {"anna", "bo", "cia"}
        late = NOW + presence.HOLDS + timedelta(seconds=1)
        assert presence.here(journal, late) == {"cia"}
        presence.tell(journal, "two", (), late)
        assert presence.here(journal, late) == frozenset()
        journal.release()
