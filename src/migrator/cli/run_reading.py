"""A plan for a run, read and linted in a process of its own.

Used by `run`. DuckDB would otherwise stand in the memory of the process that people wait for all
weekend; what comes back are values, errors too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import MigratorError

if TYPE_CHECKING:
    from migrator.plan.model import Itinerary
    from migrator.store.pinned_files import FileToPin


@dataclass(frozen=True, slots=True)
class Read:
    """A plan as its own process read it. `approved` is empty where no approval counts.

    `files` are those that the itinerary names, not copied yet.
    """

    itinerary: Itinerary
    approved: tuple[str, ...]
    lapsed: tuple[str, ...]  # why those that there are do not count
    files: tuple[FileToPin, ...] = ()


def read_apart(plan: Path, inventory: Path | None) -> Read:
    """Read the plan in a process of its own; its errors come over by value."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from migrator import errors

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        answer = apart.submit(read_plan_here, plan, inventory).result()
    if isinstance(answer, Read):
        return answer
    kind, reference, message, hint, faults, count = answer
    raise getattr(errors, kind)(reference, message, hint=hint, faults=faults, count=count)


Told = tuple[str, str, str, str, tuple[object, ...], int]
"""An error by value: an exception with arguments of its own does not travel by pickle."""


def read_plan_here(plan: Path, inventory: Path | None) -> Read | Told:
    """Read and lint the plan; called in the other process."""
    from migrator.cli.pinned_inputs import files_of
    from migrator.cli.plan_files import approvals_of, open_sound_plan
    from migrator.plan.approval import standing
    from migrator.store.pinned_files import with_files

    try:
        opened = open_sound_plan(plan, inventory)
        found = standing(opened.plan, opened.inventory, opened.inputs(), approvals_of(plan))
        files = files_of(opened)
        return Read(
            with_files(opened.itinerary(), files),
            tuple(approval.person for approval, verdict in found if verdict.valid),
            tuple(why for _, verdict in found for why in verdict.lapsed_because),
            files,
        )
    except MigratorError as error:
        return (
            type(error).__name__,
            error.reference,
            error.message,
            error.hint,
            error.faults,
            error.count,
        )
