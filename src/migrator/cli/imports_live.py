r"""`migrator import casual`, and the other sources that say what runs rather than what is deployed.

Called by `imports.py`, which owns `migrator import`. A source is read once and never written to.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.cluster_options import ContextOption, KubeconfigOption
from migrator.cli.imports_finish import (
    DryRunOption,
    FolderOption,
    ForceOption,
    NameOption,
    OwnerOption,
    finish,
)
from migrator.cli.output import Format, FormatOption

if TYPE_CHECKING:
    from migrator.platform.kubernetes.reading_all import ClusterReading

TRIES_MAX: Final = 4
"""Somebody waits at a terminal: a cluster that is not there is said to be so within seconds."""


class Split(Enum):
    """What becomes a subsystem."""

    domain = "domain"
    group = "group"


WindowOption = Annotated[
    float | None,
    typer.Option(
        "--window", metavar="HOURS", min=0.01, help="The time that the counts cover, in hours."
    ),
]


def register(app: typer.Typer) -> None:
    """Add these sub-commands to `migrator import`."""
    app.command("casual")(casual)
    app.command("casual-log")(casual_log)
    app.command("otel-graph")(otel_graph)
    app.command("jaeger")(jaeger)
    app.command("kubernetes-live")(kubernetes_live)
    app.command("join")(join)


def casual(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Configuration files, or folders of them."),
    ],
    *,
    folder: FolderOption,
    split: Annotated[
        Split, typer.Option("--split", help="A subsystem is a whole domain, or a group of it.")
    ] = Split.domain,
    variables: Annotated[
        Path | None,
        typer.Option("--variables", metavar="FILE", help="KEY=VALUE lines for the ${KEY} in them."),
    ] = None,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read Casual's domain configuration (YAML, JSON, XML, INI).

    Files of one domain are merged; name several domains at once. A link is made where a domain's
    gateway dials the address that another one listens on. Secrets of openinfo are never kept.

    \b
    Examples:
      migrator import casual domains/ -o inventories/casual
      migrator import casual a.yaml b.yaml --split group -o inventories/casual
      migrator import casual domains/ --variables production.env -o inventories/casual
    """
    from migrator.importers.casual import read_casual

    draft = read_casual(paths, name, split=split.value, variables=variables)
    finish(draft, folder, owner, force=force, dry_run=dry_run, form=form)


def casual_log(
    logs: Annotated[
        list[str],
        typer.Argument(metavar="LOG...", help="FILE or DOMAIN=FILE; plain, or compressed (.gz)."),
    ],
    *,
    folder: FolderOption,
    delimiter: Annotated[
        str, typer.Option("--delimiter", metavar="SIGN", help="What stands between the columns.")
    ] = "|",
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read Casual's service logs: which domain called which, how often and how well.

    A log belongs to the domain that its name begins with (orders.log), or that is named before it.
    A call between two domains stands in the logs of both and is counted once.

    \b
    Examples:
      migrator import casual-log orders.log pay.log -o inventories/casual-seen
      migrator import casual-log orders=monday.log orders=tuesday.log.gz -o inventories/casual-seen
    """
    from migrator.importers.casual_log import read_casual_log

    draft = read_casual_log(logs, name, delimiter=delimiter)
    finish(draft, folder, owner, force=force, dry_run=dry_run, form=form)


def otel_graph(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Prometheus text, or a query's JSON.")
    ],
    *,
    folder: FolderOption,
    window: WindowOption = None,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read OpenTelemetry's service graph from its counters.

    Takes what a collector exposes, or the answer of a query for traces_service_graph_request_total.
    Counters that were started anew go on; spans without a partner are told as incomplete.

    \b
    Examples:
      migrator import otel-graph graph.json -o inventories/seen
      migrator import otel-graph monday.prom tuesday.prom --window 24 -o inventories/seen
    """
    from migrator.importers.otel_graph import read_otel_graph

    draft = read_otel_graph(files, name, window_hours=window)
    finish(draft, folder, owner, force=force, dry_run=dry_run, form=form)


def jaeger(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="What /api/dependencies answered.")
    ],
    *,
    folder: FolderOption,
    window: WindowOption = None,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read Jaeger's dependencies: who called whom, and how often.

    The answer does not say which time it covers: give the look-back of the query with --window.

    \b
    Examples:
      migrator import jaeger dependencies.json --window 168 -o inventories/seen
    """
    from migrator.importers.jaeger import read_jaeger

    draft = read_jaeger(files, name, window_hours=window)
    finish(draft, folder, owner, force=force, dry_run=dry_run, form=form)


def kubernetes_live(
    *,
    folder: FolderOption,
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = None,
    namespaces: Annotated[
        list[str] | None,
        typer.Option("--namespace", metavar="NAME", help="Read this namespace only; repeat it."),
    ] = None,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read a live cluster; nothing is written to it, and no Secret is asked for.

    The same reading as of manifests, and besides where Services without a selector lead. What we
    may not list is named in coverage.md.

    \b
    Examples:
      migrator import kubernetes-live --context old -o inventories/old
      migrator import kubernetes-live --context old --namespace shop -o inventories/shop
    """
    from migrator.importers.kubernetes_live import Source, read_live
    from migrator.platform.kubernetes.kubeconfig import choose

    chosen = choose(context, file=kubeconfig).context
    with output.progress("Reading the cluster"):
        reading = _read_cluster(context, kubeconfig, namespaces or [])
    source = Source(chosen, reading.forbidden, reading.stale_groups)
    draft = read_live(reading.objects, source, name)
    finish(draft, folder, owner, force=force, dry_run=dry_run, form=form)


