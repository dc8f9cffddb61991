"""`migrator version`: which program this is, for a report or a question to its keepers."""

from __future__ import annotations

import platform

from migrator import __version__
from migrator.cli import output
from migrator.cli.output import Format, FormatOption


def command(form: FormatOption = Format.text) -> None:
    """Print the version of migrator and of the Python that runs it."""
    if form is Format.json:
        output.emit({"migrator": __version__, "python": platform.python_version()})
        return
    output.show(f"migrator {__version__} (Python {platform.python_version()})")
