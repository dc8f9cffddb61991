"""How a run is named on the command line, and what is typed about it.

`status`, `watch`, `decide` and the verbs begin here; the run itself, seen from outside, is
`web/seen.py`, because the pages show the very same.
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli.app import STATE_FOLDER
from migrator.cli.server_options import chosen
from migrator.web import seen as sight
from migrator.web.seen import SeenRun, mode_words

if TYPE_CHECKING:
    from migrator.engine.waits import Wait

__all__ = ["SeenRun", "mode_words", "see_run", "typed", "who_may"]

RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name, its beginning, or latest.")
]
StoreOption = Annotated[
    str, typer.Option("--store", metavar="FOLDER|URL", help="Where runs are kept.")
]

DEFAULT_STORE: Final = str(STATE_FOLDER)
"""A store is named by text: an address on a server is no path, and would be bent into one."""


def see_run(run: str, folder: str | Path = DEFAULT_STORE) -> SeenRun:
    """Find a run and fold it, here or through a server; web/seen.py says what it raises."""
    through = chosen()
    if through is not None:
        from migrator.cli.server_sight import far_run

        return far_run(through, run)
    return sight.see_run(run, folder)


def os_user() -> str:
    """The operating system's user; its number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def typed(seen: SeenRun, line: str) -> str:
    """A choice as the engine words it (`go RUN w01`), as it is typed."""
    return "migrator " + line.replace(" RUN", f" {seen.name}", 1)


def who_may(seen: SeenRun, wait: Wait) -> str:
    """The id to type behind --as for a wait: somebody who is on shift, if anybody is."""
    from migrator.engine.asking import deciders
    from migrator.engine.foresight import TURN_BACK
    from migrator.verification.assign import on_shift

    itinerary, now = seen.itinerary, seen.now()
    check = seen.run.checks.get(wait.subject)
    if check is not None and check.person:
        return check.person
    known = seen.run.disturbances.get(wait.subject)
    if known is not None and known.owner:
        return known.owner
    leg = next((leg for leg in itinerary.waves if leg.id == wait.wave), None)
    wave = seen.run.waves.get(wait.wave)
    state = wave.state.value if wave is not None else ""
    named: tuple[str, ...] = ()
    if leg is not None and state == "deciding":
        named = leg.deciders
    elif wait.subject == TURN_BACK:
        named = deciders(seen.run)  # who leads the wave may not sign for it
    elif leg is not None and leg.lead is not None and state in {"held", "stuck"}:
        named = (leg.lead,)
    if not named:
        named = deciders(seen.run)
    there = [p for p in named if p in itinerary.members and on_shift(itinerary.members[p], now)]
    return (there or list(named) or ["NAME"])[0]
