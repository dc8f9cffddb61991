"""Which account needs which right where, worked out from what the subsystems hold. Pure.

The one list behind two things: `rights.py` turns it into roles for an administrator to apply, and
`checkup.py` asks a server for each line of it before the weekend. So what is checked is what is
printed. Nothing in it is a wildcard, and no account may read a Secret that no manifest names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from migrator.platform.kubernetes.objects import KubeObject, name_of, objects_at, text_at
from migrator.platform.kubernetes.policy_shape import API, SYSTEM_NAMESPACE
from migrator.platform.kubernetes.stages import NEVER_DELETED
from migrator.platform.kubernetes.subject import Subject

PLANNER: Final = "planner"
APPLIER: Final = "applier"
TRAFFIC: Final = "traffic"
PROBER: Final = "prober"
CONDUCTOR: Final = "conductor"
REHEARSER: Final = "rehearser"
ACCOUNTS: Final = (PLANNER, APPLIER, TRAFFIC, PROBER, CONDUCTOR, REHEARSER)
"""What a run does is four accounts' work; the conductor is the one that may do all of it."""

FENCE: Final = "fence"
"""No account: the right to write the fence's parameters, which only a conductor has."""

PARTS: Final = {
    PLANNER: (PLANNER,),
    APPLIER: (APPLIER,),
    TRAFFIC: (TRAFFIC,),
    PROBER: (PROBER,),
    CONDUCTOR: (PLANNER, APPLIER, TRAFFIC, PROBER, FENCE),
    REHEARSER: (PLANNER, APPLIER, TRAFFIC),
}
"""Which parts each account is given."""

READ: Final = ("get", "list", "watch")
WRITE: Final = ("create", "patch", "update", "delete")
KEEP: Final = ("create", "patch", "update")
AGENT: Final = "migrator-agent"
"""The name of an agent's key and of the policy that opens its port."""

COPY_SUFFIX: Final = ".migrator-before"

_RBAC: Final = "rbac.authorization.k8s.io"
_CORE: Final = ""

Plural = Callable[[str, str], str]
"""The plural of an apiVersion and kind, as rights name it."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One right: what a part may do with one resource in one place.

    No namespace: the whole cluster. No names: every object of the resource there. `why` is for
    whoever must decide whether to give it.
    """

    part: str
    namespace: str
    group: str
    resource: str
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()
    why: str = ""

    @property
    def right(self) -> str:
        """The resource as messages name it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


def grants(
    subjects: Iterable[Subject], plural: Plural | None = None, agents_in: Iterable[str] = ()
) -> tuple[Grant, ...]:
    """Everything that every part needs, in a fixed order and each line once.

    `agents_in` are the namespaces in which pods look at links in the place of workloads.
    """
    listed = tuple(subjects)
    words = plural or _plurals(listed)
    found = [*_everywhere(listed), *_system()]
    for namespace in namespaces_of(listed):
        objects = [
            each for subject in listed if subject.namespace == namespace for each in subject.objects
        ]
        found += _in_namespace(namespace, objects, words)
    for namespace in sorted(set(agents_in)):
        found += _of_agents(namespace)
    found += _of_cluster(listed, words)
    return tuple(dict.fromkeys(found))


def namespaces_of(subjects: Iterable[Subject]) -> tuple[str, ...]:
    """The namespaces that anything moves into."""
    return tuple(sorted({subject.namespace for subject in subjects}))


def grants_of(account: str, found: Iterable[Grant]) -> tuple[Grant, ...]:
    """The grants of one account."""
    return tuple(grant for grant in found if grant.part in PARTS[account])


def guessed_plural(api_version: str, kind: str) -> str:
    """The plural of a kind by the rule that all built-in kinds follow, and nearly all others."""
    word = kind.lower()
    if word.endswith("endpoints"):
        return word
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and not word.endswith(("ay", "ey", "oy", "uy")):
        return f"{word[:-1]}ies"
    assert api_version, "a kind without a version is no kind"
    return f"{word}s"


def _plurals(subjects: Iterable[Subject]) -> Plural:
    """The rule, and what the manifests' own definitions say where it does not hold."""
    defined = {
        (text_at(each, "spec", "group"), text_at(each, "spec", "names", "kind")): text_at(
            each, "spec", "names", "plural"
        )
        for subject in subjects
        for each in subject.objects
        if text_at(each, "kind") == "CustomResourceDefinition"
    }

    def plural(api_version: str, kind: str) -> str:
        group = api_version.rpartition("/")[0]
        return defined.get((group, kind)) or guessed_plural(api_version, kind)

    return plural


