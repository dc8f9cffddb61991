r"""`migrator import`: other people's manifests into an inventory, with a report of what was read.

One sub-command per format of `importers.FORMATS`. Each reads, writes a folder unless `--dry-run`
is given, and prints the counts; what they mean in detail stands in coverage.md in that folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption

if TYPE_CHECKING:
    from migrator.importers.draft import Draft

app = typer.Typer(
    help="Turn Kubernetes or Compose files into an inventory.",
    epilog="""\b
Examples:
  migrator import kubernetes manifests/ -o inventories/shop
  migrator import compose docker-compose.yml -o inventories/shop

`migrator import kubernetes --help` says from what evidence links are made.""",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"max_content_width": 100},
)

FolderOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="The inventory's folder.")
]
NameOption = Annotated[str, typer.Option("--name", help="The inventory's name; else its folder's.")]
OwnerOption = Annotated[str, typer.Option("--owner", help="Who answers for the estate.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Write over files changed by hand, or not by an import.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Count only; write nothing.")]


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
    _finish(draft, folder, owner, force=force, dry_run=dry_run, form=form)


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
    _finish(draft, folder, owner, force=force, dry_run=dry_run, form=form)


def _finish(
    draft: Draft, folder: Path, owner: str, *, force: bool, dry_run: bool, form: Format
) -> None:
    """Write the inventory and print what it holds."""
    from migrator.importers.coverage_report import summary
    from migrator.importers.write import write_draft

    if not dry_run:
        write_draft(draft, folder, owner, force=force)
    counts = summary(draft)
    if form is Format.json:
        output.emit({**counts, "folder": None if dry_run else str(folder)})
        return
    output.show(output.table(("what", "count"), list(counts.items())))
    if dry_run:
        output.say("nothing was written (--dry-run)")
        return
    output.show(f"written to {folder}")
    if not draft.links:
        output.say("no evidence of any link: the files name no addresses; see coverage.md")
    output.say(f"read {folder / 'coverage.md'}, then: migrator check {folder}")
