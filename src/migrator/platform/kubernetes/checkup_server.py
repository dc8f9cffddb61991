"""The server itself: version, clock, queues, webhooks, the fence, and what is known of the network.

Called by `checkup.py`. Facts that no API tells (whether network policies are enforced, how a proxy
is configured where nobody may read it) are said to be unknown, and never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from migrator.errors import PermanentError
from migrator.platform.kubernetes.admission import EpochFence
from migrator.platform.kubernetes.checked import Looked, failed, listed, ok, unknown, warning
from migrator.platform.kubernetes.discovery import CONFIG_MAPS, NAMESPACES, SERVICES, Resource
from migrator.platform.kubernetes.grants import guessed_plural, namespaces_of
from migrator.platform.kubernetes.objects import (
    KubeObject,
    at,
    map_at,
    objects_at,
    text_at,
    texts_at,
    uid_of,
)
from migrator.platform.kubernetes.policy_shape import API
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.server import version, whoami
from migrator.platform.kubernetes.subject import Subject
from migrator.platform.kubernetes.wire import Answer, Asked, Target

CLOCK_SECONDS_MAX: Final = 5.0
"""The server's word has whole seconds and a way of its own; beyond this two clocks differ."""

FLOW_SCHEMA: Final = "x-kubernetes-pf-flowschema-uid"
CROWDED: Final = ("catch-all", "global-default", "workload-low")
"""Queues in which everybody waits who was given none of their own."""

VALIDATING: Final = Resource(
    API,
    "v1",
    "ValidatingWebhookConfiguration",
    "validatingwebhookconfigurations",
    namespaced=False,
)
MUTATING: Final = Resource(
    API, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", namespaced=False
)
FLOW_SCHEMAS: Final = Resource(
    "flowcontrol.apiserver.k8s.io", "v1", "FlowSchema", "flowschemas", namespaced=False
)
POLICIES: Final = Resource(
    "networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", namespaced=True
)
DEFINITIONS: Final = Resource(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
)
NETWORKS: Final = {"cilium.io": "Cilium", "projectcalico.org": "Calico", "antrea.io": "Antrea"}
_MODE: Final = re.compile(r'^mode:\s*"?(\w*)"?\s*$', re.MULTILINE)


async def version_and_account(client: Client) -> list[Looked]:
    """Which server it is, and whom it takes us for. Both were asked before; here they are told."""
    major, minor = await version(client.asker)
    user = await whoami(client.asker)
    return [
        ok("server", f"{client.asker.transport.server}, version {major}.{minor}"),
        ok("account", user),
    ]


async def _version_answer(client: Client) -> Answer:
    return await client.asker.send(Asked("GET", "/version", Target("get", "/version")))


async def clock(client: Client, now: Callable[[], datetime]) -> list[Looked]:
    """How far the server's clock is from ours; each has its own idea of a deadline."""
    before = now()
    answer = await _version_answer(client)
    after = now()
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return [unknown("clock", "the server does not say its time", "", "cluster-clock")]
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    middle = before + (after - before) / 2
    # What the server cuts off is half a second on average.
    apart = (theirs - middle).total_seconds() + 0.5
    text = f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} ours"
    if abs(apart) <= CLOCK_SECONDS_MAX + (after - before).total_seconds():
        return [ok("clock", f"the server's is within {CLOCK_SECONDS_MAX:.0f} s of ours")]
    mend = "set both by the same time server (chronyc tracking, timedatectl)"
    return [warning("clock", f"the server's clock is {text}", mend, "cluster-clock")]


async def fence(client: Client) -> list[Looked]:
    """Whether the cluster would keep a displaced process out."""
    found = await EpochFence(client, "check").installed()
    if found.holds:
        return [ok("fence", f"the admission policies are in force and fence {found.account}")]
    mend = "an administrator applies what `migrator rights` prints; without, a run needs "
    mend += "--without-admission-fence"
    return [warning("fence", "; ".join(found.faults), mend, "fence-open")]


async def priority(client: Client) -> list[Looked]:
    """In which queue our requests wait when the server is busy."""
    answer = await _version_answer(client)
    uid = answer.headers.get(FLOW_SCHEMA, "")
    if not uid:
        return [unknown("request priority", "the server does not say", "", "cluster-busy")]
    found = [each for each in await listed(client, FLOW_SCHEMAS) if uid_of(each) == uid]
    name = text_at(found[0], "metadata", "name") if found else uid
    level = text_at(found[0], "spec", "priorityLevelConfiguration", "name") if found else ""
    text = f"flow schema {name}, priority level {level or 'unknown'}"
    if level in CROWDED:
        mend = "a FlowSchema for migrator's accounts would keep them out of everybody's queue"
        return [warning("request priority", text, mend, "cluster-busy")]
    return [ok("request priority", text)]


# Webhooks


