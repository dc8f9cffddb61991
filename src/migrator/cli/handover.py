"""`migrator handover RUN`: the note that one shift reads to the next, on one page.

`reports/shift_note.py` says what is on it. It reads and changes nothing; `migrator since` tells
what happened in detail.
"""

from __future__ import annotations

import os
from enum import Enum
from typing import Annotated

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, StoreOption, see_run
from migrator.cli.sentences import printable


class Language(Enum):
    """The languages of the note."""

    sv = "sv"
    en = "en"


def command(
    run: RunArgument,
    since: Annotated[
        str, typer.Option("--since", metavar="TIME", help="03:00 (the last one), 2h, or a date.")
    ] = "8h",
    language: Annotated[
        Language | None, typer.Option("--language", help="sv or en; as LANG says unless told.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Write the shift handover note: what moved, what waits for whom, next decisions, disturbances.

    \b
    Examples:
      migrator handover latest
      migrator handover autumn-p1 --since 18:00 --language sv > handover.txt

    \b
    Keys of the JSON document: run, mode, since, now, events, moved [wave, name, before, now,
    moved_before, moved_now, moves], waits [what, cause, people, since, until, then], decisions [at,
    wave, name, people], disturbances [id, level, about, reason, owner, members, room, opened,
    red_at].
    """
    from migrator.cli.since import parse_since
    from migrator.reports.shift_note import note_text, shift_note
    from migrator.reports.texts import language_of, texts

    seen = see_run(run, store)
    with seen.store:
        spoken = language.value if language is not None else language_of(os.environ.get("LANG"))
        t = texts(spoken, seen.itinerary.window.time_zone)
        now = seen.now()
        lines = tuple(seen.journal.lines())
        begin = parse_since(since, now, seen.zone)
        note = shift_note(seen.journal.itinerary(), lines, seen.run, begin, now, t)
        if form is Format.json:
            output.emit(
                {
                    "run": seen.name,
                    "mode": seen.mode,
                    "since": seen.local(note.since),
                    "now": seen.local(note.now),
                    "events": note.events,
                    "moved": note.moved,
                    "waits": note.waits,
                    "decisions": note.decisions,
                    "disturbances": note.disturbances,
                }
            )
        else:
            output.show(printable_lines(note_text(note, t, f"{seen.mode} {seen.name}")))


def printable_lines(text: str) -> str:
    """A text whose lines hold nothing that a terminal would obey."""
    return "\n".join(printable(line) for line in text.split("\n"))
