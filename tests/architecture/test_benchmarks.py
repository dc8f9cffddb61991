"""Every benchmark has a kept result, and the kept results have the one form."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
FOLDER: Final = ROOT / "benchmarks"
sys.path.append(str(FOLDER))

import run as runner  # noqa: E402 - a folder of programs is no package

PROGRAMS: Final = runner.programs()
SOAKS: Final = {
    "soak_kills": "tests/interruptions/soak_kills.py",
    "soak_seeds": "tests/simulation/soak.py",
}
"""Kept beside the benchmarks, and played by `make soak`: the tests' own long forms."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_benchmark_has_a_kept_result_with_the_facts_of_its_machine(name: str) -> None:
    kept = json.loads((FOLDER / "results" / f"{name}.json").read_text(encoding="utf-8"))
    assert kept.keys() == {"date", "machine", "figures"}
    assert kept["machine"].keys() == runner.machine().keys()
    assert [figure for figure in kept["figures"] if figure.keys() != runner.KEYS] == []
    assert kept["figures"] != []


def test_no_result_is_kept_of_a_benchmark_that_is_gone() -> None:
    kept = {path.stem for path in (FOLDER / "results").glob("*.json")}
    soaks = {name for name, program in SOAKS.items() if (ROOT / program).exists()}
    assert kept - set(PROGRAMS) - soaks == set()


@pytest.mark.parametrize("name", SOAKS)
def test_what_a_soak_came_to_is_kept_with_the_facts_of_its_machine(name: str) -> None:
    path = FOLDER / "results" / f"{name}.json"
    if not path.exists():
        pytest.skip("it has not been played yet")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept.keys() == {"date", "machine", "figures"}
    assert kept["machine"].keys() == runner.machine().keys()
    assert [figure for figure in kept["figures"] if figure.keys() != runner.KEYS] == []
    assert kept["figures"] != []


@pytest.mark.parametrize("line", ["", "12 ms", "[1]", '{"figure": "x", "value": 1}'])
def test_line_that_is_no_figure_is_refused(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.read_figure("x", line) is None
    assert "not a figure" in capsys.readouterr().err


def test_figure_is_read_as_it_was_printed() -> None:
    line = '{"figure":"x","value":1,"unit":"s","goal":2,"ok":true,"peers":{}}'
    assert runner.read_figure("x", line) == json.loads(line)
