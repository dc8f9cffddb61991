"""Whose fields are whose, as managedFields tell it."""

from __future__ import annotations

import pytest

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import KubeObject, map_at
from migrator.platform.kubernetes.ownership import KUBECTL, given_back, says, taken_over


def row(manager: str, operation: str, version: str = "v1", /, **fields: KubeObject) -> KubeObject:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": version,
        "fieldsV1": {f"f:{key}": value for key, value in fields.items()},
    }


def live(spec: Plain, fields: KubeObject) -> KubeObject:
    return {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {
            "name": "web",
            "uid": "1",
            "managedFields": [row("migrator", "Apply", spec=fields)],
        },
        "spec": spec,
        "status": {"ready": 1},
    }


def wanted(spec: Plain) -> KubeObject:
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "web"}, "spec": spec}


PORT: KubeObject = {"containerPort": 80, "protocol": "TCP"}
PORTS: KubeObject = {
    'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:name": {}}
}


@pytest.mark.parametrize(
    ("said", "there", "fields"),
    [
        ({"a": 1}, {"a": 1, "defaulted": 2}, {"f:a": {}}),
        ({"a": 1, "empty": None}, {"a": 1}, {"f:a": {}}),
        ({"m": {}}, {"m": {}}, {"f:m": {}}),
        ({"s": {"x": "1"}}, {"s": {"x": "1"}}, {"f:s": {}}),
        (
            {"p": [{"containerPort": 80, "name": "http"}]},
            {"p": [{**PORT, "name": "http"}, {"containerPort": 81, "protocol": "TCP"}]},
            {"f:p": PORTS},
        ),
        ({"f": ["mine"]}, {"f": ["theirs", "mine"]}, {"f:f": {'v:"mine"': {}}}),
    ],
    ids=["defaults", "nothing", "empty", "one-piece", "a-port", "a-set"],
)
def test_nothing_would_change(said: KubeObject, there: KubeObject, fields: KubeObject) -> None:
    assert says(wanted(said), live(there, fields))


@pytest.mark.parametrize(
    ("said", "there", "fields"),
    [
        ({"a": 2}, {"a": 1}, {"f:a": {}}),
        ({"a": 1}, {"a": True}, {"f:a": {}}),
        ({"a": 1}, {"a": 1, "b": 2}, {"f:a": {}, "f:b": {}}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"f:a": {}}),
        ({"s": {"x": "1"}}, {"s": {"x": "1", "y": "2"}}, {"f:s": {}}),
        (
            {"p": [{"containerPort": 80, "name": "web"}]},
            {"p": [{**PORT, "name": "http"}]},
            {"f:p": PORTS},
        ),
        ({"p": []}, {"p": [{**PORT, "name": "http"}]}, {"f:p": PORTS}),
        (
            {"p": [{"containerPort": 81, "name": "http"}]},
            {"p": [{**PORT, "name": "http"}]},
            {"f:p": PORTS},
        ),
        ({"p": [{"containerPort": 80}]}, {"p": [{**PORT, "name": "http"}]}, {"f:p": PORTS}),
        ({"f": ["other"]}, {"f": ["mine"]}, {"f:f": {'v:"mine"': {}}}),
        ({"a": {"b": 1}}, {"a": "text"}, {"f:a": {"f:b": {}}}),
    ],
    ids=[
        "value",
        "type",
        "no-longer-said",
        "not-ours",
        "one-piece",
        "inside-an-entry",
        "entry-gone",
        "another-entry",
        "field-of-an-entry-gone",
        "set",
        "another-shape",
    ],
)
def test_something_would_change(said: KubeObject, there: KubeObject, fields: KubeObject) -> None:
    assert not says(wanted(said), live(there, fields))


def test_what_we_never_applied_says_nothing() -> None:
    found = live({"a": 1}, {"f:a": {}})
    map_at(found, "metadata")["managedFields"] = []
    assert not says(wanted({"a": 1}), found)


def owned_by(*rows: KubeObject) -> KubeObject:
    return {"metadata": {"managedFields": [*rows]}}


def test_kubectls_fields_become_ours_and_nobody_elses() -> None:
    helm = row("helm", "Apply", z={})
    theirs = row(KUBECTL, "Update", spec={"f:a": {}, "f:m": {"f:x": {}}})
    assert taken_over(owned_by(helm, theirs)) == [
        helm,
        row("migrator", "Apply", spec={"f:a": {}, "f:m": {"f:x": {}}}),
    ]
    ours = row("migrator", "Apply", spec={"f:b": {}, "f:m": {"f:y": {}}})
    both: KubeObject = {"f:a": {}, "f:b": {}, "f:m": {"f:x": {}, "f:y": {}}}
    assert taken_over(owned_by(ours, theirs)) == [row("migrator", "Apply", spec=both)]


def test_there_is_nothing_to_take_over_from_others_or_across_versions() -> None:
    for rows in (
        [],
        [row("kubectl-edit", "Update", spec={})],
        [row(KUBECTL, "Apply", spec={})],
        [{**row(KUBECTL, "Update", status={}), "subresource": "status"}],
        [row(KUBECTL, "Update", "v1", spec={}), row("migrator", "Apply", "v2", spec={})],
    ):
        assert taken_over(owned_by(*rows)) is None


def test_each_manager_gets_its_own_again_and_the_status_stays_as_it_is() -> None:
    status = {**row("controller", "Update", status={}), "subresource": "status"}
    before = [row(KUBECTL, "Update", spec={"f:a": {}}), {**status, "time": "then"}]
    now = owned_by(row("migrator", "Apply", spec={"f:a": {}}), {**status, "time": "now"})
    assert given_back(now, before) == [before[0], {**status, "time": "now"}]


def test_where_nothing_of_ours_is_left_nothing_is_given_back() -> None:
    before = [row(KUBECTL, "Update", spec={"f:a": {}})]
    assert given_back(owned_by(*before, row("kubectl-edit", "Update", spec={})), before) is None
    ours = [row("migrator", "Apply", spec={"f:a": {}})]
    assert given_back(owned_by(*ours), ours) is None
    assert given_back(owned_by(row("migrator", "Apply", spec={"f:b": {}})), ours) == ours
