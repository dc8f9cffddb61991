"""Header blocks: what we write everybody reads, what servers write we read, and nothing grows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.probes.checks.hpack import CODES, STATIC, Decoder, encoded, unpacked

ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300)


@given(st.lists(st.tuples(ASCII, ASCII), max_size=10))
def test_fields_come_back_as_they_were_written(fields: list[tuple[str, str]]) -> None:
    assert Decoder().fields(encoded(fields)) == fields


def packed(text: bytes) -> bytes:
    """Huffman's code of a text, written with the reader's own table."""
    words = {symbol: (length, code) for (length, code), symbol in CODES.items()}
    bits = "".join(format(words[byte][1], f"0{words[byte][0]}b") for byte in text)
    bits += "1" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


@given(st.binary(max_size=300))
def test_text_comes_back_out_of_its_code(text: bytes) -> None:
    assert unpacked(packed(text)) == text


def test_code_is_the_one_of_the_standard() -> None:
    # Worked by hand from appendix B's lengths: 5 bits each for the ten commonest, and no gap.
    assert sum(2.0**-length for length, _ in CODES) == 1.0, "a whole code leaves no bits unused"
    assert len(CODES) == 257
    assert packed(b"0") == bytes([0b00000_111])
    assert packed(b"www") == bytes([0b11110001, 0b11100011, 0b11000111])
    assert len(STATIC) == 61
    assert STATIC[31] == ("cookie", "")


def test_fields_that_were_remembered_are_found_again() -> None:
    decoder = Decoder()
    assert decoder.fields(b"\x40\x01a\x01b\x88") == [("a", "b"), (":status", "200")]
    assert decoder.fields(b"\x40\x01c\x01d\xbe\xbf") == [("c", "d"), ("c", "d"), ("a", "b")]
    assert decoder.fields(b"\x7e\x01e") == [("c", "e")]  # the name of the newest
    assert decoder.fields(b"\x20\x3f\xe1\x1f") == []  # forgotten all, and as large as before
    with pytest.raises(ValueError, match="no table"):
        decoder.fields(b"\xbe")


def test_old_fields_make_room_for_new_ones() -> None:
    decoder = Decoder()
    for _ in range(40):
        decoder.fields(b"\x40\x01a\x7f\x49" + b"v" * 200)
    assert sum(len(name) + len(value) + 32 for name, value in decoder._table) <= 4096


@pytest.mark.parametrize(
    "block",
    [
        b"\x80",  # number 0 of no table
        b"\xff\xff\xff\xff\xff\xff\x0f",  # a number without an end
        b"\x40\x05ab",  # a text that ends too early
        b"\x00",  # nothing behind it
        b"\x3f\xff\x7f",  # a table larger than allowed
        b"\x88\x20",  # resized behind the first field
        b"\x00\x81\x00\x00",  # Huffman's text filled up with zeros
        b"\x00\x85\xff\xff\xff\xff\xff\x00",  # bits that mean nothing
    ],
)
def test_block_that_is_none_is_refused(block: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Decoder().fields(block)


def test_few_bytes_do_not_unpack_to_many() -> None:
    decoder = Decoder()
    decoder.fields(b"\x40\x01a\x7f\xa1\x1e" + b"v" * 4000)
    with pytest.raises(ValueError, match="without an end"):
        decoder.fields(b"\xbe" * 1000)
