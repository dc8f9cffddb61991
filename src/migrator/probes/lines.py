"""Bytes from an agent into whole lines, and the few things that are seen in a line at once.

Used by every vantage point that reads a stream of bytes. No line may grow without limit, because
what is at the other end may not be our agent at all; a last line without an end is no line.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from migrator.engine.ports import VantageLost

LINE_BYTES_MAX: Final = 64 * 1024
"""A result holds at most 300 characters of detail; nothing that an agent says is near this."""

READ_BYTES: Final = 64 * 1024
"""One read of a full pipe on Linux."""

_END: Final = b'"end"'


def is_end(line: bytes) -> bool:
    """Tell whether this is the line that ends an answer. Cheap for all others."""
    # Only the short end line begins with its key; a detail that quotes one stands far behind.
    if _END not in line[:16]:
        return False
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("end") is True


async def whole_lines(read: Callable[[int], Awaitable[bytes]]) -> AsyncGenerator[bytes, None]:
    """Each whole line with its end, until nothing comes any more. Raises VantageLost."""
    rest = b""
    while more := await read(READ_BYTES):
        *found, rest = (rest + more).split(b"\n")
        for line in found:
            yield line + b"\n"
        if len(rest) > LINE_BYTES_MAX:
            raise VantageLost(f"it sent a line of more than {LINE_BYTES_MAX // 1024} KiB")
