"""Going back against resistance, on the fake server; the rest is in tests/contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api_definitions import learn
from api_server import ApiServer
from kubernetes_rig import Rig, rigged
from migrator.errors import TransientError
from migrator.platform.kubernetes.applying import Applier
from migrator.platform.kubernetes.discovery import CONFIG_MAPS, SECRETS, SERVICES
from migrator.platform.kubernetes.objects import (
    ChangeWord,
    KubeObject,
    at,
    map_at,
    texts_at,
    uid_of,
)
from migrator.platform.kubernetes.ownership import KUBECTL
from migrator.platform.kubernetes.restoring import GONE_SECONDS_MAX
from migrator.platform.kubernetes.slices import Mark


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("fake") as found:
        learn(fake(found))
        yield found


def fake(rig: Rig) -> ApiServer:
    assert rig.fake is not None
    return rig.fake


def applier(rig: Rig, act: str = "prepare-1") -> Applier:
    return Applier(rig.client, Mark(act, 1))


async def test_what_we_never_reached_keeps_what_others_did_meanwhile(rig: Rig) -> None:
    fake(rig).make(rig.config_map(a="before"), by=KUBECTL)
    images = await applier(rig).pre_images([rig.config_map(a="ours")])
    change: KubeObject = {"data": {"a": "theirs"}}
    fake(rig).edit("ConfigMap", rig.namespace, "settings", change, "kubectl-edit")
    restored, remains = await applier(rig, "undo-1").restore(images)
    assert (restored.writes, remains) == (0, ())
    assert texts_at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"a": "theirs"}


async def test_what_an_act_of_another_subsystem_made_is_not_deleted(rig: Rig) -> None:
    images = await applier(rig).pre_images([rig.config_map(a="1")])
    await applier(rig, "billing/prepare").apply([rig.config_map(a="1")], images=images, empty=False)
    _, remains = await applier(rig, "shop/undo").restore(
        images, belongs=lambda token: token.startswith("shop/")
    )
    assert [each.name.name for each in remains] == ["settings"]
    _, remains = await applier(rig, "billing/undo").restore(
        images, belongs=lambda token: token.startswith("billing/")
    )
    assert remains == ()
    assert await rig.client.get(CONFIG_MAPS, rig.namespace, "settings") is None


async def test_what_is_gone_altogether_is_made_anew(rig: Rig) -> None:
    fake(rig).make(rig.config_map(a="before"), by=KUBECTL)
    images = await applier(rig).pre_images([rig.config_map(a="ours")])
    await applier(rig).apply([rig.config_map(a="ours")], images=images, empty=False)
    fake(rig).remove("ConfigMap", rig.namespace, "settings")
    restored, _ = await applier(rig, "undo-1").restore(images)
    assert [each.word for each in restored] == [ChangeWord.CREATED]
    assert texts_at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"a": "before"}
    assert (await applier(rig, "undo-1").restore(images))[0].writes == 0


async def test_a_secret_whose_copy_was_taken_away_is_named_and_the_rest_comes_back(
    rig: Rig,
) -> None:
    meta: KubeObject = {"name": "keys", "namespace": rig.namespace}
    keys: KubeObject = {"apiVersion": "v1", "kind": "Secret", "metadata": meta}
    fake(rig).make({**keys, "stringData": {"password": "old"}}, by=KUBECTL)
    fake(rig).make(rig.config_map(a="before"), by=KUBECTL)
    new: KubeObject = {**keys, "stringData": {"password": "new"}}
    wanted = [new, rig.config_map(a="ours")]
    images = await applier(rig).pre_images(wanted)
    await applier(rig).apply(wanted, images=images, empty=False)
    fake(rig).remove("Secret", rig.namespace, "keys.migrator-before")
    _, remains = await applier(rig, "undo-1").restore(images)
    assert [str(each) for each in remains] == [
        f"Secret/{rig.namespace}/keys: the copy that kept it is gone or changed"
    ]
    assert texts_at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"a": "before"}
    assert texts_at(await rig.get(SECRETS, "keys"), "data") == {"password": "bmV3"}


async def remade(rig: Rig, *, finalizer: bool) -> tuple[Applier, list[float], str]:
    """A Service that was headless, is not, and may be held by a finalizer."""
    headless = rig.service(app="web")
    headless["spec"] = {**map_at(headless, "spec"), "clusterIP": "None"}
    fake(rig).make(headless, by=KUBECTL)
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if finalizer and len(waited) == 3:
            change: KubeObject = {"metadata": {"finalizers": []}}
            fake(rig).edit("Service", rig.namespace, "web", change, "its-controller")

    calm = Applier(rig.client, Mark("undo-1", 1), sleep=sleep)
    return calm, waited, uid_of(await rig.get(SERVICES, "web"))


async def test_what_is_made_anew_waits_until_the_one_before_is_gone(rig: Rig) -> None:
    calm, waited, _ = await remade(rig, finalizer=True)
    images = await calm.pre_images([rig.service(app="web")])
    fake(rig).remove("Service", rig.namespace, "web")
    held = rig.service(app="web")
    map_at(held, "metadata")["finalizers"] = ["example.org/held"]
    await applier(rig).apply([held], images=images, empty=False)
    restored, remains = await calm.restore(images)
    assert remains == ()
    assert [each.word for each in restored] == [ChangeWord.CREATED]
    assert at(await rig.get(SERVICES, "web"), "spec", "clusterIP") == "None"
    assert len(waited) == 3


async def test_what_never_goes_is_named(rig: Rig) -> None:
    calm, waited, _ = await remade(rig, finalizer=False)
    images = await calm.pre_images([rig.service(app="web")])
    fake(rig).remove("Service", rig.namespace, "web")
    held = rig.service(app="web")
    map_at(held, "metadata")["finalizers"] = ["example.org/held"]
    await applier(rig).apply([held], images=images, empty=False)
    with pytest.raises(TransientError) as told:
        await calm.restore(images)
    assert told.value.reference == "cluster-object-ending"
    assert sum(waited) == pytest.approx(GONE_SECONDS_MAX, abs=1)


async def test_a_kind_that_is_not_served_any_more_holds_nothing_up(rig: Rig) -> None:
    claim: KubeObject = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": rig.namespace},
    }
    wanted = [claim, rig.config_map(a="1")]
    images = await applier(rig).pre_images(wanted)
    await applier(rig).apply([rig.config_map(a="1")], images=images, empty=False)
    rig.client.discovery._known.pop(("v1", "PersistentVolumeClaim"))
    rig.client.discovery._again = 0
    fake(rig).kinds[:] = [
        kind for kind in fake(rig).kinds if kind.resource.kind != "PersistentVolumeClaim"
    ]
    restored, remains = await applier(rig, "undo-1").restore(images)
    assert remains == ()
    assert [each.word for each in restored] == [ChangeWord.UNCHANGED, ChangeWord.DELETED]
