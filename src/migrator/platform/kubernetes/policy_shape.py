"""An admission policy and its binding as objects, whatever it says. Pure.

Used by `admission_policies.py`, which says what the policies are about. What all of them share
stands here: they fail closed, they refuse and leave a line in the audit log, and where they read
parameters, a missing one refuses nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from migrator.platform.kubernetes.discovery import Resource
from migrator.platform.kubernetes.objects import KubeObject

SYSTEM_NAMESPACE: Final = "migrator-system"
"""Where migrator's accounts and parameters are."""

PARAMETER_LABEL: Final = "migrator/parameter"
PARAMETER_VALUE: Final = "epoch"
"""What makes a ConfigMap a parameter of the policies: without this label it is none."""

ACCOUNTS_NOTE: Final = "migrator/accounts"
"""On a policy: whose writes it takes for migrator's own, as text that can be read back."""

API: Final = "admissionregistration.k8s.io"
POLICY_RESOURCE: Final = Resource(
    API, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", namespaced=False
)
BINDING_RESOURCE: Final = Resource(
    API,
    "v1",
    "ValidatingAdmissionPolicyBinding",
    "validatingadmissionpolicybindings",
    namespaced=False,
)

WRITES: Final = ("CREATE", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of a policy: what must hold, and what is said where it does not."""

    holds: str
    message: str
    said: str = ""  # an expression that gives a fuller message

    def as_object(self) -> KubeObject:
        """Write it as a validation."""
        found: KubeObject = {"expression": self.holds, "message": self.message}
        if self.said:
            found["messageExpression"] = self.said
        return found


def matched(
    resources: tuple[str, ...],
    scope: str = "*",
    *,
    group: str = "*",
    operations: tuple[str, ...] = WRITES,
) -> KubeObject:
    """Which requests a policy looks at."""
    return {
        "apiGroups": [group],
        "apiVersions": ["*"],
        "operations": [*operations],
        "resources": [*resources],
        "scope": scope,
    }


def policy(  # noqa: PLR0913 - the parts of one object, each said by name
    name: str,
    own: tuple[str, ...],
    *,
    conditions: dict[str, str],
    variables: dict[str, str],
    rules: tuple[Rule, ...],
    rows: tuple[KubeObject, ...] = (),
    namespaces: tuple[str, ...] = (),
    reads_parameters: bool = False,
) -> list[KubeObject]:
    """A policy and what puts it in force; `namespaces` bound where it is judged at all."""
    labels: KubeObject = {"app.kubernetes.io/managed-by": "migrator"}
    spec: KubeObject = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [*(rows or (matched(("*/*",)),))]},
        "matchConditions": [{"name": n, "expression": e} for n, e in conditions.items()],
        "validations": [rule.as_object() for rule in rules],
    }
    if variables:
        spec["variables"] = [{"name": n, "expression": e} for n, e in variables.items()]
    binding: KubeObject = {"policyName": name, "validationActions": ["Deny", "Audit"]}
    if namespaces:
        chosen: KubeObject = {
            "key": "kubernetes.io/metadata.name",
            "operator": "In",
            "values": [*namespaces],
        }
        binding["matchResources"] = {"namespaceSelector": {"matchExpressions": [chosen]}}
    if reads_parameters:
        spec["paramKind"] = {"apiVersion": "v1", "kind": "ConfigMap"}
        # Without a parameter there is no run and nothing to fence. Refusing then would refuse
        # everybody's writes everywhere, because parameters are looked up before conditions.
        binding["paramRef"] = {
            "namespace": SYSTEM_NAMESPACE,
            "selector": {"matchLabels": {PARAMETER_LABEL: PARAMETER_VALUE}},
            "parameterNotFoundAction": "Allow",
        }
    notes: KubeObject = {ACCOUNTS_NOTE: " ".join(own)}
    return [
        {
            "apiVersion": f"{API}/v1",
            "kind": POLICY_RESOURCE.kind,
            "metadata": {"name": name, "labels": labels, "annotations": notes},
            "spec": spec,
        },
        {
            "apiVersion": f"{API}/v1",
            "kind": BINDING_RESOURCE.kind,
            "metadata": {"name": name, "labels": labels},
            "spec": binding,
        },
    ]
