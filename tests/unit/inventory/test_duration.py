"""Durations are read as people write them and written as people read them."""

from __future__ import annotations

import pytest

from migrator.inventory.duration import format_minutes, parse_minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90s", 1.5),
        ("40m", 40.0),
        ("1h30m", 90.0),
        ("2h", 120.0),
        ("1h 30m", 90.0),
        ("1.5h", 90.0),
        ("0m", 0.0),
        (40, 40.0),
        (2.5, 2.5),
    ],
)
def test_what_people_write_is_read(text: str | float, minutes: float) -> None:
    assert parse_minutes(text) == minutes


@pytest.mark.parametrize(
    "text",
    ["", "abc", "40", "40 minutes", "-5m", "30m1h", "1d", -1, float("inf"), 10**400, "9" * 9 + "h"],
)
def test_what_is_no_duration_is_refused_with_a_sentence(text: str | float) -> None:
    with pytest.raises(ValueError, match="wants a duration"):
        parse_minutes(text)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (1.5, "90s"),
        (2.5, "2m30s"),
        (40.0, "40m"),
        (90.0, "1h30m"),
        (120.0, "2h"),
        (0.0, "0m"),
        (60.5, "1h30s"),
        (0.001, "0.001m"),
    ],
)
def test_durations_are_written_the_customary_way(minutes: float, text: str) -> None:
    assert format_minutes(minutes) == text
