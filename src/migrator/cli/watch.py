"""`migrator watch`: a run on a live screen, or as one frame where nobody looks at a terminal.

It follows the journal from outside: a screen never slows a run down and never changes one. Drawn
when something changed or a countdown moved, at most twice a second.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run

if TYPE_CHECKING:
    from rich.console import Console, Group

LOOK_SECONDS: Final = 0.5
"""A frame costs tens of milliseconds; twice a second is as often as anybody reads."""

PAPER: Final = (100, 40)
"""The size of a frame that goes into a file, columns and lines."""


def command(
    run: RunArgument,
    once: Annotated[bool, typer.Option("--once", help="Print one frame and leave.")] = False,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Follow a run on a live screen, from any terminal.

    \b
    Examples:
      migrator watch latest
      migrator watch latest --once
      migrator watch autumn-p1 --once > /tmp/where-we-are.txt

    Ctrl-C leaves the screen; the run goes on. Where stdout is no terminal, one frame is printed.
    """
    seen = see_run(run, store)
    with seen.store:
        if not sys.stdout.isatty():
            _print(seen)
        elif once:
            console = output.console()
            console.print(picture(seen, console))
        else:
            _follow(seen, output.console())


def _print(seen: SeenRun) -> None:
    """One frame as plain text: signs and words, no colours, no empty rest."""
    from migrator.cli.live_screen import frame

    text = "\n".join(line.plain.rstrip() for line in frame(seen, seen.now(), *PAPER))
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    output.show(text)


def picture(seen: SeenRun, console: Console) -> Group:
    """The screen as it is now, in the size of the console."""
    from rich.console import Group as RichGroup

    from migrator.cli.live_screen import frame

    width, height = console.size
    # The last line stays free: a full screen would scroll by one.
    return RichGroup(*frame(seen, seen.now(), width, height - 1))


def _follow(seen: SeenRun, console: Console) -> None:
    """Show the run until it ends or the watcher leaves; the last frame stays."""
    from rich.live import Live

    try:
        with Live(picture(seen, console), console=console, screen=True, auto_refresh=False) as live:
            while not seen.ended:
                time.sleep(LOOK_SECONDS)
                seen.refresh()
                live.update(picture(seen, console), refresh=True)
    except KeyboardInterrupt:
        pass
    console.print(picture(seen, console))
