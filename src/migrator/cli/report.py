"""`migrator report`: the report of a run, as a page, as text or as JSON.

Reads the run's journal through `wiring.open_run` and hands it to `reports/`; judges nothing. The
page goes to the file named by -o; text and JSON go to stdout unless a file is named.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.runs import DEFAULT_STORE, StoreOption

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.engine.ports import Line


class ReportFormat(Enum):
    """What the report is written as."""

    html = "html"
    text = "text"
    json = "json"


class Language(Enum):
    """The languages that there are catalogues for."""

    sv = "sv"
    en = "en"


LanguageOption = Annotated[
    Language | None,
    typer.Option("--lang", help="sv or en; else what LANG asks for, else en."),
]
"""The one spelling of `--lang`; a command writes `lang: LanguageOption = None`."""

FileOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file.")
]
"""The one spelling of `-o`."""


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's name, or latest.")],
    file: FileOption = None,
    form: Annotated[
        ReportFormat | None,
        typer.Option("--format", help="html (default with -o), text (default without), json."),
    ] = None,
    lang: LanguageOption = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Write the report of a run, as one page.

    \b
    Examples:
      migrator report latest -o report.html
      migrator report latest -o rapport.html --lang sv
      migrator report autumn-1 --format json | jq '.waves[] | {id, outcome}'
      migrator report night-1 -o report.html --store postgresql+psycopg://ops@db/migrator

    The page needs no network and prints on A4. The report may be written while the run goes on.
    """
    from migrator.reports.html import report_html
    from migrator.reports.summary import run_facts, summary_text
    from migrator.reports.teller import tell
    from migrator.reports.texts import texts
    from migrator.wiring import open_run

    wanted = form or (ReportFormat.html if file is not None else ReportFormat.text)
    with output.progress("Reading the run"):
        itinerary, lines, ledger = open_run(run, store)
        book = tell(itinerary, lines, ledger)
    name = book.started.name
    if wanted is ReportFormat.json and file is None:
        output.emit(run_facts(book, name))
        return
    t = texts(language(lang), itinerary.window.time_zone)
    if wanted is ReportFormat.json:
        text = (
            json.dumps(run_facts(book, name), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        )
    elif wanted is ReportFormat.text:
        text = summary_text(t, book, name)
    else:
        from migrator.wiring.kept_forecasts import kept_forecast

        found = kept_forecast(name, store, lines, book.itinerary.plan_digest)
        book = replace(book, apart=_apart(name, store, lines))
        text = report_html(t, book, lines, name, found)
    deliver(text, file)


def _apart(run: str, store: str, lines: Sequence[Line]) -> Mapping[int, Mapping[str, bool]]:
    """The notes and pictures that verdicts came with, and which of them were erased."""
    from migrator.store.find import find_run
    from migrator.store.pictures import Pictures, lying_apart, named

    if not named(lines):
        return {}
    opened, name = find_run(run, store)
    with opened:
        return lying_apart(Pictures(opened.database, name), lines)


def language(asked: Language | None) -> str:
    """The language asked for, else that of the environment."""
    from migrator.reports.texts import language_of

    if asked is not None:
        return asked.value
    return language_of(os.environ.get("LC_ALL") or os.environ.get("LANG"))


def deliver(text: str, file: Path | None) -> None:
    """Write to the file, and say so; without one, to stdout."""
    if file is None:
        output.show(text.rstrip("\n"))
        return
    write(file, text)
    output.say(f"written: {file}")


def write(file: Path, text: str) -> None:
    """Write a whole file or none: a page half written must never be read as the whole."""
    from migrator.errors import EnvironmentFailed, InputError

    if file.is_dir() or not file.parent.exists():
        what = "is a folder" if file.is_dir() else f"lies in no folder: {file.parent} is missing"
        raise InputError(
            "output-not-possible",
            f"the file {file} {what}",
            hint="name a file in a folder that exists",
        )
    draft = file.with_name(f".{file.name}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except PermissionError as error:
        raise EnvironmentFailed(
            "file-not-accessible",
            f"{file} cannot be written ({error.strerror})",
            hint="give this user access to it, or name another file",
        ) from error
    except OSError as error:
        draft.unlink(missing_ok=True)
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise EnvironmentFailed(
            "disk-full",
            f"the disk is full: {file} could not be written",
            hint="make room and run the same command again; nothing half-written is used",
        ) from error
