"""The command line: one file per command or family of verbs; `commands.py` is the table of them.

The console script calls `main`. Nothing is imported at the top of this package's `__init__` but
the standard library's lightest parts, because `migrator --help` has 150 ms in all: a command's
module, and with it everything heavy, is loaded when that command is called. No rule about an
estate, a plan or a run lives here. A command reads, asks the right package, prints.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command named in the program's arguments and leave with its exit code."""
    from migrator.cli.app import run

    sys.exit(run(sys.argv[1:]))
