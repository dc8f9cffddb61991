"""A plan file with everything it speaks about: its inventory, its links, its seal, its approvals.

Every command that takes a PLAN begins here, so that all of them find the inventory in the same
places and refuse an unsound plan in the same words. Files are read and written here; what they
mean is decided in `plan/`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from migrator import __version__
from migrator.cli import output
from migrator.cli.link_cache import CACHE
from migrator.errors import Fault, InputError
from migrator.inventory.model import Inventory
from migrator.inventory.reader import PROBES_FILE, read_inventory
from migrator.inventory.text_file import read_text_file
from migrator.inventory.yaml_text import Document
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.links.table import LinkTable, Pair
from migrator.plan.approval import Approval, approval_path, approvals_from_text, inputs_of
from migrator.plan.digest import plan_digest
from migrator.plan.findings import Finding, errors
from migrator.plan.itinerary import make_itinerary
from migrator.plan.lint import ANOTHER_INVENTORY, lint_plan
from migrator.plan.model import Itinerary, Plan
from migrator.plan.seal import Inputs, Seal, manifests_digest, seal_from_text, seal_path
from migrator.plan.text import plan_from_document, read_plan_document

UNSOUND: Final = "unsound-plan"
"""The page for what lint finds."""

OWN_PAGES: Final = frozenset({"window-too-short"})
"""What lint finds and has a page of its own, for a plan with which nothing else is wrong."""

PlanArgument = Annotated[Path, typer.Argument(metavar="PLAN", help="The plan's file.")]
InventoryOption = Annotated[
    Path | None,
    typer.Option("--inventory", metavar="DIR", help="Its inventory, if not where the plan says."),
]


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan, and where each of its values stands."""

    path: Path
    document: Document
    plan: Plan


@dataclass(frozen=True, slots=True)
class PlanWithInventory:
    """A plan and what it was made from, as it is now."""

    file: PlanFile
    inventory: Inventory
    links: LinkTable
    pairs: tuple[Pair, ...]

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.file.plan

    def lint(self) -> tuple[Finding, ...]:
        """What does not hold."""
        return lint_plan(self.plan, self.inventory, self.pairs, self.links.digest)

    def itinerary(self) -> Itinerary:
        """Everything that a run of it needs, by value."""
        return make_itinerary(self.plan, self.inventory, self.pairs, plan_digest(self.plan))

    def inputs(self) -> Inputs:
        """The digests of everything, for seals and approvals."""
        return inputs_of(
            self.plan,
            self.inventory,
            self.links.digest,
            manifests_digest(_manifests(self.inventory)),
            __version__,
        )


def open_plan(path: Path) -> PlanFile:
    """Read a plan file; InputError with all its faults."""
    document = read_plan_document(path)
    return PlanFile(path, document, plan_from_document(document))


def open_with_inventory(file: PlanFile, inventory: Path | None) -> PlanWithInventory:
    """Read the inventory and the links of a plan; `inventory` overrules where the plan says."""
    found = read_inventory(inventory_folder(file, inventory))
    with output.progress("Reading the links"):
        links = read_links(found, CACHE)
        pairs = subsystem_pairs(links, found)
    return PlanWithInventory(file, found, links, pairs)


def open_sound_plan(path: Path, inventory: Path | None) -> PlanWithInventory:
    """Read a plan and all it needs; InputError if lint finds an error in it."""
    opened = open_with_inventory(open_plan(path), inventory)
    refuse_unsound(opened)
    return opened


def refuse_unsound(opened: PlanWithInventory) -> None:
    """Raise InputError with everything that makes a plan unfit to be run."""
    wrong = errors(opened.lint())
    if not wrong:
        return
    what = "1 thing does not hold" if len(wrong) == 1 else f"{len(wrong)} things do not hold"
    raise InputError(
        page_of(wrong),
        f"the plan {opened.file.path} must not be run as it is: {what}",
        hint="`migrator lint` says how to mend each of them",
        faults=tuple(fault_of(finding, opened.file.document) for finding in wrong),
    )


def page_of(wrong: Iterable[Finding]) -> str:
    """The runbook page for a plan with these errors."""
    rules = {finding.rule for finding in wrong}
    if ANOTHER_INVENTORY in rules:
        return ANOTHER_INVENTORY  # whatever else is wrong may follow from it
    return rules.pop() if len(rules) == 1 and rules <= OWN_PAGES else UNSOUND


def fault_of(finding: Finding, document: Document) -> Fault:
    """A finding with its line in the plan file."""
    line = document.line(finding.path)
    return Fault(document.file, line, finding.place, finding.message)


def inventory_folder(file: PlanFile, given: Path | None) -> Path:
    """Where the inventory of a plan is: as told, else beside the plan file, else from here."""
    if given is not None:
        return given
    said = Path(file.plan.inventory.path)
    for folder in (file.path.parent / said, said):
        if (folder / "inventory.yaml").is_file():
            return folder
    raise InputError(
        "missing-inventory",
        f"the inventory of {file.path} is not at {said}, seen from the plan file or from here",
        hint="name its folder with --inventory DIR",
    )


def beside(plan: Path, place: str) -> Path:
    """The path of a file that lies beside the plan; a plan may not lie on one of its own files."""
    path = Path(place)
    assert path != plan, "a seal or an approval never overwrites its plan"
    return path


def read_seal(path: Path) -> Seal:
    """The seal in a file."""
    missing = InputError(
        "seal-not-found",
        f"there is no seal {path}",
        hint="`migrator dry-run PLAN` writes one",
    )
    return seal_from_text(read_text_file(path, missing), str(path))


def seal_of(plan: Path) -> Seal | None:
    """The seal that lies beside a plan; None where there is none."""
    path = beside(plan, seal_path(plan))
    return read_seal(path) if path.exists() else None


def approvals_text(plan: Path) -> str | None:
    """The approvals file of a plan as text; None where there is none."""
    path = beside(plan, approval_path(plan))
    missing = InputError("approval-missing", f"there is no {path}", hint="`migrator approve PLAN`")
    return read_text_file(path, missing) if path.exists() else None


def approvals_of(plan: Path) -> tuple[Approval, ...]:
    """Every approval of a plan; none where nobody has approved it yet."""
    text = approvals_text(plan)
    return () if text is None else approvals_from_text(text, approval_path(plan))


def _manifests(inventory: Inventory) -> list[tuple[str, bytes]]:
    """What is not in the inventory's digest and still decides what a yes was said to.

    probes.yaml says which links are proved and which are let be, so it counts as well.
    """
    probes = [PROBES_FILE] if (inventory.folder / PROBES_FILE).exists() else []
    names = [*inventory.manifests, *probes]
    return [(name, (inventory.folder / name).read_bytes()) for name in names]
