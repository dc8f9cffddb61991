"""The built-in assumptions are possible, careful and overruled figure by figure."""

from __future__ import annotations

from datetime import timedelta

from migrator.inventory import assumptions
from migrator.inventory.model import MOVING_KINDS, Kind
from migrator.inventory.schema import AssumptionsFile
from migrator.inventory.times import parse_time, zone


def test_every_kind_that_moves_has_three_durations_marked_assumed() -> None:
    table = assumptions.BUILT_IN.durations
    assert set(table) == MOVING_KINDS
    for durations in table.values():
        assert set(durations) == {"move", "verify", "unwind"}
        assert all(e.assumed and 0 < e.p50 <= e.p80 for e in durations.values())


def test_window_is_sixty_hours_from_a_friday_evening() -> None:
    where = zone(assumptions.TIME_ZONE)
    start = parse_time(assumptions.WINDOW_START, where)
    end = parse_time(assumptions.WINDOW_END, where)
    assert (start.isoweekday(), start.hour) == (5, 18)
    assert end - start == timedelta(hours=60)


def test_one_given_figure_replaces_one_built_in_figure() -> None:
    given = AssumptionsFile.model_validate(
        {"durations": {"batch": {"move": {"p50": "1m", "p80": "2m"}}}}
    )
    merged = assumptions.merged(given)
    assert merged.durations[Kind.BATCH]["move"].p80 == 2.0
    assert (
        merged.durations[Kind.BATCH]["verify"]
        == (assumptions.BUILT_IN.durations[Kind.BATCH]["verify"])
    )
    assert merged.failure_probability == assumptions.BUILT_IN.failure_probability


def test_without_a_file_the_built_in_table_is_used() -> None:
    assert assumptions.merged(None) is assumptions.BUILT_IN
