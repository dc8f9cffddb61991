"""A conductor is frozen in mid-wave, another one takes over, and the first one wakes up.

What it had begun and not yet done it does when it wakes, before it can hear that it has been
displaced: no store can prevent that, and a target that honours the token refuses it. Its first
append is refused, and it leaves. `test_frozen_leader.py` shows the same of the journal alone.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from interruptions.places import HEAVY, places
from interruptions.under_fire import Life, Nursery, UnderFire
from migrator.store import tables
from migrator.store.sql import open_store


def freeze(run: UnderFire, life: Life) -> None:
    """Stop a process where it holds neither the store nor the ledger, and let its lease run out."""
    with (
        open_store(run.store, practice=True, create=False) as store,
        store._database.writing() as connection,
    ):
        connection.execute(tables.leases.update().values(until=0.0))
        with run.ledger.only_me():
            life.send(signal.SIGSTOP)


@pytest.mark.parametrize("kind", HEAVY)
def test_a_frozen_conductor_is_replaced_and_leaves_when_it_wakes(
    nursery: Nursery, tmp_path: Path, kind: str
) -> None:
    with UnderFire(nursery, *places(kind, tmp_path)(), scenario=0) as run:
        frozen = run.life(honour=True)
        assert frozen.effects(20)
        early = run.life()  # while the first one leads and lives
        assert early.end() == 1
        assert early.heard == ["error journal-locked"]
        freeze(run, frozen)

        second = run.life(honour=True)
        assert second.effects(20)
        frozen.send(signal.SIGCONT)

        assert frozen.end() == 1
        assert frozen.heard[-1] == "error epoch-passed"
        assert second.end() == 0
        assert second.heard[-1] == "ended"
        end = run.judged()

    assert end.broken == []
    assert {line.epoch for line in end.lines} == {1, 2, 3}  # who began it, the frozen one, the next
    assert [line.epoch for line in end.lines] == sorted(line.epoch for line in end.lines)
    assert end.state["outcome"] == "completed"
