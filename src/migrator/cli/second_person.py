"""The options by which a second person answers along, and what of them goes with a command.

Used by `amend` and `replan`. A code proves somebody who is not at this keyboard; without one the
command is only asked for, until another operating-system user gives the very same one.
"""

from __future__ import annotations

from typing import Annotated

import typer

from migrator.cli.runs import os_user
from migrator.errors import InputError

ReasonNeeded = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it is listed in the report.")
]
SecondOption = Annotated[
    str | None, typer.Option("--second", metavar="NAME", help="The second person.")
]
CodeOption = Annotated[
    str | None,
    typer.Option("--code", metavar="CODE", help="That person's single-use code."),
]


def details_of(second: str | None, code: str | None) -> tuple[tuple[str, str], ...]:
    """What a command says of its second person. InputError where only half of it is given."""
    from migrator.store.codes import code_digest

    if (second is None) != (code is None):
        raise InputError(
            "usage",
            "--second and --code go together",
            hint="give both, or neither and let the other person join from another account",
        )
    user = ("os_user", os_user())
    if second is None or code is None:
        return (user,)
    return (user, ("second", second), ("code_digest", code_digest(code)))
