r"""What a command says, and where: results to stdout, talk to stderr.

Every command uses this file and nothing else to speak, so that three promises hold everywhere:
a pipe gets results only; `--format json` gives one JSON document with sorted, stable keys; and
colour and movement appear only where a person looks at a terminal (and never under NO_COLOR).
rich is imported only when something moves or is drawn, because `--help` must not wait for it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, timedelta
from enum import Enum
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Final, TextIO

import typer

from migrator.errors import MigratorError

if TYPE_CHECKING:
    from rich.console import Console

FAULTS_SHOWN_MAX: Final = 20
"""A screen holds twenty lines and a mend; the JSON form carries every fault that was kept."""

COLOURS: Final = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "grey": "90"}

JSON_WANTED: Final = "json"


class Format(Enum):
    """How a command that prints facts prints them."""

    text = "text"
    json = JSON_WANTED


FormatOption = Annotated[
    Format, typer.Option("--format", help="text for people, json for programs.")
]
"""The one spelling of `--format`; a command writes `form: FormatOption = Format.text`."""

Advance = Callable[[int], None]
"""Tell a progress display that so many more units are done."""


def show(text: str = "") -> None:
    """Write a line of the result to stdout."""
    sys.stdout.write(text + "\n")


def say(text: str = "") -> None:
    """Write a line of talk to stderr: what is going on, what to do next."""
    sys.stdout.flush()  # so that the two streams keep their order on one terminal
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def emit(facts: Mapping[str, object]) -> None:
    """Write the one JSON document of a command to stdout, keys sorted."""
    show(json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False, default=_plain))


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Lay out rows in columns as plain text, numbers to the right; needs no library."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    right = [
        bool(rows) and all(isinstance(row[i], int | float) for row in rows)
        for i in range(len(header))
    ]
    lines = []
    for line in [list(header), *cells]:
        parts = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ]
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def colour(text: str, name: str, stream: TextIO | None = None) -> str:
    """Colour a piece of text where its stream (stdout unless told) is a terminal."""
    if not coloured(stream or sys.stdout):
        return text
    return f"\x1b[{COLOURS[name]}m{text}\x1b[0m"


def coloured(stream: TextIO) -> bool:
    """Tell whether colours may be sent: a terminal, no NO_COLOR, and one that knows colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def console(stream: TextIO | None = None) -> Console:
    """Make a rich console on stdout (or the given stream); plain where nobody looks."""
    from rich.console import Console as RichConsole

    target = stream or sys.stdout
    return RichConsole(file=target, no_color=not coloured(target), highlight=False)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Advance]:
    """Show how far a long task is, with an estimate of the time left, on stderr.

    Only where stderr is a terminal; elsewhere nothing is written at all. With a total unknown at
    the start (None) it shows that something goes on. The display vanishes when the task ends.
    """
    if not sys.stderr.isatty():
        yield lambda _done: None
        return
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    # Two frames a second: a faster display costs more CPU than the task it shows.
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %" if total else ""),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=console(sys.stderr),
        transient=True,
        refresh_per_second=2,
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.advance(task, done)


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether the command line asks for JSON.

    Looked up in the words themselves, because an error may come before typer has read them.
    """
    asked = f"--format={JSON_WANTED}" in arguments
    return asked or ("--format", JSON_WANTED) in pairwise(arguments)


def fail(error: MigratorError, *, as_json: bool) -> int:
    """Tell what is wrong and how to mend it; give the exit code."""
    if as_json:
        emit({"error": error_facts(error)})
        return error.exit_code
    say(f"{colour('error:', 'red', sys.stderr)} {error.message}")
    for fault in error.faults[:FAULTS_SHOWN_MAX]:
        say(f"  {fault}")
    rest = error.count - min(len(error.faults), FAULTS_SHOWN_MAX)
    if rest > 0:
        say(f"  and {rest} more" + ("" if error.faults else " in all"))
    say(f"mend: {error.hint}")
    say(f"see: runbooks/{error.reference}.md")
    return error.exit_code


def error_facts(error: MigratorError) -> dict[str, object]:
    """An error as JSON: the same parts under stable keys."""
    return {
        "reference": error.reference,
        "message": error.message,
        "hint": error.hint,
        "count": error.count,
        "faults": [asdict(fault) for fault in error.faults],
    }


def _plain(value: object) -> object:
    """Turn what JSON does not know into what it knows."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
