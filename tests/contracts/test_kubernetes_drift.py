"""What somebody else changed is found by asking the server, and asking changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kubernetes_rig import SERVERS, Rig, rigged
from migrator.platform.kubernetes.discovery import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    SECRETS,
)
from migrator.platform.kubernetes.drift import Decision, Drift, compare, compare_one, decided
from migrator.platform.kubernetes.masked_objects import MASK
from migrator.platform.kubernetes.objects import KubeObject, at, map_at, version_of
from migrator.platform.kubernetes.slices import EPOCH, OLD, TOKEN, Backend, Mark, Port
from migrator.platform.kubernetes.subject import Fronting, Subject
from migrator.platform.kubernetes.traffic import Front, OwnedSlice


@pytest.fixture(params=SERVERS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with rigged(request.param) as found:
        yield found


async def drifts(rig: Rig, wanted: KubeObject) -> list[tuple[str, str, object, object]]:
    found = await compare_one(rig.client, wanted)
    assert found.untold == ()
    return [(d.path, d.manager, d.ours, d.theirs) for d in found.drifts]


def marked(found: KubeObject) -> KubeObject:
    notes: KubeObject = {TOKEN: "t-1", EPOCH: "3"}
    return {**found, "metadata": {**map_at(found, "metadata"), "annotations": notes}}


async def test_what_nobody_touched_has_no_drift_although_it_carries_marks(rig: Rig) -> None:
    wanted = rig.config_map(a="1")
    await rig.client.apply(marked(wanted))
    found = await compare_one(rig.client, wanted)
    assert (found.drifts, len(found.compared)) == ((), 1)


async def test_an_edit_is_named_with_field_manager_and_time(rig: Rig) -> None:
    wanted = rig.config_map(a="1", b="2")
    await rig.client.apply(marked(wanted))
    await rig.edited_by_another(CONFIG_MAPS, "settings", {"data": {"a": "theirs"}})
    before = version_of(await rig.get(CONFIG_MAPS, "settings"))
    (drift,) = (await compare_one(rig.client, wanted)).drifts
    assert (drift.path, drift.manager) == (".data.a", "kubectl-edit")
    assert (drift.ours, drift.theirs) == ("1", "theirs")
    assert drift.time.endswith("Z")
    assert version_of(await rig.get(CONFIG_MAPS, "settings")) == before


async def test_an_apply_by_force_and_an_added_field_are_drift(rig: Rig) -> None:
    wanted = rig.config_map(a="1")
    await rig.client.apply(marked(wanted))
    await rig.applied_by_another(rig.config_map(a="theirs", more="x"), "another-tool")
    assert await drifts(rig, wanted) == [
        (".data.a", "another-tool", "1", "theirs"),
        (".data.more", "another-tool", None, "x"),
    ]


async def test_a_field_that_was_removed_is_drift_of_nobody(rig: Rig) -> None:
    wanted = rig.config_map(a="1", b="2")
    await rig.client.apply(marked(wanted))
    await rig.edited_by_another(CONFIG_MAPS, "settings", {"data": {"a": None}})
    assert await drifts(rig, wanted) == [(".data.a", "", "1", None)]


async def test_an_image_changed_by_hand_is_found_inside_its_container(rig: Rig) -> None:
    wanted = rig.deployment(replicas=0)
    await rig.client.apply(marked(wanted))
    containers: list[KubeObject] = [
        {
            "name": "web",
            "image": "registry.invalid/web:2",
            "env": [{"name": "A", "value": "hunter2"}],
            "ports": [{"containerPort": 8080, "protocol": "TCP"}],
        }
    ]
    change: KubeObject = {"spec": {"template": {"spec": {"containers": [*containers]}}}}
    await rig.edited_by_another(DEPLOYMENTS, "web", change)
    found = {
        path.rpartition("]")[2]: (ours, theirs)
        for path, _, ours, theirs in await drifts(rig, wanted)
    }
    assert found[".image"] == ("registry.invalid/web:1", "registry.invalid/web:2")
    assert "hunter2" not in str(found)


async def test_replicas_of_a_sleeping_workload_are_no_drift(rig: Rig) -> None:
    await rig.client.apply(rig.deployment(replicas=0))
    assert await drifts(rig, rig.deployment(replicas=2)) == []


async def test_a_secret_is_compared_and_never_shown(rig: Rig) -> None:
    wanted: KubeObject = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "keys", "namespace": rig.namespace},
        "stringData": {"a": "hunter2"},
    }
    data: KubeObject = {
        **{k: v for k, v in wanted.items() if k != "stringData"},
        "data": {"a": "aHVudGVyMg=="},
    }
    await rig.client.apply(marked(data))
    assert await drifts(rig, wanted) == []
    await rig.edited_by_another(SECRETS, "keys", {"data": {"a": "eHl6enk="}})
    assert await drifts(rig, wanted) == [(".data.a", "kubectl-edit", MASK, MASK)]


async def test_what_was_never_applied_by_us_is_told_apart(rig: Rig) -> None:
    absent = await compare_one(rig.client, rig.config_map())
    await rig.client.create(rig.config_map())
    theirs = await compare_one(rig.client, rig.config_map())
    assert [len(found.not_ours) for found in (absent, theirs)] == [1, 1]
    assert (absent.drifts, theirs.drifts) == ((), ())


async def test_what_the_server_cannot_be_asked_is_told(rig: Rig) -> None:
    await rig.client.apply(rig.config_map(a="1"))
    wrong = {**rig.config_map(a="1"), "dta": {}}
    ((name, why),) = (await compare_one(rig.client, wrong)).untold
    assert name.name == "settings"
    assert "dta" in why


async def test_an_adopted_field_stays_theirs_and_an_overridden_one_comes_back(rig: Rig) -> None:
    wanted = rig.config_map(a="1", b="2")
    await rig.client.apply(marked(wanted))
    await rig.edited_by_another(CONFIG_MAPS, "settings", {"data": {"a": "x", "b": "y"}})
    found = (await compare_one(rig.client, wanted)).drifts

    def decide(drift: Drift) -> Decision:
        return Decision.ADOPT if drift.path == ".data.a" else Decision.OVERRIDE

    choice = decided(wanted, found, decide)
    await rig.client.apply(marked(choice.body), force=choice.force)
    assert at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"a": "x", "b": "2"}
    # What is left is theirs alone; within the second of our own apply it may look as if just added.
    assert {ours for _, _, ours, _ in await drifts(rig, choice.body)} <= {None}


async def test_a_subsystem_is_compared_with_its_fronts_and_their_slices(rig: Rig) -> None:
    front = Fronting(
        Front(rig.namespace, "web"),
        Backend(OLD, ("10.78.0.2",), (Port("", 8081),)),
        (Port("", 80),),
    )
    subject = Subject("a", rig.namespace, (rig.config_map(a="1"), rig.service(app="web")), (front,))
    service = rig.service()
    bare: KubeObject = {**service, "spec": {"ports": [{"port": 80, "protocol": "TCP"}]}}
    await rig.client.apply(bare)
    await OwnedSlice(rig.client).point(front.front, front.old, Mark("t", 3))
    clean = await compare(rig.client, subject)
    assert clean.drifts == ()
    assert {name.kind for name in clean.compared} == {"Service", "EndpointSlice"}
    moved: KubeObject = {"endpoints": [{"addresses": ["10.78.0.3"], "conditions": {"ready": True}}]}
    await rig.edited_by_another(ENDPOINT_SLICES, "web-migrator", moved)
    (drift,) = (await compare(rig.client, subject)).drifts
    assert (drift.path, drift.manager, drift.ours) == (".endpoints", "kubectl-edit", None)