async def webhooks(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """Webhooks that would break a dry run, or refuse everything because nobody answers."""
    wanted = _wanted(subjects)
    labels = await _labels(client, namespaces_of(subjects))
    said: list[Looked] = []
    for kind in (VALIDATING, MUTATING):
        for configuration in await listed(client, kind):
            for hook in objects_at(configuration, "webhooks"):
                if _concerns(hook, wanted, labels):
                    said += await _of_webhook(client, configuration, hook)
    return said or [ok("webhooks", "none would break a dry run or has lost its service")]


async def _of_webhook(client: Client, configuration: KubeObject, hook: KubeObject) -> list[Looked]:
    name = f"{text_at(configuration, 'metadata', 'name')} ({text_at(hook, 'name')})"
    said: list[Looked] = []
    if text_at(hook, "sideEffects") not in {"None", "NoneOnDryRun"}:
        text = f"{name} has sideEffects {text_at(hook, 'sideEffects') or 'Unknown'}: "
        text += "the server refuses every dry run that it would judge"
        mend = "its owner declares sideEffects: None or NoneOnDryRun"
        said.append(failed("webhooks", text, mend, "cluster-admission"))
    place = text_at(hook, "clientConfig", "service", "namespace")
    service = text_at(hook, "clientConfig", "service", "name")
    if service and text_at(hook, "failurePolicy") != "Ignore":
        try:
            there = await client.get(SERVICES, place, service, metadata_only=True)
        except PermanentError:
            mend = f"look yourself: kubectl get service {service} -n {place}"
            text = f"{name}: whether its Service {place}/{service} is there, nobody here may see"
            return [*said, unknown("webhooks", text, mend, "cluster-admission")]
        if there is None:
            text = f"{name}: its Service {place}/{service} is not there, and it fails closed"
            mend = "mend or remove the webhook; until then it refuses what it should judge"
            said.append(failed("webhooks", text, mend, "cluster-admission"))
    return said


def _wanted(subjects: Iterable[Subject]) -> set[tuple[str, str]]:
    """Group and plural of what a run writes."""
    found = {("", "services"), ("discovery.k8s.io", "endpointslices"), ("", "pods")}
    for subject in subjects:
        for each in subject.objects:
            version_, kind = text_at(each, "apiVersion"), text_at(each, "kind")
            found.add((version_.rpartition("/")[0], guessed_plural(version_, kind)))
    return found


async def _labels(client: Client, places: Iterable[str]) -> list[dict[str, str]]:
    """The labels of the namespaces; of one that is not there yet, those that it will have."""
    found = []
    for place in places:
        live = await client.get(NAMESPACES, "", place, metadata_only=True)
        found.append({"kubernetes.io/metadata.name": place, **texts_at(live, "metadata", "labels")})
    return found


def _concerns(
    hook: KubeObject, wanted: set[tuple[str, str]], labels: Iterable[dict[str, str]]
) -> bool:
    takes = any(
        _has(rule, "apiGroups", group) and (_has(rule, "resources", plural) or _all(rule))
        for rule in objects_at(hook, "rules")
        for group, plural in wanted
    )
    return takes and any(selects(map_at(hook, "namespaceSelector"), each) for each in labels)


def _has(rule: KubeObject, key: str, word: str) -> bool:
    words = at(rule, key)
    return isinstance(words, list) and (word in words or "*" in words)


def _all(rule: KubeObject) -> bool:
    words = at(rule, "resources")
    return isinstance(words, list) and "*/*" in words


def selects(selector: KubeObject, labels: dict[str, str]) -> bool:
    """Tell whether a label selector takes these labels; an empty one takes all."""
    if any(labels.get(key) != value for key, value in map_at(selector, "matchLabels").items()):
        return False
    for row in objects_at(selector, "matchExpressions"):
        key, operator = text_at(row, "key"), text_at(row, "operator")
        words = at(row, "values")
        values = words if isinstance(words, list) else []
        holds = {
            "In": key in labels and labels[key] in values,
            "NotIn": key not in labels or labels[key] not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not holds.get(operator, True):
            return False
    return True


# The network


async def network(client: Client, subjects: tuple[Subject, ...]) -> list[Looked]:
    """Whether there are network policies, and whether anything is known to enforce them."""
    number = 0
    for place in namespaces_of(subjects):
        number += len(await listed(client, POLICIES, place))
    number += sum(
        text_at(each, "kind") == "NetworkPolicy" for subject in subjects for each in subject.objects
    )
    names = [text_at(each, "spec", "group") for each in await listed(client, DEFINITIONS)]
    known = sorted({word for end, word in NETWORKS.items() for n in names if n.endswith(end)})
    if not number:
        return [ok("network policies", f"none ({', '.join(known) or 'network unknown'})")]
    if known:
        return [ok("network policies", f"{number}; {', '.join(known)} enforces them")]
    mend = "ask who runs the network; a pair of pods that must not reach each other is the proof"
    text = f"{number} network policies, and nothing here tells whether they are enforced"
    return [unknown("network policies", text, mend, "network-policies-unproven")]


async def proxy_mode(client: Client) -> list[Looked]:
    """How nodes carry Services' traffic, where the usual place says so."""
    found = await client.get(CONFIG_MAPS, "kube-system", "kube-proxy")
    text = texts_at(found, "data").get("config.conf", "")
    mode = _MODE.search(text)
    if mode is None:
        mend = "nothing depends on it; how long a switch takes does"
        return [unknown("proxy mode", "no kube-proxy settings to read", mend, "cluster-proxy-mode")]
    word = mode[1] or "iptables"
    if word == "ipvs":
        mend = "plan its replacement by nftables; a switch works with it all the same"
        return [warning("proxy mode", "ipvs, which is being given up", mend, "cluster-proxy-mode")]
    return [ok("proxy mode", word)]
