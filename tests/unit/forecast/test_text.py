"""A forecast as a document comes back the same, and what is no forecast is refused by its path."""

from __future__ import annotations

import json

import pytest

from full_forecast import a_forecast
from migrator.errors import InputError
from migrator.forecast.text import digest_of, from_json, to_json


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
