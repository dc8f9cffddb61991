"""A typer group that loads a command's module only when that command is called.

`app.py` uses it for the root. It is the one file that touches typer's inner copy of click: since
0.26 typer carries its own, and the `click` of the package index is another class altogether.
Nothing here knows what a command does.
"""

from __future__ import annotations

import difflib
import importlib
from functools import cache
from typing import Final

import typer
from typer._click import Command as ClickCommand
from typer._click import Context, HelpFormatter
from typer.core import TyperGroup
from typer.main import get_command

from migrator.cli import commands
from migrator.cli.server_options import SERVED, with_server

CLOSENESS_MIN: Final = 0.6
"""difflib's own default: `pln` finds `plan`, `xyzzy` finds nothing."""


class LazyGroup(TyperGroup):
    """The root group: names and help come from the table, the rest is loaded on demand."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Name the commands in the day's order."""
        return [command.name for command in commands.available()]

    def get_command(self, ctx: Context, cmd_name: str) -> ClickCommand | None:
        """Load one command, or None where there is no such command."""
        return load(cmd_name)

    def resolve_command(
        self, ctx: Context, args: list[str]
    ) -> tuple[str | None, ClickCommand | None, list[str]]:
        """Find the command, or name the nearest one: click would look in a table that is empty."""
        known = self.list_commands(ctx)
        name = args[0]
        if name not in known and not name.startswith("-"):
            near = difflib.get_close_matches(name, known, n=3, cutoff=CLOSENESS_MIN)
            hint = f" Did you mean {' or '.join(repr(n) for n in near)}?" if near else ""
            ctx.fail(f"There is no command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the commands under the day's headings, from the table alone."""
        listed = commands.available()
        width = max(len(command.name) for command in listed)
        for heading in commands.Heading:
            rows = [(c.name.ljust(width), c.summary) for c in listed if c.heading is heading]
            if rows:
                with formatter.section(heading.value):
                    formatter.write_dl(rows)


@cache
def load(name: str) -> ClickCommand | None:
    """Import the module of the named command and let typer turn its function into a command."""
    entry = next((c for c in commands.available() if c.name == name), None)
    if entry is None:
        return None
    target = getattr(importlib.import_module(entry.module), entry.attribute)
    if isinstance(target, typer.Typer):
        group = get_command(target)
        group.name = name
        return group
    single = typer.Typer(add_completion=False, rich_markup_mode=None)
    single.command(name)(with_server(target) if name in SERVED else target)
    return get_command(single)
