"""`--notices FILE`: how the people of a run are called, read before anything is begun.

Used by `run`. A run that nobody is called for never loads what sends mail.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output

if TYPE_CHECKING:
    from migrator.engine.ports import Notifier
    from migrator.notices.policy_file import Source
    from migrator.wiring import Practice
    from migrator.wiring.live import Live

KEPT: Final = "notices"
"""The fact under which `wiring/calling.py` keeps the file."""

NoticesOption = Annotated[
    Path | None,
    typer.Option(
        "--notices", metavar="FILE", help="How people are called: by whom, e-mail and webhooks."
    ),
]


def read_notices(path: Path | None, people: Collection[str] | None = None) -> Source | None:
    """The notices file, checked as a whole, secrets included; None where none is given.

    `people` are those of the run, where they are known. Raises InputError with all faults.
    """
    if path is None:
        return None
    import os

    from migrator.notices.policy_file import policy_of, read_source
    from migrator.wiring.calling import channels_of

    source = read_source(path)
    channels_of(policy_of(source, people or ()), os.environ)
    return source


def calling(led: Practice | Live, source: Source | None) -> AbstractContextManager[Notifier | None]:
    """Whoever calls the people of a run that is led now."""
    if source is None and led.journal.facts(KEPT) is None:
        return nullcontext()
    from migrator.wiring.calling import caller_of

    if led.store.practice:
        output.say(
            f"people are simulated: with the mode `on`, messages go to "
            f"{led.store.folder}/calls/{led.journal.run_name} and nobody is called"
        )
    return caller_of(led.store, led.journal, led.run, source)
