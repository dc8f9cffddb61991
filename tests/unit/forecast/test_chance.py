"""Quantiles are observed weekends, shares count weekends, and moments keep the plan's clocks."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from migrator.forecast import chance
from migrator.forecast.chance import Dial, Sampled, at_share, quantiles

ZONE = ZoneInfo("Europe/Stockholm")
DIAL = Dial(datetime(2023, 10, 13, 18, 0, tzinfo=ZONE), ZONE)


def sampled(switches: list[list[float]], over: list[float] | None = None) -> Sampled:
    """Weekends from switches alone: started ten minutes before, accepted twenty after."""
    switch = np.array(switches, dtype=np.float64)
    times = np.stack([switch - 10, switch, switch + 10, switch + 20], axis=2)
    gone = np.isfinite(switch).sum(axis=1)
    last = np.where(np.isfinite(times[:, :, 3]), times[:, :, 3], 0.0).max(axis=1)
    figures = np.zeros((len(switch), 5))
    figures[:, chance.OVER] = last if over is None else over
    figures[:, chance.GONE] = gone
    return Sampled(figures, np.zeros((len(switch), 1)), times)


def test_the_columns_are_those_of_the_kernel() -> None:
    from migrator.schedule import weekend

    ours = (chance.OVER, chance.EXPOSURE, chance.GONE, chance.LATE, chance.UNWINDS)
    theirs = (weekend.OVER, weekend.EXPOSURE, weekend.GONE, weekend.LATE, weekend.UNWINDS)
    assert ours == theirs


def test_a_quantile_is_an_observed_weekend() -> None:
    minutes = np.array([50.0, 10.0, 30.0, 20.0, 40.0])
    assert at_share(minutes, 0.5) == 30.0
    assert at_share(minutes, 0.8) == 40.0
    assert at_share(minutes, 0.95) == 50.0


def test_what_happens_in_too_few_weekends_has_no_quantile() -> None:
    found = quantiles(np.array([60.0, 120.0, 180.0, math.inf]), DIAL)
    assert found.p50 == datetime(2023, 10, 13, 20, 0, tzinfo=ZONE)
    assert found.p80 is None
    assert found.p95 is None


def test_moments_keep_the_clocks_of_the_night_in_which_they_are_set_back() -> None:
    dial = Dial(datetime(2023, 10, 28, 18, 0, tzinfo=ZONE), ZONE)
    nine = dial.certain(9 * 60)
    assert (nine.hour, nine.utcoffset()) == (2, timedelta(hours=1))
    assert dial.minutes(nine) == 540.0
    assert dial.moment(math.inf) is None


def test_a_weekend_fits_when_everything_moved_inside_the_window() -> None:
    weekends = sampled([[100, 200], [100, math.inf], [100, 900], [100, 80]])
    assert chance.fits(weekends, 2, 600.0) == 0.5
    assert chance.share_of(chance.moved(weekends, 2)) == 0.75


def test_a_wave_ends_with_its_last_move_and_never_where_one_stays() -> None:
    ends = chance.wave_ends(sampled([[100, 200], [100, math.inf]]), np.array([0, 0]), 1)
    assert ends.tolist() == [[220.0], [math.inf]]


def test_the_bridges_carry_what_stands_apart_and_for_the_part_of_the_hour() -> None:
    weekends = sampled([[30.0, 90.0]])
    hours = chance.bridges(weekends, np.array([[0, 1]]), np.array([4.0]), 150.0, DIAL)
    assert [hour.split for hour in hours] == pytest.approx([0.5, 0.5, 0.0])
    assert hours[1].begin == datetime(2023, 10, 13, 19, 0, tzinfo=ZONE)


def test_who_never_moves_stands_apart_until_the_window_closes() -> None:
    weekends = sampled([[30.0, math.inf]])
    hours = chance.bridges(weekends, np.array([[0, 1]]), np.array([4.0]), 150.0, DIAL)
    assert [hour.split for hour in hours] == pytest.approx([0.5, 1.0, 1.0])


def test_a_fan_line_leaves_out_what_never_switched() -> None:
    (line,) = chance.fan(sampled([[120.0, 60.0, math.inf]]), DIAL)
    assert line.switched == (DIAL.moment(60), DIAL.moment(120))
    assert line.end == DIAL.moment(140)


def test_exposure_is_in_hours_of_a_unit_of_weight() -> None:
    weekends = sampled([[1.0], [1.0]])
    weekends.figures[:, chance.EXPOSURE] = (600.0, 1200.0)
    assert chance.exposure_hours(weekends, np.array([10.0])) == (1.5, 2.0)
    assert chance.exposure_hours(weekends, np.array([])) == (0.0, 0.0)
