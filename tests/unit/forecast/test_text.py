"""A forecast as a document comes back the same, and what is no forecast is refused by its path."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import pytest

from migrator.errors import InputError
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
from migrator.forecast.text import digest_of, from_json, to_json
from migrator.ids import PersonId, SubsystemId, WaveId

T = datetime(2023, 10, 13, 18, 0, tzinfo=UTC)
Q = Quantiles(T, T, None)


def a_forecast() -> Forecast:
    return Forecast(
        plan="p", plan_digest="ab", at=None, seq=0, weekends=10, seed=1, compiled=True,
        fits=0.9, all_moved=1.0, forward_first=0.5, end=Q, window_begin=T, window_end=T,
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


def test_it_comes_back_the_same() -> None:
    text = to_json(a_forecast())
    assert from_json(text, "f.json") == a_forecast()
    assert to_json(from_json(text, "f.json")) == text
    assert "Infinity" not in text
    assert len(digest_of(text)) == 64


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [
        ("fits", "0.9", "fits"),
        ("weekends", True, "weekends"),
        ("window_begin", "2023-10-13T18:00:00", "window_begin"),
        ("window_begin", "soon", "window_begin"),
        ("waves", {}, "waves"),
        ("end", {"p50": None}, "end.p80"),
        ("fan", [{"switched": [3], "end": "2023-10-13T18:00:00+00:00"}], "fan[0].switched[0]"),
        ("surprise", 1, "surprise"),
        ("format", "2", "format"),
    ],
)
def test_a_field_that_is_not_as_it_was_written_is_named(key: str, value: object, path: str) -> None:
    facts = json.loads(to_json(a_forecast()))
    with pytest.raises(InputError) as refused:
        from_json(json.dumps({**facts, key: value}), "f.json")
    assert refused.value.reference == "broken-forecast"
    assert [fault.path for fault in refused.value.faults] == [path]


@pytest.mark.parametrize("text", ["", "[]", "{", "{}"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        from_json(text, "f.json")
