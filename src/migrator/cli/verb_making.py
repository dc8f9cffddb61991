"""How a verb becomes a command: its options, which all verbs share, and the functions that make it.

Used by `verbs.py`, where each verb's own words stand. What happens when the command is called is
the same for all and stands in `steering.py`; what the verb means, in `engine/commands.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from migrator.cli.identity import AsOption
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, StoreOption
from migrator.cli.steering import Given, steer

WAIT_SECONDS: Final = 5.0
"""How long the answer is waited for; a leader answers within a tenth of a second."""

ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the journal.")
]
YesOption = Annotated[
    bool, typer.Option("--yes", help="Do not ask to have it typed (live runs; for scripts).")
]
IdOption = Annotated[
    str | None,
    typer.Option("--id", metavar="ID", help="The command's id: given twice, it is done once."),
]
WaitOption = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for the answer.")
]
Command = Callable[..., int]


COMMON: Final = """

    The answer says what follows. Exit code 0: done, or kept for the process that leads the run.
    2: refused, with the reason. On a live run the name must be whole, and the wave's id is asked
    for; --yes leaves that out.
    """


def named(command: Command, verb: str, text: str) -> Command:
    """Give a command its name and its help, with what holds for all verbs at the end."""
    command.__name__ = verb.replace("-", "_")
    command.__doc__ = text.rstrip() + COMMON
    return command


def about_the_run(verb: str, text: str) -> Command:
    """A verb about the run as a whole."""

    def command(
        run: RunArgument,
        *,
        person: AsOption = None,
        reason: ReasonOption = "",
        yes: YesOption = False,
        command_id: IdOption = None,
        wait: WaitOption = WAIT_SECONDS,
        store: StoreOption = DEFAULT_STORE,
        form: FormatOption = Format.text,
    ) -> int:
        return steer(Given(verb, run, "", store, form, person, reason, command_id, yes, wait))

    return named(command, verb, text)


def about(verb: str, metavar: str, meant: str, text: str) -> Command:
    """A verb about one thing inside the run: a wave, a step, a check."""

    def command(
        run: RunArgument,
        target: str,
        *,
        person: AsOption = None,
        reason: ReasonOption = "",
        yes: YesOption = False,
        command_id: IdOption = None,
        wait: WaitOption = WAIT_SECONDS,
        store: StoreOption = DEFAULT_STORE,
        form: FormatOption = Format.text,
    ) -> int:
        return steer(Given(verb, run, target, store, form, person, reason, command_id, yes, wait))

    # typer reads the annotations when the command is made: here they say what is to be named.
    command.__annotations__["target"] = Annotated[str, typer.Argument(metavar=metavar, help=meant)]
    return named(command, verb, text)


def about_a_wave(verb: str, text: str) -> Command:
    """A verb about one wave."""
    return about(verb, "WAVE", "The wave's id, such as w01.", text)


def about_a_step(verb: str, text: str) -> Command:
    """A verb about one step or undo of a subsystem."""
    return about(verb, "SUBSYSTEM/STEP", "The step or undo, as decide shows it.", text)
