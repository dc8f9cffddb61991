"""What is adopted, overridden or stopped, and that nothing secret is shown."""

from __future__ import annotations

import pytest

from migrator.errors import PermanentError
from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.drift import (
    Decision,
    Drift,
    adopted,
    decided,
    found_in,
)
from migrator.platform.kubernetes.masked_objects import MASK, masked_at
from migrator.platform.kubernetes.objects import KubeObject, ObjectName, at, map_at
from migrator.platform.kubernetes.owned import FieldPath

NAME = ObjectName("Deployment", "shop", "web")
CONTAINER = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"web"}')
PLACE = ("spec", "template", "spec", "containers", 0)


def a_deployment(**spec: int) -> KubeObject:
    env: KubeObject = {"name": "A", "value": "hunter2"}
    container: KubeObject = {"name": "web", "image": "web:1", "env": [env], "args": ["a", "b"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "finalizers": ["a/b", "c/d"]},
        "spec": {"replicas": 2, **spec, "template": {"spec": {"containers": [container]}}},
    }


def a_drift(*field: str, name: ObjectName = NAME) -> Drift:
    return Drift(name, field, "kubectl-edit", "2023-10-14T01:00:00Z", 2, 3)


def row(manager: str, fields: KubeObject, time: str = "", **more: str) -> KubeObject:
    operation = "Apply" if manager == "migrator" else "Update"
    return {
        "manager": manager, "operation": operation, "time": time, "fieldsV1": fields, **more
    }  # fmt: skip


def with_rows(found: KubeObject, *rows: KubeObject) -> KubeObject:
    return {**found, "metadata": {**map_at(found, "metadata"), "managedFields": [*rows]}}


REPLICAS: KubeObject = {"f:spec": {"f:replicas": {}}}


def test_a_field_that_is_adopted_is_no_longer_said() -> None:
    wanted = a_deployment()
    body = adopted(wanted, [a_drift("f:spec", "f:replicas"), a_drift(*CONTAINER, "f:image")])
    assert "replicas" not in map_at(body, "spec")
    assert at(body, *PLACE, "name") == "web"
    assert "image" not in map_at(body, *PLACE)
    assert wanted == a_deployment()


def test_entries_of_lists_are_adopted_by_their_keys_and_by_their_values() -> None:
    env = (*CONTAINER, "f:env", 'k:{"name":"A"}')
    final = ("f:metadata", "f:finalizers", 'v:"a/b"')
    body = adopted(a_deployment(), [a_drift(*env), a_drift(*final), a_drift("f:spec", "f:gone")])
    assert at(body, *PLACE, "env") == []
    assert at(body, "metadata", "finalizers") == ["c/d"]


def test_overriding_takes_everything_back_by_force_but_what_was_adopted() -> None:
    replicas, image = a_drift("f:spec", "f:replicas"), a_drift(*CONTAINER, "f:image")
    words = {replicas.path: Decision.ADOPT, image.path: Decision.OVERRIDE}
    found = decided(a_deployment(), [replicas, image], lambda drift: words[drift.path])
    assert (found.force, found.adopted) == (True, (".spec.replicas",))
    assert "replicas" not in map_at(found.body, "spec")
    assert at(found.body, *PLACE, "image") == "web:1"


def test_adopting_alone_needs_no_force() -> None:
    found = decided(a_deployment(), [a_drift("f:spec", "f:replicas")], lambda _: Decision.ADOPT)
    assert not found.force


def test_stopping_names_every_field_and_who_changed_it() -> None:
    gone = Drift(NAME, ("f:spec", "f:paused"), "", "", True, None)
    drifts = [a_drift("f:spec", "f:replicas"), gone]
    with pytest.raises(PermanentError) as caught:
        decided(a_deployment(), drifts, lambda _: Decision.STOP)
    assert caught.value.reference == "drift-found"
    assert ".spec.replicas was changed by kubectl-edit" in caught.value.message
    assert ".spec.paused was changed by somebody who removed it" in caught.value.message


