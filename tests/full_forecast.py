"""A forecast by hand, with something in every field, for tests of those who read one."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from migrator.forecast.model import (
    FanLine,
    Forecast,
    HourOfBridges,
    HourOfWork,
    MoveForecast,
    Quantiles,
    Span,
    TurnBack,
    TurnBackPoint,
    WaveForecast,
)
from migrator.ids import PersonId, SubsystemId, WaveId

T = datetime(2023, 10, 13, 18, 0, tzinfo=UTC)
Q = Quantiles(T, T, None)


def a_forecast() -> Forecast:
    """Ninety per cent fit, and half are through before it is too late."""
    return Forecast(
        plan="p", plan_digest="ab", at=None, seq=0, weekends=10, seed=1, compiled=True,
        fits=0.9, all_moved=1.0, forward_first=0.5, dates_missed=0.25, end=Q,
        window_begin=T, window_end=T,
        exposure_hours=1.0, exposure_hours_p80=2.0,
        waves=(WaveForecast(WaveId("w01"), Q, Q, 0.1, over=False),),
        moves=(MoveForecast(SubsystemId("a"), WaveId("w01"), Q, Q, Q, 0.5, -0.25, 3.0),),
        turn_back=TurnBack(
            0.95, 15.0, T, None, None, T, (Span(T, None),), (TurnBackPoint(T, Q, 0.0),), None
        ),
        handlers=(HourOfWork(T, "claims", 1.0, 2.0, math.inf),), teams=(),
        bridges=(HourOfBridges(T, 0.1, 0.2),), fan=(FanLine((T, T), T),),
        absent=(PersonId("ada"),), notes=("a note",),
    )  # fmt: skip
