"""The handlers' page of paper names buttons and answers as the pages themselves do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migrator.reports.texts import texts
from migrator.store.sign_in import CODE_LENGTH

GUIDE = Path(__file__).parents[3] / "docs" / "handlers.md"
NAMED = (
    "Sign in on this device",
    "My devices",
    "Practice check",
    "I am here",
    "My checks",
    "Open the check",
    "What to try",
    "Hand it over",
)
ANSWERS = ("It works", "It works, but ...", "It does not work", "I cannot judge it")


@pytest.mark.parametrize(("language", "half"), [("sv", 0), ("en", 1)])
def test_what_is_to_be_pressed_is_called_what_the_page_calls_it(language: str, half: int) -> None:
    part = GUIDE.read_text(encoding="utf-8").split("\n---\n")[half]
    t = texts(language)
    assert re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", part) == [t._(each) for each in NAMED]
    answers = [line.split("**")[1] for line in part.splitlines() if line.startswith("| **")]
    assert answers == [t._(each) for each in ANSWERS]


def test_a_code_is_as_long_as_the_paper_says() -> None:
    assert CODE_LENGTH == 8, "docs/handlers.md says eight"
