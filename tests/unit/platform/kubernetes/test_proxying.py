"""The way to a pod through the API server: one try, and whatever comes back."""

from __future__ import annotations

import asyncio

import pytest

from api_faults import Fault
from api_pods import PodServer
from api_server import running
from kubernetes_rig import client_for
from migrator.platform.kubernetes.proxying import ask_pod
from migrator.platform.kubernetes.wire import NoAnswerError

PLACE = ("ns", "pod-1", 8080)


async def test_a_question_reaches_the_pods_port_and_its_answer_comes_back() -> None:
    heard = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"}"))
        writer.write(b"HTTP/1.1 418 -\r\nContent-Length: 5\r\n\r\nhello")
        writer.close()

    pod = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with running(PodServer()) as server:
        assert isinstance(server, PodServer)
        server.ways["ns", "pod-1:8080"] = pod.sockets[0].getsockname()[1]
        client = client_for(server)
        answer = await ask_pod(client, PLACE, "looks", {"key": "k"}, seconds=5)
        await client.close()
    pod.close()
    assert (answer.status, answer.body) == (418, b"hello")
    assert heard[0].startswith(b"POST /looks ")
    assert heard[0].endswith(b'{"key": "k"}')
    assert server.log[-1].path == "/api/v1/namespaces/ns/pods/pod-1:8080/proxy/looks"


async def test_a_pods_silence_is_not_waited_out_with_patience() -> None:
    async with running(PodServer()) as server:
        client = client_for(server)
        assert (await ask_pod(client, PLACE, "looks", {}, seconds=5)).status == 503
        server.faults.append(Fault("/proxy/", times=9))
        with pytest.raises(NoAnswerError):
            await ask_pod(client, PLACE, "looks", {}, seconds=5)
        await client.close()
    assert server.faults[0].times == 8
