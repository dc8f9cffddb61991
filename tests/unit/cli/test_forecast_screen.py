"""Every line of the forecast's screen, for the forecasts that a tired engineer may meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import small_plan
from full_forecast import a_forecast
from migrator.cli.forecast_screen import clock, percent, screen
from migrator.forecast.model import Forecast, Quantiles, Span
from migrator.ids import SubsystemId
from migrator.wiring.forecast_help import Remedy

SATURDAY = datetime(2023, 10, 14, 10, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Stockholm")


def lines(forecast: Forecast, *helped: Remedy) -> list[str]:
    return list(screen(forecast, small_plan.a_plan(), helped))


def with_turn_back(**changes: object) -> Forecast:
    found = a_forecast()
    return replace(found, turn_back=replace(found.turn_back, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.001, "<1 %"), (0.123, "12 %"), (0.997, ">99 %"), (1.0, "100 %")],
)
def test_a_share_is_never_rounded_to_certainty(share: float, text: str) -> None:
    assert percent(share) == text


def test_an_hour_that_comes_twice_is_told_apart() -> None:
    twice = datetime(2023, 10, 29, 0, 30, tzinfo=UTC)
    assert clock(twice, ZONE) == "Sun 02:30 CEST"
    assert clock(twice + timedelta(hours=1), ZONE) == "Sun 02:30 CET"
    assert clock(None, ZONE) == "-"


def test_missed_appointments_stand_beside_what_fits_and_not_in_the_small_print() -> None:
    shown = lines(a_forecast())
    fits = next(number for number, line in enumerate(shown) if line.startswith("fits"))
    assert "25 % miss an appointment" in shown[fits + 1]
    assert not any("appointment" in line for line in lines(replace(a_forecast(), dates_missed=0.0)))


def test_two_shares_that_read_the_same_are_told_once() -> None:
    same = replace(a_forecast(), fits=0.901, all_moved=0.904)
    assert not any("some of them too late" in line for line in lines(same))
    assert any("some of them too late" in line for line in lines(replace(same, all_moved=1.0)))


def test_every_unsafe_stretch_and_the_datas_own_limit_are_told() -> None:
    spans = (
        Span(SATURDAY, SATURDAY + timedelta(hours=2)),
        Span(SATURDAY + timedelta(hours=5), None),
    )
    shown = lines(
        with_turn_back(unsafe=spans, data_limit=SATURDAY, data_limit_of=SubsystemId("ledger"))
    )
    assert "            too late from Sat 12:00 to Sat 14:00" in shown
    assert "            too late from Sat 17:00 on" in shown
    assert "            the data's own limit: Sat 12:00 (ledger)" in shown


def test_where_it_is_never_too_late_that_is_said() -> None:
    shown = lines(with_turn_back(limit=None, latest=None, unsafe=()))
    assert any(line.startswith("turn back   at any time (95 % sure") for line in shown)
    assert not any("through before it" in line for line in shown)


def test_a_plan_without_room_says_so_and_a_plan_with_room_too() -> None:
    none = [line for line in lines(with_turn_back(plan_by=None)) if line.startswith("plan for")]
    assert none == [
        "plan for    no end: undoing everything does not fit into this window at any hour"
    ]
    good = replace(with_turn_back(plan_by=SATURDAY), end=Quantiles(SATURDAY, SATURDAY, SATURDAY))
    assert any(line.endswith("P80 keeps it") for line in lines(good))
    late = replace(good, end=Quantiles(SATURDAY, None, None))
    assert any(line.endswith("P80 comes later") for line in lines(late))


def test_remedies_stand_in_a_table_with_what_they_would_give() -> None:
    shown = "\n".join(lines(a_forecast(), Remedy("more hands", SATURDAY, None, None, enough=True)))
    assert "What would help, each tried alone" in shown
    (row,) = [line for line in shown.splitlines() if line.startswith("more hands")]
    assert row.split() == ["more", "hands", "Sat", "12:00", "-", "any", "time", "yes"]


def test_a_pool_that_nobody_counts_is_anybody() -> None:
    assert any("anybody" in line for line in "\n".join(lines(a_forecast())).splitlines())
