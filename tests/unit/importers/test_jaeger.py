"""Jaeger's dependencies: counts, their time, and what is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.draft import Draft
from migrator.importers.jaeger import read_jaeger


def read(tmp_path: Path, text: str, window: float | None = None) -> Draft:
    path = tmp_path / "dependencies.json"
    path.write_text(text, encoding="utf-8")
    return read_jaeger([path], window_hours=window)


def answer(*calls: tuple[str, str, int]) -> str:
    data = [{"parent": a, "child": b, "callCount": n} for a, b, n in calls]
    return json.dumps({"data": data})


def test_a_dependency_is_a_link_with_its_count(tmp_path: Path) -> None:
    draft = read(tmp_path, answer(("web", "orders", 70), ("web", "orders", 70)), window=168)
    (link,) = draft.links
    assert (link.source, link.target, link.port) == ("web", "orders", None)
    assert link.calls_per_day == 20
    assert link.evidence[0].path == "data[0]"


def test_without_its_time_a_count_is_told_and_not_used(tmp_path: Path) -> None:
    (link,) = read(tmp_path, answer(("web", "orders", 70))).links
    assert (link.calls_per_day, link.evidence[0].what) == (
        None,
        "70 calls over a time that nobody gave",
    )


def test_a_service_that_calls_itself_is_no_link(tmp_path: Path) -> None:
    draft = read(tmp_path, answer(("web", "web", 3), ("web", "orders", 1)))
    assert len(draft.links) == 1
    assert [each.why for each in draft.coverage.ignored] == ["the service calls itself"]


def test_a_rare_call_is_still_one_a_day(tmp_path: Path) -> None:
    assert read(tmp_path, answer(("a", "b", 1)), window=9000).links[0].calls_per_day == 1


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ('{"data": null, "errors": [{"msg": "no storage"}]}', "data", "no storage"),
        ("[1]", "data[0]", "parent"),
        ('{"data": [{"parent": 1, "child": "b", "callCount": 1}]}', "data[0]", "text"),
        (
            '{"data": [{"parent": "a", "child": "b", "callCount": -1}]}',
            "data[0].callCount",
            "count",
        ),
        ('{"data": [{"parent": "a", "child": "b"}]}', "data[0].callCount", "count"),
        ("{", "", "Expecting"),
        ("[" * 100_000, "", ""),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, text: str, path: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    (fault,) = caught.value.faults
    assert fault.path == path
    assert said in fault.message


def test_no_dependencies_are_input_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, answer())
    assert caught.value.reference == "import-no-calls"
