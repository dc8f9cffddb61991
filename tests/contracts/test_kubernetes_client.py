"""What an API server does with what the client sends, held on the fake one and on a real one.

The fake is worth as much as this suite is long: whatever the platform relies on stands here and
runs against both (`make test` for the fake, the marker `cluster` for a real one). What no real
server does on demand is in test_kubernetes_trouble.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kubernetes_rig import SERVERS, Rig, rigged
from migrator.errors import EnvironmentFailed, PermanentError
from migrator.platform.kubernetes.discovery import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    NAMESPACES,
    SECRETS,
    SERVICES,
    Discovery,
)
from migrator.platform.kubernetes.errors import FieldsOwned, Outdated
from migrator.platform.kubernetes.objects import (
    ChangeWord,
    KubeObject,
    at,
    map_at,
    texts_at,
    uid_of,
    version_of,
)
from migrator.platform.kubernetes.server import version, whoami
from migrator.platform.kubernetes.watch import Happened, Scope, Seen, Watch


@pytest.fixture(params=SERVERS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with rigged(request.param) as found:
        yield found


# The server


async def test_the_server_is_of_a_supported_version_and_knows_us(rig: Rig) -> None:
    major, minor = await version(rig.client.asker)
    assert (major, minor) >= (1, 30)
    assert await whoami(rig.client.asker) not in {"", "system:anonymous"}


async def test_discovery_tells_where_a_kind_is_and_whether_it_has_namespaces(rig: Rig) -> None:
    deployments = await rig.client.discovery.kind("apps/v1", "Deployment")
    assert deployments.path("shop", "web") == "/apis/apps/v1/namespaces/shop/deployments/web"
    assert deployments.namespaced
    assert {"patch", "watch", "delete"} <= deployments.verbs
    assert "status" in deployments.subresources
    assert not (await rig.client.discovery.kind("v1", "Namespace")).namespaced


@pytest.mark.parametrize(
    "known", [NAMESPACES, CONFIG_MAPS, SECRETS, SERVICES, DEPLOYMENTS, ENDPOINT_SLICES]
)
async def test_what_we_know_by_heart_is_what_the_server_says(rig: Rig, known: object) -> None:
    mine = [NAMESPACES, CONFIG_MAPS, SECRETS, SERVICES, DEPLOYMENTS, ENDPOINT_SLICES]
    resource = next(r for r in mine if r is known)
    said = await rig.client.discovery.kind(resource.api_version, resource.kind)
    assert (said.plural, said.namespaced, said.group) == (
        resource.plural,
        resource.namespaced,
        resource.group,
    )


async def test_a_kind_that_is_not_there_is_named(rig: Rig) -> None:
    rig.client.discovery = Discovery(rig.client.asker.send, again_seconds_min=0)
    widget = {**rig.config_map(), "apiVersion": "example.org/v1", "kind": "Widget"}
    with pytest.raises(PermanentError, match=r"no Widget in example\.org/v1") as told:
        await rig.client.apply(widget)
    assert told.value.reference == "cluster-kind-unknown"


async def test_whoever_signs_in_wrongly_or_not_at_all_is_told_so(rig: Rig) -> None:
    for user in ({"token": "nonsense"}, {}):
        stranger = rig.as_user(user)
        with pytest.raises(EnvironmentFailed) as told:
            await stranger.get(CONFIG_MAPS, rig.namespace, "settings")
        assert told.value.reference == "cluster-credentials"
        await stranger.close()


# Applying


async def test_an_object_is_created_then_unchanged_then_configured(rig: Rig) -> None:
    first = await rig.client.apply(rig.deployment(replicas=1))
    second = await rig.client.apply(rig.deployment(replicas=1))
    third = await rig.client.apply(rig.deployment(replicas=2))
    words = [str(written.change) for written in (first, second, third)]
    name = f"Deployment/{rig.namespace}/web"
    assert words == [f"{name} created", f"{name} unchanged", f"{name} configured"]
    assert at((await rig.get(DEPLOYMENTS, "web")), "spec", "replicas") == 2


async def test_every_write_carries_the_id_of_its_line_in_the_audit_log(rig: Rig) -> None:
    first = await rig.client.apply(rig.config_map(a="1"))
    second = await rig.client.apply(rig.config_map(a="2"))
    assert first.audit_id
    assert second.audit_id
    assert first.audit_id != second.audit_id


async def test_what_an_apply_says_no_longer_is_taken_away(rig: Rig) -> None:
    await rig.client.apply(rig.config_map(kept="1", dropped="1"))
    await rig.client.apply(rig.config_map(kept="1"))
    assert texts_at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"kept": "1"}


async def test_what_somebody_else_owns_too_stays(rig: Rig) -> None:
    await rig.client.apply(rig.config_map(ours="1", shared="1"))
    await rig.applied_by_another(rig.config_map(shared="1"))
    await rig.client.apply(rig.config_map(ours="1"))
    assert texts_at(await rig.get(CONFIG_MAPS, "settings"), "data") == {"ours": "1", "shared": "1"}


async def test_another_managers_field_is_a_conflict_that_names_manager_and_field(rig: Rig) -> None:
    await rig.client.apply(rig.deployment(replicas=1))
    await rig.edited_by_another(DEPLOYMENTS, "web", {"spec": {"replicas": 5}})
    with pytest.raises(FieldsOwned) as told:
        await rig.client.apply(rig.deployment(replicas=1))
    assert [str(c) for c in told.value.conflicts] == [".spec.replicas is owned by kubectl-edit"]
    assert at(await rig.get(DEPLOYMENTS, "web"), "spec", "replicas") == 5


async def test_force_takes_the_field_over(rig: Rig) -> None:
    await rig.client.apply(rig.config_map(a="1"))
    await rig.edited_by_another(CONFIG_MAPS, "settings", {"data": {"a": "2"}})
    await rig.client.apply(rig.config_map(a="1"), force=True)
    again = await rig.client.apply(rig.config_map(a="3"))
    assert again.change.word is ChangeWord.CONFIGURED


async def test_two_managers_share_a_list_whose_entries_have_names(rig: Rig) -> None:
    await rig.client.apply(rig.deployment(replicas=1))
    sidecar = rig.deployment()
    sidecar["spec"] = {
        "template": {"spec": {"containers": [{"name": "side", "image": "registry.invalid/s:1"}]}}
    }
    await rig.applied_by_another(sidecar)
    again = await rig.client.apply(rig.deployment(replicas=1))
    containers = at(await rig.get(DEPLOYMENTS, "web"), "spec", "template", "spec", "containers")
    assert isinstance(containers, list)
    assert sorted(str(at(c, "name")) for c in containers) == ["side", "web"]
    assert again.change.word is ChangeWord.UNCHANGED


async def test_a_services_selector_has_one_owner_as_a_whole(rig: Rig) -> None:
    await rig.client.apply(rig.service(app="web", side="new"))
    await rig.edited_by_another(SERVICES, "web", {"spec": {"selector": {"side": "old"}}})
    with pytest.raises(FieldsOwned) as told:
        await rig.client.apply(rig.service(app="web", side="new"))
    assert [c.field for c in told.value.conflicts] == [".spec.selector"]


async def test_an_unknown_field_is_refused_and_named_and_nothing_is_written(rig: Rig) -> None:
    wrong = rig.deployment(replics=1)
    with pytest.raises(PermanentError, match="replics") as told:
        await rig.client.apply(wrong)
    assert told.value.reference == "cluster-invalid-object"
    assert await rig.client.get(DEPLOYMENTS, rig.namespace, "web") is None


async def test_a_field_that_cannot_change_is_told_apart(rig: Rig) -> None:
    await rig.client.apply(rig.deployment(replicas=0))
    other = rig.deployment(replicas=0)
    other["spec"] = {
        **map_at(other, "spec"),
        "selector": {"matchLabels": {"app": "other"}},
        "template": {
            "metadata": {"labels": {"app": "other"}},
            "spec": {"containers": [{"name": "web", "image": "registry.invalid/web:1"}]},
        },
    }
    with pytest.raises(PermanentError, match=r"spec\.selector") as told:
        await rig.client.apply(other, force=True)
    assert told.value.reference == "cluster-immutable"


async def test_an_object_needs_its_namespace(rig: Rig) -> None:
    lost = rig.config_map()
    lost["metadata"] = {"name": "settings", "namespace": f"{rig.namespace}-not-there"}
    with pytest.raises(PermanentError, match="not-there") as told:
        await rig.client.apply(lost)
    assert told.value.reference == "cluster-not-found"


async def test_an_object_that_carries_its_uid_is_never_made_anew(rig: Rig) -> None:
    made = await rig.client.apply(rig.config_map(a="1"))
    await rig.client.delete(CONFIG_MAPS, rig.namespace, "settings", uid=uid_of(made.object))
    late = rig.config_map(a="2")
    late["metadata"] = {
        "name": "settings",
        "namespace": rig.namespace,
        "uid": uid_of(made.object),
    }
    with pytest.raises(Outdated):
        await rig.client.apply(late)
    assert await rig.client.get(CONFIG_MAPS, rig.namespace, "settings") is None


# Dry runs


async def test_a_dry_run_says_what_would_be_and_changes_nothing(rig: Rig) -> None:
    new = await rig.client.apply(rig.config_map(a="1"), dry_run=True)
    assert new.change.word is ChangeWord.CREATED
    assert await rig.client.get(CONFIG_MAPS, rig.namespace, "settings") is None
    live = (await rig.client.apply(rig.config_map(a="1"))).object
    same = await rig.client.apply(rig.config_map(a="1"), dry_run=True)
    other = await rig.client.apply(rig.config_map(a="2"), dry_run=True)
    assert (same.change.word, other.change.word) == (ChangeWord.UNCHANGED, ChangeWord.CONFIGURED)
    assert version_of(await rig.get(CONFIG_MAPS, "settings")) == version_of(live)


async def test_a_dry_run_meets_conflicts_as_the_real_thing_does(rig: Rig) -> None:
    await rig.client.apply(rig.config_map(a="1"))
    await rig.edited_by_another(CONFIG_MAPS, "settings", {"data": {"a": "2"}})
    with pytest.raises(FieldsOwned):
        await rig.client.apply(rig.config_map(a="1"), dry_run=True)


async def test_a_dry_run_of_a_delete_deletes_nothing(rig: Rig) -> None:
    made = (await rig.client.apply(rig.config_map())).object
    await rig.client.delete(CONFIG_MAPS, rig.namespace, "settings", uid=uid_of(made), dry_run=True)
    assert await rig.client.get(CONFIG_MAPS, rig.namespace, "settings") is not None


# Other writes


async def test_what_is_there_is_not_created_again(rig: Rig) -> None:
    await rig.client.create(rig.config_map())
    with pytest.raises(PermanentError, match="already exists") as told:
        await rig.client.create(rig.config_map())
    assert told.value.reference == "cluster-exists"


async def test_an_unknown_field_is_refused_in_every_other_write_too(rig: Rig) -> None:
    with pytest.raises(PermanentError, match="dta") as told:
        await rig.client.create({**rig.config_map(), "dta": {}})
    assert told.value.reference == "cluster-invalid-object"
    made = (await rig.client.create(rig.config_map())).object
    with pytest.raises(PermanentError, match="dta"):
        await rig.client.replace({**made, "dta": {}})


async def test_a_replacement_is_refused_when_somebody_was_quicker(rig: Rig) -> None:
    await rig.client.create(rig.endpoints("10.0.0.1"))
    seen = await rig.get(ENDPOINT_SLICES, "web-migrator")
    switched = {**seen, "endpoints": rig.endpoints("10.244.0.7")["endpoints"]}
    assert (await rig.client.replace(switched)).change.word is ChangeWord.CONFIGURED
    with pytest.raises(Outdated):
        await rig.client.replace({**seen, "endpoints": []})
    live = await rig.get(ENDPOINT_SLICES, "web-migrator")
    assert at(live, "endpoints", 0, "addresses", 0) == "10.244.0.7"


async def test_a_replacement_with_the_same_content_writes_nothing(rig: Rig) -> None:
    await rig.client.create(rig.config_map(a="1"))
    seen = await rig.get(CONFIG_MAPS, "settings")
    assert (await rig.client.replace(seen)).change.word is ChangeWord.UNCHANGED
    assert version_of(await rig.get(CONFIG_MAPS, "settings")) == version_of(seen)


async def test_a_merge_changes_the_version_that_was_seen_and_no_other(rig: Rig) -> None:
    made = (await rig.client.apply(rig.service(side="vm"))).object
    flip: KubeObject = {"spec": {"selector": {"side": "pods"}}}
    await rig.client.merge(SERVICES, rig.namespace, "web", flip, version=version_of(made))
    with pytest.raises(Outdated):
        await rig.client.merge(SERVICES, rig.namespace, "web", flip, version=version_of(made))
    live = await rig.get(SERVICES, "web")
    assert texts_at(live, "spec", "selector") == {"side": "pods"}


async def test_only_the_object_with_that_uid_is_deleted(rig: Rig) -> None:
    made = (await rig.client.apply(rig.config_map())).object
    with pytest.raises(Outdated):
        await rig.client.delete(
            CONFIG_MAPS, rig.namespace, "settings", uid="00000000-0000-0000-0000-000000000000"
        )
    gone = await rig.client.delete(CONFIG_MAPS, rig.namespace, "settings", uid=uid_of(made))
    again = await rig.client.delete(CONFIG_MAPS, rig.namespace, "settings", uid=uid_of(made))
    assert (gone.change.word, again.change.word) == (ChangeWord.DELETED, ChangeWord.UNCHANGED)


# Lists and watches


async def test_a_list_is_chosen_by_labels_and_says_what_its_items_are(rig: Rig) -> None:
    for name, side in (("one", "old"), ("two", "new"), ("three", "new")):
        labelled = rig.config_map(name)
        labelled["metadata"] = {
            "name": name,
            "namespace": rig.namespace,
            "labels": {"side": side},
        }
        await rig.client.apply(labelled)
    found = await rig.client.list_all(CONFIG_MAPS, rig.namespace, labels="side=new")
    assert sorted(str(at(item, "metadata", "name")) for item in found.items) == ["three", "two"]
    assert {(item["apiVersion"], item["kind"]) for item in found.items} == {("v1", "ConfigMap")}
    assert found.version


async def test_a_watch_tells_of_what_was_there_and_of_all_that_comes(rig: Rig) -> None:
    told: list[Seen] = []
    await rig.client.apply(rig.config_map("first", a="1"))
    scope = Scope(rig.namespace, fields="metadata.name!=kube-root-ca.crt")
    watch = Watch(rig.client, CONFIG_MAPS, scope, told=told.append)
    running = asyncio.create_task(watch.run())
    try:
        assert await watch.until(lambda w: w.get("first") is not None, 5)
        made = (await rig.client.apply(rig.config_map("second", a="1"))).object
        assert await watch.until(lambda w: w.get("second") is not None, 5)
        await rig.client.apply(rig.config_map("second", a="2"))
        assert await watch.until(lambda w: texts_at(w.get("second"), "data") == {"a": "2"}, 5)
        await rig.client.delete(CONFIG_MAPS, rig.namespace, "second", uid=uid_of(made))
        assert await watch.until(lambda w: w.get("second") is None, 5)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    words = [(seen.happened, seen.name.name) for seen in told]
    there, gone = Happened.THERE, Happened.GONE
    assert words == [(there, "first"), (there, "second"), (there, "second"), (gone, "second")]
    assert watch.lists == 1


async def test_what_leaves_a_watchs_selection_is_gone_for_it(rig: Rig) -> None:
    labelled = rig.config_map()
    labelled["metadata"] = {
        "name": "settings",
        "namespace": rig.namespace,
        "labels": {"side": "new"},
    }
    await rig.client.apply(labelled)
    watch = Watch(rig.client, CONFIG_MAPS, Scope(rig.namespace, labels="side=new"))
    running = asyncio.create_task(watch.run())
    try:
        assert await watch.until(lambda w: len(w.objects) == 1, 5)
        await rig.client.apply(rig.config_map())
        assert await watch.until(lambda w: not w.objects, 5)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_one_replacement_is_one_change_for_who_watches(rig: Rig) -> None:
    told: list[Seen] = []
    await rig.client.create(rig.endpoints("10.0.0.1", "10.0.0.2"))
    scope = Scope(rig.namespace, labels="kubernetes.io/service-name=web")
    watch = Watch(rig.client, ENDPOINT_SLICES, scope, told=told.append)
    running = asyncio.create_task(watch.run())
    try:
        assert await watch.until(lambda w: len(w.objects) == 1, 5)
        seen = await rig.get(ENDPOINT_SLICES, "web-migrator")
        new = rig.endpoints("10.244.0.7", "10.244.0.8")["endpoints"]
        written = await rig.client.replace({**seen, "endpoints": new})
        version_now = version_of(written.object)
        assert await watch.until(
            lambda w: version_of(w.get("web-migrator") or {}) == version_now, 5
        )
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    sides = [at(seen.after, "endpoints", 0, "addresses", 0) for seen in told]
    assert sides == ["10.0.0.1", "10.244.0.7"]


async def test_metadata_can_be_had_alone(rig: Rig) -> None:
    await rig.client.apply(rig.config_map(a="1"))
    found = await rig.client.get(CONFIG_MAPS, rig.namespace, "settings", metadata_only=True)
    assert found is not None
    assert "data" not in found
    assert version_of(found) == version_of(await rig.get(CONFIG_MAPS, "settings"))