def _group(found: KubeObject) -> str:
    return text_at(found, "apiVersion").rpartition("/")[0]


def _everywhere(subjects: tuple[Subject, ...]) -> Iterator[Grant]:
    """What is read of the whole cluster: only for what `check --cluster` says."""
    looks = (
        (_CORE, "namespaces", "which there are, and which of them are ending"),
        (_CORE, "nodes", "whether there is room"),
        (_CORE, "pods", "how much of that room is taken"),
        ("storage.k8s.io", "storageclasses", "whether the named ones exist"),
        ("apiextensions.k8s.io", "customresourcedefinitions", "whether the kinds exist"),
        (API, "validatingwebhookconfigurations", "which of them would break a dry run"),
        (API, "mutatingwebhookconfigurations", "which of them would break a dry run"),
        (API, "validatingadmissionpolicies", "whether the fence stands"),
        (API, "validatingadmissionpolicybindings", "whether the fence is in force"),
        ("flowcontrol.apiserver.k8s.io", "flowschemas", "which queue we wait in"),
        ("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", "its name"),
    )
    for group, resource, why in looks:
        yield Grant(PLANNER, "", group, resource, ("get", "list"), why=why)
    proxy = ("kube-proxy",)
    why = "how Services reach pods"
    yield Grant(PLANNER, "kube-system", _CORE, "configmaps", ("get",), proxy, why)
    named = namespaces_of(subjects)
    if named:
        # Creating by an apply is checked with the name, so even this right is no general one.
        why = "where the plan's objects go; never deleted"
        yield Grant(APPLIER, "", _CORE, "namespaces", ("get", *KEEP), named, why)


def _system() -> Iterator[Grant]:
    """What is migrator's own: the fence's parameters, and the prober."""
    place = SYSTEM_NAMESPACE
    why = "the fence: one parameter for each run, and a canary that is only ever a dry run"
    yield Grant(FENCE, place, _CORE, "configmaps", ("get", "list", *KEEP), why=why)
    why = "the prober's own"
    yield Grant(PLANNER, place, _CORE, "configmaps", ("get", "list"), why="the fence's parameters")
    yield Grant(PROBER, place, _CORE, "configmaps", ("get", "list", *WRITE), why=why)
    yield Grant(PROBER, place, _CORE, "secrets", ("get", "list", *WRITE), why=why)
    yield Grant(PROBER, place, "apps", "deployments", (*READ, *WRITE), why=why)
    yield Grant(PROBER, place, _CORE, "pods", READ, why=why)
    yield Grant(PROBER, place, _CORE, "events", ("get", "list"), why=why)
    yield Grant(PROBER, place, _CORE, "pods/proxy", ("create",), why="to ask the prober's pods")


def _of_agents(namespace: str) -> Iterator[Grant]:
    """What an agent beside a workload is made of, and the way to ask it."""
    why = "the agents that look at links in the place of workloads"
    yield Grant(PROBER, namespace, "apps", "deployments", ("get", "list", *WRITE), why=why)
    yield Grant(PROBER, namespace, _CORE, "configmaps", ("get", "list", *WRITE), why=why)
    # A new object has no name yet when its creation is judged; creating shows nothing.
    yield Grant(PROBER, namespace, _CORE, "secrets", ("create",), why="their key")
    named = (("get", "patch", "update", "delete"), (AGENT,))
    yield Grant(PROBER, namespace, _CORE, "secrets", *named, why="their key")
    policies = ("networking.k8s.io", "networkpolicies")
    yield Grant(PROBER, namespace, *policies, ("create",), why="the way to their one port")
    yield Grant(PROBER, namespace, *policies, *named, why="the way to their one port")
    yield Grant(PROBER, namespace, _CORE, "pods", READ, why=why)
    yield Grant(PROBER, namespace, _CORE, "events", ("get", "list"), why="why one does not start")
    why = "whether one of them would send callers to an agent"
    yield Grant(PROBER, namespace, _CORE, "services", ("get", "list"), why=why)
    why = "whose labels and account an agent takes over"
    for group, resource in (("apps", "statefulsets"), ("apps", "daemonsets"), ("batch", "jobs")):
        yield Grant(PROBER, namespace, group, resource, ("get",), why=why)
    yield Grant(PROBER, namespace, "batch", "cronjobs", ("get",), why=why)
    # It has no narrower form: a pod's name is not known before it is there.
    yield Grant(PROBER, namespace, _CORE, "pods/proxy", ("create",), why="to ask the agents")


