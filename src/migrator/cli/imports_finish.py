"""What every `migrator import` sub-command shares: its options, and writing and telling at the end.

Called by `imports.py` and by the modules that add sub-commands to it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format

if TYPE_CHECKING:
    from migrator.importers.draft import Draft

FolderOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="The inventory's folder.")
]
NameOption = Annotated[str, typer.Option("--name", help="The inventory's name; else its folder's.")]
OwnerOption = Annotated[str, typer.Option("--owner", help="Who answers for the estate.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Write over files changed by hand, or not by an import.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Count only; write nothing.")]


def finish(
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
