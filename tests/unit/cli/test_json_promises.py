"""What programs and pipes may rely on: the keys of the JSON, the two streams, the same bytes again.

The promised keys may be added to and never lost. The estate is small and lies across the night in
which the clocks are set back, so that lengths and hours are right where they are hardest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from builders import edited, write_inventory
from migrator.cli import app
from planned import PEOPLE

CALENDAR: Final = """\
time_zone: Europe/Stockholm
window: {start: 2023-10-27T18:00, end: 2023-10-30T06:00}
blackouts:
  - {id: night, start: 2023-10-27T19:00, end: 2023-10-29T01:30, reason: only that night is left}
"""
OCTOBER: Final = {
    "2023-10-13": "2023-10-27", "2023-10-14": "2023-10-28", "2023-10-15": "2023-10-30",
}  # fmt: skip
ALL_NIGHT: Final = "shifts: [friday, saturday]"


def across_the_clock_change(folder: Path) -> Path:
    """The small estate two weeks later: its switches are left with the hour that happens twice."""
    people = PEOPLE.replace("shifts: [saturday]", ALL_NIGHT).replace("shifts: [friday]", ALL_NIGHT)
    functions = edited("functions", "    possible_after: 2023-10-14T09:00\n", "")
    for old, new in OCTOBER.items():
        people = people.replace(old, new)
    subsystems = edited("subsystems", "at: 2023-10-15T12:00", "at: 2023-10-30T05:00")
    return write_inventory(
        folder / "estate",
        people=people, functions=functions, calendar=CALENDAR, subsystems=subsystems,
    )  # fmt: skip


Asked = Callable[..., dict[str, object]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Asked:
    """Give a command line for JSON; what it answers, of which nothing else is on stdout."""
    across_the_clock_change(tmp_path)

    def asked(*words: str, code: int = 0) -> dict[str, object]:
        assert app.run([*words, "--format", "json"]) == code
        said = capsys.readouterr()
        facts = json.loads(said.out)
        assert isinstance(facts, dict)
        assert said.out == json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        return facts

    return asked


def planned(ask: Asked) -> dict[str, object]:
    return ask("plan", "estate", "-o", "plan.yaml", "--seed", "3", "--evaluations", "20")


def rows(facts: dict[str, object], key: str) -> list[dict[str, object]]:
    found = facts[key]
    assert isinstance(found, list)
    return found


def moment(text: object) -> datetime:
    assert isinstance(text, str)
    return datetime.fromisoformat(text)


def test_check_promises_its_counts_and_faults(ask: Asked, tmp_path: Path) -> None:
    counts = ("subsystems", "components", "links", "functions")
    assert [ask("check", "estate")[key] for key in counts] == [6, 7, 0, 1]
    (tmp_path / "estate" / "relations.yaml").write_text("relations: 3\n", encoding="utf-8")
    (fault,) = rows(ask("check", "estate", code=2), "faults")
    assert set(fault) == {"file", "line", "path", "message"}


def test_plan_promises_waves_figures_seed_and_digest(ask: Asked) -> None:
    facts = planned(ask)
    assert {"waves", "exposure_hours", "makespan_hours", "seed", "digest"} <= set(facts)
    assert all({"id", "moves"} <= set(wave) for wave in rows(facts, "waves"))
    moved = [move for wave in rows(facts, "waves") for move in (wave["moves"],)]
    assert facts["seed"] == 3
    assert sum(len(each) for each in moved if isinstance(each, list)) == 4


def test_rehearse_promises_the_run_its_waves_and_the_ledger(ask: Asked) -> None:
    planned(ask)
    facts = ask("rehearse", "plan.yaml", "--no-accidents")
    assert set(facts) >= {
        *("run", "outcome", "waves", "moved", "returned", "both_live_seconds", "rows_lost"),
        *("effects_doubled", "violations", "events", "journal_hash"),
    }
    for wave in rows(facts, "waves"):
        assert {"id", "outcome", "attempts", "started", "ended"} <= set(wave)
    assert facts["outcome"] in {"completed", "returned", "stuck", "with_exceptions"}
    assert (facts["moved"], facts["both_live_seconds"], facts["rows_lost"]) == (4, 0, 0)


def test_a_report_tells_programs_what_the_rehearsal_told_them(ask: Asked) -> None:
    planned(ask)
    told = ask("rehearse", "plan.yaml", "--no-accidents")
    assert ask("report", "latest") == told


def test_a_rehearsal_with_accidents_is_another_run(ask: Asked) -> None:
    planned(ask)
    calm = ask("rehearse", "plan.yaml", "--no-accidents")
    assert ask("rehearse", "plan.yaml")["run"] != calm["run"]
    assert ask("report", str(calm["run"]))["journal_hash"] == calm["journal_hash"]


def test_the_night_with_25_hours_is_planned_and_played_by_its_real_length(ask: Asked) -> None:
    facts = planned(ask)
    text = Path("plan.yaml").read_text("utf-8")
    assert 'start: "2023-10-27T18:00+02:00"' in text
    assert 'end: "2023-10-30T06:00+01:00"' in text
    switches = [
        moment(line.split('switch: "')[1].split('"')[0])
        for line in text.splitlines()
        if 'switch: "' in line
    ]
    night = moment("2023-10-29T01:30+02:00")
    late = [each for each in switches if each > moment("2023-10-27T19:00+02:00")]
    assert late
    assert min(late) >= night
    assert {each.utcoffset() for each in switches} == {timedelta(hours=2), timedelta(hours=1)}
    begin, end = moment("2023-10-27T18:00+02:00"), moment("2023-10-30T06:00+01:00")
    assert end - begin == timedelta(hours=61)
    length = facts["makespan_hours"]
    assert isinstance(length, float)
    last = max(
        moment(line.split('end: "')[1].split('"')[0])
        for line in text.splitlines()
        if 'switch: "' in line
    )
    assert last - begin == timedelta(hours=round(length * 60) / 60)
    for wave in rows(ask("rehearse", "plan.yaml", "--no-accidents"), "waves"):
        started, ended = moment(wave["started"]), moment(wave["ended"])
        assert started < ended
        # Both sides of the change in real hours: a wave of this estate takes a few.
        assert ended - started < timedelta(hours=36)


def test_results_go_to_stdout_and_talk_goes_to_stderr(
    ask: Asked, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    planned(ask)
    for words in (
        ("check", "estate"), ("graph", "estate"), ("lint", "plan.yaml"), ("brief", "plan.yaml"),
        ("explain", "plan.yaml", "web"), ("rehearse", "plan.yaml", "--no-accidents"),
        ("diff", "plan.yaml", "plan.yaml"), ("report", "latest"), ("status", "latest"),
    ):  # fmt: skip
        assert app.run(list(words)) == 0
        said = capsys.readouterr()
        assert said.out.strip(), words
        assert "\x1b" not in said.out + said.err, words  # nobody looks at a pipe in colours
        assert not said.out.startswith(("next:", "written:")), words
        assert "\nnext:" not in said.out, words


AGAIN: Final = """
import sys
from migrator.cli.app import run
run(["plan", "estate", "--seed", "3", "--evaluations", "20"])
sys.stdout.flush()
run(["plan", "estate", "--seed", "3", "--evaluations", "20", "-o", "plan.yaml"])
run(["rehearse", "plan.yaml", "--seed", "4", "--format", "json"])
"""


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    across_the_clock_change(tmp_path)
    said = [
        subprocess.run(
            [sys.executable, "-c", AGAIN],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "4711")
    ]
    assert b"journal_hash" in said[0]
    assert said[0] == said[1]
