r"""`migrator import casual`, and the other sources that say what runs rather than what is deployed.

Called by `imports.py`, which owns `migrator import`. A source is read once and never written to.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from migrator.cli.imports_finish import (
    DryRunOption,
    FolderOption,
    ForceOption,
    NameOption,
    OwnerOption,
    finish,
)
from migrator.cli.output import Format, FormatOption


class Split(Enum):
    """What becomes a subsystem."""

    domain = "domain"
    group = "group"


def register(app: typer.Typer) -> None:
    """Add these sub-commands to `migrator import`."""
    app.command("casual")(casual)


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
