"""`migrator codes RUN`: single-use codes for the people who decide, written down once.

The file is for this user's eyes only and is meant to be handed out and destroyed; the store keeps
digests. Who has spent a code is in the journal. Nothing here prints a code to the screen.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.app import STATE_FOLDER
from migrator.cli.output import Format, FormatOption
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.plan.model import Itinerary, Member


def command(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's name, its beginning, or latest.")
    ],
    target: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The file to write.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Make new codes; those made before are void.")
    ] = False,
    store: Annotated[
        str, typer.Option("--store", metavar="FOLDER|URL", help="Where runs are kept.")
    ] = str(STATE_FOLDER),
    practice: Annotated[
        bool | None, typer.Option("--practice/--live", help="Look among runs of one kind only.")
    ] = None,
    form: FormatOption = Format.text,
) -> None:
    """Write one single-use code per decision maker to a file that only you can read.

    \b
    Examples:
      migrator codes latest
      migrator codes weekend --live -o /media/usb/codes.txt

    A code proves the second person of an override: --second NAME --code CODE. Hand each one over,
    then destroy the file: the store knows only digests, so a lost code is replaced with --again.
    """
    from migrator.store.codes import code_digest, new_code
    from migrator.store.find import find_run

    opened, name = find_run(run, store, practice=practice)
    with opened:
        journal = opened.journal(name, lead=False)
        people = _deciders(name, journal.itinerary())
        if journal.codes and not again:
            raise InputError(
                "codes-exist",
                f"codes were made for {name} already",
                hint="use those; or --again makes new ones, and the old ones are void",
            )
        codes = {person: new_code() for person in people}
        path = target or Path(f"codes-{name}.txt")
        kind = "ÖVNING/PRACTICE" if opened.practice else "SKARPT/LIVE"
        # The file first: digests of codes that nobody can read would lock the people out.
        write_private(path, _paper(kind, name, people, codes))
        opened.put_codes(name, {person: code_digest(code) for person, code in codes.items()})
    if form is Format.json:
        output.emit({"run": name, "file": path, "people": sorted(codes)})
    else:
        output.say(f"{path}: {len(codes)} codes for {name}, readable by you only")


def _deciders(run: str, itinerary: Itinerary) -> Mapping[str, Member]:
    found = {
        person: member
        for person, member in itinerary.members.items()
        if "decision_maker" in member.roles
    }
    if not found:
        raise InputError(
            "codes-nobody",
            f"the plan of {run} names nobody who decides",
            hint="give people the role decision_maker in people.yaml, and plan anew",
        )
    return found


def _paper(kind: str, run: str, people: Mapping[str, Member], codes: Mapping[str, str]) -> str:
    rows = [(person, member.name, codes[person]) for person, member in people.items()]
    return "\n".join(
        (
            f"{kind}  {run}",
            "Engångskoder / single-use codes. Lämna över var och en, förstör sedan filen.",
            "Hand each one over, then destroy this file.",
            "",
            output.table(("person", "name", "code"), rows),
            "",
        )
    )


def write_private(path: Path, text: str) -> None:
    """Write the file so that it is never readable by others, not even for a moment."""
    beside = path.with_name(f"{path.name}.part")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
