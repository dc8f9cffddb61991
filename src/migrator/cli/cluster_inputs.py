"""What a command about a cluster is given: the subsystems of a plan or an inventory, as objects.

Used by `rights` and `check --cluster`. A plan means the subsystems that it moves, a folder all that
have manifests. Everything wrong in any manifest is raised at once, before a cluster is asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.platform.kubernetes.subject import Subject


def subjects_at(path: Path, inventory: Path | None = None) -> tuple[Subject, ...]:
    """The subsystems that are meant, in the order of their ids. Raises InputError."""
    from migrator.cli.plan_files import inventory_folder, open_plan
    from migrator.platform.kubernetes.manifest_folders import examine_all

    moving: set[str] | None = None
    folder = path
    if not path.is_dir():
        file = open_plan(path)
        folder = inventory_folder(file, inventory)
        moving = {move.subsystem for wave in file.plan.waves for move in wave.moves}
    found = [each for each in examine_all(folder) if moving is None or each.subsystem in moving]
    wrong = [each.error() for each in found if each.subject is None]
    if wrong:
        faults = tuple(fault for error in wrong for fault in error.faults)
        number = "1 subsystem" if len(wrong) == 1 else f"{len(wrong)} subsystems"
        raise InputError(
            wrong[0].reference,
            f"the manifests of {number} have faults",
            hint=wrong[0].hint,
            faults=faults,
        )
    if not found:
        raise InputError(
            "manifests-missing",
            f"no subsystem of {path} has a folder below {folder / 'manifests'}",
            hint="put what is rendered for a subsystem into manifests/<subsystem>/, as YAML",
        )
    return tuple(each.subject for each in found if each.subject is not None)


def agents_in(path: Path, inventory: Path | None = None) -> tuple[str, ...]:
    """The namespaces in which pods look at links, as probes.yaml says; InputError for its faults.

    An inventory without probes.yaml has none.
    """
    from migrator.cli.check_probes import see_probes
    from migrator.cli.plan_files import inventory_folder, open_plan
    from migrator.inventory.reader import PROBES_FILE, read_inventory
    from migrator.probes.model import InPod

    folder = path if path.is_dir() else inventory_folder(open_plan(path), inventory)
    if not (folder / PROBES_FILE).exists():
        return ()
    seen = see_probes(read_inventory(folder))
    if seen.declared is None:
        raise seen.error()
    return tuple(
        sorted({each.namespace for each in seen.declared.vantages if isinstance(each, InPod)})
    )