def _read_cluster(context: str, kubeconfig: Path | None, namespaces: list[str]) -> ClusterReading:
    import asyncio

    from migrator.conductor.clock import wall_now
    from migrator.platform.kubernetes.asking import Patience
    from migrator.platform.kubernetes.connecting import connected
    from migrator.platform.kubernetes.reading_all import read_cluster
    from migrator.platform.kubernetes.transport import load_library

    load_library()

    async def ask() -> ClusterReading:
        patience = Patience(tries_max=TRIES_MAX)
        async with connected(
            context, wall=wall_now, kubeconfig=kubeconfig, patience=patience
        ) as client:
            return await read_cluster(client, namespaces)

    return asyncio.run(ask())


def join(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Inventories; the first has the last word."),
    ],
    *,
    folder: FolderOption,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", metavar="DIR", help="The declared inventory: tell what differs from it."
        ),
    ] = None,
    aliases: Annotated[
        Path | None,
        typer.Option("--aliases", metavar="FILE", help="Lines of NAME,ID: both are the same."),
    ] = None,
    addresses: Annotated[
        Path | None,
        typer.Option("--addresses", metavar="FILE", help="Lines of ADDRESS,ID: who answers there."),
    ] = None,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Join several inventories: the same link seen by three sources is one link.

    Names are the same by their exact id, by an address or by an alias that somebody wrote down;
    what only looks alike is listed. With --against it tells what was seen and not declared, and
    what was declared and never seen.

    \b
    Examples:
      migrator import join inventories/casual inventories/seen -o inventories/all
      migrator import join inventories/seen --against inventories/ours -o inventories/all
      migrator import join a b --aliases names.csv --addresses addresses.csv -o inventories/all
    """
    from migrator.importers.joining import Wish, join_inventories
    from migrator.importers.joining_report import summary

    wish = Wish(
        tuple(folders),
        folder,
        against,
        aliases,
        addresses,
        name,
        owner,
        force=force,
        dry_run=dry_run,
    )
    with output.progress("Joining the links"):
        joined = join_inventories(wish)
    counts = summary(joined)
    if form is Format.json:
        output.emit({**counts, "folder": None if dry_run else str(folder)})
        return
    output.show(output.table(("what", "count"), list(counts.items())))
    if dry_run:
        output.say("nothing was written (--dry-run)")
        return
    output.show(f"written to {folder}")
    if against is not None:
        output.say(f"what differs from {against}: {folder / 'seen-declared.txt'}")
    output.say(f"read {folder / 'coverage.md'}, then: migrator check {folder}")
