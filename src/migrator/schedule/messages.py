"""What goes between the kernel's process and whoever asks: words as JSON, arrays as npz, in frames.

Used by `serve.py` and `process.py`, one on each end of a pipe. A frame is its length in eight bytes
and an npz archive; nothing in it is ever unpickled.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from migrator.schedule.live import NOTHING_YET, Live
from migrator.schedule.problem import Floats, Problem

FRAME_BYTES_MAX: Final = 1 << 30
"""A gibibyte: 10,000 weekends of 1,000 moves with all their times are a third of it."""

_LENGTH_BYTES: Final = 8
_WORDS: Final = "words"

Arrays = Mapping[str, NDArray[np.generic]]
Words = Mapping[str, str | float | bool]
Kind = TypeVar("Kind", int, float, str)


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer."""

    words: Words
    arrays: Arrays

    def word(self, name: str, kind: type[Kind], default: Kind | None = None) -> Kind:
        """A word that has to be there, unless there is a default for it."""
        value = self.words.get(name, default)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise TypeError(f"'{name}' is not {kind.__name__}: {value!r}")
        return value

    def problem(self) -> Problem:
        """The problem among the arrays."""
        missing = [name for name in Problem._fields if name not in self.arrays]
        if missing:
            raise ValueError(f"arrays are missing: {', '.join(missing)}")
        return Problem(**{name: self.arrays[name] for name in Problem._fields})  # type: ignore[arg-type]  # npz keeps the types

    def live(self) -> Live:
        """What has really happened, if that is among the arrays."""
        if "live_moves" not in self.arrays:
            return NOTHING_YET
        parts = (self.arrays[f"live_{name}"] for name in Live._fields)
        return Live(*(np.ascontiguousarray(part, dtype=np.float64) for part in parts))


def named(live: Live) -> dict[str, Floats]:
    """The arrays of a real state, as a question carries them."""
    return {f"live_{name}": array for name, array in live._asdict().items()}


def write(stream: IO[bytes], message: Message) -> None:
    """Send a message."""
    words = np.frombuffer(json.dumps(dict(message.words)).encode(), dtype=np.uint8)
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, **{**message.arrays, _WORDS: words})
    body = archive.getvalue()
    stream.write(len(body).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(body)
    stream.flush()


def read(stream: IO[bytes]) -> Message | None:
    """Receive a message; None when the other end has closed."""
    head = stream.read(_LENGTH_BYTES)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if len(head) < _LENGTH_BYTES or length > FRAME_BYTES_MAX:
        raise ValueError(f"no frame begins with {head!r}")
    body = stream.read(length)
    if len(body) < length:
        raise ValueError(f"a frame of {length} bytes ended after {len(body)}")
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    words: object = json.loads(arrays.pop(_WORDS).tobytes())
    if not isinstance(words, dict):
        raise TypeError("the words of a message are no object")
    return Message(words, arrays)
