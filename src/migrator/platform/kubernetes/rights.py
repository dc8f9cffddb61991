"""Accounts, roles and admission policies as objects that an administrator applies. Pure.

Made from `grants.py` and `admission_policies.py` for `migrator rights`. migrator never applies
these itself: who may write roles may take every right, and who may write policies may take every
fence away. Everything but the anchor carries one label, so that it is found and deleted by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from migrator.platform.kubernetes.admission_policies import ANCHOR, policies, service_account
from migrator.platform.kubernetes.admission_policies import (
    REHEARSER as REHEARSER_POLICY,
)
from migrator.platform.kubernetes.grants import (
    ACCOUNTS,
    CONDUCTOR,
    PARTS,
    PLANNER,
    REHEARSER,
    Grant,
    grants,
    namespaces_of,
)
from migrator.platform.kubernetes.objects import KubeObject, text_at
from migrator.platform.kubernetes.policy_shape import SYSTEM_NAMESPACE
from migrator.platform.kubernetes.subject import Subject

LABEL: Final = "migrator/rights"
"""On everything that is printed: `kubectl delete -l migrator/rights=all` takes it away."""

_RBAC: Final = "rbac.authorization.k8s.io"


def rights(
    subjects: Iterable[Subject],
    *,
    only: str = "",
    users: Iterable[str] = (),
    agents_in: Iterable[str] = (),
) -> list[KubeObject]:
    """Every object, in the order in which it is applied; `only` names one account.

    `users` are names of the organisation's own, who may do what the conductor does and whose
    writes are fenced as its writes are. `agents_in` are the namespaces in which pods look at links.
    """
    listed, names = tuple(subjects), tuple(sorted(set(users)))
    accounts = (only,) if only else ACCOUNTS
    assert set(accounts) <= set(ACCOUNTS), f"there is no account {only}"
    people = names if CONDUCTOR in accounts else ()
    found = [_namespace(SYSTEM_NAMESPACE, restricted=True)]
    found += [_namespace(name) for name in namespaces_of(listed) if name != SYSTEM_NAMESPACE]
    found += [_account(name) for name in accounts]
    found += _roles(grants(listed, agents_in=agents_in), accounts, people)
    return [*found, *_policies(accounts, names, namespaces_of(listed))]


def _policies(
    accounts: tuple[str, ...], users: tuple[str, ...], namespaces: tuple[str, ...]
) -> list[KubeObject]:
    """What fences the accounts that are printed; always as it would be for all of them."""
    own = (*(service_account(name) for name in ACCOUNTS if name != REHEARSER), *users)
    wanted = []
    for policy in policies(own, service_account(REHEARSER), namespaces):
        name = text_at(policy, "metadata", "name")
        is_rehearsers = name == REHEARSER_POLICY
        if REHEARSER in accounts if is_rehearsers else set(accounts) - {REHEARSER, PLANNER}:
            wanted.append(policy if name == ANCHOR else _labelled(policy))
    return wanted


def _namespace(name: str, *, restricted: bool = False) -> KubeObject:
    meta: KubeObject = {"name": name}
    if restricted:
        # What runs there (the prober) needs no right of its own and no privilege.
        meta["labels"] = {"pod-security.kubernetes.io/enforce": "restricted"}
        return _labelled({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
    # A team's namespace carries no label of ours, so that cleaning up never deletes it.
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def _account(name: str) -> KubeObject:
    return _labelled(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": SYSTEM_NAMESPACE},
            # Nobody runs as it in a pod unless that pod asks for its token.
            "automountServiceAccountToken": False,
        }
    )


def _roles(
    found: tuple[Grant, ...], accounts: tuple[str, ...], users: tuple[str, ...]
) -> list[KubeObject]:
    """A role for each part in each place, and who is given it."""
    roles: list[KubeObject] = []
    places = sorted({(grant.namespace, grant.part) for grant in found})
    for namespace, part in places:
        subjects: list[KubeObject] = [
            {"kind": "ServiceAccount", "name": name, "namespace": SYSTEM_NAMESPACE}
            for name in accounts
            if part in PARTS[name]
        ]
        if part in PARTS[CONDUCTOR]:
            subjects += [{"kind": "User", "name": name, "apiGroup": _RBAC} for name in users]
        if not subjects:
            continue
        rules = [_rule(g) for g in found if (g.namespace, g.part) == (namespace, part)]
        role, binding = (
            ("Role", "RoleBinding") if namespace else ("ClusterRole", "ClusterRoleBinding")
        )
        meta: KubeObject = {"name": f"migrator-{part}"}
        if namespace:
            meta["namespace"] = namespace
        version = f"{_RBAC}/v1"
        reference: KubeObject = {"apiGroup": _RBAC, "kind": role, "name": f"migrator-{part}"}
        roles.append(
            _labelled(
                {"apiVersion": version, "kind": role, "metadata": {**meta}, "rules": [*rules]}
            )
        )
        roles.append(
            _labelled(
                {
                    "apiVersion": version,
                    "kind": binding,
                    "metadata": {**meta},
                    "roleRef": reference,
                    "subjects": [*subjects],
                }
            )
        )
    return roles


def _rule(grant: Grant) -> KubeObject:
    rule: KubeObject = {
        "apiGroups": [grant.group],
        "resources": [grant.resource],
        "verbs": [*grant.verbs],
    }
    if grant.names:
        rule["resourceNames"] = [*grant.names]
    return rule


def _labelled(found: KubeObject) -> KubeObject:
    meta = found["metadata"]
    assert isinstance(meta, dict), "an object has its name there"
    labels = meta.get("labels")
    kept = labels if isinstance(labels, dict) else {}
    return {**found, "metadata": {**meta, "labels": {**kept, LABEL: "all"}}}
