"""What is gathered before an unwind, within its limits, from a cluster that may be in trouble."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from api_faults import Fault
from api_pods import PodServer
from api_server import running
from kubernetes_rig import client_for
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes import evidence
from migrator.platform.kubernetes.evidence import gather, logs_of
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.subject import Subject

PASSWORD = "correct-horse-7"

WORKLOAD: KubeObject = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"selector": {"matchLabels": {"app": "web"}}},
}
SUBJECT = Subject("shop", "shop", (WORKLOAD,))

CRASHED: KubeObject = {
    "name": "web",
    "ready": False,
    "restartCount": 3,
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"exitCode": 1}},
}
RUNS: KubeObject = {
    "name": "web",
    "ready": True,
    "restartCount": 0,
    "state": {"running": {}},
}


@pytest.fixture
async def server() -> AsyncIterator[PodServer]:
    async with running(PodServer()) as found:
        assert isinstance(found, PodServer)
        found.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        yield found


@pytest.fixture
async def client(server: PodServer) -> AsyncIterator[Client]:
    found = client_for(server)
    yield found
    await found.close()


def put_pod(
    server: PodServer, name: str, state: KubeObject, *, app: str = "web", secret: str = ""
) -> None:
    env: list[Plain] = []
    if secret:
        env.append({"name": "P", "valueFrom": {"secretKeyRef": {"name": secret, "key": "p"}}})
    spec: KubeObject = {"containers": [{"name": "web", "image": "web:1", "env": env}]}
    labels: KubeObject = {"app": app}
    meta: KubeObject = {"name": name, "namespace": "shop", "labels": labels}
    server.make({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})
    server.put_status("Pod", "shop", name, {"phase": "Running", "containerStatuses": [state]})


def put_secret(server: PodServer, name: str = "db") -> None:
    data: KubeObject = {"p": base64.b64encode(PASSWORD.encode()).decode()}
    meta: KubeObject = {"name": name, "namespace": "shop"}
    server.make({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data})


def put_event(server: PodServer, reason: str, message: str) -> None:
    meta: KubeObject = {"name": f"web-1.{reason.lower()}", "namespace": "shop"}
    server.make(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": meta,
            "involvedObject": {"kind": "Pod", "name": "web-1", "namespace": "shop"},
            "reason": reason,
            "message": message,
            "type": "Warning",
            "lastTimestamp": "2026-11-22T03:00:00Z",
        }
    )


def say(server: PodServer, pod: str, text: bytes, *, previous: bool = False) -> None:
    server.logs["shop", pod, "web", previous] = text


async def test_a_crashing_pod_is_kept_with_the_log_of_its_previous_instance(
    server: PodServer, client: Client
) -> None:
    put_pod(server, "web-1", CRASHED)
    for previous in (True, False):
        say(server, "web-1", b"no database\n", previous=previous)
    put_event(server, "BackOff", "back-off restarting\nfailed container")
    put_event(server, "Unhealthy", "Readiness probe failed")
    found = await gather(client, SUBJECT, looks=["web -> db: refused"])
    assert found.missing == ()
    assert found.files["pods/web-1/web.previous.log"] == b"no database\n"
    assert "pods/web-1/web.log" not in found.files, "the same end under another name"
    assert b"CrashLoopBackOff" in found.files["pods/web-1/pod.json"]
    assert found.files["failed-looks.txt"] == b"web -> db: refused\n"
    assert (
        b"BackOff Pod/web-1  x1: back-off restarting failed container"
        in (found.files["events.txt"])
    )
    assert found.files["failed-probes.txt"].count(b"\n") == 1


async def test_a_log_that_its_node_no_longer_has_is_named(
    server: PodServer, client: Client
) -> None:
    put_pod(server, "web-1", CRASHED)
    gone = b"unable to retrieve container logs for containerd://3ee8"
    say(server, "web-1", gone, previous=True)
    say(server, "web-1", b"no database\n")
    found = await gather(client, SUBJECT)
    assert found.files["pods/web-1/web.log"] == b"no database\n"
    assert found.missing == ("pods/web-1/web.previous.log: its node no longer has it",)


async def test_only_the_last_lines_of_a_log_are_asked_for(
    server: PodServer, client: Client
) -> None:
    put_pod(server, "web-1", RUNS)
    say(server, "web-1", b"".join(b"line %d\n" % number for number in range(2000)))
    found = await gather(client, SUBJECT)
    lines = found.files["pods/web-1/web.log"].splitlines()
    assert (len(lines), lines[-1]) == (500, b"line 1999")


async def test_pods_of_others_in_the_namespace_are_left_alone(
    server: PodServer, client: Client
) -> None:
    put_pod(server, "web-1", RUNS)
    put_pod(server, "other-1", RUNS, app="other")
    say(server, "web-1", b"hello\n")
    found = await gather(client, SUBJECT)
    assert not [name for name in found.files if "other" in name]


async def test_secrets_are_struck_out_before_anything_is_handed_on(
    server: PodServer, client: Client
) -> None:
    put_secret(server)
    put_pod(server, "web-1", RUNS, secret="db")
    encoded = base64.b64encode(PASSWORD.encode())
    say(server, "web-1", b"password is " + PASSWORD.encode() + b" or " + encoded + b"\n")
    put_event(server, "Failed", f"cannot log in with {PASSWORD}")
    found = await gather(client, SUBJECT)
    everything = b"".join(found.files.values())
    assert PASSWORD.encode() not in everything
    assert encoded not in everything
    assert b"or [secret]" in found.files["pods/web-1/web.log"]


async def test_a_log_whose_secret_cannot_be_read_is_not_kept(
    server: PodServer, client: Client
) -> None:
    put_secret(server)
    put_pod(server, "web-1", RUNS, secret="db")
    say(server, "web-1", PASSWORD.encode())
    server.forbidden.add(("get", "secrets"))
    found = await gather(client, SUBJECT)
    assert "pods/web-1/web.log" not in found.files
    assert PASSWORD.encode() not in b"".join(found.files.values())
    assert any("Secret db" in each and "not allowed" in each for each in found.missing)
    assert any(each.startswith("pods/web-1/web.log: not kept") for each in found.missing)


async def test_a_secret_that_is_not_there_holds_nothing_up(
    server: PodServer, client: Client
) -> None:
    put_pod(server, "web-1", RUNS, secret="gone")
    say(server, "web-1", b"hello\n")
    assert (await gather(client, SUBJECT)).files["pods/web-1/web.log"] == b"hello\n"


async def test_what_cannot_be_had_is_named_and_the_rest_is_kept(
    server: PodServer, client: Client
) -> None:
    put_pod(server, "web-1", RUNS)
    put_pod(server, "web-2", RUNS)
    say(server, "web-2", b"hello\n")
    server.forbidden.add(("get", "events"))
    found = await gather(client, SUBJECT)
    assert found.files["pods/web-2/web.log"] == b"hello\n"
    assert [each.split(":")[0] for each in sorted(found.missing)] == [
        "events of shop",
        "pods/web-1/web.log",
    ]
    assert str(found).endswith("2 not to be had")


async def test_it_never_takes_longer_than_it_may(server: PodServer, client: Client) -> None:
    put_pod(server, "web-1", CRASHED)
    put_pod(server, "web-2", RUNS)
    for previous in (True, False):
        say(server, "web-1", b"no database\n", previous=previous)
    say(server, "web-2", b"hello\n")
    server.faults.append(Fault("/web-2/log", latency_seconds=60))
    began = asyncio.get_running_loop().time()
    found = await gather(client, SUBJECT, seconds_max=1)
    assert asyncio.get_running_loop().time() - began < 1.5
    assert found.files["pods/web-1/web.previous.log"] == b"no database\n"
    assert "pods/web-2/web.log: time was up" in found.missing


async def test_a_server_that_does_not_answer_costs_the_time_and_nothing_else(
    server: PodServer, client: Client
) -> None:
    await server.crash()
    found = await gather(client, SUBJECT, looks=["refused"], seconds_max=3)
    assert set(found.files) == {"failed-looks.txt"}
    assert len(found.missing) == 2


async def test_it_never_holds_more_than_it_may(server: PodServer, client: Client) -> None:
    for number in range(4):
        put_pod(server, f"web-{number}", RUNS)
        say(server, f"web-{number}", b"x" * 99 + b"\n" + b"y" * 9_900 + b"\n")
    found = await gather(client, SUBJECT, bytes_max=25_000)
    assert found.size <= 25_000
    assert any("bytes was reached" in each for each in found.missing)


async def test_a_log_of_endless_lines_is_cut_at_its_beginning(
    server: PodServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "LOG_BYTES_MAX", 100)
    put_pod(server, "web-1", RUNS)
    say(server, "web-1", b"z" * 200 + b"\n" + b"the end\n")
    found = await gather(client, SUBJECT)
    assert found.files["pods/web-1/web.log"] == b"the end\n"


async def test_pods_in_trouble_are_asked_first(server: PodServer, client: Client) -> None:
    put_pod(server, "web-1", RUNS)
    put_pod(server, "web-2", CRASHED)
    say(server, "web-1", b"hello\n")
    for previous in (True, False):
        say(server, "web-2", b"no database\n", previous=previous)
    found = await gather(client, SUBJECT)
    logs = [name for name in found.files if name.endswith(".log")]
    assert logs == ["pods/web-2/web.previous.log", "pods/web-1/web.log"]


async def test_pods_of_a_job_are_known_by_their_owner(server: PodServer, client: Client) -> None:
    job: KubeObject = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "load", "namespace": "shop"},
        "spec": {},
    }
    owner: KubeObject = {"apiVersion": "batch/v1", "kind": "Job", "name": "load", "uid": "1"}
    put_pod(server, "load-x", RUNS, app="load")
    server.edit("Pod", "shop", "load-x", {"metadata": {"ownerReferences": [owner]}}, "somebody")
    say(server, "load-x", b"loaded\n")
    found = await gather(client, replace(SUBJECT, objects=(job,)))
    assert found.files["pods/load-x/web.log"] == b"loaded\n"


def test_a_container_that_never_started_has_no_log() -> None:
    waits: KubeObject = {"name": "web", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    pod: KubeObject = {
        "spec": {"containers": [{"name": "web"}]},
        "status": {"containerStatuses": [waits]},
    }
    assert logs_of(pod) == ()
