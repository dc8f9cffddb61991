"""The body of an HTTP answer, as far as it is wanted: by length, in chunks, or until the end.

Used by the http check only. It keeps a bounded part and then says that it has enough; framing that
makes no sense is an error and never a guess.
"""

from __future__ import annotations

BYTES_MAX = 256 * 1024
CHUNK_LINE_MAX = 1024


class BrokenBody(ValueError):
    """The framing makes no sense; the text says what was read."""


class Body:
    """What comes after the head. `whole` once it is complete, or there is enough of it."""

    def __init__(self, length: int | None = None, *, chunked: bool = False) -> None:
        self.data = b""
        self.whole = length == 0
        self._left = length
        self._chunked = chunked
        self._raw = b""
        self._in_chunk = 0  # bytes that are still to come of the chunk and the line's end after it

    @property
    def until_close(self) -> bool:
        """Tell whether hanging up is how this body ends."""
        return self._left is None and not self._chunked

    @property
    def missing(self) -> str:
        """What was still to come, for a person."""
        return "the last chunk" if self._left is None else f"{self._left} more bytes"

    def take(self, data: bytes) -> None:
        """More of it. Raises `BrokenBody`."""
        if self._chunked:
            self._raw += data
            while self._raw and not self.whole and self._unchunk():
                pass
        else:
            self._keep(data if self._left is None else data[: self._left])
            if self._left is not None:
                self._left -= min(len(data), self._left)
                self.whole = self.whole or self._left == 0

    def _unchunk(self) -> bool:
        """Take one step; False where it needs more bytes."""
        if self._in_chunk > 2:
            part = self._raw[: self._in_chunk - 2]
            self._keep(part)
            self._raw = self._raw[len(part) :]
            self._in_chunk -= len(part)
            return True
        if self._in_chunk:
            if len(self._raw) < self._in_chunk:
                return False
            if self._raw[:2] != b"\r\n":
                raise BrokenBody("a chunk that does not end where it said")
            self._raw = self._raw[2:]
            self._in_chunk = 0
            return True
        line, end, rest = self._raw.partition(b"\n")
        if not end:
            if len(line) > CHUNK_LINE_MAX:
                raise BrokenBody("a chunk without a length")
            return False
        digits = line.split(b";")[0].strip()
        if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
            raise BrokenBody(f"a chunk without a length: {line[:40]!r}")
        length = int(digits, 16)
        self._raw = rest
        self._in_chunk = length + 2
        # What follows the last chunk (trailers) changes nothing that is looked for.
        self.whole = self.whole or length == 0
        return True

    def _keep(self, part: bytes) -> None:
        self.data += part[: BYTES_MAX - len(self.data)]
        self.whole = self.whole or len(self.data) >= BYTES_MAX
