"""Frames of HTTP/2 as bytes and back: RFC 9113, as much as one request and its answer need.

Only the check of gRPC uses it. What a server may send without an end (pings, settings, empty
pieces of headers) is counted here, so that the talk above always ends.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
WITH_PRIORITY = 0x20

FRAME_BYTES_MAX = 16_384
"""What a server must not exceed unless told that it may, and we never tell it."""

FRAMES_MAX = 1_000
BLOCK_BYTES_MAX = 32_768
"""Of one header block, over all its pieces."""

_ERRORS = (
    "NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED "
    "FRAME_SIZE_ERROR REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM "
    "INADEQUATE_SECURITY HTTP_1_1_REQUIRED"
)
ERRORS = tuple(_ERRORS.split())


class Frame(NamedTuple):
    """One frame; padding and priority are taken off."""

    kind: int
    flags: int
    stream: int
    body: bytes


def framed(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    """One frame as it travels."""
    return struct.pack("!I", len(body))[1:] + struct.pack("!BBI", kind, flags, stream) + body


def error_name(code: int) -> str:
    """The word of an error's number."""
    return ERRORS[code] if code < len(ERRORS) else f"error {code}"


class Frames:
    """The server's frames, in order. ValueError for what is no HTTP/2."""

    def __init__(self) -> None:
        self._waiting = b""
        self._count = 0
        self._block: Frame | None = None  # a header block whose last piece has not come

    def add(self, data: bytes) -> None:
        """Bytes came."""
        self._waiting += data

    @property
    def begun(self) -> bool:
        """Whether the server has said that it speaks HTTP/2."""
        return self._count > 0

    def next(self) -> Frame | None:
        """The next whole frame, headers with all their pieces; None while it is not whole."""
        while True:
            frame = self._one()
            if frame is None:
                return None
            if self._count == 1 and (frame.kind != SETTINGS or frame.flags & ACK):
                raise ValueError("does not begin with settings")
            whole = self._whole(frame)
            if whole is not None:
                return whole

    def _one(self) -> Frame | None:
        if len(self._waiting) < 9:
            return None
        high, low, kind, flags, stream = struct.unpack_from("!BHBBI", self._waiting)
        size = high << 16 | low
        # Whoever speaks something else is quoted by the same nine bytes, however they came.
        said = "".join(chr(b) if 32 <= b < 127 else "." for b in self._waiting[:9])
        if size > FRAME_BYTES_MAX or (not self._count and kind != SETTINGS):
            raise ValueError(f"does not speak HTTP/2: {said!r}")
        if len(self._waiting) < 9 + size:
            return None
        self._count += 1
        if self._count > FRAMES_MAX:
            raise ValueError("frames without an end")
        body, self._waiting = self._waiting[9 : 9 + size], self._waiting[9 + size :]
        return _bare(Frame(kind, flags, stream & 0x7FFFFFFF, body))

    def _whole(self, frame: Frame) -> Frame | None:
        block = self._block
        if block is not None:
            if frame.kind != CONTINUATION or frame.stream != block.stream:
                raise ValueError("headers that another frame interrupts")
            frame = block._replace(
                body=block.body + frame.body, flags=block.flags | frame.flags & END_HEADERS
            )
        elif frame.kind == CONTINUATION:
            raise ValueError("a piece of headers that belong to nothing")
        elif frame.kind != HEADERS:
            return frame
        if len(frame.body) > BLOCK_BYTES_MAX:
            raise ValueError("headers without an end")
        self._block = None if frame.flags & END_HEADERS else frame
        return frame if self._block is None else None


def _bare(frame: Frame) -> Frame:
    """Without padding and priority."""
    body = frame.body
    if frame.kind not in (DATA, HEADERS):
        return frame
    padding = 0
    if frame.flags & PADDED:
        padding, body = (body[0], body[1:]) if body else (1, b"")
    if frame.kind == HEADERS and frame.flags & WITH_PRIORITY:
        if len(body) < 5:
            raise ValueError("a frame that ends too early")
        body = body[5:]
    if padding > len(body):
        raise ValueError("a frame that is all padding")
    return frame._replace(body=body[: len(body) - padding])
