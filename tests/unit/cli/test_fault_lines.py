"""What planning refuses is shown with the file's own line, wherever the row stands in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import edited, write_inventory
from migrator.cli.fault_lines import with_lines
from migrator.errors import Fault, InputError
from migrator.inventory.reader import read_inventory
from planned import PEOPLE


def shown(folder: Path, *faults: Fault) -> tuple[Fault, ...]:
    inventory = read_inventory(folder)
    with pytest.raises(InputError) as error, with_lines(inventory):
        raise InputError("usage", "no", hint="mend it", faults=faults)
    return error.value.faults


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    return write_inventory(tmp_path / "estate", people=PEOPLE)


def line_of(folder: Path, name: str, words: str) -> int:
    lines = (folder / name).read_text("utf-8").splitlines()
    return next(n for n, line in enumerate(lines, start=1) if words in line)


def test_a_row_is_found_by_its_id(estate: Path) -> None:
    (found,) = shown(estate, Fault("subsystems.yaml", None, "subsystems[web].durations.move", "x"))
    assert found.line is not None
    text = (estate / "subsystems.yaml").read_text("utf-8").splitlines()[found.line - 1]
    assert "move: {p50: 20m, p80: 30m}" in text
    assert found.path == "subsystems[web].durations.move"


def test_a_relation_is_found_by_what_it_says_however_the_file_is_sorted(estate: Path) -> None:
    inventory = read_inventory(estate)
    for number, relation in enumerate(inventory.relations):
        (found,) = shown(estate, Fault("relations.yaml", None, f"relations[{number}]", "x"))
        text = (estate / "relations.yaml").read_text("utf-8").splitlines()
        assert found.line is not None
        assert relation.kind.value in text[found.line - 1]


def test_a_subsystem_in_a_file_of_its_own_is_found_there(tmp_path: Path) -> None:
    whole = edited("subsystems", "subsystems:\n", "subsystems:\n")
    head, rest = whole.split("  - id: web\n", 1)
    web, tail = rest.split("  - id: night\n", 1)
    folder = write_inventory(
        tmp_path / "estate", people=PEOPLE, subsystems=f"{head}  - id: night\n{tail}"
    )
    (folder / "subsystems").mkdir()
    (folder / "subsystems" / "front.yaml").write_text(f"subsystems:\n  - id: web\n{web}", "utf-8")
    (found,) = shown(folder, Fault("subsystems.yaml", None, "subsystems[web]", "x"))
    assert (found.file, found.line) == ("subsystems/front.yaml", 2)


def test_what_has_a_line_or_stands_nowhere_stays_as_it_is(estate: Path) -> None:
    faults = (
        Fault("plan.yaml", 7, "waves[0]", "x"),
        Fault("subsystems.yaml", None, "subsystems[nobody]", "x"),
        Fault("people.yaml", None, "", "x"),
        Fault("command line", None, "--pin x", "x"),
        Fault("missing.yaml", None, "rows[1]", "x"),
    )
    assert shown(estate, *faults) == faults
