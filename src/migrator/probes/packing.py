"""Pack the agent into one file that any Python from 3.9 on runs: the same bytes on every machine.

Called by whoever sends the agent somewhere, and by tests. Only what the agent needs goes in, in
sorted order, with one fixed time and without compression, since how well a library compresses is
not the same everywhere. The digest stands in every header, so an agent of another day refuses.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).parent
PACKED: Final = ("agent", "checks")
"""The packages that travel. They import the standard library and each other."""

EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that a zip file can hold; a real one would differ each time."""

SHEBANG: Final = b"#!/usr/bin/env python3\n"
ENTRY: Final = b"""import sys

if sys.version_info < (3, 9):
    sys.exit("agent: this is Python %d.%d, and 3.9 is needed" % sys.version_info[:2])

from migrator.probes.agent.__main__ import main

sys.exit(main(sys.argv[1:]))
"""
"""What runs first; written so that a much older Python can still say what is wrong."""

EMPTY_PACKAGE: Final = b'"""The agent\'s part of migrator: it imports nothing from here."""\n'


class Packed(NamedTuple):
    """The agent as one file."""

    data: bytes
    digest: str


@cache
def packed_agent() -> Packed:
    """The agent's file and its digest (SHA-256, in hexadecimal)."""
    held = io.BytesIO()
    held.write(SHEBANG)
    with zipfile.ZipFile(held, "a", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(contents().items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            # Unix, a plain file that all may read: these are in the bytes too.
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    data = held.getvalue()
    return Packed(data, hashlib.sha256(data).hexdigest())


def contents() -> dict[str, bytes]:
    """What goes in, by its name inside."""
    found = {
        "__main__.py": ENTRY,
        "migrator/__init__.py": EMPTY_PACKAGE,
        "migrator/probes/__init__.py": EMPTY_PACKAGE,
    }
    for package in PACKED:
        for path in (HERE / package).glob("*.py"):
            # A checkout may have other line ends, and the digest must not see it.
            content = path.read_bytes().replace(b"\r\n", b"\n")
            found[f"migrator/probes/{package}/{path.name}"] = content
    return found
