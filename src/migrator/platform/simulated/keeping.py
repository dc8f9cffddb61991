"""The simulated world on disk: a practice run that is killed goes on in the same world.

Made by `wiring` for practice runs; a rehearsal keeps nothing. The file is written whole after each
effect and before anybody hears of it, and put in place in one go: a kill leaves the world before
an effect or after it, so that a doubtful act can be observed. Faults that have struck are part of
the world, or they would strike again after a restart. Nothing of a run's journal is in here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final, TypedDict

from migrator.errors import EnvironmentFailed
from migrator.plan.model import Itinerary
from migrator.platform.simulated.faults import FaultBox, PlannedFault
from migrator.platform.simulated.platform import SimulatedPlatform
from migrator.platform.simulated.world import Place, SideState, World

VERSION: Final = 1

WORLDS: Final = "worlds"
"""The folder beside the store in which worlds are kept, one file for each run."""

Ranges = list[tuple[int, int]]
"""Row numbers as first and last of each stretch: a weekend of rows is one stretch, mostly."""


class _Side(TypedDict):
    running: bool
    quiesced: bool
    fenced: bool
    granted: bool
    prepared: bool
    rows: Ranges


class _Place(TypedDict):
    stateful: bool
    old: _Side
    new: _Side
    traffic: str
    switched_at: str | None
    written: int
    arrears: float
    seen: str | None
    both_live_seconds: float
    drained_seconds: float
    refused_seconds: float
    drained: bool
    drain_armed: bool
    retired: bool


class _File(TypedDict):
    version: int
    run: str
    faults: list[dict[str, object]]
    struck: list[int]
    regressed: dict[str, float]
    places: dict[str, _Place]
    effects: dict[str, int]
    half_done: list[str]
    violations: list[str]


class WorldFile:
    """One practice run's world: what is in the file is what has happened."""

    def __init__(self, folder: Path, run: str, faults: tuple[PlannedFault, ...]) -> None:
        """A file beside the store in `folder`; `made` or `read` gives the world."""
        self.path = folder / WORLDS / f"{run}.json"
        self.faults = faults
        self.box = FaultBox(faults)
        self._run = run
        self._regressed: dict[int, float] = {}
        self._platform: SimulatedPlatform | None = None

    def made(self, itinerary: Itinerary, start: datetime) -> World:
        """A new world, on disk from the start."""
        world = World(itinerary, start)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self(world)
        return world

    def joins(self, platform: SimulatedPlatform) -> None:
        """The platform whose regressed links are part of the world."""
        platform.regressed.update(self._regressed)
        self._platform = platform

    def __call__(self, world: World) -> None:
        """Keep the world as it is now: on the disk before this returns."""
        if self._platform is not None:
            self._regressed = self._platform.regressed
        data: _File = {
            "version": VERSION,
            "run": self._run,
            "faults": [_plain(fault) for fault in self.faults],
            "struck": list(self.box.struck()),
            "regressed": {str(index): share for index, share in self._regressed.items()},
            "places": {name: _place(place) for name, place in world.places.items()},
            "effects": world.effects,
            "half_done": sorted(world.half_done),
            "violations": world.violations,
        }
        draft = self.path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(data, file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    @classmethod
    def read(cls, folder: Path, run: str, itinerary: Itinerary) -> tuple[WorldFile, World]:
        """The world that an earlier process left. Raises EnvironmentFailed where there is none.

        `itinerary` is the one that the run was begun with; the platform learns of later plans.
        """
        path = folder / WORLDS / f"{run}.json"
        try:
            data: _File = json.loads(path.read_text(encoding="utf-8"))
            kept = cls(folder, run, tuple(_fault(row) for row in data["faults"]))
            kept.box.restore(data["struck"])
            kept._regressed = {int(index): share for index, share in data["regressed"].items()}
            world = _world(data, itinerary)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EnvironmentFailed(
                "world-missing",
                f"the simulated world of {run} cannot be read from {path}: {error}",
                hint="put the file back from a backup, or begin a new practice run of the plan",
            ) from error
        return kept, world


def _world(data: _File, itinerary: Itinerary) -> World:
    # The start does not matter: every place brings the moment up to which it was seen.
    world = World(itinerary, itinerary.window.start)
    if not set(data["places"]) >= set(world.places):
        raise ValueError("it holds other subsystems than the run")
    world.places = {name: _placed(name, place) for name, place in data["places"].items()}
    world.effects = dict(data["effects"])
    world.half_done = set(data["half_done"])
    world.violations = list(data["violations"])
    return world


def _place(place: Place) -> _Place:
    return {
        "stateful": place.stateful,
        "old": _side(place.old),
        "new": _side(place.new),
        "traffic": place.traffic,
        "switched_at": _text(place.switched_at),
        "written": place.written,
        "arrears": place.arrears,
        "seen": _text(place.seen),
        "both_live_seconds": place.both_live_seconds,
        "drained_seconds": place.drained_seconds,
        "refused_seconds": place.refused_seconds,
        "drained": place.drained,
        "drain_armed": place.drain_armed,
        "retired": place.retired,
    }


def _placed(name: str, data: _Place) -> Place:
    return Place(
        id=name,
        stateful=data["stateful"],
        old=_sided(data["old"]),
        new=_sided(data["new"]),
        traffic=data["traffic"],
        switched_at=_time(data["switched_at"]),
        written=data["written"],
        arrears=data["arrears"],
        seen=_time(data["seen"]),
        both_live_seconds=data["both_live_seconds"],
        drained_seconds=data["drained_seconds"],
        refused_seconds=data["refused_seconds"],
        drained=data["drained"],
        drain_armed=data["drain_armed"],
        retired=data["retired"],
    )


def _side(side: SideState) -> _Side:
    return {
        "running": side.running,
        "quiesced": side.quiesced,
        "fenced": side.fenced,
        "granted": side.granted,
        "prepared": side.prepared,
        "rows": ranges(side.rows),
    }


def _sided(data: _Side) -> SideState:
    return SideState(
        running=data["running"],
        quiesced=data["quiesced"],
        fenced=data["fenced"],
        granted=data["granted"],
        prepared=data["prepared"],
        rows={row for first, last in data["rows"] for row in range(first, last + 1)},
    )


def ranges(rows: Iterable[int]) -> Ranges:
    """Numbers as stretches: 1 2 3 7 8 are (1, 3) and (7, 8)."""
    found: Ranges = []
    for row in sorted(rows):
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found


def _plain(fault: PlannedFault) -> dict[str, object]:
    row = asdict(fault)
    return {**row, "start": _text(fault.start), "end": _text(fault.end)}


def _fault(row: dict[str, object]) -> PlannedFault:
    times = {key: _time(str(row[key]) if row[key] else None) for key in ("start", "end")}
    return PlannedFault(**{**row, **times})  # type: ignore[arg-type] # the fields of `_plain`


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
