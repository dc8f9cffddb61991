"""`--notices FILE`: how the people of a run are called, read before anything is begun.

Used by `run`. A run that nobody is called for never loads what sends mail.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
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

NAMED_MAX: Final = 6

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


@contextmanager
def calling(led: Practice | Live, source: Source | None) -> Iterator[Notifier | None]:
    """Whoever calls the people of a run that is led now; what they should know is said before."""
    if source is None and led.journal.facts(KEPT) is None:
        yield None
        return
    from migrator.notices.escalation import contacts_of, unreached
    from migrator.wiring.calling import caller_of

    with caller_of(led.store, led.journal, led.run, source) as caller:
        if caller is None:
            output.say("the notices file has the mode off: nobody is called")
        else:
            if led.store.practice and caller.policy.mode.value == "on":
                output.say(
                    f"people are simulated: messages go to {led.store.folder}/calls/"
                    f"{led.journal.run_name}, and nobody is called"
                )
            if alone := unreached(led.run, contacts_of(led.run, caller.policy)):
                shown = ", ".join(alone[:NAMED_MAX]) + (" ..." if len(alone) > NAMED_MAX else "")
                output.say(f"the notices file names no way to reach {shown}: they are passed over")
        yield caller
