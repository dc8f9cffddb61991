"""The agent as a process beside us: what it is told, what it says, and how it ends."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from false_agents import a_header, a_look, each, false_agent, ids
from migrator.engine.ports import VantageLost
from migrator.probes.here import ThisMachine


@pytest.fixture(autouse=True)
def patience_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrator.probes.conversing.END_SECONDS_MAX", 0.2)


def looking(agent: bytes) -> tuple[ThisMachine, bytes]:
    return ThisMachine(agent), a_header(hashlib.sha256(agent).hexdigest())


async def taken(agent: bytes, *lines: bytes) -> list[bytes]:
    here, header = looking(agent)
    return [line async for line in here.look(header, each(lines))]


def group_is_gone(pid: int) -> bool:
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_every_look_has_a_result_and_the_last_line_is_the_end() -> None:
    answers = await taken(false_agent(), *(a_look(f"look-{n}") for n in range(2000)))
    assert ids(answers) == [f"look-{n}" for n in range(2000)]
    assert json.loads(answers[-1])["end"] is True
    assert json.loads(answers[-1])["n"] == 2000


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("breaks", "by signal 9"),
        ("complains", "with 7.*the last word"),
        ("shouts", "a line of more than"),
    ],
)
async def test_an_answer_that_does_not_end_is_a_lost_vantage_point(
    behaviour: str, reason: str
) -> None:
    with pytest.raises(VantageLost, match=reason) as caught:
        await taken(false_agent(behaviour), *(a_look(f"look-{n}") for n in range(5)))
    assert not caught.value.for_good


async def test_whoever_leaves_early_leaves_no_process_behind() -> None:
    here, header = looking(false_agent("silent"))
    pid = 0
    async with aclosing(here.look(header, each(a_look(f"look-{n}") for n in range(5)))) as answers:
        async for line in answers:
            found = json.loads(line)
            if found.get("id") == "look-1":
                pid = int(found["detail"].removeprefix("pid "))
                break
    assert pid
    assert group_is_gone(pid)


async def test_an_agent_that_does_not_end_by_itself_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("migrator.probes.conversing.END_SECONDS_MAX", 0.05)
    answers = await taken(false_agent("stays"), a_look("only"))
    pid = int(json.loads(answers[1])["detail"].removeprefix("pid "))
    assert group_is_gone(pid)


async def test_lines_are_taken_no_faster_than_the_agent_reads_them() -> None:
    """Pipes and buffers hold some hundred kilobytes; what is more must wait where it is."""
    here, header = looking(false_agent("deaf"))
    taken_lines = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken_lines
        while True:
            taken_lines += 1
            yield a_look(f"look-{taken_lines}")

    async def look() -> None:
        async with aclosing(here.look(header, endless())) as answers:
            async for _ in answers:
                pass

    task = asyncio.create_task(look())
    before = -1
    while before != taken_lines or not taken_lines:
        before = taken_lines
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert taken_lines * len(a_look("look-1")) < 1 << 20


async def test_lines_that_cannot_be_read_end_the_look_with_their_error() -> None:
    async def torn() -> AsyncIterator[bytes]:
        yield a_look("first")
        raise OSError(5, "the disk is gone")

    here, header = looking(false_agent())
    with pytest.raises(OSError, match="the disk is gone"):
        [line async for line in here.look(header, torn())]


async def test_a_python_that_is_not_there_is_said(tmp_path: Path) -> None:
    nobody = ThisMachine(false_agent(), python=str(tmp_path / "python3"))
    with pytest.raises(VantageLost, match="cannot be started") as caught:
        [line async for line in nobody.look(b"{}\n", each([]))]
    assert caught.value.for_good
