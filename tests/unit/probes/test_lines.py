"""Bytes into lines: whole ones only, none without limit, the end told from a quotation of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_vantages import a_result
from migrator.engine.ports import VantageLost
from migrator.probes.lines import LINE_BYTES_MAX, is_end, whole_lines


def coming(*parts: bytes) -> Callable[[int], Awaitable[bytes]]:
    left = [part for part in parts if part]

    async def read(_most: int) -> bytes:
        return left.pop(0) if left else b""

    return read


@given(
    lines=st.lists(st.binary(max_size=20).map(lambda b: b.replace(b"\n", b"")), max_size=10),
    cuts=st.lists(st.integers(0, 200), max_size=6),
)
async def test_lines_are_the_same_however_they_are_cut(lines: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    places = sorted({0, len(whole), *(min(cut, len(whole)) for cut in cuts)})
    parts = [whole[a:b] for a, b in pairwise(places)]
    found = [line async for line in whole_lines(coming(*parts))]
    assert found == [line + b"\n" for line in lines]


async def test_a_last_line_without_an_end_is_no_line() -> None:
    assert [line async for line in whole_lines(coming(b"a\nb"))] == [b"a\n"]


async def test_a_line_without_limit_is_refused() -> None:
    with pytest.raises(VantageLost, match="a line of more than 64 KiB"):
        [line async for line in whole_lines(coming(b"x" * LINE_BYTES_MAX, b"x"))]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"end": true, "n": 1}\n', True),
        (b'{"end":true,"n":1}\n', True),
        (b'{"end": false}\n', False),
        (b'{"end": true', False),
        (b'"end"\n', False),
        (a_result("end"), False),
        (json.dumps({"id": "a", "detail": '{"end": true}'}).encode(), False),
    ],
)
def test_the_end_is_told_from_what_quotes_it(line: bytes, expected: bool) -> None:
    assert is_end(line) is expected
