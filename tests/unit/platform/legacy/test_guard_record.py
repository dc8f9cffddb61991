"""Nothing is begun while an earlier try may still run, nor for a conductor that was followed."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.errors import PermanentError, TransientError
from migrator.plan.means import Command, InDoubt, Means
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts
from migrator.platform.legacy.guard_record import here, processes

pytestmark = pytest.mark.skipif(not processes(), reason="no /proc on this machine")

LOOK = Means(InDoubt.OBSERVE, command=Command(("true",)), observe=Command(("sh", "-c", "exit 3")))


def own_start() -> int:
    """When this process started, in the kernel's ticks."""
    return processes()[os.getpid()][3]


def leave_a_record(folder: Path, act: ActFacts, **words: object) -> None:
    """A record as a guard leaves it that was killed, with `words` in it instead."""
    folder.mkdir(exist_ok=True)
    gone = [4_194_304, 1]  # a number beyond every process
    record = {**here(), "guard": gone, "group": gone, "ended": None, **words}
    (folder / f"{act.key(str(folder))}.1-00.json").write_text(json.dumps(record))


async def test_an_act_is_not_begun_twice_at_a_time(
    commands: Commands, act: ActFacts, files: Path
) -> None:
    first = asyncio.create_task(
        commands.perform(act, Command(("/bin/sh", "-c", "echo > began; sleep 300")))
    )
    async with asyncio.timeout(5):
        while not (files / "began").exists():  # noqa: ASYNC110 - a process tells nobody
            await asyncio.sleep(0.01)
    second = replace(act, attempt=2, token="tok-2")
    with pytest.raises(TransientError, match="earlier try") as caught:
        await commands.perform(second, Command(("touch", "second")))
    assert caught.value.reference == "earlier-try-alive"
    assert (await commands.observe(second, LOOK)).outcome == "unknown"
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert not (files / "second").exists()
    assert (await commands.observe(second, LOOK)).outcome == "not_done"


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ({}, "not_done"),
        ({"guard": [os.getpid(), own_start()]}, "unknown"),
        ({"guard": [os.getpid(), own_start() + 1]}, "not_done"),
        ({"guard": [os.getpid(), own_start()], "ended": {"exit": 0}}, "not_done"),
        ({"guard": [os.getpid(), own_start()], "boot": "an earlier one"}, "not_done"),
        ({"machine": "another/one", "boot": "its own"}, "unknown"),
        ({"namespace": "a container"}, "unknown"),
    ],
    ids=["gone", "alive", "number-reused", "ended", "rebooted", "elsewhere", "unseen"],
)
async def test_only_a_proof_that_it_is_gone_lets_an_observation_count(
    commands: Commands, act: ActFacts, words: dict[str, object], outcome: str
) -> None:
    leave_a_record(commands.guards, act, **words)
    hasty = replace(commands, settle_seconds=0.02)
    assert (await hasty.observe(act, LOOK)).outcome == outcome


async def test_a_guard_that_has_not_written_its_record_yet_is_seen_by_its_lock(
    commands: Commands, act: ActFacts
) -> None:
    commands.guards.mkdir()
    with (commands.guards / f"{act.key(str(commands.guards))}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = await replace(commands, settle_seconds=0.02).observe(act, LOOK)
    assert (found.outcome, "guard" in found.detail) == ("unknown", True)


async def test_a_process_that_left_its_session_is_found_by_its_mark(
    commands: Commands, act: ActFacts
) -> None:
    leave_a_record(commands.guards, act)
    stray = await asyncio.create_subprocess_exec(
        "sleep",
        "300",
        env={"PATH": os.environ["PATH"], "MIGRATOR_GUARD": f"{act.key(str(commands.guards))}.0"},
    )
    try:
        found = await replace(commands, settle_seconds=0.02).observe(act, LOOK)
    finally:
        stray.kill()
        await stray.wait()
    assert found.outcome == "unknown"
    assert str(stray.pid) in found.detail


async def test_a_conductor_that_was_followed_begins_nothing(
    commands: Commands, act: ActFacts, files: Path
) -> None:
    await commands.perform(replace(act, act="start", epoch=8), Command(("true",)))
    with pytest.raises(PermanentError) as caught:
        await commands.perform(act, Command(("touch", "second")))
    assert caught.value.reference == "act-fenced"
    assert not (files / "second").exists()
