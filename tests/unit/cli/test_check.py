"""`migrator check` tells what is there, or everything that is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders import a_link, csv_of, edited, write_inventory
from migrator.cli import app

LINKS = csv_of(a_link("l-1"), a_link("l-2", protocol="sql", port=5432))


def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    code = app.run(["check", str(folder), "--format", "json"])
    facts = json.loads(capsys.readouterr().out)
    assert isinstance(facts, dict)
    return code, facts


def test_facts_of_a_right_inventory_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, facts = check(write_inventory(tmp_path / "ours", links=LINKS), capsys)
    assert code == 0
    counted = ("subsystems", "components", "links", "functions", "people", "teams", "assumed")
    assert [facts[key] for key in counted] == [6, 7, 2, 1, 5, 2, 0]
    assert facts["by_kind"] == {
        "batch": 1, "external": 1, "stateful": 2, "stateless": 1, "stays": 1,
    }  # fmt: skip
    assert facts["by_protocol"] == {"https": 1, "sql": 1}
    assert (facts["faults"], facts["fault_count"], facts["error"]) == ([], 0, None)


def test_keys_are_the_same_when_the_check_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, right = check(write_inventory(tmp_path / "right"), capsys)
    text = edited("subsystems", "kind: batch", "kind: bach")
    code, wrong = check(write_inventory(tmp_path / "wrong", subsystems=text), capsys)
    assert code == 2
    assert set(wrong) == set(right)
    assert [wrong[key] for key in ("subsystems", "components", "functions")] == [6, 7, 1]
    assert wrong["faults"] == [
        {
            "file": "subsystems.yaml",
            "line": 52,
            "path": "subsystems[3].kind",
            "message": "wants one of stateless, stateful, batch, external, stays; "
            "found the text 'bach'; did you mean 'batch'?",
        }
    ]


def test_faults_of_the_links_are_told_the_same_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    links = csv_of(*[a_link(f"l-{n}", target="nowhere") for n in range(30)])
    code, facts = check(write_inventory(tmp_path / "ours", links=links), capsys)
    faults = facts["faults"]
    assert isinstance(faults, list)
    assert (code, facts["fault_count"], len(faults)) == (2, 30, 20)
    assert (faults[0]["file"], faults[0]["line"]) == ("links.csv", 2)


def test_missing_folder_is_one_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, facts = check(tmp_path / "nowhere", capsys)
    assert code == 2
    assert facts["faults"] == [
        {
            "file": str(tmp_path / "nowhere"),
            "line": None,
            "path": "",
            "message": f"the folder {tmp_path / 'nowhere'} does not exist",
        }
    ]


def test_people_get_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_inventory(tmp_path / "ours", links=LINKS, calendar=None)
    assert app.run(["check", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Small estate (The agency): the inventory can be planned from"
    assert lines[1] == "window 2023-10-13 18:00 to 2023-10-16 06:00 Europe/Stockholm (assumed)"
    assert "subsystems" in lines[3]
    assert "2 stateful" in lines[3]
    assert any(line.split() == ["links", "2", "1", "https,", "1", "sql"] for line in lines)
    assert lines[-1].startswith("digest ")


def test_people_get_every_fault_and_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = edited("functions", "quorum: 2", "quorum: 0")
    assert app.run(["check", str(write_inventory(tmp_path / "ours", functions=text))]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "functions.yaml:7: functions[0].quorum: wants at least 1" in told.err
    assert "see: runbooks/invalid-inventory.md" in told.err


def test_teams_are_counted_alike_for_people_and_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A subsystem that nobody owns gets a team by assumption, which is one all the same.
    text = edited("subsystems", "    team: green\n    kind: stateless\n", "    kind: stateless\n")
    folder = write_inventory(tmp_path / "ours", subsystems=text)
    code, facts = check(folder, capsys)
    assert (code, facts["teams"]) == (0, 3)
    assert app.run(["check", str(folder)]) == 0
    (line,) = [x for x in capsys.readouterr().out.splitlines() if x.startswith("teams")]
    assert line.split()[1] == "3"


def test_an_estate_without_links_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_inventory(tmp_path / "ours")
    (folder / "links.csv").unlink(missing_ok=True)
    assert app.run(["check", str(folder)]) == 0
    assert "there are no links" in capsys.readouterr().err
