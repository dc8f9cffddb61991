"""What of the policies can be told without a server; what they do is tests/cluster's matter."""

from __future__ import annotations

import re

from migrator.platform.kubernetes.admission_policies import (
    ANCHOR,
    EPOCHS,
    FREEZE,
    POLICIES,
    REHEARSER,
    policies,
    service_account,
)
from migrator.platform.kubernetes.objects import KubeObject, at, objects_at, text_at

OWN = [service_account("conductor"), "weekend-lead"]


def made() -> dict[tuple[str, str], KubeObject]:
    found = policies(OWN, service_account("rehearser"), ["b", "a"])
    return {(text_at(each, "kind"), text_at(each, "metadata", "name")): each for each in found}


def policy(name: str) -> KubeObject:
    return made()["ValidatingAdmissionPolicy", name]


def binding(name: str) -> KubeObject:
    return made()["ValidatingAdmissionPolicyBinding", name]


def test_every_policy_has_its_binding_fails_closed_and_refuses() -> None:
    assert set(made()) == {
        (kind, name)
        for name in POLICIES
        for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    }
    for name in POLICIES:
        assert at(policy(name), "spec", "failurePolicy") == "Fail"
        assert at(binding(name), "spec", "policyName") == name
        assert at(binding(name), "spec", "validationActions") == ["Deny", "Audit"]


def test_a_missing_parameter_refuses_nobody() -> None:
    """Parameters are looked up before conditions, so Deny would refuse everybody's writes."""
    for name in (EPOCHS, FREEZE, ANCHOR):
        assert at(binding(name), "spec", "paramRef", "parameterNotFoundAction") == "Allow"


def test_the_anchor_comes_first_so_that_a_binding_always_names_the_parameters() -> None:
    first = policies(OWN, "rehearser", ["a"])[:2]
    assert [text_at(each, "metadata", "name") for each in first] == [ANCHOR, ANCHOR]


def test_other_peoples_writes_are_judged_in_the_plans_namespaces_only() -> None:
    chosen = objects_at(
        binding(FREEZE), "spec", "matchResources", "namespaceSelector", "matchExpressions"
    )
    assert chosen == [
        {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a", "b"]}
    ]
    rows = objects_at(policy(FREEZE), "spec", "matchConstraints", "resourceRules")
    assert [(row["scope"], row["resources"]) for row in rows if row["scope"] != "Namespaced"] == [
        ("Cluster", ["namespaces"])
    ]


def test_no_expression_reads_what_may_not_be_there() -> None:
    """A request for an object of the whole cluster has no namespace; such a rule refuses all."""
    for name in POLICIES:
        spec = policy(name)["spec"]
        assert isinstance(spec, dict)
        said = [
            text_at(row, "expression")
            for part in ("variables", "validations", "matchConditions")
            for row in objects_at(spec, part)
        ]
        for text in said:
            if name != "migrator-parameter" and "request.namespace" in text:
                assert "has(request.namespace)" in text, text
            if re.search(r"params\.data\b", text):
                assert "has(params.data)" in text, text


def test_the_rehearsers_policy_looks_at_connections_too() -> None:
    (row,) = objects_at(policy(REHEARSER), "spec", "matchConstraints", "resourceRules")
    assert row["operations"] == ["CREATE", "UPDATE", "DELETE", "CONNECT"]
    assert row["resources"] == ["*/*"]


def test_a_policy_tells_whose_writes_it_judges() -> None:
    noted = text_at(policy(EPOCHS), "metadata", "annotations", "migrator/accounts")
    assert noted.split() == sorted(OWN)
    (own, _) = objects_at(policy(EPOCHS), "spec", "matchConditions")
    assert all(f'"{account}"' in text_at(own, "expression") for account in OWN)
