"""What is taken as a picture, what comes out of it, and what must never come out."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from migrator.web.images import (
    BYTES_MAX,
    MEDIA,
    PIXELS_MAX,
    PLAIN_PIXELS_MAX,
    SIDE_MAX,
    Clean,
    Unfit,
    cleaned,
)

SECRET = b"a-secret-place"


def drawn(kind: str, size: tuple[int, int] = (40, 20), mode: str = "RGB", **how: object) -> bytes:
    out = io.BytesIO()
    image = Image.new(mode, size)
    image.save(out, kind, **how)
    return out.getvalue()


def clean(content: bytes) -> Clean:
    found = cleaned(content)
    assert isinstance(found, Clean), found
    return found


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_that_says(width: int, height: int) -> bytes:
    """A small file whose head tells of a large picture."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", sorted(MEDIA))
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_picture_is_known_by_its_content_and_stays_of_its_kind(kind: str, mode: str) -> None:
    found = clean(drawn(kind, mode=mode))
    assert (found.media, found.width, found.height) == (MEDIA[kind], 40, 20)
    assert Image.open(io.BytesIO(found.content)).format == kind


@pytest.mark.parametrize("kind", sorted(MEDIA))
def test_where_it_was_taken_does_not_come_along(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = SECRET.decode()
    raw = drawn(kind, exif=exif.tobytes(), icc_profile=SECRET * 20)
    assert SECRET in raw
    found = clean(raw)
    assert SECRET not in found.content
    assert dict(Image.open(io.BytesIO(found.content)).getexif()) == {}


def test_words_in_it_and_a_file_behind_it_do_not_come_along() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", SECRET.decode())
    raw = drawn("PNG", pnginfo=words) + b"<script>" + SECRET
    assert SECRET not in clean(raw).content


def test_it_is_turned_as_it_was_held() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = clean(drawn("JPEG", (40, 20), exif=exif.tobytes()))
    assert (found.width, found.height) == (20, 40)


@pytest.mark.parametrize("kind", sorted(MEDIA))
def test_a_large_one_is_made_smaller_and_keeps_its_shape(kind: str) -> None:
    found = clean(drawn(kind, (4000, 1000)))
    assert (found.width, found.height) == (SIDE_MAX, SIDE_MAX // 4)


def test_what_lets_something_through_goes_on_letting_it_through() -> None:
    found = clean(drawn("PNG", mode="RGBA"))
    assert Image.open(io.BytesIO(found.content)).mode == "RGBA"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        drawn("GIF", mode="L"),
        drawn("BMP"),
        drawn("TIFF"),
        drawn("JPEG")[:200],
        drawn("PNG")[:60],
        drawn("WEBP")[:30],
    ],
)
def test_what_is_no_picture_or_a_broken_one_is_refused(content: bytes) -> None:
    assert cleaned(content) == Unfit("kind")


def test_a_small_file_with_a_picture_that_fills_the_memory_is_refused_unread() -> None:
    side = int(PLAIN_PIXELS_MAX**0.5) + 1
    assert cleaned(png_that_says(side, side)) == Unfit("pixels")
    assert cleaned(png_that_says(2**31 - 1, 2**31 - 1)) in {Unfit("pixels"), Unfit("kind")}
    head = bytearray(drawn("JPEG"))
    at = head.index(b"\xff\xc0") + 5
    head[at : at + 4] = struct.pack(">HH", 65_000, PIXELS_MAX // 65_000 + 1)
    assert cleaned(bytes(head)) == Unfit("pixels")


def test_words_that_unpack_to_more_than_the_memory_are_refused() -> None:
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 80_000_000, 9))
    raw = drawn("PNG")
    assert cleaned(raw[:33] + bomb + raw[33:]) == Unfit("kind")


def test_more_bytes_than_a_picture_has_are_refused_unread() -> None:
    assert cleaned(drawn("PNG") + b"\0" * BYTES_MAX) == Unfit("bytes")