def test_drift_of_other_objects_is_not_decided_here() -> None:
    other = a_drift("f:spec", "f:replicas", name=ObjectName("Deployment", "shop", "other"))
    found = decided(a_deployment(), [other], lambda _: Decision.STOP)
    assert found.body == a_deployment()


def meant() -> KubeObject:
    return with_rows(a_deployment(), row("migrator", REPLICAS))


def drifts(live: KubeObject) -> list[tuple[str, str, object, object]]:
    return [(d.path, d.manager, d.ours, d.theirs) for d in found_in(live, meant())]


def test_a_field_that_somebody_took_over_is_drift() -> None:
    live = with_rows(a_deployment(replicas=3), row("kubectl-edit", REPLICAS, "2023-10-14"))
    assert drifts(live) == [(".spec.replicas", "kubectl-edit", 2, 3)]


def test_a_field_that_is_still_ours_differs_by_our_own_doing() -> None:
    assert drifts(with_rows(a_deployment(replicas=0), row("migrator", REPLICAS))) == []


def test_what_the_clusters_controllers_write_is_no_drift() -> None:
    scaler = row("kube-controller-manager", REPLICAS, subresource="scale")
    assert drifts(with_rows(a_deployment(replicas=3), scaler)) == []


def test_a_person_who_scales_is_told() -> None:
    scaler = row("kubectl", REPLICAS, subresource="scale")
    live = with_rows(a_deployment(replicas=3), scaler)
    assert drifts(live) == [(".spec.replicas", "kubectl", 2, 3)]


def test_what_was_added_since_we_applied_is_drift_and_what_was_there_before_is_not() -> None:
    paused: KubeObject = {"f:spec": {"f:paused": {}}}
    for time, wanted in (("2023-10-15T00:00:00Z", 1), ("2023-10-13T00:00:00Z", 0)):
        live = with_rows(
            a_deployment(paused=True),
            row("migrator", REPLICAS, "2023-10-14T00:00:00Z"),
            row("kubectl-edit", paused, time),
        )
        assert len(drifts(live)) == wanted


def test_a_status_is_nobodys_drift() -> None:
    live = with_rows(
        {**a_deployment(), "status": {"replicas": 1}},
        row("migrator", REPLICAS),
        row("tool", {"f:status": {"f:replicas": {}}}, "2023-10-15"),
        row("other", {"f:spec": {"f:paused": {}}}, "2023-10-15", subresource="status"),
    )
    assert drifts(live) == []


SECRET: KubeObject = {"kind": "Secret"}


VARIABLE: KubeObject = {"name": "A", "value": "hunter2"}
HIDDEN: KubeObject = {"name": "A", "value": MASK}
ENV = (*CONTAINER, "f:env")
LAST = "f:kubectl.kubernetes.io/last-applied-configuration"


@pytest.mark.parametrize(
    ("found", "path", "value", "shown"),
    [
        (SECRET, ("f:data", "f:a"), "eA==", MASK),
        (SECRET, ("f:data",), {"a": "eA=="}, {"a": MASK}),
        (SECRET, ("f:metadata", "f:labels", "f:a"), "b", "b"),
        (SECRET, ("f:data", "f:a"), None, None),
        ({}, (*ENV, 'k:{"name":"A"}', "f:value"), "hunter2", MASK),
        ({}, (*ENV, 'k:{"name":"A"}'), VARIABLE, HIDDEN),
        ({}, ENV, [VARIABLE], [HIDDEN]),
        ({}, CONTAINER, {"env": [VARIABLE]}, {"env": [HIDDEN]}),
        ({}, ("f:metadata", "f:annotations", LAST), "{}", MASK),
        ({}, ("f:spec", "f:replicas"), 2, 2),
    ],
)
def test_a_value_that_may_be_secret_is_masked_wherever_it_stands(
    found: KubeObject, path: FieldPath, value: Plain, shown: Plain
) -> None:
    assert masked_at(found, path, value) == shown
