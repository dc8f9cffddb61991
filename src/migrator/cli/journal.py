"""`migrator journal`: a run's facts in order, the proof of their chain, and their way elsewhere.

Reads stores, never leads a run. `show`, `verify`, `seen` and `export` look at one; `import`
keeps a run that was exported, in the store of its kind, only when every line of it is proven.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.app import STATE_FOLDER
from migrator.cli.output import Format, FormatOption
from migrator.cli.server_options import chosen, with_server
from migrator.errors import InputError, JournalError

if TYPE_CHECKING:
    from migrator.store.chain import Written
    from migrator.store.sql import Store

app = typer.Typer(
    help="Print a run's facts in order, and check their chain.",
    epilog="""\b
Examples:
  migrator journal show latest | tail
  migrator journal verify latest
  migrator journal export latest -o run.jsonl""",
    context_settings={"max_content_width": 100},
    add_completion=False,
    rich_markup_mode=None,
)

SHORT: Final = 16
"""Digits of a hash that a person compares; sixteen are not met twice by chance."""

RunArgument = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name, its beginning, or latest.")
]
StoreOption = Annotated[
    str, typer.Option("--store", metavar="FOLDER|URL", help="Where runs are kept.")
]
KindOption = Annotated[
    bool | None,
    typer.Option("--practice/--live", help="Look among runs of one kind only."),
]


@app.command(short_help="Print the lines: number, time, who, what.")
@with_server
def show(
    run: RunArgument,
    after: Annotated[int, typer.Option("--after", metavar="N", help="Only lines after N.")] = 0,
    store: StoreOption = str(STATE_FOLDER),
    practice: KindOption = None,
    form: FormatOption = Format.text,
) -> None:
    """Print a run's lines in order: number, time, who, what.

    \b
    Examples:
      migrator journal show latest
      migrator journal show latest --after 400
      migrator journal show latest --store postgresql+psycopg://user@host/migrator
      migrator journal show latest --format json | jq '.lines[] | select(.kind == "WaveHeld")'

    Times are UTC. What is printed has not been proven: `migrator journal verify` does that.
    """
    opened, name = _found(run, store, practice)
    with opened:
        lines = opened.journal(name, lead=False).written(after)
        kind = opened.practice
    if form is Format.json:
        output.emit(
            {
                "run": name,
                "practice": kind,
                "lines": [{**line._asdict(), "data": json.loads(line.data)} for line in lines],
            }
        )
        return
    output.say(f"{_mode(practice=kind)} {name}")
    for line in lines:
        output.show(_sentence(line))


@app.command(short_help="Prove every line, and name the first bad one.")
@with_server
def verify(
    run: RunArgument,
    expect: Annotated[
        str | None,
        typer.Option(
            "--expect", metavar="HEAD", help="A head from paper: it must be in the chain."
        ),
    ] = None,
    store: StoreOption = str(STATE_FOLDER),
    practice: KindOption = None,
    form: FormatOption = Format.text,
) -> None:
    """Prove every line of a run's journal, and name the first one that is not as it was written.

    \b
    Examples:
      migrator journal verify latest
      migrator journal verify weekend --live --expect 3f9c2a7be01d5c44

    A chain cannot show by itself that its end was cut off. The heads in .migrator/heads.jsonl can,
    and so can one that stands on a gate's paper or in a report: --expect takes it, or its first
    sixteen digits. Exit code 0: proven. 1: edited, missing, doubled or cut.
    """
    opened, name = _found(run, store, practice)
    with opened:
        journal = opened.journal(name, lead=False)
        proven = journal.verify()
        if proven.count == 0:
            raise JournalError(
                "journal-empty",
                f"the journal of {name} has no lines: a run's first line is never missing",
                hint="put back a store or an export that has them",
            )
        expected = None if expect is None else _expected(name, expect, journal.written())
    if form is Format.json:
        output.emit(
            {
                "run": name,
                "practice": opened.practice,
                "lines": proven.count,
                "head": proven.head,
                "expected_line": expected,
            }
        )
        return
    output.show(f"{name}: all {proven.count} lines are as they were written")
    if expected is not None:
        output.show(f"the expected head is line {expected}")
    output.show(f"head {proven.head}")


@app.command(short_help="Write a run to one file of JSON Lines.")
def export(
    run: RunArgument,
    target: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE.jsonl", help="The file to write.")
    ],
    store: StoreOption = str(STATE_FOLDER),
    practice: KindOption = None,
    form: FormatOption = Format.text,
) -> None:
    """Write a run with its itinerary and journal to one file of JSON Lines.

    \b
    Examples:
      migrator journal export latest -o weekend.jsonl

    The journal is proven first. It may be exported while the run goes on.
    """
    from migrator.store.exports import write
    from migrator.store.find import find_run

    opened, name = find_run(run, store, practice=practice)
    with opened:
        opened.journal(name, lead=False).verify()
        exported = opened.exported(name)
    write(exported, target)
    if form is Format.json:
        output.emit({"run": name, "file": target, "lines": len(exported.lines)})
    else:
        output.say(f"{target}: {name}, {len(exported.lines)} lines")


@app.command("import", short_help="Keep an exported run, if all of it is proven.")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="An exported run.")],
    store: StoreOption = str(STATE_FOLDER),
    form: FormatOption = Format.text,
) -> None:
    """Keep an exported run in the store of its kind, if every line of it is proven.

    \b
    Examples:
      migrator journal import weekend.jsonl --store evidence
    """
    from migrator.store.exports import read
    from migrator.store.sql import open_store

    exported = read(file)
    with open_store(store, practice=exported.practice) as opened:
        opened.keep(exported.run, exported.pinned, exported.lines, exported.facts, exported.started)
        place = opened.place
    if form is Format.json:
        output.emit({"run": exported.run, "store": place, "lines": len(exported.lines)})
    else:
        output.say(f"{place}: {exported.run}, {len(exported.lines)} lines, all proven")


@app.command(short_help="Print what a gate's decider was shown.")
def seen(
    run: RunArgument,
    digest: Annotated[
        str, typer.Argument(metavar="DIGEST", help="Its SHA-256, or the first digits of it.")
    ],
    store: StoreOption = str(STATE_FOLDER),
    form: FormatOption = Format.text,
) -> None:
    """Print what was shown to whoever decided at a gate, as it was stored then.

    \b
    Examples:
      migrator journal seen latest 3f9c2a7be01d5c44
      migrator journal seen latest 3f9c2a7be01d5c44 --format json | jq .open_checks

    The digest stands behind the decision in `journal show` and in the report. What comes out is
    proven against it.
    """
    from migrator.cli.gate import show_stored

    show_stored(run, digest, store, form)


def _mode(*, practice: bool) -> str:
    """A run's kind stands on every screen, in both languages: nobody may mistake it."""
    return "ÖVNING/PRACTICE" if practice else "SKARPT/LIVE"


