"""A practice run as people meet it: one process leads, others steer, and a kill is survived.

Real processes, a real store, a real file for the world; only time is scaled. The plan's own files
are written here, so that reading, linting and pinning are part of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import practising
from migrator.cli import app
from migrator.cli.runs import SeenRun, see_run
from migrator.engine import events as ev
from migrator.store.sql import open_store

SPEED = "2000"
ARGUMENTS = ("--platform", "simulated", "--seed", "4", "--speed", SPEED, "--name", "p1")
PROGRAM = (sys.executable, "-c", "import sys; from migrator.cli import main; sys.exit(main())")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The plan of a generated estate of six subsystems; a machine under load misses no gate."""
    assert app.run(["sample", "estate", "--subsystems", "6", "--links", "300", "--seed", "3"]) == 0
    words = ["estate", "-o", "plans/small.yaml", "--seed", "1"]
    (tmp_path / "plans").mkdir()
    assert app.run(["plan", *words]) == 0
    path = tmp_path / "plans" / "small.yaml"
    text = path.read_text(encoding="utf-8")
    patient = text.replace("deadline: 1h", "deadline: 10h").replace("step: 2h", "step: 20h")
    assert patient.count("10h") == patient.count("20h") == 1
    path.write_text(patient, encoding="utf-8")
    return path


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    """The processes that a test started; none outlives it."""
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """A command from this process, which leads nothing: code, result, talk."""
    code = app.run(words)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def leads(processes: list[subprocess.Popen[str]], *words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [*PROGRAM, "run", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    processes.append(process)
    return process


def seen() -> SeenRun | None:
    """The run as another process sees it; None before it is there."""
    from migrator.errors import InputError

    try:
        found = see_run("p1")
    except InputError:
        return None
    found.store.close()
    return found


def under_way() -> bool:
    """Tell whether some moves are switched and others in the middle of their steps."""
    found = seen()
    return found is not None and len(found.run.switch_order) >= 2 and len(found.run.in_flight) >= 2


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_end(
    plan: Path, processes: list[subprocess.Popen[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    first = leads(processes, str(plan), *ARGUMENTS)
    practising.until(under_way)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    capsys.readouterr()
    facts = json.loads(told(capsys, "status", "p1", "--format", "json")[1])
    assert (facts["led_by"], facts["state"]) == (None, "running")

    last = leads(processes, "--continue", "latest", "--speed", "20000", "--format", "json")
    out, err = last.communicate(timeout=60)

    end = json.loads(out)
    assert f"p1: goes on after line {facts['lines']}" in err
    # The undisturbed run of this seed is completed; a kill may cost time, and nothing else.
    assert (last.returncode, end["outcome"]) == (0, "completed"), err
    assert (end["rows_lost"], end["effects_doubled"], end["violations"]) == (0, 0, [])
    assert end["moved"] == facts["moves_total"]
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("p1", lead=False)
        lines = journal.lines()
        journal.verify()
    doubted = [line for line in lines if isinstance(line.event, ev.StepDoubted)]
    settled = [line for line in lines if isinstance(line.event, ev.StepSettled)]
    assert len(doubted) == len(settled) > 0
    assert {line.epoch for line in lines} == {1, 2}
    times = [line.at for line in lines]
    assert times == sorted(times)


@pytest.mark.slow
def test_people_steer_a_run_from_other_processes(
    plan: Path, processes: list[subprocess.Popen[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--play", "hanna-forsberg", "--play", "ake-lindgren")
    process = leads(processes, str(plan), *ARGUMENTS, *words)
    practising.until(lambda: (found := seen()) is not None and bool(found.still_for))
    capsys.readouterr()

    code, _, err = told(capsys, "run", "--continue", "p1")
    assert (code, "see: runbooks/journal-locked.md" in err) == (1, True)

    asked = json.loads(told(capsys, "decide", "p1", "--format", "json")[1])
    command = asked["decisions"][0]["choices"][0]["command"].split()[1:]
    gone = json.loads(told(capsys, *command, "--format", "json")[1])
    assert gone["answer"] == "taken"
    pause = ("pause", "p1", "--as", "hanna-forsberg", "--reason", "fire alarm")
    assert told(capsys, *pause)[1].startswith("done: pause\n")
    assert "PAUSED (fire alarm)" in told(capsys, "status", "p1")[1]
    code, _, err = told(capsys, *command)
    assert (code, "was decided by" in err) == (2, True)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "p1: left, not ended" in out
    assert "go on: migrator run --continue p1" in err
    found = seen()
    assert found is not None
    assert found.leader is None
    assert [act for act in found.run.in_flight if act[1] not in {"verify", "accept"}] == []
