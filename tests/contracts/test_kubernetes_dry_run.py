"""Every write of a move is tried on the server, and nothing is changed there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from api_writes import RefusedError, Write
from itineraries import an_itinerary
from kubernetes_rig import SERVERS, Rig, rigged
from migrator.platform.kubernetes.discovery import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    NAMESPACES,
    SERVICES,
    Discovery,
    Resource,
)
from migrator.platform.kubernetes.dry_acts import dry_run_on
from migrator.platform.kubernetes.objects import KubeObject, at, map_at, version_of
from migrator.platform.kubernetes.slices import OLD, Backend, Mark, Port, shadow_of
from migrator.platform.kubernetes.subject import Fronting, Subject
from migrator.platform.kubernetes.traffic import Front, OwnedSlice
from migrator.platform.kubernetes.trials import Reach, ServerDryRun, Trial

LISTED: tuple[Resource, ...] = (CONFIG_MAPS, DEPLOYMENTS, SERVICES, ENDPOINT_SLICES)


@pytest.fixture(params=SERVERS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with rigged(request.param) as found:
        yield found


def a_subject(rig: Rig, *objects: KubeObject, namespace: str = "") -> Subject:
    space = namespace or rig.namespace
    front = Fronting(
        Front(space, "web"), Backend(OLD, ("10.78.0.2",), (Port("", 8081),)), (Port("", 80),)
    )
    own = objects or (rig.config_map(a="1"), rig.deployment(replicas=2))
    placed = tuple(_placed(each, space) for each in (*own, rig.service(app="web")))
    return Subject("a", space, placed, (front,))


def _placed(found: KubeObject, namespace: str) -> KubeObject:
    return {**found, "metadata": {**map_at(found, "metadata"), "namespace": namespace}}


async def tried(rig: Rig, subject: Subject | None) -> ServerDryRun:
    itinerary = an_itinerary(waves=("a",), stateless="a")
    return await dry_run_on(rig.client, {"a": subject} if subject else {}, itinerary)


async def everything(rig: Rig) -> list[tuple[str, str]]:
    found = []
    for resource in LISTED:
        listed = await rig.client.list_all(resource, rig.namespace)
        found += [(str(at(each, "metadata", "name")), version_of(each)) for each in listed.items]
    return sorted(found)


def of(run: ServerDryRun, act: str, kind: str = "") -> list[Trial]:
    return [t for t in run.trials if t.act == act and t.what.partition("/")[0] == kind]


async def test_every_object_is_judged_by_the_server_and_nothing_is_there_afterwards(
    rig: Rig,
) -> None:
    before = await everything(rig)
    run = await tried(rig, a_subject(rig))
    assert run.faults == ()
    assert [
        (t.what.partition("/")[0], t.reach, t.word) for t in run.trials if t.act == "prepare"
    ] == [
        ("ConfigMap", Reach.SERVER, "created"),
        ("Deployment", Reach.SERVER, "created"),
        ("Service", Reach.SERVER, "created"),
        ("Service", Reach.SERVER, "created"),
        ("EndpointSlice", Reach.SERVER, "created"),
    ]
    assert (run.changed, run.passed) == ((), True)
    assert await everything(rig) == before
    if rig.fake is not None:
        assert rig.fake.writes_seen == []


async def test_what_is_there_is_left_at_the_version_it_was_at(rig: Rig) -> None:
    await rig.client.apply(rig.config_map(a="1"))
    await rig.client.apply(rig.deployment(replicas=0))
    before = await everything(rig)
    run = await tried(rig, a_subject(rig, rig.config_map(a="2"), rig.deployment(replicas=2)))
    words = {t.what.partition("/")[0]: t.word for t in of(run, "prepare", "ConfigMap")}
    assert words == {"ConfigMap": "configured"}
    # A real cluster's controllers go on writing the Deployment's status; that is told, not ours.
    assert [c for c in run.changed if c.by_us] == []
    names = {"settings"}
    assert [b for b in before if b[0] in names] == [
        e for e in await everything(rig) if e[0] in names
    ]
    assert run.compared >= 5


async def test_fields_of_others_are_told_with_their_manager_and_fail(rig: Rig) -> None:
    await rig.applied_by_another(rig.config_map(a="theirs"))
    run = await tried(rig, a_subject(rig, rig.config_map(a="ours")))
    (trial,) = of(run, "prepare", "ConfigMap")
    assert trial.reach is Reach.SERVER
    assert trial.conflicts == (".data.a is owned by somebody",)
    assert (trial.reference, run.passed) == ("cluster-field-conflict", False)
    assert at(await rig.get(CONFIG_MAPS, "settings"), "data", "a") == "theirs"


async def test_what_kubectl_applied_is_taken_over_and_does_not_fail(rig: Rig) -> None:
    theirs = rig.config_map(a="theirs")
    path = CONFIG_MAPS.path(rig.namespace)
    await rig.client.create(theirs)
    await rig.edited_by_another(
        CONFIG_MAPS, "settings", {"data": {"a": "kubectl's"}}, "kubectl-client-side-apply"
    )
    run = await tried(rig, a_subject(rig, rig.config_map(a="ours")))
    (trial,) = of(run, "prepare", "ConfigMap")
    assert path.endswith("configmaps")
    assert trial.conflicts == (".data.a is owned by kubectl-client-side-apply",)
    assert (trial.fault, trial.word) == ("", "configured")


async def test_a_misspelt_field_is_named_by_the_server(rig: Rig) -> None:
    wrong = rig.deployment()
    run = await tried(
        rig, a_subject(rig, {**wrong, "spec": {**map_at(wrong, "spec"), "replcas": 1}})
    )
    assert all("replcas" in t.fault for t in of(run, "prepare", "Deployment"))
    assert not run.passed


async def test_without_its_namespace_only_the_namespace_can_be_tried(rig: Rig) -> None:
    run = await tried(rig, a_subject(rig, namespace=f"{rig.namespace}-none"))
    assert [t.word for t in of(run, "prepare", "Namespace")] == ["created"]
    rest = [t for t in run.trials if t.act == "prepare" and not t.what.startswith("Namespace")]
    assert len(rest) == 5
    assert {t.reach for t in rest} == {Reach.NOT}
    assert all("kubectl create namespace" in t.why for t in rest)
    assert run.passed


async def test_a_kind_that_the_same_manifests_define_cannot_be_tried_and_any_other_is_a_fault(
    rig: Rig,
) -> None:
    rig.client.discovery = Discovery(rig.client.asker.send, again_seconds_min=0)
    definition: KubeObject = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gates.example.test"},
        "spec": {
            "group": "example.test",
            "scope": "Namespaced",
            "names": {
                "kind": "Gate",
                "plural": "gates",
                "singular": "gate",
                "listKind": "GateList",
            },
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "x-kubernetes-preserve-unknown-fields": True,
                        }
                    },
                }
            ],
        },
    }
    gate: KubeObject = {
        "apiVersion": "example.test/v1",
        "kind": "Gate",
        "metadata": {"name": "g"},
    }
    run = await tried(rig, a_subject(rig, definition, gate))
    (trial,) = of(run, "prepare", "Gate")
    assert (trial.reach, trial.fault) == (Reach.NOT, "")
    alone = await tried(rig, a_subject(rig, gate))
    (trial,) = of(alone, "prepare", "Gate")
    assert trial.reference == "cluster-kind-unknown"


async def test_a_service_that_serves_somebody_already_is_no_front(rig: Rig) -> None:
    await rig.client.create(rig.service(app="theirs"))
    run = await tried(rig, a_subject(rig))
    assert [t.reference for t in run.faults] == ["front-taken"]


async def test_the_writes_of_later_acts_are_tried_once_the_front_is_there(rig: Rig) -> None:
    subject = a_subject(rig)
    absent = await tried(rig, subject)
    assert [t.reach for t in of(absent, "switch", "EndpointSlice")] == [Reach.SIMULATED]
    assert [t.reach for t in of(absent, "finalise", "Service")] == [Reach.SIMULATED]
    service = rig.service()
    await rig.client.apply({**service, "spec": {"ports": [{"port": 80, "protocol": "TCP"}]}})
    front = subject.fronts[0]
    await OwnedSlice(rig.client).point(front.front, front.old, Mark("t", 3))
    await rig.client.create(shadow_of(subject.objects[-1]))
    present = await tried(rig, subject)
    assert present.faults == ()
    assert [t.word for t in of(present, "switch-back", "EndpointSlice")] != [""]
    assert [t.word for t in of(present, "finalise", "Service")] == ["configured"]
    assert [t.word for t in of(present, "retire", "Service")] == ["deleted"]
    assert [c for c in present.changed if c.by_us] == []


async def test_what_is_not_tried_says_why_and_every_act_of_the_recipe_is_counted(rig: Rig) -> None:
    run = await tried(rig, a_subject(rig))
    recipe = an_itinerary(waves=("a",), stateless="a").recipes["stateless"]
    acts = {step.key for step in (*recipe.steps, *recipe.commit)}
    acts |= {undo.key for undo in recipe.unwind}
    assert set(run.by_act) == acts
    assert all(t.why for t in run.trials if t.reach is not Reach.SERVER)
    assert [(t.reach, t.word) for t in of(run, "start", "Pod of Deployment")] == [
        (Reach.SERVER, "created")
    ]
    assert sum(run.counts.values()) == len(run.trials)


async def test_a_move_without_manifests_is_not_tried_at_all(rig: Rig) -> None:
    run = await tried(rig, None)
    assert run.coverage == 0.0
    assert {t.reach for t in of(run, "prepare")} == {Reach.NOT}
    assert "there is no folder manifests/a" in of(run, "prepare")[0].why


async def test_a_write_that_reaches_the_server_past_the_dry_run_is_noticed() -> None:
    async with rigged("fake") as rig:
        assert rig.fake is not None
        made = await rig.client.apply(rig.config_map(a="1"))
        subject = a_subject(rig, rig.config_map(a="2"))
        apply = rig.client.apply

        async def careless(wanted: KubeObject, **options: object) -> object:
            return await apply(wanted, **{**options, "dry_run": False})  # type: ignore[arg-type]

        rig.client.apply = careless  # type: ignore[method-assign, assignment]
        run = await tried(rig, subject)
        changed = {c.what: c for c in run.changed}
        assert changed[f"ConfigMap/{rig.namespace}/settings"].by_us
        assert not run.passed
        assert version_of(made.object)


async def test_a_pod_that_would_not_be_let_in_is_found_before_its_workload_starts(rig: Rig) -> None:
    levels: KubeObject = {"pod-security.kubernetes.io/enforce": "restricted"}
    await rig.edited_by_another(NAMESPACES, rig.namespace, {"metadata": {"labels": levels}})
    if rig.fake is not None:
        rig.fake.writes.admit.append(_restricted)
    run = await tried(rig, a_subject(rig))
    (pod,) = of(run, "start", "Pod of Deployment")
    assert "violates PodSecurity" in pod.fault
    assert [t.fault for t in of(run, "start", "Deployment")] == [""]


def _restricted(write: Write, _after: KubeObject) -> None:
    if write.kind.resource.kind == "Pod":
        said = f'pods "{write.name}" is forbidden: violates PodSecurity "restricted:latest"'
        raise RefusedError(403, "Forbidden", said)


@pytest.mark.parametrize(
    "said",
    [
        'pods is forbidden: User "m" cannot create resource "pods" in API group ""',
        'pods "x" is forbidden: error looking up service account a/b: serviceaccount "b" not found',
    ],
)
async def test_a_pod_that_only_we_cannot_make_is_not_tried(said: str) -> None:
    def refuse(write: Write, _after: KubeObject) -> None:
        if write.kind.resource.kind == "Pod":
            raise RefusedError(403, "Forbidden", said)

    async with rigged("fake") as rig:
        assert rig.fake is not None
        rig.fake.writes.admit.append(refuse)
        run = await tried(rig, a_subject(rig))
        (pod,) = of(run, "start", "Pod of Deployment")
        assert (pod.reach, pod.fault, run.passed) == (Reach.NOT, "", True)


async def test_a_webhook_that_takes_no_dry_run_leaves_the_object_untried() -> None:
    def webhook(write: Write, _after: KubeObject) -> None:
        if write.dry_run and write.kind.resource.kind == "ConfigMap":
            said = 'admission webhook "w.example.test" does not support dry run'
            raise RefusedError(400, "BadRequest", said)

    async with rigged("fake") as rig:
        assert rig.fake is not None
        rig.fake.writes.admit.append(webhook)
        run = await tried(rig, a_subject(rig))
        (trial,) = of(run, "prepare", "ConfigMap")
        assert (trial.reach, trial.fault) == (Reach.NOT, "")
        assert "w.example.test" in trial.why


async def test_replicas_that_an_autoscaler_owns_are_told_and_are_no_fault() -> None:
    async with rigged("fake") as rig:
        assert rig.fake is not None
        await rig.client.apply(rig.deployment(replicas=1))
        kind = rig.fake.kind("Deployment")
        scaled: KubeObject = {"spec": {"replicas": 5}}
        rig.fake.writes.merge(Write(kind, rig.namespace, "web", scaled, "scaler", "scale"))
        run = await tried(rig, a_subject(rig))
        (trial,) = of(run, "start", "Deployment")
        assert trial.conflicts == (".spec.replicas is owned by scaler",)
        assert trial.fault == ""
