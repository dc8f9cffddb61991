"""The desk where commands wait: what may lie there, and which lines answer which command.

Both journals use it, so that a doubled or unreadable command gets the same words from each. A
command is answered by the commit that carries it out or refuses it, and never changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from migrator.engine.events import CommandRefused, CommandTaken
from migrator.engine.ports import Line, OperatorCommand
from migrator.errors import InputError, RefusedError


def answers(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """Command id -> its answer and what followed from it, out of the lines of one commit.

    What follows a taken command in the same commit belongs to it, up to the next answer.
    """
    found: dict[str, list[Line]] = {}
    current: list[Line] | None = None
    for line in lines:
        event = line.event
        if isinstance(event, CommandTaken | CommandRefused):
            current = found.setdefault(event.command, [])
        if current is not None:
            current.append(line)
    return found


def readable(command: OperatorCommand) -> None:
    """Refuse text that no database and no screen can show: half characters and NUL."""
    texts = [command.id, command.verb, command.actor, command.target, command.reason]
    texts += [text for pair in command.details for text in pair]
    for text in texts:
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InputError(
                "command-text",
                f"the command holds text that cannot be written down: {text!r}",
                hint="type it again in UTF-8, without control characters",
            )


def doubled(command: OperatorCommand) -> RefusedError:
    """Another command with the same id was given before."""
    return RefusedError(
        "command-doubled",
        f"the command id {command.id} was used before, for something else",
        hint="give the command again without an id of your own; a new one is made for it",
    )
