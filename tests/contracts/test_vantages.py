"""One contract for every vantage point: this machine, an old host, a pod, and the tests' fake.

The real ones run the real agent against real listeners on loopback: here as a process, over ssh by
a script in the place of ssh (a real sshd is in `tests/probing/`), and as a pod behind the tests'
API server (a real cluster is in `tests/cluster/`). What a sweep relies on is held by all alike.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from api_controllers import Controllers
from api_pods import PodServer
from api_schemas import custom_kind
from api_server import running
from fake_vantages import FakeVantage
from false_agents import a_header, a_look, each
from kubernetes_rig import client_for
from migrator.engine.ports import Vantage, VantageLost
from migrator.platform.kubernetes import agent_pods
from migrator.platform.kubernetes.agent_objects import LABEL, NAME, PORT, Place
from migrator.platform.kubernetes.discovery import PODS, SECRETS
from migrator.platform.kubernetes.objects import KubeObject, text_at
from migrator.platform.kubernetes.slices import Mark
from migrator.probes.agent import wire
from migrator.probes.here import ThisMachine
from migrator.probes.over_ssh import OverSsh
from migrator.probes.packing import packed_agent

SLOW = [pytest.param(each, marks=pytest.mark.slow) for each in ("ssh", "pod")]
KINDS = ("here", "fake", *SLOW)
WITH_AN_AGENT = ("here", *SLOW)

SSH = """#!/bin/sh
for word; do case "$word" in -O|-N) exit 0 ;; esac; done
while [ "$1" != -- ]; do shift; done
echo "motd: welcome to $2"
exec /bin/sh -c "$3"
"""


@pytest.fixture(params=KINDS)
async def vantage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Vantage]:
    made = {"here": _here, "ssh": _ssh, "pod": _pod, "fake": _fake}[request.param]
    async with made(tmp_path, monkeypatch) as found:
        yield found
        await found.close()


@asynccontextmanager
async def _here(_folder: Path, _patch: pytest.MonkeyPatch) -> AsyncIterator[Vantage]:
    yield ThisMachine(packed_agent().data)


@asynccontextmanager
async def _ssh(folder: Path, patch: pytest.MonkeyPatch) -> AsyncIterator[Vantage]:
    (folder / "ssh").write_text(SSH)
    (folder / "ssh").chmod(0o700)
    (folder / "python3").symlink_to(sys.executable)
    patch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    yield OverSsh(packed_agent().data, "old-web", name="old-web")


@asynccontextmanager
async def _fake(_folder: Path, _patch: pytest.MonkeyPatch) -> AsyncIterator[Vantage]:
    yield FakeVantage()


@asynccontextmanager
async def _pod(folder: Path, _patch: pytest.MonkeyPatch) -> AsyncIterator[Vantage]:
    """The real agent serves on loopback, and the tests' API server leads to it as to a pod."""
    server = PodServer()
    policies = custom_kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
    server.kinds.append(policies)
    Controllers(server)
    async with running(server):
        client = client_for(server)
        place = Place("folkbok", "Deployment/folkbok", "registry.invalid/python:3", called="pod")
        space: KubeObject = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": "folkbok"},
        }
        try:
            await client.create(space)
            await client.create(a_workload("folkbok", "folkbok"))
            made = await agent_pods.ensure(client, place, packed_agent().data, Mark("token", 1))
            listed = await client.list_all(PODS, "folkbok", labels=f"{LABEL}={place.name}")
            name = text_at(listed.items[0], "metadata", "name")
            secret = await client.get(SECRETS, "folkbok", NAME)
            with serving(folder, base64.b64decode(text_at(secret, "data", "key"))) as port:
                server.ways["folkbok", f"{name}:{PORT}"] = port
                yield replace(made, part_looks=7)
        finally:
            await client.close()


def a_workload(namespace: str, name: str) -> KubeObject:
    labels: KubeObject = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "registry.invalid/app:1"}]},
            },
        },
    }


@contextmanager
def serving(folder: Path, key: bytes) -> Iterator[int]:
    """The agent as it runs in a pod."""
    (folder / "agent.pyz").write_bytes(packed_agent().data)
    (folder / "key").write_bytes(key)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = ["--serve", str(port), str(folder / "key")]
    process = subprocess.Popen([sys.executable, "-I", str(folder / "agent.pyz"), *words])
    try:
        for _ in range(500):
            with closing(socket.socket()) as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
