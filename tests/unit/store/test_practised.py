"""Who has tried the pages is kept once for each kind of device, and for each run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator.store.practised import COMPUTER, TELEPHONE, Practised
from migrator.store.sql import Store, open_store

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path, practice=True) as opened:
        yield opened


def test_the_first_time_on_each_kind_of_device_is_kept(store: Store) -> None:
    practised = Practised(store.database, "autumn")
    assert not practised.has("anna", TELEPHONE)
    for hours in (0, 1):
        practised.tick("anna", TELEPHONE, NOW + timedelta(hours=hours))
    practised.tick("anna", COMPUTER, NOW)
    practised.tick("bo", COMPUTER, NOW)
    assert practised.by_person() == {
        "anna": {TELEPHONE: NOW, COMPUTER: NOW},
        "bo": {COMPUTER: NOW},
    }
    assert practised.has("anna", TELEPHONE)
    assert not practised.has("bo", TELEPHONE)


def test_another_run_is_another_practice(store: Store) -> None:
    Practised(store.database, "autumn").tick("anna", COMPUTER, NOW)
    assert Practised(store.database, "spring").by_person() == {}


def test_there_is_no_third_kind(store: Store) -> None:
    with pytest.raises(AssertionError):
        Practised(store.database, "autumn").tick("anna", "fridge", NOW)
