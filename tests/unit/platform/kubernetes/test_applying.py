"""What happens between a look and a write, on the fake server; the rest is in tests/contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from api_definitions import learn
from api_faults import Fault
from api_server import ApiServer
from kubernetes_rig import Rig, rigged
from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes.applying import IN_FORCE_SECONDS_MAX, Applier
from migrator.platform.kubernetes.discovery import CONFIG_MAPS, SECRETS
from migrator.platform.kubernetes.errors import FieldsOwned
from migrator.platform.kubernetes.objects import KubeObject, at, map_at, text_at, texts_at
from migrator.platform.kubernetes.ownership import KUBECTL
from migrator.platform.kubernetes.slices import TOKEN, Mark
from migrator.platform.kubernetes.wire import Answer, Asked


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with rigged("fake") as found:
        yield found


@dataclass
class Meanwhile:
    """Somebody else acts just before a request goes out."""

    rig: Rig
    method: str
    act: Callable[[], KubeObject | None]
    times: int = 1

    def __post_init__(self) -> None:
        transport = self.rig.client.asker.transport
        self.ask = transport.exchange
        transport.exchange = self.exchange  # type: ignore[method-assign]

    async def exchange(self, asked: Asked, seconds: float) -> Answer:
        is_real = ("dryRun", "All") not in asked.query
        if self.times and asked.method == self.method and is_real:
            self.times -= 1
            self.act()
        return await self.ask(asked, seconds)


def fake(rig: Rig) -> ApiServer:
    assert rig.fake is not None
    return rig.fake


def applier(rig: Rig, act: str = "prepare-1") -> Applier:
    return Applier(rig.client, Mark(act, 1))


def keys(rig: Rig, password: str) -> KubeObject:
    meta: KubeObject = {"name": "keys", "namespace": rig.namespace}
    text: KubeObject = {"password": password}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": text}


async def test_what_somebody_makes_between_our_look_and_our_write_is_theirs(rig: Rig) -> None:
    wanted = [rig.config_map(a="ours")]
    images = await applier(rig).pre_images(wanted)
    Meanwhile(rig, "PATCH", lambda: fake(rig).make(rig.config_map(a="theirs")))
    with pytest.raises(FieldsOwned):
        await applier(rig).apply(wanted, images=images, empty=False)
    assert texts_at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"a": "theirs"}


async def test_what_somebody_deletes_between_our_look_and_our_write_is_not_made_anew(
    rig: Rig,
) -> None:
    wanted = [rig.config_map(a="1")]
    images = await applier(rig).pre_images(wanted)
    await applier(rig).apply(wanted, images=images, empty=False)
    Meanwhile(rig, "PATCH", lambda: fake(rig).remove("ConfigMap", rig.namespace, "settings"))
    with pytest.raises(TransientError) as told:
        await applier(rig).apply([rig.config_map(a="2")], images=images, empty=False)
    assert told.value.reference == "cluster-object-busy"
    assert await rig.client.get(CONFIG_MAPS, rig.namespace, "settings") is None


async def test_kubectls_fields_are_taken_over_even_while_others_write(rig: Rig) -> None:
    fake(rig).make(rig.config_map(a="1", dropped="1"), by=KUBECTL)
    wanted = [rig.config_map(a="2")]
    images = await applier(rig).pre_images(wanted)
    change: KubeObject = {"metadata": {"labels": {"seen": "yes"}}}
    Meanwhile(
        rig,
        "PATCH",
        lambda: fake(rig).edit("ConfigMap", rig.namespace, "settings", change, "labeller"),
    )
    await applier(rig).apply(wanted, images=images, empty=False)
    found = await rig.get(CONFIG_MAPS, "settings")
    assert texts_at(found, "data") == {"a": "2"}
    assert texts_at(found, "metadata", "labels") == {"seen": "yes"}


async def test_a_secret_that_changed_after_a_death_is_looked_at_again(rig: Rig) -> None:
    """The copy of before the death is of nothing any more: no image was kept, nothing written."""
    fake(rig).make(keys(rig, "first"), by=KUBECTL)
    await applier(rig).pre_images([keys(rig, "new")])
    change: KubeObject = {"data": {"password": "c2Vjb25k"}}
    fake(rig).edit("Secret", rig.namespace, "keys", change, KUBECTL)
    images = await applier(rig, "prepare-2").pre_images([keys(rig, "new")])
    await applier(rig, "prepare-2").apply([keys(rig, "new")], images=images, empty=False)
    await applier(rig, "undo-2").restore(images)
    assert texts_at(await rig.get(SECRETS, "keys"), "data") == {"password": "c2Vjb25k"}


async def test_the_copy_that_may_be_the_last_of_an_original_is_not_overwritten(rig: Rig) -> None:
    fake(rig).make(keys(rig, "original"), by=KUBECTL)
    images = await applier(rig).pre_images([keys(rig, "new")])
    await applier(rig).apply([keys(rig, "new")], images=images, empty=False)
    with pytest.raises(PermanentError) as told:
        await applier(rig, "another-move").pre_images([keys(rig, "newer")])
    assert told.value.reference == "secret-copy-occupied"
    discarded = await applier(rig, "commit-1").discard_copies(images)
    assert [str(each) for each in discarded] == [
        f"Secret/{rig.namespace}/keys.migrator-before deleted"
    ]
    await applier(rig, "another-move").pre_images([keys(rig, "newer")])


async def test_what_is_being_deleted_is_waited_for(rig: Rig) -> None:
    held = rig.config_map(a="1")
    map_at(held, "metadata")["finalizers"] = ["example.org/held"]
    fake(rig).make(held)
    fake(rig).remove("ConfigMap", rig.namespace, "settings")
    with pytest.raises(TransientError) as told:
        await applier(rig).pre_images([rig.config_map(a="1")])
    assert told.value.reference == "cluster-object-ending"


async def test_refusals_of_different_kinds_are_told_together(rig: Rig) -> None:
    fake(rig).make(rig.config_map(a="theirs"), by="helm")
    fake(rig).make(rig.deployment(replicas=0), by="helm")
    wrong = rig.deployment(replics=1)
    wanted = [rig.config_map(a="ours"), wrong]
    images = await applier(rig).pre_images(wanted)
    with pytest.raises(PermanentError, match="replics") as told:
        await applier(rig).apply(wanted, images=images, empty=False)
    assert told.value.reference == "cluster-objects-refused"
    assert "owned by helm" in told.value.message


async def test_a_webhook_that_cannot_be_asked_beforehand_is_no_refusal(rig: Rig) -> None:
    fake(rig).make(rig.config_map(a="1"), by=KUBECTL)
    images = await applier(rig).pre_images([rig.config_map(a="2")])
    said = 'admission webhook "mutate.example.org" does not support dry run'
    fake(rig).faults.append(Fault("dryRun=All", 400, message=said, reason="BadRequest"))
    done = await applier(rig).apply([rig.config_map(a="2")], images=images, empty=False)
    assert done.writes == 1


async def test_a_namespace_that_never_comes_into_force_is_named(rig: Rig) -> None:
    learn(fake(rig))
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    space: KubeObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "own"}}
    calm = Applier(rig.client, Mark("prepare-1", 1), sleep=sleep)
    images = await calm.pre_images([space])
    fake(rig).make(space)
    fake(rig).put_status("Namespace", "", "own", {"phase": "Terminating"})
    with pytest.raises(TransientError) as told:
        await calm.apply([space], images=images, empty=False)
    assert told.value.reference == "cluster-not-in-force"
    assert sum(waited) == pytest.approx(IN_FORCE_SECONDS_MAX, abs=1)


async def test_who_listens_hears_of_every_write_with_its_audit_line(rig: Rig) -> None:
    heard: list[str] = []
    told = Applier(
        rig.client, Mark("prepare-1", 1), told=lambda written: heard.append(written.audit_id)
    )
    wanted = [rig.config_map(a="1"), rig.deployment(replicas=1)]
    images = await told.pre_images(wanted)
    await told.apply(wanted, images=images, empty=True)
    assert heard == [line.audit_id for line in fake(rig).writes_seen]
    found = await rig.get(CONFIG_MAPS, "settings")
    assert text_at(found, "metadata", "annotations", TOKEN) == "prepare-1"
    assert at(found, "metadata", "annotations", "migrator/epoch") == "1"