def _sentence(line: Written) -> str:
    """One line for a person: its facts as words, the short ones first as they were journalled."""
    data = json.loads(line.data)
    facts = "  ".join(
        f"{key}={_plain(value)}" for key, value in data.items() if value not in ("", [])
    )
    return f"{line.seq:>6}  {line.at[:19]}Z  {line.actor}  {line.kind}  {facts}".rstrip()


def _plain(value: object) -> str:
    # A reason may hold anything a person pasted; the terminal gets it as JSON, escapes and all.
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        return json.dumps(value)
    plain = isinstance(value, str) and not set(value) & set(' "\\')
    return str(value) if plain else text


def _found(run: str, store: str, practice: bool | None) -> tuple[Store, str]:
    """The store that holds a run, here or through a server, and the run's whole name."""
    through = chosen()
    if through is not None:
        from migrator.cli.server_sight import far_store

        return far_store(through, run)
    from migrator.store.find import find_run

    return find_run(run, store, practice=practice)


def _expected(run: str, expect: str, lines: Sequence[Written]) -> int:
    """The number of the line whose hash was expected."""
    wanted = expect.strip().lower()
    if len(wanted) < SHORT or not set(wanted) <= set("0123456789abcdef"):
        raise InputError(
            "usage",
            f"--expect {expect}: a head is 64 digits (0-9, a-f); give at least {SHORT} of them",
            hint="take it from the gate's paper, the report or heads.jsonl",
        )
    found = next((line.seq for line in lines if line.hash.startswith(wanted)), None)
    if found is None:
        raise JournalError(
            "journal-cut",
            f"no line of {run} has the expected head {expect}: "
            f"the journal ends with line {len(lines)}, before it or beside it",
            hint="find out whether an older copy of the store was put back",
        )
    return found
