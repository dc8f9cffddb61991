"""Codes can be read out, typed in any way, and not be guessed."""

from __future__ import annotations

import re

import pytest

from migrator.store.codes import ALPHABET, code_digest, new_code


def test_a_code_is_three_groups_of_signs_that_nobody_mistakes() -> None:
    assert re.fullmatch(rf"([{ALPHABET}]{{4}}-){{2}}[{ALPHABET}]{{4}}", new_code())
    assert not set("01IO") & set(ALPHABET)
    assert len(ALPHABET) == 32


def test_no_code_is_made_twice() -> None:
    assert len({new_code() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("typed", ["7KQM-2XWD-RB9T", "7kqm2xwdrb9t", " 7kqm 2xwd-rb9t\n"])
def test_a_code_is_known_however_it_is_typed(typed: str) -> None:
    assert code_digest(typed) == code_digest("7KQM-2XWD-RB9T")


def test_another_code_has_another_digest() -> None:
    assert code_digest("7KQM-2XWD-RB9U") != code_digest("7KQM-2XWD-RB9T")
    assert re.fullmatch("[0-9a-f]{64}", code_digest("x"))
