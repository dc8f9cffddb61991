"""`migrator check`: is this folder an inventory, and what is in it?

Reads everything once, links, manifests and probes too, and names every fault of every file. It
judges nothing itself: `inventory/`, `links/`, `probes/` and the platform do. With `--format json`
the document has the same keys when the check fails, so that a program needs one way to read it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.check_manifests import ManifestsSeen, see_manifests
from migrator.cli.check_probes import ProbesSeen, error_of, see_probes, with_links
from migrator.cli.cluster_options import ContextOption, KubeconfigOption
from migrator.cli.link_cache import CACHE
from migrator.cli.output import Format, FormatOption
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.inventory.model import Inventory
    from migrator.inventory.reader import Examination
    from migrator.links.table import LinkTable


def command(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="The inventory's folder; with --cluster, or a plan."),
    ],
    *,
    cluster: Annotated[
        bool, typer.Option("--cluster", help="Check the cluster that is moved onto, too.")
    ] = False,
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = None,
    inventory_folder: Annotated[
        Path | None,
        typer.Option("--inventory", metavar="DIR", help="A plan's inventory, if not as it says."),
    ] = None,
    form: FormatOption = Format.text,
) -> None:
    """Check an inventory and name every fault at once.

    \b
    Examples:
      migrator check inventories/ours
      migrator check inventories/ours --format json | jq .faults
      migrator check --cluster plans/ours.yaml --context production

    With --cluster the manifests are read and the cluster is asked: version, rights, room, names.
    Exit code 0: the inventory can be planned from (the cluster may have warnings). 1: something
    of the cluster failed. 2: the faults named are to be mended.
    """
    if cluster:
        from migrator.cli.check_cluster import check_cluster

        raise typer.Exit(check_cluster(folder, context, kubeconfig, inventory_folder, form))
    if context or kubeconfig or inventory_folder:
        raise InputError(
            "usage",
            "--context, --kubeconfig and --inventory are for --cluster",
            hint="`migrator check --cluster PLAN --context NAME`",
        )
    manifests = see_manifests(folder)
    try:
        examination, table, probes = _check(folder, manifests)
    except _FaultyError as faulty:
        if form is Format.text:
            raise faulty.error from None
        output.emit(
            _facts(faulty.examination, None, manifests, faulty.probes, faulty.error, folder)
        )
        raise typer.Exit(faulty.error.exit_code) from None
    inventory = examination.inventory
    assert inventory is not None, "an examination without faults has its inventory"
    if form is Format.json:
        output.emit(_facts(examination, table, manifests, probes, None, folder))
    else:
        _show(inventory, examination, table, manifests, probes)


class _FaultyError(Exception):
    """What is wrong, and what could be counted all the same."""

    def __init__(
        self,
        error: InputError,
        examination: Examination | None,
        probes: ProbesSeen = ProbesSeen(),  # noqa: B008 - frozen
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.examination = examination
        self.probes = probes


def _check(folder: Path, manifests: ManifestsSeen) -> tuple[Examination, LinkTable, ProbesSeen]:
    """Read the files, then the links; whatever is wrong leaves as one _FaultyError."""
    from migrator.inventory.reader import examine
    from migrator.links.load import read_links

    try:
        examination = examine(folder)
    except InputError as error:
        raise _FaultyError(error, None) from error
    if examination.inventory is None:
        # A manifest that is no YAML at all is found by both; it is told once.
        both = {*examination.faults, *manifests.faults}
        faults = sorted(both, key=lambda f: (f.file, f.line or 0, f.path, f.message))
        told = replace(examination, faults=tuple(faults))
        raise _FaultyError(told.error(folder), examination)
    probes = see_probes(examination.inventory)
    wrong = error_of(folder, manifests, probes)
    if wrong is not None:
        raise _FaultyError(wrong, examination, probes)
    try:
        with output.progress("Checking the links"):
            table = read_links(examination.inventory, CACHE)
    except InputError as error:
        raise _FaultyError(error, examination, probes) from error
    return examination, table, with_links(probes, table)


def _facts(
    examination: Examination | None,
    table: LinkTable | None,
    manifests: ManifestsSeen,
    probes: ProbesSeen,
    error: InputError | None,
    folder: Path,
) -> dict[str, object]:
    """The document for programs; the same keys whether the check succeeds or fails."""
    inventory = None if examination is None or error is not None else examination.inventory
    faults = () if error is None else error.faults
    if error is not None and not faults:
        # A folder that is no inventory has no file to blame; its message is the one fault.
        listed = [{"file": str(folder), "line": None, "path": "", "message": error.message}]
    else:
        listed = [asdict(fault) for fault in faults]
    return {
        "subsystems": 0 if examination is None else examination.subsystems,
        "components": 0 if examination is None else examination.components,
        "functions": 0 if examination is None else examination.functions,
        "people": 0 if examination is None else examination.people,
        "teams": _teams(examination),
        "links": 0 if table is None else table.count,
        "by_kind": {} if inventory is None else _by_kind(inventory),
        "by_protocol": {} if table is None else table.by_protocol,
        "assumed": 0 if inventory is None else sum(_assumed(inventory).values()),
        "manifests": manifests.facts(),
        "probes": probes.facts(),
        "assumed_by_field": {} if inventory is None else dict(_assumed(inventory)),
        "digest": None if inventory is None else inventory.digest,
        "links_digest": None if table is None else table.digest,
        "error": None if error is None else output.error_facts(error),
        "fault_count": 0 if error is None else max(error.count, len(listed)),
        "faults": listed,
    }


def _teams(examination: Examination | None) -> int:
    """With those that nobody declared, once the inventory is whole: they have moves to make."""
    if examination is None:
        return 0
    whole = examination.inventory
    return examination.teams if whole is None else len(whole.people.teams)


def _show(
    inventory: Inventory,
    examination: Examination,
    table: LinkTable,
    manifests: ManifestsSeen,
    probes: ProbesSeen,
) -> None:
    """The short table for people."""
    assumed = _assumed(inventory)
    kinds = ", ".join(f"{count} {kind}" for kind, count in _by_kind(inventory).items())
    rows: list[tuple[str, object, str]] = [
        ("subsystems", len(inventory.subsystems), kinds),
        ("components", examination.components, ""),
        ("links", table.count, _counted(table.by_protocol)),
        ("functions", len(inventory.functions), ""),
        ("people", len(inventory.people.people), ""),
        ("shifts", len(inventory.people.shifts), ""),
        ("teams", _teams(examination), ""),
        ("assumed", sum(assumed.values()), _counted(assumed)),
    ]
    if manifests.subsystems:
        rows.insert(3, ("manifests", manifests.objects, _counted(dict(manifests.kinds))))
    if probes.there:
        rows.append(probes.row())
    calendar = inventory.calendar
    output.show(f"{inventory.name} ({inventory.owner}): the inventory can be planned from")
    output.show(
        f"window {calendar.start:%Y-%m-%d %H:%M} to {calendar.end:%Y-%m-%d %H:%M}"
        f" {calendar.time_zone}" + (" (assumed)" if "calendar.window" in inventory.assumed else "")
    )
    output.show(output.table(("what", "number", "of these"), rows))
    output.show(f"digest {inventory.digest[:16]}, links {table.digest[:16]}")
    for warning in (*manifests.warnings(), *probes.warnings()):
        output.say(warning)
    if table.count == 0:
        output.say(
            "warning: there are no links (links.csv or links.parquet);"
            " a plan would take everything for unconnected"
        )


SHOWN_MAX: Final = 6
"""Kinds of a thing that fit beside its number; JSON has them all."""


def _counted(numbers: dict[str, int] | Counter[str]) -> str:
    """The largest first, as many as fit on a line."""
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{count} {name}" for name, count in ordered[:SHOWN_MAX]]
    return ", ".join([*shown, "..."] if len(ordered) > SHOWN_MAX else shown)


def _by_kind(inventory: Inventory) -> dict[str, int]:
    from migrator.inventory.model import Kind

    counts = Counter(subsystem.kind for subsystem in inventory.subsystems)
    return {kind.value: counts[kind] for kind in Kind if counts[kind]}


def _assumed(inventory: Inventory) -> Counter[str]:
    """How often each field was filled in because nobody gave it."""
    counts = Counter(name for subsystem in inventory.subsystems for name in subsystem.assumed)
    for path in inventory.assumed:
        head, _, rest = path.partition(".")
        counts[f"{head}.{rest.rpartition('.')[2]}" if head == "functions" else path] += 1
    return counts
