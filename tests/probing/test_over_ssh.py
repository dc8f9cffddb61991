"""Old hosts over a real sshd: entered through others, refused where they are strangers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import socket
from contextlib import aclosing, closing, suppress
from pathlib import Path

import pytest

from false_agents import a_header, a_look, each, false_agent, ids
from migrator.engine.ports import VantageLost
from migrator.probes.over_ssh import OverSsh
from migrator.probes.packing import packed_agent
from probing.old_hosts import Hosts

pytestmark = pytest.mark.slow


async def looked(vantage: OverSsh, agent: bytes, *lines: bytes) -> list[bytes]:
    header = a_header(hashlib.sha256(agent).hexdigest())
    try:
        return [line async for line in vantage.look(header, each(lines))]
    finally:
        await vantage.close()


async def test_a_host_behind_another_is_looked_from_over_one_connection(hosts: Hosts) -> None:
    hosts.add("jump")
    hosts.add("behind", through="jump")
    agent = false_agent()
    vantage = OverSsh(agent, "behind")
    header = a_header(hashlib.sha256(agent).hexdigest())
    for number in range(3):
        lines = each(a_look(f"{number}-{n}") for n in range(500))
        answers = [line async for line in vantage.look(header, lines)]
        assert ids(answers) == [f"{number}-{n}" for n in range(500)]
    folder = str(vantage._folder)
    assert folder in running()
    await vantage.close()
    assert hosts.entered("jump") == 1
    assert hosts.entered("behind") == 1
    await until_gone(folder)


async def test_nothing_is_left_on_the_disk_of_a_host(hosts: Hosts) -> None:
    hosts.add("tidy")
    root = hosts.folder / "tidy"
    before = {path for path in root.rglob("*") if not path.is_symlink()}
    agent = false_agent()
    await looked(OverSsh(agent, "tidy"), agent, a_look("a"))
    assert {path for path in root.rglob("*") if not path.is_symlink()} == before


async def test_a_host_whose_key_nobody_knows_is_not_entered(hosts: Hosts) -> None:
    hosts.add("stranger", known=False)
    agent = false_agent()
    with pytest.raises(VantageLost, match=r"stranger is not entered: .*host key") as caught:
        await looked(OverSsh(agent, "stranger"), agent, a_look("a"))
    assert caught.value.for_good
    assert hosts.entered("stranger") == 0


async def test_a_host_with_another_key_than_before_is_not_entered(hosts: Hosts) -> None:
    hosts.add("replaced")
    hosts.add("replacement")
    *_, kept, replacement = lines = hosts.known.read_text().splitlines()
    other = replacement.split()[1:]
    changed = " ".join([kept.split()[0], *other])
    hosts.known.write_text("\n".join([*lines[:-2], changed, replacement, ""]))
    agent = false_agent()
    with pytest.raises(VantageLost, match="replaced is not entered") as caught:
        await looked(OverSsh(agent, "replaced"), agent, a_look("a"))
    assert caught.value.for_good


async def test_a_host_without_python_is_named(hosts: Hosts) -> None:
    hosts.add("bare", python=False)
    agent = false_agent()
    with pytest.raises(VantageLost, match=r"no Python 3\.9 or newer.*on bare") as caught:
        await looked(OverSsh(agent, "bare"), agent, a_look("a"))
    assert caught.value.for_good


async def test_a_host_that_is_not_there_passes_perhaps(hosts: Hosts) -> None:
    hosts.add("down")
    hosts.end("down")
    agent = false_agent()
    with pytest.raises(VantageLost, match=r"down cannot be entered: .*refused") as caught:
        await looked(OverSsh(agent, "down"), agent, a_look("a"))
    assert not caught.value.for_good


async def test_a_host_that_goes_down_in_between_is_lost_and_entered_again(hosts: Hosts) -> None:
    hosts.add("shaky")
    agent = false_agent("silent")
    vantage = OverSsh(agent, "shaky")
    header = a_header(hashlib.sha256(agent).hexdigest())

    async def look() -> None:
        async with aclosing(vantage.look(header, each(a_look(str(n)) for n in range(5)))) as found:
            async for line in found:
                if json.loads(line).get("id") == "1":
                    hosts.end("shaky")

    with pytest.raises(VantageLost, match="shaky"):
        await look()
    await vantage.close()


async def test_leaving_early_ends_the_agent_over_there(hosts: Hosts) -> None:
    hosts.add("left")
    # Agents of other tests may run on this machine: this one has bytes of its own.
    agent = f"#!/usr/bin/env python3\n# {secrets.token_hex(8)}\n".encode() + packed_agent().data
    digest = hashlib.sha256(agent).hexdigest()
    vantage = OverSsh(agent, "left")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        line = a_look("slow", silent.getsockname()[1], kind="http", seconds=60.0)
        async with aclosing(vantage.look(a_header(digest), each([line]))) as found:
            async for beat in found:
                assert "beat" in json.loads(beat)
                assert digest in running()
                break
    await vantage.close()
    await until_gone(digest)


async def test_an_agent_that_hears_nothing_over_there_is_not_waited_for(hosts: Hosts) -> None:
    hosts.add("deaf")
    agent = false_agent("silent")
    vantage = OverSsh(agent, "deaf")
    header = a_header(hashlib.sha256(agent).hexdigest())
    async with asyncio.timeout(20):
        async with aclosing(vantage.look(header, each(a_look(str(n)) for n in range(5)))) as found:
            async for line in found:
                if json.loads(line).get("id") == "1":
                    break
        await vantage.close()


def running() -> str:
    """The command lines of this machine's processes, those inside the hosts among them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found.append(path.read_text(errors="replace"))
    return "\n".join(found)


async def until_gone(word: str) -> None:
    async with asyncio.timeout(20):
        while word in running():  # noqa: ASYNC110 - it is another machine's process
            await asyncio.sleep(0.05)
