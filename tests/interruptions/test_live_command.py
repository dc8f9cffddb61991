"""The program itself, live, with real programs: killed in mid-act, gone on with, taken back.

What is judged is the world of files that the programs left, never the journal.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from by_command import effects, live_sides
from live_estate import a_live_plan

pytestmark = pytest.mark.soak

PATIENCE_SECONDS = 60.0
COMMAND = (str(Path(sys.executable).parent / "migrator"),)


def told(folder: Path, *words: str, code: int | None = 0) -> str:
    """One command in the plan's folder; what it said."""
    done = subprocess.run(
        [*COMMAND, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert code is None or done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@contextmanager
def leading(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A process that leads the run; ended by force if the test leaves it."""
    with (
        (folder / "run.log").open("a", encoding="utf-8") as log,
        subprocess.Popen(
            [*COMMAND, "run", *words],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True,
            start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def until(holds: Callable[[], bool], what: str) -> None:
    """Look until it is so; the test fails after a minute."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"never: {what}")


def ready(tmp_path: Path) -> Path:
    """A plan that a decision maker has approved after its dry run."""
    folder = tmp_path / "night"
    folder.mkdir()
    a_live_plan(folder)
    told(folder, "dry-run", "plan.yaml", code=None)
    told(folder, "approve", "plan.yaml", "--as", "anna")
    return folder


def say(folder: Path, verb: str, target: str, *words: str, by: str) -> None:
    told(folder, verb, "night", target, *words, "--as", by, "--yes", "--reason", "as planned")


def begun(folder: Path) -> bool:
    return "gate of w01" in told(folder, "decide", "night", code=None)


def asked(folder: Path) -> str:
    """The check that waits for a verdict now; empty where none does."""
    found = re.search(r"tick night (\S+) works ", told(folder, "decide", "night", code=None))
    return found[1] if found else ""


LIVE = ("plan.yaml", "--platform", "commands", "--name", "night", "--as", "anna", "--yes")


def test_a_live_weekend_whose_conductor_dies_in_mid_act_ends_as_if_nothing_had_happened(
    tmp_path: Path,
) -> None:
    folder = ready(tmp_path)
    world = folder / "world"
    (world / "slow-final-copy").write_text("3", "utf-8")
    with leading(folder, *LIVE) as first:
        until(lambda: begun(folder), "the gate opens")
        say(folder, "go", "w01", by="anna")
        until(lambda: bool(_running("final-copy")), "the final copy runs")
        os.kill(first.pid, signal.SIGKILL)
        first.wait(10)
        until(lambda: not _running("final-copy"), "the copy ends with its conductor")
    assert not any("final-copy" in line for line in effects(world)), "it never took effect"

    (world / "slow-final-copy").unlink()
    with leading(folder, "--continue", "night") as second:
        for _ in range(2):  # both checks are Cia's, one after the other
            until(lambda: asked(folder) != "", "a check is asked")
            told(folder, "tick", "night", asked(folder), "works", "--as", "cia", "--yes")
        until(lambda: "accepted" in told(folder, "status", "night"), "the wave is accepted")
        say(folder, "commit", "w01", by="anna")
        assert second.wait(30) == 0

    assert live_sides(world) == {"register": "new", "web": "new"}
    assert len(effects(world)) == len(set(effects(world)))
    assert "StepDoubted" in told(folder, "journal", "show", "night")


def test_a_live_wave_that_a_program_fails_is_back_on_the_old_side_by_itself(
    tmp_path: Path,
) -> None:
    folder = ready(tmp_path)
    world = folder / "world"
    (world / "fail-register-switch").touch()
    with leading(folder, *LIVE) as process:
        until(lambda: begun(folder), "the gate opens")
        say(folder, "go", "w01", by="anna")
        assert process.wait(60) == 1

    assert live_sides(world) == {"register": "old", "web": "old"}
    assert "told to fail: switch of register" in told(folder, "status", "night").replace("\n", " ")


def _running(act: str) -> list[str]:
    """The processes of the script that perform this act now."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(word.endswith(b"/act.sh") for word in words) and act.encode() in words:
                found.append(entry.name)
    return found
