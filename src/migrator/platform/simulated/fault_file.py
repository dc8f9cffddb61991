"""A file of faults to inject, checked at the door against the plan that it is meant for.

Called by `rehearse` and `run --fault`. Every fault of the file is told at once, with its line.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from migrator.errors import Fault, InputError
from migrator.inventory.door import faults_of
from migrator.inventory.text_file import read_text_file
from migrator.inventory.times import parse_time, zone
from migrator.inventory.yaml_text import read_yaml
from migrator.plan.model import Itinerary, StepKind, UndoKind
from migrator.platform.simulated.faults import FAULT_KINDS, PlannedFault

_REFERENCE: Final = "fault-file"


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal[
        "step_fails",
        "step_half_fails",
        "step_times_out",
        "undo_fails",
        "bring_back_unproven",
        "links_regress",
        "handler_says_no",
        "handler_never_answers",
        "platform_slow",
        "disturbance",
    ]
    subsystem: str = ""
    step: str = ""
    function: str = ""
    attempt: Annotated[int, Field(ge=1)] = 1
    times: Annotated[int, Field(ge=1)] = 1
    share: Annotated[float, Field(gt=0, le=1)] = 0.1
    factor: Annotated[float, Field(ge=1, le=100)] = 1.0
    start: str = ""
    end: str = ""
    note: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    faults: list[_Row]


def read_faults(path: Path, itinerary: Itinerary) -> tuple[PlannedFault, ...]:
    """Read a fault file and hold it against the plan. Raises InputError with all faults."""
    missing = InputError(
        _REFERENCE,
        f"there is no fault file {path}",
        hint="name a YAML file with a list under `faults:`",
    )
    document = read_yaml(read_text_file(path, missing), str(path))
    found = faults_of(document, _File)
    if not found:
        rows = _File.model_validate(document.data).faults
        found = [
            Fault(str(path), document.line(("faults", index)), f"faults[{index}]", message)
            for index, row in enumerate(rows)
            for message in _misfits(row, itinerary)
        ]
    if found:
        raise InputError(
            _REFERENCE,
            f"{path} is not a fault file for this plan",
            hint=f"kinds are {', '.join(FAULT_KINDS)}; subsystems and steps are the plan's",
            faults=tuple(found),
        )
    return tuple(_planned(row, itinerary) for row in rows)


def _misfits(row: _Row, itinerary: Itinerary) -> list[str]:
    messages = []
    if row.subsystem and row.subsystem not in itinerary.legs:
        messages.append(f"subsystem {row.subsystem!r} does not move in this plan")
    names = _acts(itinerary, undos=row.kind == "undo_fails")
    if row.step and row.step not in names:
        messages.append(f"there is no step {row.step!r}; there are {', '.join(sorted(names))}")
    functions = {check.function for check in itinerary.checks}
    if row.function and row.function not in functions:
        messages.append(f"no check of this plan verifies function {row.function!r}")
    for text in (row.start, row.end):
        try:
            _time(text, itinerary)
        except ValueError as error:
            messages.append(str(error))
    return messages


def _acts(itinerary: Itinerary, *, undos: bool) -> frozenset[str]:
    """The steps or the undos that the plan's recipes know by name, and every kind of them."""
    recipes = itinerary.recipes.values()
    if undos:
        return frozenset(UndoKind) | {undo.key for each in recipes for undo in each.unwind}
    return frozenset(StepKind) | {step.key for each in recipes for step in each.steps}


def _time(text: str, itinerary: Itinerary) -> datetime | None:
    return parse_time(text, zone(itinerary.window.time_zone)) if text else None


def _planned(row: _Row, itinerary: Itinerary) -> PlannedFault:
    return PlannedFault(
        kind=row.kind,
        subsystem=row.subsystem,
        step=row.step,
        function=row.function,
        attempt=row.attempt,
        times=row.times,
        share=row.share,
        factor=row.factor,
        start=_time(row.start, itinerary),
        end=_time(row.end, itinerary),
        note=row.note,
    )
