"""Times in files: one moment each, and an end after the start."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import edited, faults_of

CASES = {
    "a window": (
        ("calendar", "end: 2023-10-15T18:00", "end: 2023-10-12T18:00"),
        ("calendar.yaml:2: window.end: "
        "the window ends (2023-10-12T18:00) before it starts (2023-10-13T18:00)"),
    ),
    "a shift": (
        ("people", "end: 2023-10-14T06:00", "end: 2023-10-12T06:00"),
        ("people.yaml:16: shifts[0].end: "
        "the shift 'friday' ends (2023-10-12T06:00) before it starts (2023-10-13T18:00)"),
    ),
    "a shift that ends by another clock": (
        ("people", "end: 2023-10-14T06:00", "end: 2023-10-13T20:00+05:00"),
        ("people.yaml:16: shifts[0].end: "
        "the shift 'friday' ends (2023-10-13T20:00+05:00) before it starts (2023-10-13T18:00)"),
    ),
    "a blackout": (
        ("calendar", "    end: 2023-10-14T04:00", "    end: 2023-10-14T01:00"),
        ("calendar.yaml:6: blackouts[0].end: the blackout 'pay-run' ends (2023-10-14T01:00) "
        "before it starts (2023-10-14T01:00)"),
    ),
    "a fixed date outside the window": (
        ("calendar", "2023-10-14T08:00, end: 2023-10-14T12:00",
         "2023-10-20T08:00, end: 2023-10-20T12:00"),
        ("calendar.yaml:10: fixed_dates[0].start: "
        "the fixed date lies outside the window, so nobody can keep it"),
    ),
    "an hour that exists twice": (
        ("calendar", "start: 2023-10-14T01:00", "start: 2023-10-29T02:30"),
        ("calendar.yaml:5: blackouts[0].start: 2023-10-29T02:30 exists twice in Europe/Stockholm, "
        "because the clocks are set back; write 2023-10-29T02:30+02:00 for the first or "
        "2023-10-29T02:30+01:00 for the second"),
    ),
    "an hour that does not exist": (
        ("functions", "possible_after: 2023-10-14T09:00", "possible_after: 2023-03-26T02:30"),
        ("functions.yaml:11: functions[0].possible_after: 2023-03-26T02:30 does not exist in "
        "Europe/Stockholm, because the clocks are set forward; write 2023-03-26T02:30+01:00 "
        "(which is 03:30+02:00) or 2023-03-26T02:30+02:00 (which is 01:30+01:00)"),
    ),
    "an hour without a day": (
        ("subsystems", "at: 2023-10-15T12:00", "at: 12:00"),
        ("subsystems.yaml:19: subsystems[0].irreversible.at: "
        "wants a time such as 2023-10-13T18:00, found '12:00'"),
    ),
    "an unknown time zone": (
        ("calendar", "Europe/Stockholm", "Europe/Stokholm"),
        ("calendar.yaml:1: time_zone: 'Europe/Stokholm' is no time zone that this machine knows; "
        "write one such as Europe/Stockholm"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "fault"), CASES.values(), ids=CASES)
def test_wrong_hour_is_named_once_with_its_place(
    tmp_path: Path, change: tuple[str, str, str], fault: str
) -> None:
    stem, old, new = change
    assert faults_of(tmp_path, **{stem: edited(stem, old, new)}) == [fault]


def test_offset_makes_an_hour_that_exists_twice_one_moment(tmp_path: Path) -> None:
    text = edited("functions", "2023-10-14T09:00", "2023-10-29T02:30+01:00")
    assert faults_of(tmp_path, functions=text) == []


def test_assumed_window_is_checked_too(tmp_path: Path) -> None:
    assumptions = (
        "window: {start: 2024-05-03T18:00, end: 2024-05-01T06:00, time_zone: Europe/Oslo}\n"
    )
    assert faults_of(tmp_path, calendar=None, assumptions=assumptions) == [
        (
            "assumptions.yaml:1: window.end: "
            "the window ends (2024-05-01T06:00) before it starts (2024-05-03T18:00)"
        )
    ]


def test_zone_of_the_assumed_window_counts_where_there_is_no_calendar(tmp_path: Path) -> None:
    # In this zone the clocks changed on 12 March 2023, not on the 26th.
    assumptions = (
        "window: {start: 2023-03-12T02:30, end: 2023-03-15T06:00, time_zone: America/New_York}\n"
    )
    [fault] = faults_of(tmp_path, calendar=None, assumptions=assumptions)
    assert "2023-03-12T02:30 does not exist in America/New_York" in fault
