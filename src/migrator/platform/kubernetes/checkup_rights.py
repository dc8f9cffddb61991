"""Which rights of a run are missing, exactly, and all at once.

Called by `checkup.py`. One question for each namespace says what we may do there; whatever that
answer does not cover is asked for by itself, because an authorizer need not be able to list what it
allows. So what is named as missing was refused by the server, word for word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from migrator.errors import PermanentError
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.admission_policies import service_account
from migrator.platform.kubernetes.checked import Looked, failed, ok
from migrator.platform.kubernetes.discovery import Discovery
from migrator.platform.kubernetes.grants import (
    ACCOUNTS,
    CONDUCTOR,
    Grant,
    Plural,
    grants,
    grants_of,
    guessed_plural,
)
from migrator.platform.kubernetes.objects import KubeObject, at, objects_at
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.server import whoami
from migrator.platform.kubernetes.subject import Subject
from migrator.platform.kubernetes.wire import Asked, Target

REVIEWS: Final = "/apis/authorization.k8s.io/v1/"
MISSING_SHOWN_MAX: Final = 500


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One verb on one resource in one place: the unit that a server says yes or no to."""

    namespace: str
    group: str
    resource: str
    verb: str
    name: str = ""

    def __str__(self) -> str:
        """Write it as an administrator would ask for it."""
        right = f"{self.resource}.{self.group}" if self.group else self.resource
        place = f" in {self.namespace}" if self.namespace else " in the whole cluster"
        return f"{self.verb} {right}{f' {self.name}' if self.name else ''}{place}"


async def rights(
    client: Client, subjects: tuple[Subject, ...], agents_in: tuple[str, ...] = ()
) -> list[Looked]:
    """The missing ones, by the account that we are. `agents_in`: where pods look at links."""
    user = await whoami(client.asker)
    account = _account_of(user)
    plural = await _plurals(client.discovery)
    wanted = sorted(set(_split(grants_of(account, grants(subjects, plural, agents_in)))))
    missing = await missing_rights(client, wanted)
    what = f"rights of {user} as {account}"
    if not missing:
        return [ok(what, f"all {len(wanted)} that a run needs")]
    shown = [str(right) for right in gathered(missing)]
    return [
        failed(
            what,
            f"{len(missing)} of {len(wanted)} are missing: {'; '.join(shown[:MISSING_SHOWN_MAX])}",
            "an administrator applies what `migrator rights` prints, or grants exactly these",
            "cluster-forbidden",
        )
    ]


async def missing_rights(client: Client, wanted: Iterable[Right]) -> list[Right]:
    """Those that the server refuses."""
    listed = list(wanted)
    places = sorted({right.namespace for right in listed if right.namespace})
    rules = dict(zip(places, await abreast(places, lambda p: _rules(client, p)), strict=True))
    open_ = [right for right in listed if not covered(right, rules.get(right.namespace, []))]

    async def refused(right: Right) -> Right | None:
        return None if await _may(client, right) else right

    return [right for right in await abreast(open_, refused) if right is not None]


def covered(right: Right, rules: Iterable[KubeObject]) -> bool:
    """Tell whether rules say yes, as RBAC reads them."""
    return any(
        _takes(rule, "verbs", right.verb)
        and _takes(rule, "apiGroups", right.group)
        and _takes_resource(rule, right.resource)
        and _takes_name(rule, right.name)
        for rule in rules
    )


def gathered(missing: Iterable[Right]) -> list[Right]:
    """The same with all verbs of one resource in one place together."""
    found: dict[Right, list[str]] = {}
    for right in sorted(missing):
        found.setdefault(replace(right, verb=""), []).append(right.verb)
    return [replace(right, verb=",".join(verbs)) for right, verbs in found.items()]


def _split(found: Iterable[Grant]) -> Iterable[Right]:
    for grant in found:
        for verb in grant.verbs:
            for name in grant.names or ("",):
                yield Right(grant.namespace, grant.group, grant.resource, verb, name)


def _account_of(user: str) -> str:
    """Which of our accounts we are; whoever is none of them is asked to be the conductor."""
    return next((name for name in ACCOUNTS if user == service_account(name)), CONDUCTOR)


async def _plurals(discovery: Discovery) -> Plural:
    """The server's own plurals; the rule for kinds that are not there yet."""
    known = {(each.api_version, each.kind): each.plural for each in await discovery.all()}
    return lambda api_version, kind: (
        known.get((api_version, kind)) or guessed_plural(api_version, kind)
    )


async def _rules(client: Client, namespace: str) -> list[KubeObject]:
    kind = "SelfSubjectRulesReview"
    found = await _review(client, kind, {"namespace": namespace})
    return objects_at(found, "status", "resourceRules")


async def _may(client: Client, right: Right) -> bool:
    resource, _, subresource = right.resource.partition("/")
    attributes: KubeObject = {
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": right.namespace,
        "name": right.name,
    }
    found = await _review(client, "SelfSubjectAccessReview", {"resourceAttributes": attributes})
    return at(found, "status", "allowed") is True


async def _review(client: Client, kind: str, spec: KubeObject) -> KubeObject:
    body: KubeObject = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec}
    plural = f"{kind.lower()}s"
    target = Target("create", f"{plural}.authorization.k8s.io")
    try:
        answer = await client.asker.send(Asked("POST", f"{REVIEWS}{plural}", target, body=body))
    except PermanentError as error:
        if kind == "SelfSubjectRulesReview" and error.reference == "cluster-forbidden":
            return {}  # then every right is asked for by itself
        raise
    return answer.parsed()


def _words(rule: KubeObject, key: str) -> list[str]:
    found = at(rule, key)
    return [word for word in found if isinstance(word, str)] if isinstance(found, list) else []


def _takes(rule: KubeObject, key: str, word: str) -> bool:
    words = _words(rule, key)
    return word in words or "*" in words


def _takes_resource(rule: KubeObject, resource: str) -> bool:
    subresource = resource.partition("/")[2]
    return _takes(rule, "resources", resource) or (
        bool(subresource) and f"*/{subresource}" in _words(rule, "resources")
    )


def _takes_name(rule: KubeObject, name: str) -> bool:
    """A rule about names says yes to those alone, and never to a question about any name."""
    names = _words(rule, "resourceNames")
    return not names or name in names
