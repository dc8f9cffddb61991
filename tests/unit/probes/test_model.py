"""The facts of sweeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.ids import ComponentId
from migrator.probes import model
from migrator.probes.model import NEW, OLD, Address, Answers, Caps, Declared, Here, Patience


def test_a_target_answers_by_its_own_side_and_the_callers() -> None:
    answers = Answers(Address("a"), Address("b"), Address("c"), Address("d", 8443))
    assert [answers.at(target, caller) for target in (OLD, NEW) for caller in (OLD, NEW)] == [
        Address("a"),
        Address("b"),
        Address("c"),
        Address("d", 8443),
    ]


def test_a_vantage_point_is_found_by_its_id() -> None:
    declared = Declared(
        ("10.0.0.0/8",), Caps(), Patience(), (Here("here"),), (), {ComponentId("a"): Answers()}
    )
    assert declared.vantage("here") == Here("here")
    assert declared.vantage("elsewhere") is None


def test_every_vantage_point_has_files_of_its_own() -> None:
    folder = Path("sweeps/w01")
    assert model.lines_file(folder, "here") == folder / "looks" / "here.jsonl"
    assert model.results_file(folder, "here") == folder / "results" / "here.jsonl"


def test_an_agent_hears_every_cap() -> None:
    assert Caps(1, 2.0, 3, 4.0, 5.0).on_the_wire() == {
        "in_flight": 1,
        "per_second": 2.0,
        "target_at_once": 3,
        "target_per_second": 4.0,
        "network_per_second": 5.0,
    }


@pytest.mark.parametrize(
    "columns",
    [
        model.LINKS_COLUMNS,
        model.LOOKS_COLUMNS,
        model.RESULTS_COLUMNS,
        model.VERDICTS_COLUMNS,
    ],
)
def test_no_column_stands_twice(columns: model.Columns) -> None:
    names = [name for name, _ in columns]
    assert len(names) == len(set(names))
