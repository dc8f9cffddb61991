"""`migrator token RUN PERSON`: a token with which a program acts as somebody through the API.

Printed once, or written into a file that only this user can read; the store keeps its digest. What
is done with it, its person did, so it may be made for less: for looking, for alarms, for reports.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.store.tokens import Held, Tokens


class Only(Enum):
    """What a token is made for, where it is made for less."""

    look = "look"
    alarm = "alarm"
    report = "report"


def command(
    run: RunArgument,
    person: Annotated[
        str | None, typer.Argument(metavar="[PERSON]", help="An id of people.yaml.")
    ] = None,
    *,
    label: Annotated[
        str, typer.Option("--for", metavar="NAME", help="What it is for, such as alertmanager.")
    ] = "",
    only: Annotated[
        Only | None, typer.Option("--only", help="For looking, alarms or reports alone.")
    ] = None,
    days: Annotated[
        float, typer.Option("--days", min=0.01, max=400, help="How long it holds.")
    ] = 7.0,
    target: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it to a file.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the tokens that hold.")] = False,
    end: Annotated[str, typer.Option("--end", metavar="ID", help="End the token of this id.")] = "",
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Make a token for the API of a run; list those that hold; end one.

    \b
    Examples:
      migrator token latest anna --for "my scripts" -o token.txt
      migrator token autumn-p1 anna --for alertmanager --only alarm --days 10
      migrator token autumn-p1 --list
      migrator token autumn-p1 --end 3f9c2a7be0

    The program shows it in the header Authorization: Bearer; commands with --server take it from
    MIGRATOR_TOKEN or --token-file. A token does what its person may, and is told of in the journal
    under that name.

    \b
    Keys of the JSON document: run, and either token and held, or tokens, or ended; a token is
    shown as id, person, label, only, made, until.
    """
    from migrator.conductor.clock import wall_now
    from migrator.store.tokens import Tokens as Kept

    seen = see_run(run, store)
    with seen.store:
        tokens, now = Kept(seen.store.database, seen.name), wall_now()
        if listed or end:
            if person is not None or (listed and end):
                raise InputError(
                    "usage",
                    "--list and --end are given alone",
                    hint="migrator token RUN --list, or migrator token RUN --end ID",
                )
            if listed:
                _list(seen, tokens.all_held(now), form)
            else:
                _end(seen, tokens, end, form)
            return
        known = _person(seen, person)
        what = only.value if only is not None else ""
        if target is not None:
            from migrator.cli.codes import write_private

            # See first that it can be written: nobody knows a token that was made and then lost.
            room = target.with_name(f"{target.name}.room")
            write_private(room, "")
            room.unlink()
        secret, held = tokens.make(known, label or what, what, now, now + timedelta(days=days))
    if target is not None:
        write_private(target, f"{secret}\n")
        output.say(f"{target}: {_line(held)}; readable by you only")
    elif form is Format.json:
        output.emit({"run": seen.name, "token": secret, "held": held})
    else:
        output.show(secret)
        output.say(f"{seen.mode} {seen.name}: {_line(held)}; it is not shown again")


def _person(seen: SeenRun, person: str | None) -> str:
    from migrator.cli.identity import who

    if person is None:
        raise InputError(
            "usage", "nobody was named", hint="name whose it is: migrator token RUN PERSON"
        )
    return who(person, person, seen.itinerary.members)


def _list(seen: SeenRun, held: tuple[Held, ...], form: Format) -> None:
    if form is Format.json:
        output.emit({"run": seen.name, "tokens": held})
        return
    if not held:
        output.show("no token holds")
    for each in held:
        output.show(_line(each))


def _end(seen: SeenRun, tokens: Tokens, id_: str, form: Format) -> None:
    from migrator.conductor.clock import wall_now

    named = [each for each in tokens.all_held(wall_now()) if each.id.startswith(id_)]
    if len(named) != 1:
        raise InputError(
            "unknown-token",
            f"{'several tokens begin' if named else 'no token that holds begins'} with {id_!r}",
            hint=f"`migrator token {seen.name} --list` names them",
        )
    tokens.end(named[0].id, wall_now())
    if form is Format.json:
        output.emit({"run": seen.name, "ended": named[0]})
    else:
        output.show(f"ended: {_line(named[0])}")


def _line(held: Held) -> str:
    made_for = f" for {held.label}" if held.label else ""
    narrow = f", only to {held.only}" if held.only else ""
    return f"{held.id} of {held.person}{made_for}{narrow}, until {held.until:%Y-%m-%d %H:%M} UTC"
