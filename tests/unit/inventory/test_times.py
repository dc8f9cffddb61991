"""Local times become moments; the hours of a clock change are never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from migrator.inventory.times import (
    at_offset,
    instant,
    parse_date,
    parse_time,
    told_apart,
    zone,
)

STOCKHOLM = zone("Europe/Stockholm")


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2023-10-13T18:00", "2023-10-13T18:00:00+02:00"),
        ("2023-12-13 18:00:30", "2023-12-13T18:00:30+01:00"),
        ("2023-10-13T18:00+02:00", "2023-10-13T18:00:00+02:00"),
        ("2023-10-13T16:00Z", "2023-10-13T18:00:00+02:00"),
        ("2023-10-29T02:30+02:00", "2023-10-29T02:30:00+02:00"),
        ("2023-10-29T02:30+01:00", "2023-10-29T02:30:00+01:00"),
    ],
)
def test_time_is_read_as_the_clocks_there_show_it(text: str, iso: str) -> None:
    assert parse_time(text, STOCKHOLM).isoformat() == iso


def test_hour_that_exists_twice_names_both_offsets() -> None:
    with pytest.raises(ValueError, match="exists twice in Europe/Stockholm") as caught:
        parse_time("2023-10-29T02:30", STOCKHOLM)
    assert str(caught.value).endswith(
        "write 2023-10-29T02:30+02:00 for the first or 2023-10-29T02:30+01:00 for the second"
    )


def test_hour_that_does_not_exist_names_both_offsets_and_what_they_mean() -> None:
    with pytest.raises(ValueError, match="does not exist in Europe/Stockholm") as caught:
        parse_time("2023-03-26T02:30", STOCKHOLM)
    assert str(caught.value).endswith(
        "write 2023-03-26T02:30+01:00 (which is 03:30+02:00) "
        "or 2023-03-26T02:30+02:00 (which is 01:30+01:00)"
    )


def test_hours_across_a_clock_change_are_counted_and_not_read_off_the_wall() -> None:
    start = parse_time("2023-10-28T18:00", STOCKHOLM)
    end = parse_time("2023-10-29T18:00", STOCKHOLM)
    assert end - start == timedelta(hours=25)


@pytest.mark.parametrize(
    "text", ["18:00", "2023-10-13", "tomorrow", "2023-10-13T18", "2023-1-1T18:00", ""]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="wants a time such as 2023-10-13T18:00"):
        parse_time(text, STOCKHOLM)


@pytest.mark.parametrize(
    "text", ["2023-02-30T18:00", "2023-10-13T25:00", "0001-01-01T00:00", "9999-12-31T23:00Z"]
)
def test_time_of_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no time between the years 2000 and 2199"):
        parse_time(text, STOCKHOLM)


@pytest.mark.parametrize("name", ["Nowhere", "", "../etc/passwd", "Europe", "\0", "a" * 300])
def test_unknown_zone_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone that this machine knows"):
        zone(name)


def test_date_is_read_and_a_slip_refused() -> None:
    assert parse_date("2025-01-15") == date(2025, 1, 15)
    with pytest.raises(ValueError, match="wants a date such as"):
        parse_date("15/1 2025")
    with pytest.raises(ValueError, match="no day between the years"):
        parse_date("2025-02-30")


def test_one_moment_has_one_text_in_every_zone() -> None:
    moment = parse_time("2023-10-13T18:00", STOCKHOLM)
    assert instant(moment) == "2023-10-13T16:00:00Z"
    assert instant(at_offset(moment, zone("Asia/Tokyo"))) == "2023-10-13T16:00:00Z"


def test_an_hour_that_the_clocks_show_twice_is_told_apart() -> None:
    first, second = (datetime(2023, 10, 29, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert (told_apart(first, STOCKHOLM), told_apart(second, STOCKHOLM)) == (" CEST", " CET")
    assert told_apart(first - timedelta(hours=1), STOCKHOLM) == ""
    assert told_apart(second + timedelta(hours=1), STOCKHOLM) == ""
    # The hour that is skipped in spring is never shown, and its neighbours are plain.
    assert told_apart(datetime(2023, 3, 26, 1, 30, tzinfo=UTC), STOCKHOLM) == ""
