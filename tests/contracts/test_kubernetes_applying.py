"""Applying a subsystem's objects and taking them back, on the fake server and on a real one.

What is asked here of both: who owns what before and after, that repeating writes nothing, that the
cluster ends as it was. Dying at every point, which no real server does on demand, is in
test_kubernetes_dying.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from kubernetes_rig import SERVERS, Rig, rigged
from migrator.errors import PermanentError
from migrator.platform.kubernetes.applying import Applier
from migrator.platform.kubernetes.discovery import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    SECRETS,
    SERVICES,
    Resource,
)
from migrator.platform.kubernetes.errors import FieldsOwned
from migrator.platform.kubernetes.objects import (
    ChangeWord,
    KubeObject,
    at,
    map_at,
    objects_at,
    text_at,
    texts_at,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.ownership import KUBECTL
from migrator.platform.kubernetes.preimages import PreImages, comparable, stripped
from migrator.platform.kubernetes.slices import TOKEN, Mark
from migrator.platform.kubernetes.wire import Asked


@pytest.fixture(params=SERVERS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with rigged(request.param) as found:
        yield found


def applier(rig: Rig, act: str = "prepare-1", epoch: int = 1) -> Applier:
    return Applier(rig.client, Mark(act, epoch))


def secret(rig: Rig, **texts: str) -> KubeObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "keys", "namespace": rig.namespace},
        "stringData": {**texts},
    }


def some(rig: Rig) -> list[KubeObject]:
    """A small subsystem, in an order in which it could not be written."""
    return [
        rig.deployment(replicas=3),
        rig.service(app="web"),
        secret(rig, password="new"),
        rig.config_map(a="1"),
    ]


async def by_kubectl(rig: Rig, wanted: KubeObject) -> KubeObject:
    """Made as `kubectl apply` makes it: an update with the last applied object in a note."""
    resource = await rig.client.discovery.of(wanted)
    meta = map_at(wanted, "metadata")
    notes = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(wanted)}
    body: KubeObject = {**wanted, "metadata": {**meta, "annotations": {**notes}}}
    path = resource.path(rig.namespace)
    target = resource.target("create", rig.namespace, text_at(meta, "name"))
    query = (("fieldManager", KUBECTL),)
    return (await rig.client.asker.send(Asked("POST", path, target, query, body=body))).parsed()


def owners(found: KubeObject) -> dict[tuple[str, str], KubeObject]:
    """The fields of each manager, without the status."""
    return {
        (text_at(row, "manager"), text_at(row, "operation")): map_at(row, "fieldsV1")
        for row in objects_at(found, "metadata", "managedFields")
        if not text_at(row, "subresource") and text_at(row, "manager") != "kube-controller-manager"
    }


async def is_there(rig: Rig, resource: Resource, name: str) -> bool:
    found = await rig.client.get(resource, rig.namespace, name)
    return found is not None and not at(found, "metadata", "deletionTimestamp")


async def test_new_objects_are_made_asleep_in_order_and_woken_later(rig: Rig) -> None:
    prepare = applier(rig)
    images = await prepare.pre_images(some(rig))
    made = await prepare.apply(some(rig), images=images, empty=True)
    assert [change.name.kind for change in made] == ["ConfigMap", "Secret", "Service", "Deployment"]
    assert made.counts()[ChangeWord.CREATED] == 4
    assert at(await rig.get(DEPLOYMENTS, "web"), "spec", "replicas") == 0
    woken = await applier(rig, "start-1").apply(some(rig), images=images, empty=False)
    assert [c.name.kind for c in woken if c.word is ChangeWord.CONFIGURED] == ["Deployment"]
    assert woken.counts()[ChangeWord.UNCHANGED] == 3
    assert at(await rig.get(DEPLOYMENTS, "web"), "spec", "replicas") == 3


async def test_applying_again_with_another_token_writes_nothing(rig: Rig) -> None:
    images = await applier(rig).pre_images(some(rig))
    await applier(rig).apply(some(rig), images=images, empty=True)
    before = version_of(await rig.get(SERVICES, "web"))
    written: list[object] = []
    later = Applier(rig.client, Mark("prepare-2", 2), told=written.append)
    again = await later.apply(some(rig), images=images, empty=True)
    assert (again.writes, written) == (0, [])
    assert version_of(await rig.get(SERVICES, "web")) == before


async def test_what_drifted_is_put_right_and_nothing_else_is_written(rig: Rig) -> None:
    images = await applier(rig).pre_images(some(rig))
    await applier(rig).apply(some(rig), images=images, empty=True)
    await rig.edited_by_another(CONFIG_MAPS, "settings", {"data": {"a": "drifted"}})
    again = await applier(rig, "prepare-2").apply(some(rig), images=images, empty=True)
    assert again.writes == 1
    settings = await rig.get(CONFIG_MAPS, "settings")
    assert texts_at(settings, "data") == {"a": "1"}
    assert text_at(settings, "metadata", "annotations", TOKEN) == "prepare-2"


async def test_everything_that_is_somebody_elses_is_named_before_the_first_write(rig: Rig) -> None:
    await rig.applied_by_another(rig.config_map(a="theirs"), "helm")
    await rig.applied_by_another(rig.service(app="theirs"), "argo")
    images = await applier(rig).pre_images(some(rig))
    with pytest.raises(FieldsOwned) as told:
        await applier(rig).apply(some(rig), images=images, empty=True)
    assert {conflict.manager for conflict in told.value.conflicts} == {"helm", "argo"}
    assert not await is_there(rig, DEPLOYMENTS, "web")


async def test_what_cannot_change_is_named_before_the_first_write(rig: Rig) -> None:
    await by_kubectl(rig, rig.deployment(replicas=0))
    other = rig.deployment(replicas=0)
    template: KubeObject = {
        "metadata": {"labels": {"app": "other"}},
        "spec": map_at(other, "spec", "template", "spec"),
    }
    other["spec"] = {"selector": {"matchLabels": {"app": "other"}}, "template": template}
    wanted = [rig.config_map(a="1"), other]
    images = await applier(rig).pre_images(wanted)
    with pytest.raises(PermanentError, match=r"spec\.selector") as told:
        await applier(rig).apply(wanted, images=images, empty=True)
    assert told.value.reference == "cluster-immutable"
    assert not await is_there(rig, CONFIG_MAPS, "settings")


async def test_what_kubectl_applied_and_we_no_longer_say_goes(rig: Rig) -> None:
    await by_kubectl(rig, rig.config_map(a="1", dropped="1"))
    images = await applier(rig).pre_images([rig.config_map(a="1")])
    await applier(rig).apply([rig.config_map(a="1")], images=images, empty=False)
    found = await rig.get(CONFIG_MAPS, "settings")
    assert texts_at(found, "data") == {"a": "1"}
    assert set(owners(found)) == {("migrator", "Apply")}
    assert set(texts_at(found, "metadata", "annotations")) == {TOKEN, "migrator/epoch"}


async def test_a_restored_cluster_is_as_it_was_owners_and_all(rig: Rig) -> None:
    await by_kubectl(rig, rig.config_map(a="before", gone="1"))
    await by_kubectl(rig, rig.deployment(replicas=0))
    await by_kubectl(rig, rig.service(app="before"))
    before = [
        await rig.get(CONFIG_MAPS, "settings"),
        await rig.get(DEPLOYMENTS, "web"),
        await rig.get(SERVICES, "web"),
    ]
    images = await applier(rig).pre_images(some(rig))
    await applier(rig).apply(some(rig), images=images, empty=True)
    await applier(rig, "start-1").apply(some(rig), images=images, empty=False)
    restored, remains = await applier(rig, "undo-1").restore(images)
    assert remains == ()
    assert restored.counts()[ChangeWord.DELETED] == 1
    after = [
        await rig.get(CONFIG_MAPS, "settings"),
        await rig.get(DEPLOYMENTS, "web"),
        await rig.get(SERVICES, "web"),
    ]
    assert [comparable(each) for each in after] == [comparable(each) for each in before]
    assert [owners(each) for each in after] == [owners(each) for each in before]
    assert [uid_of(each) for each in after] == [uid_of(each) for each in before]
    assert not await is_there(rig, SECRETS, "keys")
    again, remains = await applier(rig, "undo-1").restore(images)
    assert (again.writes, remains) == (0, ())


async def test_a_secret_comes_back_from_its_copy_and_never_leaves_the_cluster(rig: Rig) -> None:
    before = await by_kubectl(rig, secret(rig, password="old", other="old"))
    wanted = [secret(rig, password="new")]
    images = await applier(rig).pre_images(wanted)
    text = json.dumps(images.as_json()) + repr(images)
    assert "b2xk" not in text  # "old" as the server has it
    assert "old" not in text
    await applier(rig).apply(wanted, images=images, empty=True)
    assert texts_at(await rig.get(SECRETS, "keys"), "data") == {"password": "bmV3"}
    _, remains = await applier(rig, "undo-1").restore(images)
    assert remains == ()
    after = await rig.get(SECRETS, "keys")
    assert comparable(after) == comparable(before)
    assert owners(after) == owners(before)
    assert not await is_there(rig, SECRETS, "keys.migrator-before")
    assert (await applier(rig, "undo-1").restore(images))[0].writes == 0


async def test_the_first_look_stays_the_answer(rig: Rig) -> None:
    await by_kubectl(rig, rig.config_map(a="before"))
    first = await applier(rig).pre_images(some(rig))
    await applier(rig).apply(some(rig), images=first, empty=True)
    kept = PreImages.from_json(json.loads(json.dumps(first.as_json())))
    assert kept == first
    assert await applier(rig).pre_images(some(rig), kept) == first


async def test_a_field_that_cannot_change_back_means_deleting_and_making_anew(rig: Rig) -> None:
    """A Service that was headless came back with an address; the old one had the name, too."""
    headless = rig.service(app="web")
    headless["spec"] = {**map_at(headless, "spec"), "clusterIP": "None"}
    await by_kubectl(rig, headless)
    images = await applier(rig).pre_images([rig.service(app="web")])
    before = await rig.get(SERVICES, "web")
    await rig.client.delete(SERVICES, rig.namespace, "web", uid=uid_of(before))
    await applier(rig).apply([rig.service(app="web")], images=images, empty=False)
    assert at(await rig.get(SERVICES, "web"), "spec", "clusterIP") != "None"
    restored, remains = await applier(rig, "undo-1").restore(images)
    assert remains == ()
    assert [change.word for change in restored] == [ChangeWord.CREATED]
    after = await rig.get(SERVICES, "web")
    assert comparable(after) == comparable(before)
    assert owners(after) == owners(before)


async def test_what_somebody_else_made_meanwhile_is_not_deleted(rig: Rig) -> None:
    images = await applier(rig).pre_images([rig.config_map(a="1")])
    await applier(rig).apply([rig.config_map(a="1")], images=images, empty=False)
    made = await rig.get(CONFIG_MAPS, "settings")
    await rig.client.delete(CONFIG_MAPS, rig.namespace, "settings", uid=uid_of(made))
    copied = {**made, "metadata": {**map_at(made, "metadata")}}
    for word in ("uid", "resourceVersion", "managedFields", "creationTimestamp"):
        map_at(copied, "metadata").pop(word)
    await by_kubectl(rig, copied)
    restored, remains = await applier(rig, "undo-1").restore(images)
    assert [change.word for change in restored] == [ChangeWord.SKIPPED]
    assert [str(each.name) for each in remains] == [f"ConfigMap/{rig.namespace}/settings"]
    assert await is_there(rig, CONFIG_MAPS, "settings")


async def test_a_later_epoch_has_the_last_word(rig: Rig) -> None:
    images = await applier(rig).pre_images([rig.config_map(a="1")])
    await applier(rig, epoch=5).apply([rig.config_map(a="1")], images=images, empty=False)
    for late in (
        applier(rig, epoch=4).apply([rig.config_map(a="2")], images=images, empty=False),
        applier(rig, epoch=4).restore(images),
    ):
        with pytest.raises(PermanentError) as told:
            await late
        assert told.value.reference == "epoch-passed"
    assert texts_at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"a": "1"}


async def test_putting_an_object_back_leaves_its_fields_with_us_until_they_are_given_back(
    rig: Rig,
) -> None:
    """What a put alone does: the reason for the second write of a restore."""
    before = stripped(await by_kubectl(rig, rig.config_map(same="1", changed="before")))
    resource, name = CONFIG_MAPS, "settings"
    wanted = [rig.config_map(same="1", changed="ours")]
    images = await applier(rig).pre_images(wanted)
    await applier(rig).apply(wanted, images=images, empty=False)
    live = await rig.get(resource, name)
    meta = {**map_at(before, "metadata"), "resourceVersion": version_of(live)}
    await rig.client.replace({**before, "metadata": meta})
    found = owners(await rig.get(resource, name))
    assert {who: sorted(map_at(fields, "f:data")) for who, fields in found.items()} == {
        ("migrator", "Apply"): ["f:same"],
        ("migrator", "Update"): ["f:changed"],
    }
    restored, _ = await applier(rig, "undo-1").restore(images)
    assert restored.writes == 1
    assert set(owners(await rig.get(resource, name))) == {(KUBECTL, "Update")}
