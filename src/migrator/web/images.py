"""Bytes that somebody sent as a picture -> a picture that can be shown to others, or why not. Pure.

Called by `pictures.py`, in a thread. A picture is known by its content, never by its name. It is
decoded and written anew, so that nothing else comes along: no place where it was taken, no second
file behind the first. Sizes are looked at before anything is decoded, because a small file can hold
a picture that fills the memory. What must never happen: bytes that come in are handed out as they
came.
"""

from __future__ import annotations

import io
import struct
import threading
import zlib
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageFile, ImageOps

BYTES_MAX: Final = 15 * 1024 * 1024
"""Twice what a telephone's largest photograph weighs."""
PIXELS_MAX: Final = 64_000_000
"""The largest photographs of telephones; a JPEG of it is decoded at a fraction of its size."""
PLAIN_PIXELS_MAX: Final = 24_000_000
"""Other formats are decoded whole: twice the largest screen, about 100 MB for a moment."""
SIDE_MAX: Final = 2560
"""The longer side as it is kept: text on a screen can be read, and a page stays light."""
QUALITY: Final = 85
AT_ONCE_MAX: Final = 2
"""Pictures that are decoded in the same moment, so that many of them are slow and not fatal."""
MEDIA: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
PALE: Final = "white"

# What the decoders raise for bytes that are broken, or made to break them.
_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_DECODING: Final = threading.BoundedSemaphore(AT_ONCE_MAX)

# Our own limits are asked first, before anything is decoded, and they are narrower.
Image.MAX_IMAGE_PIXELS = None
ImageFile.LOAD_TRUNCATED_IMAGES = False


@dataclass(frozen=True, slots=True)
class Clean:
    """A picture that was written anew."""

    media: str
    content: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why it cannot be taken: `kind` (no picture that we know), `pixels` or `bytes` (too large)."""

    why: str


def cleaned(content: bytes) -> Clean | Unfit:
    """The picture in `content`, made harmless."""
    if len(content) > BYTES_MAX:
        return Unfit("bytes")
    with _DECODING:
        try:
            return _cleaned(content)
        except _BROKEN:
            return Unfit("kind")


def _cleaned(content: bytes) -> Clean | Unfit:
    with Image.open(io.BytesIO(content), formats=tuple(MEDIA)) as found:
        kind = found.format
        assert kind in MEDIA, "no other format was asked for"
        width, height = found.size
        if width * height > (PIXELS_MAX if kind == "JPEG" else PLAIN_PIXELS_MAX):
            return Unfit("pixels")
        # A JPEG is then decoded to a half, a fourth or an eighth; other formats do not mind.
        found.draft("RGB", (SIDE_MAX, SIDE_MAX))
        found.load()
        # Telephones write down how they were held instead of turning the picture.
        upright = ImageOps.exif_transpose(found)
    upright.thumbnail((SIDE_MAX, SIDE_MAX))
    plain = _plain(upright, kind)
    written = io.BytesIO()
    if kind == "PNG":
        plain.save(written, "PNG")
    else:
        plain.save(written, kind, quality=QUALITY)
    return Clean(MEDIA[kind], written.getvalue(), plain.width, plain.height)


def _plain(image: Image.Image, kind: str) -> Image.Image:
    """Points and nothing else: an image of its own, to which no words and no profile belong."""
    if kind == "JPEG" or not image.has_transparency_data:
        mode = "L" if image.mode in {"1", "L"} else "RGB"
        points = image.convert(mode)
    else:
        points = image.convert("RGBA")
    bare = Image.new(points.mode, points.size)
    bare.paste(points)
    return bare
