"""Faults to inject into a rehearsal: read from a file, checked at the door, taken when they fit.

Used by the simulated platform and the simulated people. A fault names what it hits; `times` is
how often it strikes (default once). What a rehearsal was given is kept with the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from migrator.errors import Fault as InputFault
from migrator.errors import InputError
from migrator.inventory.yaml_text import read_yaml
from migrator.plan.model import Itinerary, StepKind, UndoKind

FAULT_KINDS: Final = (
    "step_fails",
    "step_half_fails",
    "step_times_out",
    "undo_fails",
    "links_regress",
    "handler_says_no",
    "handler_never_answers",
    "platform_slow",
)

_STEPS: Final = frozenset(kind.value for kind in StepKind)
_UNDOS: Final = frozenset(kind.value for kind in UndoKind)


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One thing that goes wrong. Empty text means any; `factor` slows the platform down."""

    kind: str
    subsystem: str = ""
    step: str = ""  # a step, or an undo for undo_fails
    function: str = ""
    attempt: int = 1
    times: int = 1
    share: float = 0.1  # of the links, for links_regress
    factor: float = 1.0
    start: datetime | None = None
    end: datetime | None = None
    note: str = ""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal[
        "step_fails",
        "step_half_fails",
        "step_times_out",
        "undo_fails",
        "links_regress",
        "handler_says_no",
        "handler_never_answers",
        "platform_slow",
    ]
    subsystem: str = ""
    step: str = ""
    function: str = ""
    attempt: Annotated[int, Field(ge=1)] = 1
    times: Annotated[int, Field(ge=1)] = 1
    share: Annotated[float, Field(gt=0, le=1)] = 0.1
    factor: Annotated[float, Field(ge=1, le=100)] = 1.0
    start: Annotated[str, AfterValidator(lambda text: datetime.fromisoformat(text) and text)] = ""
    end: Annotated[str, AfterValidator(lambda text: datetime.fromisoformat(text) and text)] = ""
    note: str = ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    faults: list[_Row]


def read_faults(path: Path, itinerary: Itinerary) -> tuple[PlannedFault, ...]:
    """Read a fault file and hold it against the plan. Raises InputError with all faults."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "fault-file",
            f"the fault file {path} cannot be read: {error}",
            hint="name an existing YAML file with a list under `faults:`",
        ) from error
    document = read_yaml(text, str(path))
    try:
        rows = _File.model_validate(document.data).faults
    except ValidationError as error:
        raise _refuse(
            path,
            [
                InputFault(
                    str(path),
                    document.line(tuple(each["loc"])),
                    ".".join(str(part) for part in each["loc"]),
                    each["msg"],
                )
                for each in error.errors()
            ],
        ) from error
    found = [
        InputFault(str(path), document.line(("faults", index)), f"faults[{index}]", message)
        for index, row in enumerate(rows)
        for message in _misfits(row, itinerary)
    ]
    if found:
        raise _refuse(path, found)
    return tuple(_planned(row) for row in rows)


def _refuse(path: Path, faults: list[InputFault]) -> InputError:
    return InputError(
        "fault-file",
        f"{path} is not a valid fault file",
        hint=f"kinds are {', '.join(FAULT_KINDS)}; subsystems and steps are those of the plan",
        faults=tuple(faults),
    )


def _misfits(row: _Row, itinerary: Itinerary) -> list[str]:
    messages = []
    if row.subsystem and row.subsystem not in itinerary.legs:
        messages.append(f"subsystem {row.subsystem!r} does not move in this plan")
    names = _UNDOS if row.kind == "undo_fails" else _STEPS
    if row.step and row.step not in names:
        messages.append(f"there is no step {row.step!r}; there are {', '.join(sorted(names))}")
    functions = {check.function for check in itinerary.checks}
    if row.function and row.function not in functions:
        messages.append(f"no check of this plan verifies function {row.function!r}")
    return messages


def _planned(row: _Row) -> PlannedFault:
    return PlannedFault(
        kind=row.kind,
        subsystem=row.subsystem,
        step=row.step,
        function=row.function,
        attempt=row.attempt,
        times=row.times,
        share=row.share,
        factor=row.factor,
        start=datetime.fromisoformat(row.start) if row.start else None,
        end=datetime.fromisoformat(row.end) if row.end else None,
        note=row.note,
    )


class FaultBox:
    """The faults of one run, with a count of how often each has struck."""

    def __init__(self, faults: tuple[PlannedFault, ...]) -> None:
        """Nothing has struck yet."""
        self._faults = faults
        self._struck = [0] * len(faults)

    def take(
        self,
        kind: str,
        *,
        subsystem: str = "",
        step: str = "",
        function: str = "",
        attempt: int = 1,
    ) -> PlannedFault | None:
        """The fault of this kind that strikes here now, if any; it is counted as struck."""
        for index, fault in enumerate(self._faults):
            if (
                fault.kind == kind
                and self._struck[index] < fault.times
                and fault.attempt == attempt
                and fault.subsystem in {"", subsystem}
                and fault.step in {"", step}
                and fault.function in {"", function}
            ):
                self._struck[index] += 1
                return fault
        return None

    def struck(self) -> tuple[int, ...]:
        """How often each fault has struck, in their order."""
        return tuple(self._struck)

    def restore(self, struck: Sequence[int]) -> None:
        """Take over what an earlier process counted, so that nothing strikes again."""
        assert len(struck) == len(self._faults), "one count for each fault"
        self._struck = list(struck)

    def slowness(self, now: datetime) -> float:
        """By what factor everything is slower at `now`."""
        factor = 1.0
        for fault in self._faults:
            if (
                fault.kind == "platform_slow"
                and (fault.start is None or fault.start <= now)
                and (fault.end is None or now < fault.end)
            ):
                factor *= fault.factor
        return factor

    def unstruck(self) -> tuple[PlannedFault, ...]:
        """Faults that never struck: the rehearsal did not exercise them."""
        return tuple(
            fault
            for fault, struck in zip(self._faults, self._struck, strict=True)
            if struck == 0 and fault.kind != "platform_slow"
        )
