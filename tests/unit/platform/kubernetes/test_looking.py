"""Looks from this machine and from a pod, which must see alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from api_pods import PodServer
from api_server import running
from kubernetes_rig import client_for
from migrator.platform.kubernetes import prober, prober_script
from migrator.platform.kubernetes.looking import (
    Look,
    PodVantage,
    ThisMachine,
    VantageLost,
    front_look,
    read_answers,
)
from migrator.platform.kubernetes.prober_script import Prober
from migrator.platform.kubernetes.slices import OLD, Backend, Port
from migrator.platform.kubernetes.subject import Fronting, Identity
from migrator.platform.kubernetes.traffic import Front

DIGEST = prober.digest()


@asynccontextmanager
async def front() -> AsyncIterator[Look]:
    """A listener that says who it is, and the look at it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 -\r\n\r\nside=new")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield Look("ns/web", "127.0.0.1", port, Identity("", "/", "side=old", "side=new"))
    finally:
        server.close()


@asynccontextmanager
async def a_pod(key: str = "k", digest: str = DIGEST) -> AsyncIterator[PodVantage]:
    """A prober that is asked through the fake API server."""
    inside = await asyncio.start_server(Prober(key, digest).answer, "127.0.0.1", 0)
    async with running(PodServer()) as server:
        assert isinstance(server, PodServer)
        server.ways["ns", "prober-1:8080"] = inside.sockets[0].getsockname()[1]
        client = client_for(server)
        try:
            yield PodVantage(client, "ns", "prober-1", 8080, DIGEST, "k", "node-1")
        finally:
            await client.close()
            inside.close()


async def test_a_pod_sees_what_this_machine_sees() -> None:
    async with front() as look, a_pod() as pod:
        here = await ThisMachine().look([look], rounds=2)
        there = await pod.look([look], rounds=2)
    assert [(each.look, each.text, each.status) for each in here] == [
        ("ns/web", "side=new", 200),
        ("ns/web", "side=new", 200),
    ]
    plain = [replace(each, milliseconds=0, at_seconds=0) for each in here]
    assert plain == [replace(each, milliseconds=0, at_seconds=0) for each in there]


async def test_the_times_of_a_pods_looks_are_on_our_clock() -> None:
    async with front() as look, a_pod() as pod:
        began = asyncio.get_running_loop().time()
        found = await pod.look([look], rounds=3, pause_seconds=0.005)
        ended = asyncio.get_running_loop().time()
    times = [each.at_seconds for each in found]
    assert [began, *times, ended] == sorted([began, *times, ended])
    assert times[2] - times[0] >= 0.01


async def test_a_large_batch_goes_in_several_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prober_script, "ANSWERS_MAX", 4)
    looks = [Look(str(number), "127.0.0.1", 1) for number in range(5)]
    async with a_pod() as pod:
        found = await pod.look(looks, rounds=2)
    assert sorted(each.look for each in found) == sorted([look.id for look in looks] * 2)


async def test_a_pod_that_is_gone_is_lost() -> None:
    async with a_pod() as pod:
        with pytest.raises(VantageLost, match="answered 503"):
            await replace(pod, pod="prober-2").look([Look("a", "127.0.0.1", 1)])


async def test_a_server_that_is_gone_loses_the_pod_at_once() -> None:
    async with a_pod() as pod:
        pass
    with pytest.raises(VantageLost, match="no answer"):
        await pod.look([Look("a", "127.0.0.1", 1)])
    await pod.client.close()


async def test_a_prober_with_another_key_or_another_text_is_not_believed() -> None:
    async with a_pod(key="another") as pod:
        with pytest.raises(VantageLost, match="answered 403"):
            await pod.look([Look("a", "127.0.0.1", 1)])
    async with a_pod(digest="0" * 64) as pod:
        with pytest.raises(VantageLost, match="another prober"):
            await pod.look([Look("a", "127.0.0.1", 1)])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]\n",
        b'{"n": 0}\n',
        json.dumps({"digest": DIGEST, "milliseconds": 1, "n": 2}).encode() + b"\n",
    ],
)
def test_an_answer_that_is_cut_or_somebody_elses_is_not_believed(body: bytes) -> None:
    with pytest.raises(VantageLost):
        read_answers(body, DIGEST, 0.0)


def test_the_key_is_not_shown() -> None:
    async def find() -> str:
        async with a_pod() as pod:
            return repr(pod)

    assert "'k'" not in asyncio.run(find())


@pytest.mark.parametrize(
    ("identity", "wants"),
    [
        (Identity(), "connection"),
        (Identity(new="hello"), "banner"),
        (Identity(path="/x"), "body"),
    ],
)
def test_a_look_goes_as_far_as_the_identity_asks(identity: Identity, wants: str) -> None:
    assert Look("a", "127.0.0.1", 1, identity).wants == wants


def test_a_front_is_looked_at_on_the_port_that_its_identity_names() -> None:
    ports = (Port("metrics", 9000), Port("http", 80))
    backend = Backend(OLD, ("192.0.2.1",), ports)
    fronting = Fronting(Front("shop", "web"), backend, ports, Identity("http"))
    assert front_look(fronting, "10.96.0.9") == Look("shop/web", "10.96.0.9", 80, fronting.identity)
    unnamed = replace(fronting, identity=Identity())
    assert front_look(unnamed, "10.96.0.9").port == 9000
