"""How far a sweep is, and what is not known of it."""

from __future__ import annotations

import pytest

from migrator.probes.progress import Meter, State, spoken


def test_what_remains_is_the_time_of_the_slowest() -> None:
    meter = Meter({"here": 1000, "old-web": 100})
    meter.begin("here", 0, 0.0)
    meter.begin("old-web", 0, 0.0)
    meter.more("here", 500, 5.0)
    meter.more("old-web", 10, 5.0)
    seen = meter.progress(5.0)
    assert (seen.done, seen.total) == (510, 1100)
    assert seen.rate == pytest.approx(102)
    assert seen.remaining_seconds == pytest.approx(45)
    assert str(seen) == "510 of 1100 looks, 102 a second, 45 s left"


def test_what_was_never_heard_of_has_no_time_left() -> None:
    meter = Meter({"here": 1000, "old-web": 100})
    meter.begin("here", 0, 0.0)
    meter.more("here", 500, 5.0)
    assert meter.progress(5.0).remaining_seconds is None


def test_a_rate_is_of_the_last_seconds_alone() -> None:
    meter = Meter({"here": 10_000})
    meter.begin("here", 0, 0.0)
    for second in range(1, 31):
        meter.more("here", 100 if second <= 15 else 10, float(second))
    assert meter.progress(30.0).rate == pytest.approx(10)
    assert meter.progress(40.0).rate < 10


def test_what_an_earlier_try_did_is_done_and_no_rate() -> None:
    meter = Meter({"here": 1000})
    meter.begin("here", 900, 0.0)
    meter.more("here", 10, 2.0)
    seen = meter.progress(2.0)
    assert seen.done == 910
    assert seen.rate == pytest.approx(5)
    assert seen.remaining_seconds == pytest.approx(18)


def test_a_lost_vantage_point_is_not_waited_for_and_says_why() -> None:
    meter = Meter({"here": 100, "old-web": 100})
    meter.begin("here", 0, 0.0)
    meter.more("here", 50, 5.0)
    meter.state("old-web", State.LOST, "no Python")
    seen = meter.progress(5.0)
    assert seen.remaining_seconds == pytest.approx(5)
    assert str(seen.places[1]) == "old-web: 0 of 100, lost (no Python)"


def test_many_reports_are_not_kept_one_by_one() -> None:
    meter = Meter({"here": 1_000_000})
    meter.begin("here", 0, 0.0)
    for number in range(100_000):
        meter.more("here", 1, number / 10_000)
    assert len(meter._places["here"].seen) < 250


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (44.2, "45 s"), (60, "1 min"), (61, "2 min"), (3600, "1 h 00 min")],
)
def test_time_is_spoken_rounded_up(seconds: float, said: str) -> None:
    assert spoken(seconds) == said
