"""A run is found in whichever store it is, and nothing is guessed where both know its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.store.find import find_run
from migrator.store.sql import open_store
from weekend import an_itinerary

ITINERARY = an_itinerary(1, 1)


def keep(folder: Path, name: str, started: str, *, practice: bool) -> None:
    with open_store(folder, practice=practice) as store:
        store.keep(name, ITINERARY, (), {}, started)


def found(run: str, folder: Path, *, practice: bool | None = None) -> tuple[bool, str]:
    store, name = find_run(run, folder, practice=practice)
    with store:
        return store.practice, name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keep(tmp_path, "drill-1", "2023-10-01", practice=True)
    keep(tmp_path, "drill-2", "2023-10-03", practice=True)
    keep(tmp_path, "weekend", "2023-10-02", practice=False)
    keep(tmp_path, "both", "2023-09-01", practice=False)
    keep(tmp_path, "both", "2023-09-01", practice=True)
    return tmp_path


def test_a_run_is_found_in_the_store_of_its_kind(folder: Path) -> None:
    assert found("drill-1", folder) == (True, "drill-1")
    assert found("weekend", folder) == (False, "weekend")
    assert found("week", folder) == (False, "weekend")


def test_latest_is_the_run_that_was_begun_last_of_either_kind(tmp_path: Path) -> None:
    keep(tmp_path, "drill", "2023-10-01", practice=True)
    keep(tmp_path, "weekend", "2023-10-02", practice=False)
    assert found("latest", tmp_path) == (False, "weekend")

    keep(tmp_path, "drill-2", "2023-10-03", practice=True)
    assert found("latest", tmp_path) == (True, "drill-2")
    assert found("latest", tmp_path, practice=False) == (False, "weekend")


def test_a_name_that_both_kinds_know_is_not_guessed_at(folder: Path) -> None:
    with pytest.raises(InputError, match="practice run and of a live run") as caught:
        found("both", folder)

    assert caught.value.reference == "unknown-run"
    assert "--live" in caught.value.hint
    assert found("both", folder, practice=True) == (True, "both")


def test_an_unknown_run_is_answered_with_names_of_both_kinds(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        found("weekent", folder)

    assert "weekend" in caught.value.hint
    with pytest.raises(InputError):
        found("", folder)


def test_a_file_that_is_named_says_itself_which_kind_it_holds(tmp_path: Path) -> None:
    for practice in (True, False):
        file = tmp_path / f"{practice}.db"
        keep(file, "weekend", "", practice=practice)
        assert found("latest", file) == (practice, "weekend")


def test_where_no_store_is_none_is_made(tmp_path: Path) -> None:
    for place in (tmp_path / "none", tmp_path / "none.db"):
        with pytest.raises(InputError) as caught:
            found("latest", place)
        assert caught.value.reference == "store-missing"

    assert not list(tmp_path.iterdir())


def test_a_store_without_a_run_has_no_latest(tmp_path: Path) -> None:
    open_store(tmp_path, practice=True).close()

    with pytest.raises(InputError, match="no run 'latest'"):
        found("latest", tmp_path)
