"""The kept world: what is read back is what was there, and half a file is never taken for one."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import practising
from migrator.errors import EnvironmentFailed
from migrator.ids import SubsystemId
from migrator.platform.simulated.faults import PlannedFault
from migrator.platform.simulated.keeping import WORLDS, WorldFile, ranges
from small_plan import at

ITINERARY = practising.small_itinerary()
FAULTS = (
    PlannedFault("step_fails", "web", "start", times=2, note="once more"),
    PlannedFault("platform_slow", factor=3.0, start=at("14 09:30"), end=at("14 10:30")),
)


def test_a_world_comes_back_as_it_was(tmp_path: Path) -> None:
    start = ITINERARY.window.start
    kept = WorldFile(tmp_path, "p1", FAULTS)
    world = kept.made(ITINERARY, start)
    ledger = world.look("ledger", start + timedelta(hours=2))
    ledger.old.quiesced = ledger.new.granted = True
    ledger.new.rows = {1, 2, 3, 9}
    ledger.switched_at = start
    world.effect("token")
    world.half_done.add("half")
    world.violations.append("something was seen")
    assert kept.box.take("step_fails", subsystem="web", step="start") is not None
    kept(world)

    again, back = WorldFile.read(tmp_path, "p1", ITINERARY)

    assert {name: asdict(place) for name, place in back.places.items()} == {
        name: asdict(place) for name, place in world.places.items()
    }
    assert (back.effects, back.half_done) == ({"token": 1}, {"half"})
    assert back.violations == ["something was seen"]
    assert again.faults == FAULTS
    assert again.box.struck() == (1, 0)


def test_a_fault_that_has_struck_often_enough_does_not_strike_again(tmp_path: Path) -> None:
    once = (PlannedFault("step_fails", "web", "start"),)
    kept = WorldFile(tmp_path, "p1", once)
    world = kept.made(ITINERARY, ITINERARY.window.start)
    kept.box.take("step_fails", subsystem="web", step="start")
    kept(world)
    again, _ = WorldFile.read(tmp_path, "p1", ITINERARY)
    assert again.box.take("step_fails", subsystem="web", step="start") is None


def test_the_file_is_whole_at_any_moment(tmp_path: Path) -> None:
    kept = WorldFile(tmp_path, "p1", ())
    world = kept.made(ITINERARY, ITINERARY.window.start)
    before = kept.path.read_text()
    (tmp_path / WORLDS / "p1.new").write_text("half")  # an earlier process was killed here
    world.effect("token")
    assert kept.path.read_text() == before
    kept(world)
    assert json.loads(kept.path.read_text())["effects"] == {"token": 1}


@pytest.mark.parametrize("text", [None, "{", "[]", '{"faults": []}'])
def test_a_world_that_is_not_there_is_named(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / WORLDS / "p1.json"
    if text is not None:
        path.parent.mkdir()
        path.write_text(text)
    with pytest.raises(EnvironmentFailed, match=r"p1\.json") as caught:
        WorldFile.read(tmp_path, "p1", ITINERARY)
    assert caught.value.reference == "world-missing"


def test_a_world_of_another_plan_is_refused(tmp_path: Path) -> None:
    kept = WorldFile(tmp_path, "p1", ())
    kept.made(ITINERARY, ITINERARY.window.start)
    data = json.loads(kept.path.read_text())
    data["places"].pop("web")
    kept.path.write_text(json.dumps(data))
    with pytest.raises(EnvironmentFailed, match="other subsystems"):
        WorldFile.read(tmp_path, "p1", ITINERARY)


@given(st.sets(st.integers(1, 60)))
def test_rows_are_kept_as_stretches(rows: set[int]) -> None:
    found = ranges(rows)
    assert {row for first, last in found for row in range(first, last + 1)} == rows
    assert all(a[1] + 1 < b[0] for a, b in pairwise(found))


def test_who_joined_by_a_later_plan_is_read_back_too(tmp_path: Path) -> None:
    kept = WorldFile(tmp_path, "p1", ())
    world = kept.made(ITINERARY, ITINERARY.window.start)
    leg = next(iter(ITINERARY.legs.values()))
    late = replace(ITINERARY, legs={**ITINERARY.legs, "late": replace(leg, id=SubsystemId("late"))})
    world.joined_by(late, ITINERARY.window.start)
    kept(world)

    _, back = WorldFile.read(tmp_path, "p1", ITINERARY)

    assert asdict(back.places["late"]) == asdict(world.places["late"])
