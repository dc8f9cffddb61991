"""`migrator doctor`: has this machine what migrator needs? Asked before the window, not in it.

Each finding says what was looked at, what was found and, where it is not well, what to do. The
command changes nothing. What it cannot find out it says so about, rather than calling it well.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from migrator.cli import output
from migrator.cli.output import Format, FormatOption

Verdict = Literal["well", "doubtful", "ill"]

SQLITE_SAFE: Final = (3, 51, 3)
"""From this version on two checkpoints and a commit at the same instant cannot damage a WAL."""

DISK_FREE_BYTES_MIN: Final = 2 * 1024**3
"""Room for the columnar links of a large estate, its journal and the reports."""

MARKS: Final = {"well": ("ok", "green"), "doubtful": ("look", "yellow"), "ill": ("ILL", "red")}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `mend` is empty where nothing has to be done."""

    what: str
    found: str
    verdict: Verdict
    mend: str = ""


def command(form: FormatOption = Format.text) -> int:
    """Check this machine for what migrator needs.

    \b
    Examples:
      migrator doctor
      migrator doctor --format json
    """
    findings = list(examine(Path.cwd()))
    if form is Format.json:
        output.emit({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            word, hue = MARKS[finding.verdict]
            output.show(f"{output.colour(word.ljust(4), hue)}  {finding.what}: {finding.found}")
            if finding.mend:
                output.show(f"      {finding.mend}")
    return 1 if any(finding.verdict == "ill" for finding in findings) else 0


def examine(folder: Path) -> Iterator[Finding]:
    """Look at everything, for a state folder that stands (or would stand) in `folder`."""
    yield _python()
    yield _sqlite()
    yield _zones()
    yield _catalogues()
    yield _state(folder)
    yield _disk(folder)
    yield _terminal()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", f"{version} at {sys.executable}", "well")


def _sqlite() -> Finding:
    """Look at the SQLite that the journal uses: the packaged one, else the standard library's."""
    try:
        driver = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        driver = importlib.import_module("sqlite3")
    found = f"{driver.sqlite_version} through {driver.__name__.split('.')[0]}"
    if tuple(map(int, driver.sqlite_version.split("."))) >= SQLITE_SAFE:
        return Finding("SQLite", found, "well")
    return Finding(
        "SQLite",
        found,
        "doubtful",
        "versions before 3.51.3 can damage a journal when two processes write at one instant: "
        "install the locked packages (make setup), or let one process at a time use the store",
    )


def _zones() -> Finding:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        zone = ZoneInfo("Europe/Stockholm")
    except ZoneInfoNotFoundError:
        return Finding("time zones", "no data", "ill", "install the package tzdata")
    return Finding("time zones", f"{zone.key} is known", "well")


def _catalogues() -> Finding:
    places = Path(__file__).parent.parent / "locale"
    written = sorted(places.glob("*/LC_MESSAGES/*.po"))
    missing = [po for po in written if not po.with_suffix(".mo").exists()]
    if missing:
        named = ", ".join(po.parent.parent.name for po in missing)
        return Finding("message catalogues", f"not compiled: {named}", "ill", "run make setup")
    compiled = sorted({mo.parent.parent.name for mo in places.glob("*/LC_MESSAGES/*.mo")})
    return Finding("message catalogues", ", ".join(compiled) or "none in this version", "well")


def _state(folder: Path) -> Finding:
    state = folder / ".migrator"
    place = state if state.exists() else folder
    if os.access(place, os.W_OK | os.X_OK):
        return Finding("store", f"{state} can be written", "well")
    return Finding(
        "store", f"{place} cannot be written", "ill", "start migrator in a folder of your own"
    )


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    found = f"{free / 1024**3:.1f} GiB free"
    if free >= DISK_FREE_BYTES_MIN:
        return Finding("disk", found, "well")
    return Finding("disk", found, "doubtful", "2 GiB are enough for a large estate; make room")


def _terminal() -> Finding:
    if not sys.stdout.isatty():
        return Finding("terminal", "none: plain text, no live screen", "well")
    size = shutil.get_terminal_size()
    found = f"{size.columns} x {size.lines}"
    if size.columns < 80:  # the width for which the tables are made
        return Finding("terminal", found, "doubtful", "widen it to 80 columns for the live screen")
    return Finding("terminal", found, "well")
