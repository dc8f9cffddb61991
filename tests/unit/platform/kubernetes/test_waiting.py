"""Waiting for the fake cluster: ready, stopped, and what can only get worse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from api_controllers import Controllers, crashing, never_ready, no_image
from api_faults import Fault
from api_server import ApiServer, running
from api_writes import Write
from kubernetes_rig import client_for, wall
from migrator.errors import EnvironmentFailed, MigratorError, PermanentError
from migrator.platform.kubernetes.discovery import PODS
from migrator.platform.kubernetes.objects import KubeObject, text_at
from migrator.platform.kubernetes.waiting import Cluster, selects

SPACE = "here"


@dataclass
class Rig:
    server: ApiServer
    controllers: Controllers
    cluster: Cluster

    def deployed(self, name: str, image: str = "fine", replicas: int = 2) -> KubeObject:
        """A Deployment, as somebody has applied it."""
        labels: KubeObject = {"app": name}
        container: KubeObject = {"name": "server", "image": image}
        wanted: KubeObject = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": SPACE},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }
        self.server.make(wanted)
        return wanted

    def pods(self) -> list[str]:
        return [text_at(p, "metadata", "name") for p in self.server.storage.find("", "pods", "")]


@asynccontextmanager
async def rigged() -> AsyncIterator[Rig]:
    async with running() as server:
        server.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
        images = {"nowhere": no_image, "crashing": crashing, "deaf": never_ready}
        client = client_for(server)
        try:
            async with Cluster(client, now=wall) as cluster:
                yield Rig(server, Controllers(server, dict(images)), cluster)
        finally:
            await client.close()


async def test_what_is_ready_is_not_waited_for() -> None:
    async with rigged() as rig:
        waited = await rig.cluster.until_ready([rig.deployed("web")], seconds_max=5)
        assert [str(name) for name in waited.states] == [f"Deployment/{SPACE}/web"]
        assert all(state.is_ready for state in waited.states.values())


@pytest.mark.parametrize(
    ("image", "reason"), [("nowhere", "cannot be pulled"), ("crashing", "crashes again and again")]
)
async def test_what_can_only_get_worse_ends_the_wait_with_its_reason(
    image: str, reason: str
) -> None:
    async with rigged() as rig:
        with pytest.raises(PermanentError, match=reason) as failed:
            await rig.cluster.until_ready([rig.deployed("web", image)], seconds_max=3600)
        assert failed.value.reference == "workload-failed"


async def test_what_is_late_is_named_when_time_is_up_and_what_is_ready_is_not() -> None:
    async with rigged() as rig:
        wanted = [rig.deployed("web", "deaf"), rig.deployed("other")]
        with pytest.raises(PermanentError, match=f"Deployment/{SPACE}/web: ") as late:
            await rig.cluster.until_ready(wanted, seconds_max=0)
        assert late.value.reference == "not-ready-in-time"
        assert "other" not in late.value.message


async def test_a_stop_is_waited_for_and_names_the_pods_that_went() -> None:
    async with rigged() as rig:
        web = rig.deployed("web")
        pods = rig.pods()
        looks: list[float] = []

        async def removed_at_the_third_look(seconds: float) -> None:
            looks.append(seconds)
            if len(looks) == 3:
                none: KubeObject = {"spec": {"replicas": 0}}
                kind = rig.server.kind("Deployment")
                rig.server.writes.merge(Write(kind, SPACE, "web", none, "somebody"))
            await asyncio.sleep(0)

        rig.cluster._sleep = removed_at_the_third_look
        went = await rig.cluster.until_stopped([web], seconds_max=5)
        assert {name.name for name in went} == set(pods)
        assert rig.pods() == []


async def test_pods_that_are_still_there_are_named() -> None:
    async with rigged() as rig:
        web = rig.deployed("web")
        with pytest.raises(PermanentError) as late:
            await rig.cluster.until_stopped([web], seconds_max=0)
        assert late.value.reference == "not-stopped"
        assert all(name in late.value.message for name in rig.pods())


async def test_nobody_elses_pods_are_waited_for() -> None:
    async with rigged() as rig:
        web = rig.deployed("web", replicas=0)
        rig.deployed("web-admin")
        assert await rig.cluster.until_stopped([web], seconds_max=5) == ()
        assert len(rig.pods()) == 2


async def test_nothing_to_stop_is_stopped() -> None:
    async with rigged() as rig:
        assert await rig.cluster.until_stopped([], seconds_max=0) == ()


async def test_a_stop_is_proven_by_the_server_and_not_by_an_old_picture() -> None:
    async with rigged() as rig:
        web = rig.deployed("web", replicas=0)
        await rig.cluster.until_stopped([web], seconds_max=5)
        lists = [line for line in rig.server.log if line.path.endswith("/pods")]
        assert any("watch" not in line.query for line in lists[1:]), "it was asked once more"


async def test_there_is_one_watch_for_each_kind_and_namespace() -> None:
    async with rigged() as rig:
        wanted = [rig.deployed(f"web-{number}") for number in range(5)]
        await rig.cluster.until_ready(wanted, seconds_max=5)
        await rig.cluster.until_ready(wanted, seconds_max=5)
        watched = [line.path for line in rig.server.log if line.query.get("watch")]
        assert len(watched) == len(set(watched)), watched


async def test_a_watch_that_is_refused_is_the_waiters_and_is_begun_anew_next_time() -> None:
    async with rigged() as rig:
        web = rig.deployed("web")
        rig.server.forbidden = {("get", "pods")}
        with pytest.raises(MigratorError, match="pods") as refused:
            await rig.cluster.until_ready([web], seconds_max=5)
        assert refused.value.reference == "cluster-forbidden"
        rig.server.forbidden = set()
        await rig.cluster.until_ready([web], seconds_max=5)


async def test_a_server_that_fails_for_a_moment_is_outlasted() -> None:
    async with rigged() as rig:
        web = rig.deployed("web")
        rig.server.faults = [Fault("GET", status=503, times=3)]
        await rig.cluster.until_ready([web], seconds_max=5)


async def test_pods_of_a_workload_are_those_of_its_own() -> None:
    async with rigged() as rig:
        web = rig.deployed("web")
        rig.deployed("web-admin")
        found = await rig.cluster.pods_of(web)
        assert len(found) == 2
        assert all(text_at(pod, "metadata", "labels", "app") == "web" for pod in found)


async def test_closing_ends_every_watch() -> None:
    async with rigged() as rig:
        await rig.cluster.until_ready([rig.deployed("web")], seconds_max=5)
        rig.cluster.watching(PODS, SPACE)
        tasks = list(rig.cluster._tasks.values())
        await rig.cluster.close()
        assert tasks
        assert all(task.done() for task in tasks)


def labelled(operator: str, *values: str) -> KubeObject:
    return {"matchExpressions": [{"key": "app", "operator": operator, "values": [*values]}]}


@pytest.mark.parametrize(
    ("selector", "labels", "takes"),
    [
        ({"matchLabels": {"app": "web"}}, {"app": "web", "more": "x"}, True),
        ({"matchLabels": {"app": "web"}}, {"app": "other"}, False),
        ({"matchLabels": {"app": "web"}}, {}, False),
        ({}, {"app": "web"}, False),
        (labelled("In", "web", "site"), {"app": "site"}, True),
        (labelled("In", "web"), {}, False),
        (labelled("NotIn", "web"), {"app": "site"}, True),
        (labelled("NotIn", "web"), {"app": "web"}, False),
        (labelled("NotIn", "web"), {}, True),
        (labelled("Exists"), {"app": ""}, True),
        (labelled("Exists"), {}, False),
        (labelled("DoesNotExist"), {}, True),
        (labelled("DoesNotExist"), {"app": "x"}, False),
        (labelled("Nonsense"), {"app": "x"}, False),
        ({"matchLabels": {"app": "x"}, **labelled("NotIn", "x")}, {"app": "x"}, False),
    ],
)
def test_a_selector_takes_what_the_server_would_take(
    selector: KubeObject, labels: dict[str, str], takes: bool
) -> None:
    assert selects(selector, labels) is takes


async def test_a_sign_in_that_is_refused_ends_the_wait() -> None:
    async with rigged() as rig:
        web = rig.deployed("web")
        rig.server.tokens = {}
        with pytest.raises(EnvironmentFailed) as refused:
            await rig.cluster.until_ready([web], seconds_max=5)
        assert refused.value.reference == "cluster-credentials"
