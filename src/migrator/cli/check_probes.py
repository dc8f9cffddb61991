"""The part of `migrator check` that is about `probes.yaml`: faults, warnings and counts.

Called by `check.py` alone. It judges nothing itself, opens no connection and looks no name up.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.cli.check_manifests import ManifestsSeen
from migrator.errors import Fault, InputError

if TYPE_CHECKING:
    from migrator.inventory.model import Inventory
    from migrator.links.table import LinkTable
    from migrator.probes.model import Declared


@dataclass(frozen=True, slots=True)
class ProbesSeen:
    """What `probes.yaml` says, right or wrong; `there` tells whether the folder has one."""

    there: bool = False
    declared: Declared | None = None
    faults: tuple[Fault, ...] = ()
    warned: tuple[Fault, ...] = ()

    def error(self) -> InputError:
        """The faults as the error that people see."""
        from migrator.probes.declared import Examined

        return Examined(None, self.faults).error()

    def facts(self) -> dict[str, object]:
        """The same for programs."""
        declared = self.declared
        return {
            "declared": self.there,
            "vantages": 0 if declared is None else len(declared.vantages),
            "addresses": 0 if declared is None else len(declared.addresses),
            "checks": 0 if declared is None else len(declared.checks),
            "untestable": 0 if declared is None else len(declared.untestable),
            "waived": 0 if declared is None else len(declared.waived),
            "digest": None if declared is None else declared.digest,
            "warnings": [asdict(fault) for fault in self.warned],
        }

    def row(self) -> tuple[str, object, str]:
        """A line of the table for people."""
        facts = self.facts()
        names = ("addresses", "checks", "untestable", "waived")
        said = ", ".join(f"{facts[name]} {name}" for name in names if facts[name])
        return ("vantage points", facts["vantages"], said)

    def warnings(self) -> list[str]:
        """The warnings as people read them."""
        return [f"warning: {fault}" for fault in self.warned]


def see_probes(inventory: Inventory) -> ProbesSeen:
    """Read and judge the inventory's `probes.yaml`, if it has one."""
    from migrator.inventory.reader import PROBES_FILE

    if not (inventory.folder / PROBES_FILE).exists():
        return ProbesSeen()
    from zoneinfo import ZoneInfo

    from migrator.conductor.clock import wall_now
    from migrator.probes.declared import examine_folder

    today = wall_now().astimezone(ZoneInfo(inventory.calendar.time_zone)).date()
    examined = examine_folder(inventory, today)
    if examined is None:
        return ProbesSeen()
    return ProbesSeen(True, examined.declared, examined.faults, examined.warnings)


def with_links(probes: ProbesSeen, table: LinkTable) -> ProbesSeen:
    """The same, with a warning for every rule that no link fits."""
    if probes.declared is None:
        return probes
    from migrator.probes.unmatched import unmatched

    return replace(probes, warned=(*probes.warned, *unmatched(probes.declared, table)))


def error_of(folder: Path, manifests: ManifestsSeen, probes: ProbesSeen) -> InputError | None:
    """What is wrong with either, as one error; None where both are right."""
    if not probes.faults:
        return manifests.error(folder) if manifests.faults else None
    if not manifests.faults:
        return probes.error()
    first, faults = manifests.error(folder), (*manifests.faults, *probes.faults)
    message = f"the manifests and probes.yaml in {folder} have {len(faults)} faults"
    return InputError(first.reference, message, hint=first.hint, faults=faults)
