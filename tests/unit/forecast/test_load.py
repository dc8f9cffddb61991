"""Work counts in the hour in which it could begin, for whom it waits, against who is there."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from migrator.forecast import load
from migrator.forecast.chance import Dial, Sampled
from migrator.schedule.problem import Crew, Function, Move, Rows, Rules, Spread

ZONE = ZoneInfo("Europe/Stockholm")
DIAL = Dial(datetime(2023, 10, 13, 18, 0, tzinfo=ZONE), ZONE)


def rows(*functions: Function) -> Rows:
    moves = [Move(Spread(100.0, 0.0), shares=(0, 0, 0.5, 0.4, 0.1), team=0) for _ in range(2)]
    crew = Crew(((60.0, 150.0, 2),))
    return Rows(moves, functions, [crew], [crew], (), Rules(window=180.0))


def weekends(*switches: tuple[float, float]) -> Sampled:
    switch = np.array(switches)
    times = np.stack([switch - 60, switch, switch + 10, switch + 20], axis=2)
    return Sampled(np.zeros((len(switch), 5)), np.zeros((len(switch), 1)), times)


def test_a_check_is_wanted_from_the_hour_in_which_its_last_core_move_is_free() -> None:
    check = Function(Spread(30.0, 0.0), (0, 1))
    found = load.handlers(weekends((20, 100)), rows(check), np.array([0, 0]), ["claims"], DIAL)
    assert [h.begin for h in found] == [DIAL.moment(60), DIAL.moment(120)]
    assert [h.who for h in found] == ["claims", "claims"]
    assert [h.wanted for h in found] == pytest.approx([10 / 60, 20 / 60])
    assert [h.there for h in found] == [2.0, 1.0]


def test_a_function_is_checked_in_each_wave_that_has_a_core_part_of_it() -> None:
    check = Function(Spread(30.0, 0.0), (0, 1))
    found = load.handlers(weekends((20, 130)), rows(check), np.array([0, 1]), ["claims"], DIAL)
    assert [h.begin for h in found] == [DIAL.moment(0), DIAL.moment(120)]


def test_a_check_that_is_not_possible_yet_is_wanted_later() -> None:
    check = Function(Spread(30.0, 0.0), (0,), possible_after=120.0)
    (hour,) = load.handlers(weekends((20, 20)), rows(check), np.array([0, 0]), ["claims"], DIAL)
    assert hour.begin == DIAL.moment(120)


def test_a_team_works_from_the_start_to_the_end_of_the_tail() -> None:
    found = load.teams(weekends((60, 80)), rows(), ["Blue"], DIAL)
    # 0 to 70 and 20 to 90 minutes.
    assert [h.wanted for h in found] == pytest.approx([100 / 60, 40 / 60])
    assert [h.there for h in found] == [0.0, 2.0]


def test_what_never_moves_takes_nobody_and_a_mean_is_over_all_weekends() -> None:
    found = load.teams(weekends((60, math.inf), (math.inf, math.inf)), rows(), ["Blue"], DIAL)
    assert [h.wanted for h in found] == pytest.approx([0.5, 5 / 60])
    assert found[0].wanted_p95 == pytest.approx(1.0)


def test_a_crew_without_shifts_is_endless() -> None:
    assert load.presence(Crew())(0.0, 60.0) == math.inf