def _in_namespace(namespace: str, objects: list[KubeObject], plural: Plural) -> Iterator[Grant]:
    for resource in ("pods", "events", "services", "resourcequotas", "limitranges"):
        yield Grant(PLANNER, namespace, _CORE, resource, READ)
    yield Grant(PLANNER, namespace, "discovery.k8s.io", "endpointslices", READ)
    yield Grant(PLANNER, namespace, "networking.k8s.io", "networkpolicies", ("get", "list"))
    yield Grant(APPLIER, namespace, _CORE, "pods", READ, why="whether they run, and why not")
    yield Grant(APPLIER, namespace, _CORE, "events", READ, why="why a pod does not start")
    yield Grant(APPLIER, namespace, _CORE, "pods/log", ("get",), why="evidence before an unwind")
    yield Grant(TRAFFIC, namespace, _CORE, "services", (*READ, *WRITE), why="fronts and shadows")
    slices = "one of them moves the traffic"
    yield Grant(
        TRAFFIC, namespace, "discovery.k8s.io", "endpointslices", (*READ, *WRITE), why=slices
    )
    why = "what a selector leaves behind"
    yield Grant(TRAFFIC, namespace, _CORE, "endpoints", ("get", "delete"), why=why)
    for found in objects:
        yield from _of_kind(namespace, found, plural)
    secrets = sorted(name_of(each).name for each in objects if text_at(each, "kind") == "Secret")
    if secrets:
        named = tuple(name for each in secrets for name in (each, f"{each}{COPY_SUFFIX}"))
        verbs = ("get", "patch", "update", "delete")
        why = "the Secrets of the manifests, and their copies from before"
        yield Grant(APPLIER, namespace, _CORE, "secrets", verbs, named, why)
        # A new object has no name yet when its creation is judged; creating shows nothing.
        yield Grant(APPLIER, namespace, _CORE, "secrets", ("create",), why=why)


def _of_kind(namespace: str, found: KubeObject, plural: Plural) -> Iterator[Grant]:
    kind, group = text_at(found, "kind"), _group(found)
    if kind == "Secret" or not text_at(found, "metadata", "namespace"):
        return
    resource = plural(text_at(found, "apiVersion"), kind)
    write = KEEP if kind in NEVER_DELETED else WRITE
    yield Grant(APPLIER, namespace, group, resource, (*READ, *write), why="in the manifests")
    if group == _RBAC and kind in {"Role", "ClusterRole"}:
        return
    yield Grant(PLANNER, namespace, group, resource, READ, why="in the manifests")


def _of_cluster(subjects: tuple[Subject, ...], plural: Plural) -> Iterator[Grant]:
    """Objects of the whole cluster that a manifest holds: by their names, and nothing beside."""
    for subject in subjects:
        for found in subject.objects:
            kind = text_at(found, "kind")
            if text_at(found, "metadata", "namespace") or kind == "Namespace":
                continue
            write = KEEP if kind in NEVER_DELETED else WRITE
            grant = Grant(
                APPLIER,
                "",
                _group(found),
                plural(text_at(found, "apiVersion"), kind),
                ("get", *write),
                (name_of(found).name,),
                "in the manifests",
            )
            yield grant
            yield replace(grant, part=PLANNER, verbs=("get",))


def needs_admin(subjects: Iterable[Subject]) -> tuple[str, ...]:
    """Objects that an administrator applies: who writes a role must have all that is in it."""
    return tuple(
        sorted(
            str(name_of(found))
            for subject in subjects
            for found in subject.objects
            if _group(found) == _RBAC
            and (objects_at(found, "rules") or text_at(found, "kind").endswith("Binding"))
        )
    )
