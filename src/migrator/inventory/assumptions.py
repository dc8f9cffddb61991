"""What is used where nobody gave a figure: the one table of built-in assumptions.

`assumptions.yaml` replaces them one by one; `assemble.py` applies them and records each use in
`assumed`, so that a plan and a report can say which figures nobody stands for. They are careful
rather than quick: a plan made from them should be beaten, not missed. No other module holds a
default for a fact about an estate.
"""

from __future__ import annotations

from typing import Final

from migrator.ids import PlaceId, ShiftId, TeamId
from migrator.inventory.model import Assumptions, Estimate, Kind, Place
from migrator.inventory.schema import AssumptionsFile, EstimateRow

CRITICALITY: Final = 3
"""The middle: neither first as a pilot nor last under guard."""
CPU: Final = 1.0
MEMORY_GIB: Final = 2.0
COPY_GIB: Final = {Kind.STATELESS: 0.0, Kind.STATEFUL: 20.0, Kind.BATCH: 5.0}

SHIFT: Final = ShiftId("whole-window")
"""The one shift of an estate that names none; it lasts as long as the window."""

WINDOW_START: Final = "2023-10-13T18:00"
WINDOW_END: Final = "2023-10-16T06:00"
"""60 hours from a Friday at 18:00. A fixed date, because the same files must give the same plan on
every day; whoever has a weekend in mind writes calendar.yaml."""
TIME_ZONE: Final = "Europe/Stockholm"

_UNKNOWN: Final = "unknown"
PLACES: Final = tuple(
    Place(
        id=PlaceId(f"assumed-{side}"),
        name=f"{side.capitalize()} platform (assumed)",
        side=side,
        owner=_UNKNOWN,
        country=_UNKNOWN,
        operator=_UNKNOWN,
        support_countries=(),
        cpu=None,
        memory_gib=None,
        copy_gib_per_hour=None,
        bridge_calls_per_hour=None,
    )
    for side in ("new", "old")
)


def _three(
    move: tuple[float, float], verify: tuple[float, float], unwind: tuple[float, float]
) -> dict[str, Estimate]:
    pairs = {"move": move, "verify": verify, "unwind": unwind}
    # As floats: 20 and 20.0 are one figure, but two texts in a digest.
    return {
        key: Estimate(float(p50), float(p80), assumed=True) for key, (p50, p80) in pairs.items()
    }


BUILT_IN: Final = Assumptions(
    durations={
        Kind.STATELESS: _three((20, 35), (10, 20), (10, 20)),
        Kind.STATEFUL: _three((60, 100), (20, 40), (45, 80)),
        Kind.BATCH: _three((40, 70), (20, 40), (30, 50)),
    },
    failure_probability=0.05,
    team=TeamId("assumed-team"),
    team_seats=4,
    verify_minutes=Estimate(15.0, 30.0, assumed=True),
)
KEYS: Final = ("move", "verify", "unwind")
"""The durations that every subsystem has."""


def merged(given: AssumptionsFile | None) -> Assumptions:
    """The built-in table with what assumptions.yaml says in its place."""
    if given is None:
        return BUILT_IN
    durations = {
        kind: {
            key: estimate(getattr(getattr(given.durations, kind.value), key), built_in[key])
            for key in KEYS
        }
        for kind, built_in in BUILT_IN.durations.items()
    }
    probability = given.failure_probability
    return Assumptions(
        durations=durations,
        failure_probability=BUILT_IN.failure_probability if probability is None else probability,
        team=BUILT_IN.team if given.team is None else TeamId(given.team.id),
        team_seats=BUILT_IN.team_seats if given.team is None else given.team.seats,
        verify_minutes=estimate(given.verify_minutes, BUILT_IN.verify_minutes),
    )


def estimate(row: EstimateRow | None, otherwise: Estimate) -> Estimate:
    """An assumed estimate: the row's figures, or the built-in ones."""
    return otherwise if row is None else Estimate(row.p50, row.p80, assumed=True)
