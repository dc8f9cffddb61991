"""A bell wakes whoever leads a run; whatever is wrong with it costs time and nothing else."""

from __future__ import annotations

import os
import select
from pathlib import Path

import pytest

from migrator.engine.ports import OperatorCommand
from migrator.store.bells import FOLDER, SIGNS_MAX, Bells
from migrator.store.sql import open_store
from weekend import an_itinerary

COMMAND = OperatorCommand("c1", "pause", "anna", asserted=True, target="", reason="", saw=0)


def rings(bell: int | None) -> bool:
    assert bell is not None
    return bool(select.select([bell], [], [], 0)[0])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "practice.db"


def test_a_command_of_another_process_rings_after_its_commit(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=True) as leading:
        led = leading.create_run(
            "weekend", an_itinerary(1, 1), seed=1, mode="virtual", target="", plan_digest=""
        )
        bell, before = led.bell(), led.data_version()
        assert not rings(bell)
        with open_store(tmp_path, practice=True) as other:
            other.journal("weekend", lead=False).submit(COMMAND)
        assert rings(bell)
        assert led.data_version() != before
        assert led.take_commands() == (COMMAND,)
        assert not rings(bell)  # looking has taken the sign in

        led.release()
        assert list((tmp_path / FOLDER).iterdir()) == []


def test_each_run_of_a_store_has_a_bell_of_its_own(store: Path) -> None:
    leads, rung = Bells(store), Bells(store)
    one, two = leads.hang("one"), leads.hang("two")
    rung.ring("two")
    assert not rings(one)
    assert rings(two)
    assert leads.hang("two") == two  # hung once
    leads.close()


def test_a_bell_that_nobody_hears_stops_nobody(store: Path) -> None:
    Bells(store).ring("nobody-leads-it")  # there is none

    killed = Bells(store)
    killed.hang("weekend")
    killed.close()  # as a killed process leaves it
    Bells(store).ring("weekend")

    frozen = Bells(store)
    bell = frozen.hang("weekend")
    assert not rings(bell)  # what rang for the dead one is gone with it
    for _ in range(3):
        os.write(os.open(store.parent / FOLDER / "practice-weekend", os.O_WRONLY), b"!" * 20_000)
    for _ in range(SIGNS_MAX - 60_000 + 10):
        Bells(store).ring("weekend")
    assert rings(bell)
    frozen.hear()
    assert not rings(bell)
    frozen.take_down("weekend")
    frozen.take_down("weekend")  # taking it down twice is taking it down


def test_where_no_pipe_can_be_there_is_no_bell(store: Path) -> None:
    folder = store.parent / FOLDER
    folder.mkdir()
    (folder / "practice-weekend").write_text("somebody's notes")
    bells = Bells(store)
    assert bells.hang("weekend") is None
    bells.ring("weekend")
    assert (folder / "practice-weekend").read_text() == "somebody's notes"
    bells.hear()
    bells.close()

    assert Bells(store.parent / "gone" / "practice.db").hang("weekend") is None
