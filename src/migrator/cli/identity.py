"""Who gives a command: `--as NAME`, or the operating system's user where the run knows that name.

Until there is sign-in everybody is as asserted, and the journal says so. Names are the ids of
people.yaml; a whole name is taken for its id, because people say names on the telephone.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.plan.model import Member

NAMED_MAX: Final = 5

AsOption = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who you are: an id or a name of people.yaml."),
]


def who(given: str | None, user: str, members: Mapping[str, Member]) -> str:
    """The person's id. Raises InputError with the nearest names where nobody is meant."""
    if not members:
        return given or user  # an estate that names nobody lets everybody act
    name = given or user
    found = person_id(name, members)
    if found is not None:
        return found
    if given is None:
        raise InputError(
            "who-are-you",
            f"the run does not know the user {user!r} of this machine",
            hint=f"say who you are with --as NAME{_near(user, members)}",
        )
    raise InputError(
        "unknown-person",
        f"nobody called {given!r} is named in this run",
        hint=f"give an id of people.yaml{_near(given, members)}",
    )


def person_id(name: str, members: Mapping[str, Member]) -> str | None:
    """The id that a name means; None where it means nobody, or several."""
    if name in members or name.startswith("team."):
        return name
    named = [id_ for id_, member in members.items() if member.name.casefold() == name.casefold()]
    return named[0] if len(named) == 1 else None


def _near(name: str, members: Mapping[str, Member]) -> str:
    part = [
        id_ for id_, member in members.items() if name.casefold() in member.name.casefold().split()
    ]
    if part:
        some = " or ".join(part[:NAMED_MAX])
        return f"; did you mean {some}{' ...' if len(part) > NAMED_MAX else ''}?"
    names = {member.name.casefold(): id_ for id_, member in members.items()}
    near = difflib.get_close_matches(name.casefold(), [*members, *names], n=3)
    ids = dict.fromkeys(names.get(each, each) for each in near)
    return f"; did you mean {' or '.join(ids)}?" if ids else ""
