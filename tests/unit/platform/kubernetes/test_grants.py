"""Who needs which right where: enough for the acts, and nothing beside."""

from __future__ import annotations

import pytest

from migrator.platform.kubernetes.grants import (
    ACCOUNTS,
    APPLIER,
    CONDUCTOR,
    PLANNER,
    PROBER,
    REHEARSER,
    TRAFFIC,
    Grant,
    grants,
    grants_of,
    guessed_plural,
    needs_admin,
)
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.policy_shape import SYSTEM_NAMESPACE
from migrator.platform.kubernetes.subject import Subject


def an_object(api: str, kind: str, name: str, namespace: str = "shop") -> KubeObject:
    meta: KubeObject = {"name": name}
    if namespace:
        meta["namespace"] = namespace
    return {"apiVersion": api, "kind": kind, "metadata": meta}


def a_subject(*objects: KubeObject, namespace: str = "shop") -> Subject:
    return Subject(namespace, namespace, objects)


SHOP = a_subject(
    an_object("apps/v1", "Deployment", "web"),
    an_object("v1", "Secret", "password"),
    an_object("v1", "PersistentVolumeClaim", "data"),
    an_object("networking.k8s.io/v1", "NetworkPolicy", "web"),
    an_object("v1", "Namespace", "shop", ""),
)


def may(account: str, verb: str, right: str, namespace: str, name: str = "x") -> bool:
    return any(
        verb in grant.verbs
        and grant.right == right
        and grant.namespace in {"", namespace}
        and (not grant.names or name in grant.names)
        for grant in grants_of(account, grants([SHOP]))
    )


def test_nothing_is_a_wildcard() -> None:
    for grant in grants([SHOP]):
        assert "*" not in (*grant.verbs, grant.resource, grant.group, *grant.names)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_no_account_may_reach_into_pods_take_tokens_or_change_rules(account: str) -> None:
    held = grants_of(account, grants([SHOP]))
    forbidden = {"pods/exec", "pods/attach", "pods/portforward", "serviceaccounts/token"}
    assert not forbidden & {grant.resource for grant in held}
    for grant in held:
        if grant.group in {"admissionregistration.k8s.io", "rbac.authorization.k8s.io"}:
            assert set(grant.verbs) <= {"get", "list", "watch"}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_secrets_are_reached_by_their_names_in_the_manifests_alone(account: str) -> None:
    for grant in grants_of(account, grants([SHOP])):
        if grant.resource == "secrets" and grant.namespace != SYSTEM_NAMESPACE:
            reads = set(grant.verbs) & {"get", "list", "watch"}
            assert not reads or grant.names == ("password", "password.migrator-before")


def test_each_account_has_what_its_acts_need() -> None:
    assert may(APPLIER, "patch", "deployments.apps", "shop")
    assert may(APPLIER, "get", "secrets", "shop", "password")
    assert may(APPLIER, "get", "pods/log", "shop")
    assert may(TRAFFIC, "update", "endpointslices.discovery.k8s.io", "shop")
    assert may(PROBER, "create", "pods/proxy", SYSTEM_NAMESPACE)
    for verb, right, namespace in (
        ("patch", "deployments.apps", "shop"),
        ("delete", "endpoints", "shop"),
        ("create", "pods/proxy", SYSTEM_NAMESPACE),
        ("update", "configmaps", SYSTEM_NAMESPACE),
        ("list", "nodes", ""),
    ):
        assert may(CONDUCTOR, verb, right, namespace)
    assert may(REHEARSER, "patch", "deployments.apps", "shop")


def test_each_account_lacks_what_is_anothers() -> None:
    assert not may(PLANNER, "patch", "deployments.apps", "shop")
    assert not may(PLANNER, "get", "secrets", "shop", "password")
    assert not may(TRAFFIC, "patch", "deployments.apps", "shop")
    assert not may(APPLIER, "update", "endpointslices.discovery.k8s.io", "shop")
    assert not may(APPLIER, "patch", "deployments.apps", "elsewhere")
    assert not may(REHEARSER, "update", "configmaps", SYSTEM_NAMESPACE)
    assert not may(REHEARSER, "create", "pods/proxy", SYSTEM_NAMESPACE)


def test_what_nobody_could_put_back_is_never_deleted() -> None:
    for account in ACCOUNTS:
        assert not may(account, "delete", "persistentvolumeclaims", "shop")
        assert not may(account, "delete", "namespaces", "", "shop")


def test_the_namespaces_of_the_plan_are_written_by_name() -> None:
    (grant,) = (g for g in grants([SHOP]) if g.part == APPLIER and g.resource == "namespaces")
    assert grant.names == ("shop",)


def test_a_line_that_two_objects_need_stands_once() -> None:
    found = grants([a_subject(*(an_object("v1", "ConfigMap", n) for n in "ab"))])
    assert len(found) == len(set(found))
    assert sum(g.resource == "configmaps" and g.part == APPLIER for g in found) == 1


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Deployment", "deployments"),
        ("NetworkPolicy", "networkpolicies"),
        ("Ingress", "ingresses"),
        ("Endpoints", "endpoints"),
        ("StorageClass", "storageclasses"),
        ("Gateway", "gateways"),
        ("HTTPRoute", "httproutes"),
    ],
)
def test_a_plural_follows_the_rule(kind: str, plural: str) -> None:
    assert guessed_plural("v1", kind) == plural


def test_a_definition_in_the_manifests_says_its_own_plural() -> None:
    names: KubeObject = {"kind": "Ox", "plural": "oxen"}
    defined = an_object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "oxen.farm.se", "")
    defined["spec"] = {"group": "farm.se", "names": names}
    found = grants([a_subject(defined, an_object("farm.se/v1", "Ox", "one"))])
    assert Grant(APPLIER, "shop", "farm.se", "oxen", ("get", "list", "watch"), ()).right in {
        grant.right for grant in found
    }
    (whole,) = (g for g in found if g.part == APPLIER and "customresource" in g.resource)
    assert whole.namespace == ""
    assert whole.names == ("oxen.farm.se",)
    assert "delete" not in whole.verbs


def test_roles_in_the_manifests_are_named_for_an_administrator() -> None:
    role = an_object("rbac.authorization.k8s.io/v1", "Role", "reader")
    role["rules"] = [{"verbs": ["get"]}]
    bound = an_object("rbac.authorization.k8s.io/v1", "RoleBinding", "reader")
    assert needs_admin([a_subject(role, bound), SHOP]) == (
        "Role/shop/reader",
        "RoleBinding/shop/reader",
    )


def test_agents_in_a_namespace_are_made_and_asked_there_and_read_no_other_secret() -> None:
    found = grants_of(PROBER, grants([SHOP], agents_in=["folkbok"]))
    there = [grant for grant in found if grant.namespace == "folkbok"]
    assert {"deployments.apps", "configmaps", "pods", "pods/proxy"} <= {g.right for g in there}
    reading = [g for g in there if g.resource == "secrets" and "get" in g.verbs]
    assert [grant.names for grant in reading] == [("migrator-agent",)]
    assert not any("list" in g.verbs for g in there if g.resource == "secrets")
    assert not any("*" in (*g.verbs, g.resource, g.group, *g.names) for g in there)


def test_without_agents_nobody_gets_a_way_into_the_pods_of_a_team() -> None:
    held = grants_of(CONDUCTOR, grants([SHOP]))
    assert {g.namespace for g in held if g.resource == "pods/proxy"} == {SYSTEM_NAMESPACE}
