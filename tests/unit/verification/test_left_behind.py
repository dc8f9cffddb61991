"""The reference of what a test left: short, plain, and nobody's personal number."""

from __future__ import annotations

import pytest

from migrator.verification.left_behind import REFERENCE_CHARACTERS_MAX, reference_fault


@pytest.mark.parametrize(
    "text", ["T-4711", "test 12/2023", "dnr 1234:56", "PAY#000123", "ärende-9"]
)
def test_a_case_number_is_a_reference(text: str) -> None:
    assert reference_fault(text) == ""


@pytest.mark.parametrize(
    "text", ["19121212-1212", "121212-1212", "case 201212121212", "1212121212", "121272-1212"]
)
def test_what_looks_like_a_personal_number_is_none(text: str) -> None:
    assert "personal number" in reference_fault(text)


def test_a_story_is_no_reference() -> None:
    assert "at most 60" in reference_fault("x" * (REFERENCE_CHARACTERS_MAX + 1))
    assert "goes into the note" in reference_fault('she said: "no"')
    assert "goes into the note" in reference_fault("T-1\nT-2")
