"""The prober's pods: made once, found again, brought up to date, taken away."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator

import pytest

from api_controllers import Controllers, never_ready, no_image
from api_server import ApiServer, running
from kubernetes_rig import client_for
from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes import prober
from migrator.platform.kubernetes.objects import (
    KubeObject,
    map_at,
    number_at,
    objects_at,
    text_at,
    texts_at,
    uid_of,
)
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark

IMAGE = "registry.invalid/python:3"
MARK = Mark("token", 7)
KINDS = {"deployments", "configmaps", "secrets"}


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with running() as found:
        yield found


@pytest.fixture
async def client(server: ApiServer) -> AsyncIterator[Client]:
    found = client_for(server)
    yield found
    await found.close()


async def no_pause(_seconds: float) -> None:
    """Time passes without anybody waiting."""


async def ensured(client: Client, image: str = IMAGE) -> prober.ProberPods:
    return await prober.ensure(client, image, MARK, seconds_max=1, sleep=no_pause)


def kept(server: ApiServer, kind: str) -> list[KubeObject]:
    group = "apps" if kind == "deployments" else ""
    return list(server.storage.find(group, kind, prober.NAMESPACE))


async def test_two_pods_run_the_text_whose_digest_they_are_told(
    server: ApiServer, client: Client
) -> None:
    Controllers(server)
    found = await ensured(client)
    assert len(found.pods) == 2
    assert found.missing == ""
    (text,) = kept(server, "configmaps")
    shipped = text_at(text, "data", "prober.py")
    (deployment,) = kept(server, "deployments")
    (container,) = objects_at(deployment, "spec", "template", "spec", "containers")
    assert hashlib.sha256(shipped.encode()).hexdigest() in str(container["args"])
    assert texts_at(deployment, "metadata", "annotations")["migrator/epoch"] == "7"
    assert text_at(container, "image") == IMAGE


async def test_everything_says_whose_it_is(server: ApiServer, client: Client) -> None:
    Controllers(server)
    await ensured(client)
    for kind in KINDS:
        (found,) = kept(server, kind)
        assert texts_at(found, "metadata", "labels").items() >= prober.OURS.items(), kind


async def test_a_pod_has_no_rights(server: ApiServer, client: Client) -> None:
    Controllers(server)
    await ensured(client)
    (deployment,) = kept(server, "deployments")
    pod = map_at(deployment, "spec", "template", "spec")
    (container,) = objects_at(pod, "containers")
    assert pod["automountServiceAccountToken"] is False
    assert map_at(pod, "securityContext")["runAsNonRoot"] is True
    assert map_at(container, "securityContext")["readOnlyRootFilesystem"] is True


async def test_the_key_is_made_once_and_never_shown(server: ApiServer, client: Client) -> None:
    Controllers(server)
    first, second = await ensured(client), await ensured(client)
    assert len(first.key) == 64
    assert first.key == second.key == first.vantages[0].key
    assert first.key not in repr(first)
    (secret,) = kept(server, "secrets")
    assert base64.b64decode(text_at(secret, "data", "key")).decode() == first.key


async def test_the_second_time_nothing_is_made_anew(server: ApiServer, client: Client) -> None:
    Controllers(server)
    first = await ensured(client)
    before = [uid_of(each) for kind in sorted(KINDS) for each in kept(server, kind)]
    server.log.clear()
    assert (await ensured(client)).pods == first.pods
    assert (await prober.pods(client)).pods == first.pods
    assert [line.method for line in server.writes_seen] == ["PATCH"]
    (deployment,) = kept(server, "deployments")
    assert number_at(deployment, "metadata", "generation") == 1
    assert [uid_of(each) for kind in sorted(KINDS) for each in kept(server, kind)] == before


async def test_a_text_of_another_release_is_replaced(
    server: ApiServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Controllers(server)
    with monkeypatch.context() as earlier:
        earlier.setattr(prober, "script", lambda: "print('an earlier release')")
        old = await ensured(client)
    new = await ensured(client)
    assert not set(old.pods) & set(new.pods)
    assert len(kept(server, "configmaps")) == 1


async def test_a_pod_with_another_text_is_no_vantage_point(
    server: ApiServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Controllers(server)
    with monkeypatch.context() as earlier:
        earlier.setattr(prober, "script", lambda: "print('an earlier release')")
        await ensured(client)
    assert (await prober.pods(client)).vantages == ()


async def test_an_image_that_does_not_exist_is_told_at_once(
    server: ApiServer, client: Client
) -> None:
    Controllers(server, {IMAGE: no_image})
    with pytest.raises(PermanentError) as raised:
        await ensured(client)
    assert raised.value.reference == "prober-not-ready"
    assert "image" in str(raised.value)


async def test_pods_that_are_not_ready_in_time_may_be_later(
    server: ApiServer, client: Client
) -> None:
    Controllers(server, {IMAGE: never_ready})
    with pytest.raises(TransientError) as raised:
        await ensured(client)
    assert raised.value.reference == "prober-not-ready"


async def test_one_pod_is_enough_to_go_on_with(server: ApiServer, client: Client) -> None:
    made: list[bool] = []

    def only_the_first(image: str) -> KubeObject:
        made.append(True)
        ready: KubeObject = {"ready": len(made) == 1, "state": {"running": {}}}
        return {**never_ready(image), **ready}

    Controllers(server, {IMAGE: only_the_first})
    found = await ensured(client)
    assert len(found.pods) == 1
    assert found.missing


async def test_nothing_is_left_but_the_namespace(server: ApiServer, client: Client) -> None:
    Controllers(server)
    await ensured(client)
    changes = await prober.retire(client, MARK)
    assert str(changes) == "3 deleted"
    assert all(kept(server, kind) == [] for kind in KINDS)
    assert str(await prober.retire(client, MARK)) == "nothing"