async def listener() -> AsyncIterator[int]:
    """A port on loopback that takes in everybody."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()


async def looked(vantage: Vantage, *lines: bytes) -> list[bytes]:
    async with asyncio.timeout(20):
        return [line async for line in vantage.look(a_header(packed_agent().digest), each(lines))]


def said(lines: list[bytes]) -> tuple[list[wire.Result], list[wire.End]]:
    """Results and ends among what came."""
    found = [json.loads(line) for line in lines]
    return [f for f in found if "word" in f], [f for f in found if f.get("end") is True]


async def test_every_look_has_one_result_and_the_ends_count_them(
    vantage: Vantage, listener: int
) -> None:
    asked = [a_look(f"look-{n}", listener) for n in range(40)]
    results, ends = said(await looked(vantage, *asked))
    assert sorted(each["id"] for each in results) == sorted(f"look-{n}" for n in range(40))
    assert {each["word"] for each in results} == {wire.OK}
    assert sum(end["n"] for end in ends) == 40
    assert {end["digest"] for end in ends} == {packed_agent().digest}


async def test_the_last_line_is_an_end_also_of_a_batch_without_a_look(vantage: Vantage) -> None:
    lines = await looked(vantage)
    results, ends = said(lines)
    assert results == []
    assert [end["n"] for end in ends] == [0]
    assert json.loads(lines[-1]) == ends[0]


async def test_one_batch_follows_another(vantage: Vantage, listener: int) -> None:
    for number in range(3):
        results, _ = said(await looked(vantage, a_look(f"look-{number}", listener)))
        assert [each["id"] for each in results] == [f"look-{number}"]


async def test_whoever_leaves_early_is_let_go_and_may_come_again(
    vantage: Vantage, listener: int
) -> None:
    header = a_header(packed_agent().digest)
    async with asyncio.timeout(10):
        lines = each(a_look(f"look-{n}", listener) for n in range(20))
        async with aclosing(vantage.look(header, lines)) as answers:
            async for line in answers:
                if b'"word"' in line:
                    break
    assert len(said(await looked(vantage, a_look("again", listener)))[0]) == 1


async def test_whoever_is_cancelled_is_let_go(vantage: Vantage, listener: int) -> None:
    heard = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield a_look("first", listener)
        heard.set()
        await asyncio.Event().wait()

    async def look() -> None:
        async for _ in vantage.look(a_header(packed_agent().digest), slowly()):
            pass

    task = asyncio.create_task(look())
    async with asyncio.timeout(10):
        await heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_lines_that_cannot_be_read_are_not_taken_for_the_end(
    vantage: Vantage, listener: int
) -> None:
    async def torn() -> AsyncIterator[bytes]:
        yield a_look("first", listener)
        raise OSError(5, "the disk is gone")

    async with asyncio.timeout(10):
        with pytest.raises(OSError, match="the disk is gone"):
            [line async for line in vantage.look(a_header(packed_agent().digest), torn())]


@pytest.mark.parametrize("vantage", WITH_AN_AGENT, indirect=True)
async def test_the_real_agent_tells_what_there_is_from_what_there_is_not(
    vantage: Vantage, listener: int
) -> None:
    outside = json.loads(a_look("outside", listener)) | {"host": "192.0.2.1"}
    asked = a_look("open", listener), a_look("shut", 1), json.dumps(outside).encode() + b"\n"
    results, _ = said(await looked(vantage, *asked))
    words = {each["id"]: each["word"] for each in results}
    assert words == {"open": wire.OK, "shut": wire.REFUSED, "outside": wire.NOT_ALLOWED}


@pytest.mark.parametrize("vantage", WITH_AN_AGENT, indirect=True)
async def test_an_agent_that_was_not_meant_looks_at_nothing(
    vantage: Vantage, listener: int
) -> None:
    answers = vantage.look(a_header("e" * 64), each([a_look("look", listener)]))
    async with asyncio.timeout(10):
        first = json.loads(await anext(answers))
        assert "the header means agent" in first["refused"]
        with pytest.raises(VantageLost):
            await anext(answers)
