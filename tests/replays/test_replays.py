"""Journals that released versions left behind: today's program reads them and ends where they did.

One file for each kind of end, exported by the version in its name and never written anew. Where a
test here turns red, somebody's finished weekend could not be read any more: give the changed event
an upcaster (`store/upcasters.py`) or the new field of the itinerary a default.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from migrator.conductor.loop import refold
from migrator.engine.states import RunState
from migrator.store.exports import read, write
from migrator.store.sql import Store, open_store

HERE: Final = Path(__file__).parent
KEPT: Final = sorted(HERE.glob("*.jsonl"))

WAVES: Final = {
    "completed-0.1.0": {"w01": "committed", "w02": "committed", "w03": "committed"},
    "returned-0.1.0": {"w01": "committed", "w02": "returned", "w03": "committed"},
}
"""Where each wave stood when the run was over, as the version that carried it out said."""


def test_every_kept_journal_has_its_end_written_down() -> None:
    assert {path.stem for path in KEPT} == set(WAVES)


@pytest.fixture(params=KEPT, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """A kept journal."""
    kept = request.param
    assert isinstance(kept, Path)
    return kept


@pytest.fixture
def store(path: Path, tmp_path: Path) -> Iterator[Store]:
    """A store of today that has it."""
    exported = read(path)
    with open_store(tmp_path, practice=True) as opened:
        opened.keep(exported.run, exported.pinned, exported.lines, exported.facts, exported.started)
        yield opened


def test_a_journal_of_a_released_version_ends_as_it_did_then(path: Path, store: Store) -> None:
    run = refold(store.journal("latest", lead=False))

    assert run.state is RunState.ENDED
    assert {name: wave.state.value for name, wave in run.waves.items()} == WAVES[path.stem]


def test_it_passes_through_a_store_of_today_byte_for_byte(
    path: Path, store: Store, tmp_path: Path
) -> None:
    write(store.exported(store.resolve("latest")), tmp_path / "again.jsonl")

    assert (tmp_path / "again.jsonl").read_bytes() == path.read_bytes()
