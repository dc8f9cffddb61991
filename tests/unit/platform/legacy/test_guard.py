"""The guard ends its command with all its offspring: by time-out, and when the conductor dies."""

from __future__ import annotations

import ast
import asyncio
import inspect
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.plan.means import Command
from migrator.platform.legacy import guard, guard_record, guard_voice
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts, LostEnd
from migrator.platform.legacy.guard_record import processes

pytestmark = pytest.mark.skipif(not processes(), reason="no /proc on this machine")

STUBBORN = (
    "trap '' TERM; echo $$ > pids; (trap '' TERM; sleep 300) & echo $! >> pids;"
    " setsid sh -c 'echo $$ >> pids; trap \"\" TERM; sleep 300' & echo; wait; sleep 300"
)
"""Ignores SIGTERM, as do its child and one that made a session of its own."""

CONDUCTOR = """
import asyncio, sys
from pathlib import Path
from migrator.plan.means import Command
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts, LostEnd
folder = Path(sys.argv[1])
commands = Commands(folder / "guards", lambda *_act: folder / "files", grace_seconds=0.1)
act = ActFacts("r1", "w1", "web", "copy", 1, 1, "tok-1", 7, "new")
asyncio.run(commands.perform(act, Command(("/bin/sh", "-c", sys.argv[2]))))
"""


def living(pids: list[int]) -> list[int]:
    """Those that still run."""
    return [pid for pid in pids if processes().get(pid, ("Z",))[0] != "Z"]


async def until(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something is so; the test fails when it never is."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - other processes do it, which tell nobody
            await asyncio.sleep(0.01)


def pids_in(path: Path, count: int) -> list[int]:
    """The process numbers in a file, once all of them are there."""
    words = path.read_text().split() if path.exists() else []
    return [int(word) for word in words] if len(words) == count else []


async def test_a_time_out_ends_what_ignores_it_and_all_its_offspring(
    commands: Commands, act: ActFacts, files: Path
) -> None:
    task = asyncio.create_task(commands.perform(act, Command(("/bin/sh", "-c", STUBBORN))))
    await until(lambda: bool(pids_in(files / "pids", 3)))
    pids = pids_in(files / "pids", 3)
    assert len(living(pids)) == 3
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert living(pids) == []


async def test_sigterm_comes_first_so_that_a_command_can_tidy_up(
    commands: Commands, act: ActFacts, files: Path
) -> None:
    script = "trap 'echo tidied > tidied; exit 0' TERM; echo > ready; sleep 300 & wait"
    task = asyncio.create_task(commands.perform(act, Command(("/bin/sh", "-c", script))))
    await until((files / "ready").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (files / "tidied").read_text() == "tidied\n"


async def test_what_a_command_leaves_in_the_background_is_ended_and_said(
    commands: Commands, act: ActFacts, files: Path
) -> None:
    script = "sleep 300 & echo $! > pids; echo bye"
    result = await commands.perform(act, Command(("/bin/sh", "-c", script)))
    assert result.detail == "exit 0, 1 left in the background and ended\nbye"
    assert living(pids_in(files / "pids", 1)) == []


async def test_a_command_is_gone_within_a_second_of_its_conductors_kill_9(
    tmp_path: Path, files: Path, commands: Commands, act: ActFacts
) -> None:
    conductor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CONDUCTOR, str(tmp_path), STUBBORN
    )
    await until(lambda: bool(pids_in(files / "pids", 3)), 20)
    pids = pids_in(files / "pids", 3)
    conductor.kill()
    await conductor.wait()
    await until(lambda: not living(pids), 1.0)
    # Nothing is in the way of the next conductor.
    again = replace(act, epoch=8, nth=2)
    assert (await commands.perform(again, Command(("true",)))).outcome == "done"


async def test_an_end_that_the_guard_made_is_in_doubt_whatever_the_exit_code(
    commands: Commands, act: ActFacts
) -> None:
    script = "trap 'exit 0' TERM; kill -TERM $PPID; sleep 300 & wait"
    with pytest.raises(LostEnd, match="told to end"):
        await commands.perform(act, Command(("/bin/sh", "-c", script)))


async def test_the_guard_is_out_of_reach_of_the_conductors_terminal(
    commands: Commands, act: ActFacts
) -> None:
    # The sixth field is the session; nothing before it has a blank in it here.
    script = "cut -d ' ' -f 6 /proc/$PPID/stat; cut -d ' ' -f 6 /proc/$$/stat"
    said = (await commands.perform(act, Command(("/bin/sh", "-c", script)))).detail.split()[2:]
    assert len({*said, str(os.getsid(0))}) == 3


async def test_a_guard_that_is_killed_itself_takes_its_command_along(
    commands: Commands, act: ActFacts, files: Path
) -> None:
    script = "sleep 300 & echo $! $$ $PPID > pids; wait"
    task = asyncio.create_task(commands.perform(act, Command(("/bin/sh", "-c", script))))
    await until(lambda: bool(pids_in(files / "pids", 3)))
    *pids, guard_pid = pids_in(files / "pids", 3)
    os.kill(guard_pid, signal.SIGKILL)
    with pytest.raises(Exception, match="guard of /bin/sh was killed"):
        await task
    await until(lambda: not living(pids), 1.0)


async def test_a_command_dies_with_its_guard_even_when_nobody_looks(
    tmp_path: Path, files: Path
) -> None:
    conductor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CONDUCTOR, str(tmp_path), "echo $$ $PPID > pids; while :; do :; done"
    )
    await until(lambda: bool(pids_in(files / "pids", 2)), 20)
    command, guard_pid = pids_in(files / "pids", 2)
    conductor.send_signal(signal.SIGSTOP)
    os.kill(guard_pid, signal.SIGKILL)
    await until(lambda: not living([command]), 1.0)
    conductor.kill()
    await conductor.wait()


@pytest.mark.parametrize("module", [guard, guard_record, guard_voice])
def test_the_guard_is_understood_by_old_pythons(module: object) -> None:
    tree = ast.parse(inspect.getsource(module), feature_version=(3, 6))  # type: ignore[arg-type]
    ours = "migrator.platform.legacy.guard"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").startswith(ours), "only itself travels"
            assert node.module != "__future__", "3.6 does not know annotations from the future"
