"""What an older program wrote is read as this one means it; what is unknown stops one run only."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import JournalError
from migrator.store import upcasters
from migrator.store.chain import NO_HASH, Written, to_line, written_hash
from migrator.store.sql import Store, open_store
from migrator.store.upcasters import UPCASTERS, Data, upcast
from weekend import an_itinerary

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)


def said_why(data: Data) -> Data:
    """A made-up version 0 of RunPaused called its reason `why`."""
    return {"reason": data["why"]}


MADE_UP = {("RunPaused", 0): said_why}


def old_line() -> Written:
    """A line that a made-up older program wrote, with the hash that it had then."""
    line = Written(
        1, ev.time_to_text(AT), 1, "anna", "RunPaused", 0, '{"why":"lunch"}', NO_HASH, ""
    )
    return line._replace(hash=written_hash("weekend", line))


def keep(store: Store, name: str) -> None:
    journal = store.create_run(
        name, an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
    )
    journal.append([Entry(AT, "anna", ev.RunPaused("lunch"))])
    journal.release()


def test_an_older_version_is_read_as_todays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upcasters, "UPCASTERS", MADE_UP)

    assert to_line(old_line()).event == ev.RunPaused("lunch")


def test_several_versions_are_passed_one_after_the_other() -> None:
    older = {**MADE_UP, ("RunPaused", -1): lambda data: {"why": data["because"]}}

    assert upcast(1, "RunPaused", -1, {"because": "lunch"}, older) == {"reason": "lunch"}


@pytest.mark.parametrize("version", [-1, 0, 2, 99])
def test_a_version_without_a_way_to_todays_is_not_guessed_at(version: int) -> None:
    with pytest.raises(JournalError, match=f"line 7 holds a RunPaused of version {version}") as no:
        upcast(7, "RunPaused", version, {"reason": ""})

    assert no.value.reference == "journal-unknown-kind"


def test_a_gap_between_versions_is_not_jumped() -> None:
    with pytest.raises(JournalError):
        upcast(1, "RunPaused", -2, {}, {("RunPaused", -2): dict, **MADE_UP})


def test_every_way_leads_to_a_version_that_is_known() -> None:
    assert [each for each in UPCASTERS if each[1] >= ev.VERSIONS.get(each[0], 0)] == []


def test_a_run_that_cannot_be_read_does_not_keep_others_from_going_on(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as store:
        keep(store, "weekend")
        keep(store, "other")
        line = old_line()
        with store._database.writing() as connection:
            connection.exec_driver_sql(
                "update journal set version = ?, data = ?, hash = ? where run = 'weekend'",
                (line.version, line.data, line.hash),
            )

        with pytest.raises(JournalError, match="of version 0"):
            store.journal("weekend", lead=True).lines()

        assert store.journal("weekend", lead=False).verify().count == 1  # as it was written, it is
        assert [row.name for row in store.runs()] == ["other", "weekend"]
        assert store.journal("other", lead=True).append([Entry(AT, "anna", ev.RunResumed(""))])
