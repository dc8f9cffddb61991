"""A sweep whose process is killed leaves no agent behind, here and on an old host."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from migrator.probes.packing import packed_agent
from probing.old_hosts import Hosts

pytestmark = pytest.mark.slow

# Looks for a page at a port that takes everybody in and never says a word.
CONTROLLER = """
import asyncio, hashlib, json, sys
from pathlib import Path
from migrator.probes.here import ThisMachine
from migrator.probes.over_ssh import OverSsh
async def lines(port):
    for number in range(50):
        yield json.dumps({"id": str(number), "kind": "http", "host": "127.0.0.1", "port": port,
                          "seconds": 60.0}).encode() + b"\\n"
async def main(where, port, file):
    agent = Path(file).read_bytes()
    digest = hashlib.sha256(agent).hexdigest()
    vantage = ThisMachine(agent) if where == "here" else OverSsh(agent, where)
    header = {"version": 1, "digest": digest, "clock": 0.0, "seconds": 600.0,
              "allow": ["127.0.0.0/8"], "caps": {"target_at_once": 50}}
    async for line in vantage.look(json.dumps(header).encode() + b"\\n", lines(port)):
        print(line.decode(), end="", flush=True)
asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
"""


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes in everybody and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=100)) as server:
        yield int(server.getsockname()[1])


@pytest.mark.parametrize("where", ["here", "killed"])
async def test_no_agent_outlives_whoever_started_it(
    hosts: Hosts, silent: int, where: str, tmp_path: Path
) -> None:
    """Agents of others may run on this machine: the one of this test has bytes of its own."""
    if where != "here":
        hosts.add(where)
    own = f"#!/usr/bin/env python3\n# {secrets.token_hex(8)}\n".encode() + packed_agent().data
    (tmp_path / "agent").write_bytes(own)
    digest = hashlib.sha256(own).hexdigest()
    command = [sys.executable, "-c", CONTROLLER, where, str(silent), str(tmp_path / "agent")]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert "beat" in json.loads(await process.stdout.readline())
    assert agents(digest) != []
    process.kill()
    await process.wait()
    async with asyncio.timeout(10):
        while agents(digest):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


def agents(digest: str) -> list[str]:
    """The processes that were started with that agent, those on old hosts among them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_text(errors="replace")
            if digest in words:
                found.append(words)
    return found
