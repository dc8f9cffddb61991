"""What can happen, as data: plain fields, times in UTC, clear words for what is foreign."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from typing import get_type_hints

import pytest

from migrator.engine import events as ev
from migrator.engine.events import event_from_data, event_to_data
from migrator.errors import JournalError

PLAIN = {str, int, float, bool, datetime, float | None, datetime | None, tuple[str, ...]}


@pytest.mark.parametrize("kind", ev.KINDS.values(), ids=lambda kind: kind.__name__)
def test_a_kind_holds_plain_fields_and_tells_what_it_is(kind: type[ev.Event]) -> None:
    assert set(get_type_hints(kind).values()) <= PLAIN
    assert kind.__doc__
    assert not hasattr(kind, "__dict__") or kind.__dataclass_params__.frozen  # type: ignore[attr-defined]  # every dataclass has them
    assert ev.VERSIONS[kind.__name__] >= 1


def test_events_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ev.RunPaused("x").reason = "y"  # type: ignore[misc]  # that is what is tried


def test_times_are_written_in_utc() -> None:
    at = datetime(2023, 10, 29, 2, 30, tzinfo=timezone(timedelta(hours=2)))

    data = event_to_data(ev.GatePostponed("w1", 1, at, "anna", ""))

    assert data["until"] == "2023-10-29T00:30:00+00:00"


def test_text_that_looks_like_a_time_stays_text() -> None:
    event = ev.RunPaused("2023-10-29T00:30:00+00:00")

    assert event_from_data("RunPaused", event_to_data(event)) == event


def test_an_absent_time_stays_absent() -> None:
    event = ev.VetoGiven("w1", "anna", "", None)

    assert event_to_data(event)["until"] is None
    assert event_from_data("VetoGiven", event_to_data(event)) == event


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(JournalError, match="RunTeleported") as error:
        event_from_data("RunTeleported", {})
    assert error.value.reference == "journal-unknown-kind"


@pytest.mark.parametrize("data", [{}, {"reason": "x", "extra": "y"}])
def test_a_line_with_other_fields_was_edited(data: dict[str, ev.Value]) -> None:
    with pytest.raises(JournalError, match="RunPaused") as error:
        event_from_data("RunPaused", data)
    assert error.value.reference == "journal-edited"


@pytest.mark.parametrize(
    "event",
    [
        ev.StepStarted("a", "copy", 1, 1, "t", datetime(2023, 10, 13, 18, tzinfo=UTC)),
        ev.StepEnded("a", "copy", 1, "done", "said", ("created x", "created y")),
        ev.WaveHeld("w1", 1, "operator", "w1", (), "so be it", None),
    ],
)
def test_an_event_is_read_as_it_was_written(event: ev.Event) -> None:
    data = event_to_data(event)
    assert event_from_data(type(event).__name__, data) == event
    assert all(value is None or isinstance(value, str | int | list) for value in data.values())
