"""Signed limits on screens, and loudly where everything is taken back after their hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

import practising
from migrator.cli.limits import limit_facts, limit_lines, passed_lines
from migrator.cli.runs import SeenRun
from migrator.engine import events as ev


def seen_with(*hours: float) -> SeenRun:
    """A run with limits that come so many hours after now."""
    seen = practising.seen_after(lambda line: isinstance(line.event, ev.GateOpened))
    for number, hour in enumerate(hours):
        until = seen.now() + timedelta(hours=hour)
        limit = ev.Signed(f"no full unwind ({number}) after", until, "anna", "payments")
        seen.run.signed[limit.limit] = limit
    return seen


def test_the_earliest_comes_first_and_one_that_has_passed_is_loud() -> None:
    seen = seen_with(5, -1)
    first, second = limit_lines(seen)
    assert first.startswith("NO FULL UNWIND (1) AFTER Fri ")
    assert "WHICH HAS PASSED (signed by Anna: payments)" in first
    assert second.startswith("no full unwind (0) after Fri ")
    assert [each["passed"] for each in limit_facts(seen)] == [True, False]


def test_a_limit_at_its_very_minute_has_passed() -> None:
    assert [each["passed"] for each in limit_facts(seen_with(0))] == [True]


def test_whoever_signed_and_is_not_named_keeps_the_id() -> None:
    seen = seen_with(1)
    ((key, limit),) = seen.run.signed.items()
    seen.run.signed[key] = replace(limit, by="team.blue")
    assert "signed by team.blue" in limit_lines(seen)[0]


@pytest.mark.parametrize(
    ("verb", "target", "loud"),
    [("abort", "", 1), ("unwind", "everything", 1), ("unwind", "w1", 0), ("hold", "w1", 0)],
)
def test_only_what_takes_everything_back_is_told_of_the_hour(
    verb: str, target: str, loud: int
) -> None:
    lines = passed_lines(seen_with(5, -1), verb, target)
    assert len(lines) == loud
    assert all(line.startswith("SIGNED LIMIT: NO FULL UNWIND") for line in lines)
    assert passed_lines(seen_with(5), verb, target) == []
