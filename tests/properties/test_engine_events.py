"""Every kind of event survives its way to JSON text and back, whatever its fields hold."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.engine import events as ev
from migrator.engine.events import event_from_data, event_to_data

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-9.5))])
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=ZONES)  # noqa: DTZ001 - zones are drawn beside
BY_TYPE: dict[object, st.SearchStrategy[object]] = {
    str: st.text(max_size=20),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    float | None: st.none() | st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    datetime: TIMES,
    datetime | None: st.none() | TIMES,
    tuple[str, ...]: st.lists(st.text(max_size=8), max_size=3).map(tuple),
}


def any_of(kind: type[ev.Event]) -> st.SearchStrategy[ev.Event]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{f.name: BY_TYPE[hints[f.name]] for f in dataclasses.fields(kind)})


@pytest.mark.parametrize("name", sorted(ev.KINDS))
@settings(max_examples=8)
@given(data=st.data())
def test_an_event_survives_json(name: str, data: st.DataObject) -> None:
    event = data.draw(any_of(ev.KINDS[name]))

    text = json.dumps(event_to_data(event))

    assert event_from_data(name, json.loads(text)) == event
