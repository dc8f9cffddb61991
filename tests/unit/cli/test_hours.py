"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from migrator.cli.hours import minutes_of, moment_of
from migrator.errors import InputError

NOW = datetime(2023, 10, 13, 18, 30, tzinfo=UTC)  # 20:30 by the plan's clocks
ZONE = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("21:00", "2023-10-13T21:00:00+02:00"),
        ("20:30", "2023-10-14T20:30:00+02:00"),
        ("09:30", "2023-10-14T09:30:00+02:00"),
        ("2023-10-14T09:30", "2023-10-14T09:30:00+02:00"),
    ],
)
def test_an_hour_alone_is_the_next_one_by_the_plans_clocks(text: str, moment: str) -> None:
    assert moment_of(text, NOW, ZONE, "--until").isoformat() == moment


@pytest.mark.parametrize("text", ["soon", "29:00", "", "2023-13-01T10:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--until"):
        moment_of(text, NOW, ZONE, "--until")


@pytest.mark.parametrize(("text", "minutes"), [("15m", "15"), ("1.5h", "90"), (" 5 min ", "5")])
def test_a_length_of_time_is_told_in_minutes(text: str, minutes: str) -> None:
    assert minutes_of(text, "--by") == minutes


@pytest.mark.parametrize("text", ["15", "h", "-5m", "1h30", ""])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--by"):
        minutes_of(text, "--by")
