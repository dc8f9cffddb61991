r"""`migrator import`: other people's manifests into an inventory, with a report of what was read.

One sub-command per format of `importers.FORMATS`. Each reads, writes a folder unless `--dry-run`
is given, and prints the counts; what they mean in detail stands in coverage.md in that folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migrator.cli import imports_live, imports_tables
from migrator.cli.imports_finish import (
    DryRunOption,
    FolderOption,
    ForceOption,
    NameOption,
    OwnerOption,
    finish,
)
from migrator.cli.output import Format, FormatOption

app = typer.Typer(
    help="Turn other systems' files and exports into an inventory.",
    epilog="""\b
Examples:
  migrator import kubernetes manifests/ -o inventories/shop
  migrator import compose docker-compose.yml -o inventories/shop

`migrator import kubernetes --help` says from what evidence links are made.""",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 100},
)


@app.command("kubernetes")
def kubernetes(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Manifest files, or folders of them.")
    ],
    *,
    folder: FolderOption,
    compose: Annotated[
        list[Path] | None,
        typer.Option("--compose", metavar="FILE", help="A Compose file of the same system."),
    ] = None,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read rendered Kubernetes manifests.

    Workloads become subsystems. A link is made only where a file names its target: an environment
    variable, an argument, a ConfigMap, a route or a policy; links.csv carries the evidence.

    \b
    Examples:
      migrator import kubernetes manifests/ -o inventories/shop
      helm template shop ./chart > shop.yaml
      migrator import kubernetes shop.yaml -o inventories/shop
      migrator import kubernetes k8s/ --compose docker-compose.yml -o inventories/shop
    """
    from migrator.importers.kubernetes import read_kubernetes

    draft = read_kubernetes(paths, compose or (), name)
    finish(draft, folder, owner, force=force, dry_run=dry_run, form=form)


@app.command("compose")
def compose(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Compose files; later ones are laid over earlier."),
    ],
    *,
    folder: FolderOption,
    name: NameOption = "",
    owner: OwnerOption = "unknown",
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    form: FormatOption = Format.text,
) -> None:
    """Read Compose files, with the .env beside the first of them.

    Services become subsystems. Addresses in the environment, links and depends_on become links;
    depends_on is the order of starting only, and its links say so.

    \b
    Examples:
      migrator import compose docker-compose.yml -o inventories/shop
      migrator import compose compose.yaml compose.full.yaml -o inventories/demo
    """
    from migrator.importers.compose import read_compose

    draft = read_compose(files, name)
    finish(draft, folder, owner, force=force, dry_run=dry_run, form=form)


imports_live.register(app)


imports_tables.register(app)
