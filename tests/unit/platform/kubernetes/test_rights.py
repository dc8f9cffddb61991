"""The objects that an administrator applies, as a whole."""

from __future__ import annotations

import pytest

from migrator.platform.kubernetes.admission_policies import ANCHOR, POLICIES
from migrator.platform.kubernetes.grants import ACCOUNTS
from migrator.platform.kubernetes.objects import KubeObject, map_at, objects_at, text_at, texts_at
from migrator.platform.kubernetes.policy_shape import SYSTEM_NAMESPACE
from migrator.platform.kubernetes.rights import LABEL, rights
from migrator.platform.kubernetes.subject import Subject

WEB: KubeObject = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "shop"},
}
SHOP = Subject("shop", "shop", (WEB,))
BINDINGS = {"RoleBinding", "ClusterRoleBinding"}


def named(found: list[KubeObject]) -> list[tuple[str, str, str]]:
    return [
        (text_at(f, "kind"), text_at(f, "metadata", "namespace"), text_at(f, "metadata", "name"))
        for f in found
    ]


def test_every_object_stands_once_and_namespaces_come_before_what_is_in_them() -> None:
    found = named(rights([SHOP]))
    assert len(found) == len(set(found))
    for number, (_, namespace, _) in enumerate(found):
        if namespace and namespace != "kube-system":
            assert ("Namespace", "", namespace) in found[:number]


def test_every_binding_names_a_role_that_is_printed() -> None:
    found = rights([SHOP])
    roles = {(kind, namespace, name) for kind, namespace, name in named(found)}
    for each in found:
        if text_at(each, "kind") in BINDINGS:
            role = map_at(each, "roleRef")
            place = text_at(each, "metadata", "namespace")
            assert (text_at(role, "kind"), place, text_at(role, "name")) in roles


def test_cleaning_up_by_the_label_takes_neither_a_teams_namespace_nor_the_anchor() -> None:
    without = {
        (kind, name)
        for each, (kind, _, name) in zip(rights([SHOP]), named(rights([SHOP])), strict=True)
        if LABEL not in texts_at(each, "metadata", "labels")
    }
    assert without == {
        ("Namespace", "shop"),
        ("ValidatingAdmissionPolicy", ANCHOR),
        ("ValidatingAdmissionPolicyBinding", ANCHOR),
    }


@pytest.mark.parametrize("account", ACCOUNTS)
def test_one_account_alone_is_given_to_nobody_else(account: str) -> None:
    found = rights([SHOP], only=account, users=["weekend-lead"])
    accounts = [name for kind, _, name in named(found) if kind == "ServiceAccount"]
    assert accounts == [account]
    bound = {
        text_at(subject, "name")
        for each in found
        if text_at(each, "kind") in BINDINGS
        for subject in objects_at(each, "subjects")
    }
    assert bound == ({account, "weekend-lead"} if account == "conductor" else {account})


def test_the_rehearsers_rights_never_come_without_its_policy() -> None:
    found = named(rights([SHOP], only="rehearser"))
    policies = [name for kind, _, name in found if kind == "ValidatingAdmissionPolicy"]
    assert policies == ["migrator-rehearser"]
    every = named(rights([SHOP]))
    assert {n for k, _, n in every if k == "ValidatingAdmissionPolicy"} == set(POLICIES)


def test_a_user_of_the_organisation_is_fenced_as_the_conductor_is() -> None:
    found = rights([SHOP], users=["weekend-lead"])
    (policy,) = (
        each
        for each in found
        if text_at(each, "metadata", "name") == "migrator-epoch"
        and text_at(each, "kind") == "ValidatingAdmissionPolicy"
    )
    accounts = text_at(policy, "metadata", "annotations", "migrator/accounts").split()
    assert "weekend-lead" in accounts
    assert f"system:serviceaccount:{SYSTEM_NAMESPACE}:rehearser" not in accounts
