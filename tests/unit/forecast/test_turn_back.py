"""Every unsafe stretch is told, the earlier of two limits counts, and D* leaves room."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from migrator.forecast import turn_back
from migrator.forecast.chance import Dial, Sampled
from migrator.forecast.model import TurnBack
from migrator.forecast.turn_back import DataLimit, Question, unsafe_stretches
from migrator.ids import SubsystemId
from migrator.schedule.problem import Floats

ZONE = ZoneInfo("Europe/Stockholm")
DIAL = Dial(datetime(2023, 10, 13, 18, 0, tzinfo=ZONE), ZONE)
A, B = SubsystemId("a"), SubsystemId("b")
NONE = DataLimit(math.inf, None)


def curve(*ends: float) -> tuple[Floats, Question]:
    """One sampled weekend, asked every hour."""
    times = tuple(60.0 * k for k in range(len(ends)))
    return np.array([ends]), Question(times, 300.0, 15.0, 0.95)


def told(*ends: float, data: DataLimit = NONE) -> TurnBack:
    back, asked = curve(*ends)
    return turn_back.turn_back(back, np.zeros(len(ends)), back, data, asked, DIAL)


def test_a_stretch_begins_with_the_last_safe_minute_and_ends_with_the_first() -> None:
    times = (0.0, 60.0, 120.0, 180.0, 240.0)
    assert unsafe_stretches(times, (9, 9, 9, 9, 9), 300.0) == []
    assert unsafe_stretches(times, (9, 999, 999, 9, 999), 300.0) == [(0, 180), (180, math.inf)]
    assert unsafe_stretches(times, (999, 9, 9, 9, 9), 300.0) == [(0, 60)]


def test_latest_begins_the_first_unsafe_stretch_and_a_later_safe_hour_does_not_move_it() -> None:
    found = told(10, 120, 500, 200, 600)
    assert found.latest == DIAL.moment(60)
    assert [(s.begin, s.end) for s in found.unsafe] == [
        (DIAL.moment(60), DIAL.moment(180)),
        (DIAL.moment(180), None),
    ]
    assert found.limit == found.latest


def test_where_no_hour_is_too_late_there_is_no_limit() -> None:
    found = told(10, 20, 30)
    assert (found.latest, found.limit, found.unsafe) == (None, None, ())
    assert found.plan_by == DIAL.moment(120)


def test_the_earlier_limit_counts() -> None:
    assert told(10, 500, 500, data=DataLimit(30.0, A)).limit == DIAL.moment(0)
    found = told(10, 120, 500, data=DataLimit(30.0, A))
    assert found.limit == found.data_limit == DIAL.moment(30)
    assert found.data_limit_of == A


def test_the_quantile_is_taken_over_the_weekends() -> None:
    back = np.array([[10.0]] * 19 + [[999.0]])
    asked = Question((0.0,), 300.0, 15.0, 0.95)
    sure = turn_back.turn_back(back, np.zeros(1), back, NONE, asked, DIAL)
    assert sure.latest is None
    surer = Question((0.0,), 300.0, 15.0, 0.99)
    assert turn_back.turn_back(back, np.zeros(1), back, NONE, surer, DIAL).latest is not None


def test_a_plan_that_could_never_go_back_has_no_end_to_plan_for() -> None:
    back, asked = curve(999, 999)
    assert turn_back.plan_by(back, asked) == math.inf
    good, asked = curve(10, 999, 250, 999)
    assert turn_back.plan_by(good, asked) == 120.0


def weekends(*switches: tuple[float, float]) -> Sampled:
    switch = np.array(switches)
    times = np.stack([switch - 10, switch, switch + 10, switch + 20], axis=2)
    return Sampled(np.zeros((len(switch), 5)), np.zeros((len(switch), 1)), times)


def test_an_irreversible_hour_counts_for_who_has_switched_and_else_the_switch() -> None:
    never = np.full(2, math.inf)
    found = turn_back.data_limit(weekends((50, 500)), (A, B), (100.0, math.inf), never)
    assert found == DataLimit(100.0, A)
    found = turn_back.data_limit(weekends((250, 500)), (A, B), (100.0, math.inf), never)
    assert found == DataLimit(250.0, A)


def test_without_such_an_act_there_is_no_data_limit() -> None:
    never = np.full(2, math.inf)
    assert turn_back.data_limit(weekends((50, 60)), (A, B), never.tolist(), never) == NONE
    moved_nothing = weekends((math.inf, math.inf))
    assert turn_back.data_limit(moved_nothing, (A, B), (100.0, 100.0), never) == NONE


def test_a_commit_is_such_an_act() -> None:
    commit = np.array([math.inf, 5.0])
    found = turn_back.data_limit(weekends((50, 60)), (A, B), (math.inf, math.inf), commit)
    assert found == DataLimit(85.0, B)


def test_the_share_committed_is_of_those_that_had_started() -> None:
    commit = np.array([0.0, math.inf])
    found = turn_back.committed_share(weekends((50, 100)), commit, (30.0, 60.0, 80.0, 100.0))
    assert found.tolist() == [0.0, 0.0, 1.0, 0.5]
