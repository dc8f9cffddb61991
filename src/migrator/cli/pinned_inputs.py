"""Every file that a run of a plan will use: the plan, its inventory, its manifests, its scripts.

Called in the process that reads a plan for `run`. It only looks: the bytes are copied into the
store by `store/pinned_files.py` when the run begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from migrator.cli.plan_files import PlanFile, PlanWithInventory
from migrator.errors import Fault
from migrator.inventory.reader import PROBES_FILE
from migrator.inventory.schema import FILES
from migrator.inventory.yaml_text import DataPath
from migrator.plan.means import SCRIPT, Command
from migrator.plan.model import Recipe, RecipeStep, RecipeUndo
from migrator.store.pinned_files import SCRIPT_BYTES_MAX, FileToPin, file_to_pin

_COMMANDS: Final[dict[str, DataPath]] = {
    "command": ("command",),
    "observe": ("observe", "command"),
    "proof": ("proof",),
    "dry_run": ("dry_run",),
}
"""The commands of an act's means, and where each stands in the plan file."""


def files_of(opened: PlanWithInventory) -> tuple[FileToPin, ...]:
    """Look at every file; InputError naming the first that cannot be pinned, and its plan line."""
    plan, inventory = opened.file.path, opened.inventory
    found = [file_to_pin(f"plan/{plan.name}", plan)]
    names = [*sorted(FILES), PROBES_FILE, *_subsystem_files(inventory.folder), *inventory.manifests]
    found += [
        file_to_pin(f"inventory/{name}", inventory.folder / name)
        for name in names
        if (inventory.folder / name).exists()
    ]
    if inventory.links_file is not None:
        links = inventory.folder / inventory.links_file
        found.append(file_to_pin(f"inventory/{links.name}", links))
    return (*found, *scripts_of(opened.file))


def scripts_of(file: PlanFile) -> tuple[FileToPin, ...]:
    """The files that the plan's commands name, each once."""
    found: dict[str, FileToPin] = {}
    for name, place in _named(file):
        if name not in found:
            fault = Fault(file.document.file, file.document.line(place), _said(place), "")
            path = file.path.parent / name
            found[name] = file_to_pin(SCRIPT + name, path, fault, SCRIPT_BYTES_MAX)
    return tuple(found.values())


def _subsystem_files(folder: Path) -> list[str]:
    return sorted(f"subsystems/{path.name}" for path in (folder / "subsystems").glob("*.yaml"))


def _named(file: PlanFile) -> Iterator[tuple[str, DataPath]]:
    """Every file that a command names, with the place in the plan where it is named."""
    for name, recipe in file.plan.recipes.items():
        for part, index, act in _acts(recipe):
            for key, below in _COMMANDS.items():
                command = getattr(act.means, key, None)
                if isinstance(command, Command):
                    place = ("recipes", name, part, index, *below, "files")
                    for nth, each in enumerate(command.files):
                        yield each, (*place, nth)


def _acts(recipe: Recipe) -> Iterator[tuple[str, int, RecipeStep | RecipeUndo]]:
    parts: tuple[tuple[str, tuple[RecipeStep | RecipeUndo, ...]], ...] = (
        ("steps", recipe.steps),
        ("unwind", recipe.unwind),
        ("commit", recipe.commit),
    )
    for part, acts in parts:
        for index, act in enumerate(acts):
            yield part, index, act


def _said(place: DataPath) -> str:
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)
    return text.removeprefix(".")
