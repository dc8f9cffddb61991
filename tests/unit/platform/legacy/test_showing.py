"""What comes from outside is fit to be shown: nothing a terminal obeys, every cut said."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.platform.legacy.secret_values import Secrets
from migrator.platform.legacy.showing import last_lines, shown, shown_cut, size

NONE = Secrets({})


@given(st.binary() | st.text().map(lambda text: text.encode(errors="replace")))
def test_no_bytes_make_a_terminal_do_anything(data: bytes) -> None:
    text = shown(data, NONE)
    controls = {letter for letter in text if unicodedata.category(letter) == "Cc"}
    assert controls <= {"\n", "\t"}
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not {unicodedata.bidirectional(letter) for letter in text} & turning


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x1b[31mred\x1b[0m\r\n", "red\n"),
        (b"\x1b]0;title\x07ok \x1b]52;c;ZWNobw==\x1b\\.", "ok ."),
        (b"10%\r20%\r", "10%\n20%\n"),
        (b"a\x00b", "a\ufffdb"),
        (b"\x00" * 70, "[70 bytes that cannot be shown]"),
        ("åäö \u202eevil".encode(), "åäö \ufffdevil"),
    ],
)
def test_controls_are_taken_out_and_text_is_left(data: bytes, text: str) -> None:
    assert shown(data, NONE) == text


def test_colours_within_a_secret_do_not_hide_it() -> None:
    assert shown(b"hun\x1b[1mter2\x1b[0m", Secrets({"S": "hunter2"})) == "[secret]"


def test_a_cut_is_said_and_an_uncut_output_is_whole() -> None:
    assert shown_cut(b"head", b"tail", 1_073_000_000, NONE) == (
        "head\n... 1 073 MB left out ...\ntail"
    )
    assert shown_cut(b"he", b"ad", 0, NONE) == "head"


def test_a_cut_through_a_secret_shows_no_half_of_it() -> None:
    secrets = Secrets({"S": "correct horse"})
    assert shown_cut(b"pw: correct h", b"orse.", 9, secrets) == (
        "pw: \n... 9 bytes left out ...\n."
    )


def test_the_last_lines_are_few_and_short() -> None:
    assert last_lines("1\n\n2 \n") == "1\n2"
    assert last_lines("\n".join(map(str, range(100)))).splitlines()[0] == "88"
    assert len(last_lines("x" * 100_000)) < 1_300


@pytest.mark.parametrize(
    ("count", "text"), [(1, "1 bytes"), (2_500, "2 kB"), (3 * 10**9, "3 000 MB")]
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert size(count) == text
