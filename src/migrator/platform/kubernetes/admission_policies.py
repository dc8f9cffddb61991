"""The rules that a cluster itself holds migrator and others to, as objects. Pure.

Made for `migrator rights`, which prints them for an administrator to apply; migrator never writes
them, because who may change a policy may also take it away. `admission.py` writes the parameters
that they read: one ConfigMap for each run. Every rule fails closed, and none of them can lock an
administrator out, because admission policies are not judged by admission policies.

    migrator-marks       own writes carry token and epoch; own deletes say which object they mean
    migrator-epoch       own writes of an older epoch than the run's are refused
    migrator-freeze      while a namespace is frozen, other people's writes to it are refused
    migrator-parameter   a run's epoch never falls, whoever asks
    migrator-rehearser   the account for rehearsals writes nothing but dry runs
    migrator-anchor      judges nothing; it keeps the server reading parameters, see `_anchor`
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.policy_shape import (
    PARAMETER_LABEL,
    SYSTEM_NAMESPACE,
    WRITES,
    Rule,
    matched,
    policy,
)
from migrator.platform.kubernetes.slices import EPOCH, TOKEN

CANARY: Final = "migrator-canary-"
PARAMETER: Final = "migrator-epoch-"
"""Followed by the run's name, and by the word that only this run has."""

MARKS: Final = "migrator-marks"
EPOCHS: Final = "migrator-epoch"
FREEZE: Final = "migrator-freeze"
PARAMETERS: Final = "migrator-parameter"
REHEARSER: Final = "migrator-rehearser"
ANCHOR: Final = "migrator-anchor"
POLICIES: Final = (MARKS, EPOCHS, FREEZE, PARAMETERS, REHEARSER, ANCHOR)

# Who asks what it may do, or who it is, changes nothing; those questions are CREATE requests.
_NO_QUESTION: Final = (
    '!(request.resource.group in ["authorization.k8s.io", "authentication.k8s.io"])'
)

_NOTES: Final = (
    "object == null || !has(object.metadata.annotations) ? {} : object.metadata.annotations"
)
_OLD_NOTES: Final = _NOTES.replace("object", "oldObject")
# A request about an object of the whole cluster has no namespace at all, and a rule that fails to
# be judged refuses everybody: so nothing is read here before it is known to be there.
_PLACE: Final = (
    'has(request.namespace) && request.namespace != "" ? request.namespace : '
    '(request.resource.resource == "namespaces" && has(request.name) ? request.name : "")'
)

# A dry run changes nothing, so migrator's own are let pass; the canary is the one that must not.
_DRY: Final = "has(request.dryRun) && request.dryRun"


def _said(key: str) -> str:
    """What the parameter says; empty where somebody has bent it by hand."""
    return f'has(params.data) && "{key}" in params.data ? params.data["{key}"] : ""'


def service_account(name: str) -> str:
    """The name under which the server knows one of migrator's service accounts."""
    return f"system:serviceaccount:{SYSTEM_NAMESPACE}:{name}"


def policies(own: Iterable[str], rehearser: str, namespaces: Iterable[str]) -> list[KubeObject]:
    """Every policy with its binding. `own` are the user names whose writes are migrator's.

    `namespaces` are those that may ever be frozen: nowhere else is anybody's write judged.
    """
    accounts = tuple(sorted(set(own)))
    return [
        *_anchor(),
        *_marks(accounts),
        *_epochs(accounts),
        *_freeze(accounts, rehearser, tuple(sorted(set(namespaces)))),
        *_parameters(accounts),
        *_rehearser(rehearser),
    ]


def _marks(own: tuple[str, ...]) -> list[KubeObject]:
    marked = f'"{TOKEN}" in %s && "{EPOCH}" in %s && %s["{EPOCH}"].matches("^[0-9]{{1,18}}$")'
    new = marked.replace("%s", "variables.notes")
    # An object that is put back as it was carries no mark; the one that it replaces does.
    old = f'request.operation == "UPDATE" && "{EPOCH}" in variables.oldNotes'
    # Giving fields back to their managers changes nothing else of an object.
    same = (
        'request.operation == "UPDATE" && variables.notes == variables.oldNotes && '
        'object.all(k, k == "metadata" || (k in oldObject && object[k] == oldObject[k])) && '
        "oldObject.all(k, k in object)"
    )
    named = (
        'request.operation != "DELETE" || '
        "(has(request.options.preconditions) && has(request.options.preconditions.uid))"
    )
    version = (
        f'request.operation != "DELETE" || !("{EPOCH}" in variables.oldNotes) || '
        "(has(request.options.preconditions) && "
        "has(request.options.preconditions.resourceVersion))"
    )
    return policy(
        MARKS,
        own,
        conditions={
            "own": _is(own),
            "no-question": _NO_QUESTION,
            "not-a-dry-run": f"!({_DRY})",
        },
        variables={"notes": _NOTES, "oldNotes": _OLD_NOTES},
        rules=(
            Rule(
                f'request.operation == "DELETE" || ({new}) || ({old}) || ({same})',
                f"a write of migrator carries the annotations {TOKEN} and {EPOCH}",
            ),
            Rule(named, "a delete of migrator names the uid that it means"),
            Rule(version, "a delete of a marked object names the version that was seen"),
        ),
    )


def _epochs(own: tuple[str, ...]) -> list[KubeObject]:
    # What leaves no mark (a delete, an object put back as it was) is judged by the mark that it
    # takes away: a leader marks first, and what it has marked no older process can mark.
    marks = (
        f'request.operation == "DELETE" || !("{EPOCH}" in variables.notes) ? '
        "variables.oldNotes : variables.notes"
    )
    epoch = (
        f'variables.marks["{EPOCH}"].matches("^[0-9]{{1,18}}$") ? '
        f'int(variables.marks["{EPOCH}"]) : -1'
    )
    return policy(
        EPOCHS,
        own,
        conditions={"own": _is(own), "no-question": _NO_QUESTION},
        variables={
            "notes": _NOTES,
            "oldNotes": _OLD_NOTES,
            "marks": marks,
            "epoch": epoch,
            "name": (
                "object != null && has(object.metadata.name) ? object.metadata.name : "
                '(has(request.name) ? request.name : "")'
            ),
            "place": _PLACE,
            "run": _said("run"),
            "leads": _said("epoch"),
            "namespaces": _said("namespaces"),
            "canary": (
                f'variables.place == "{SYSTEM_NAMESPACE}" && '
                f'variables.name.startsWith("{CANARY}") && '
                f"variables.name == ({_said('canary')})"
            ),
            "concerns": (
                f'({_said("over")}) != "true" && variables.leads != "" && (variables.canary || '
                f'(!({_DRY}) && (variables.place in variables.namespaces.split(" ") || '
                f'(variables.place == "{SYSTEM_NAMESPACE}" && '
                "variables.name == params.metadata.name))))"
            ),
        },
        rules=(
            Rule(
                f'!variables.concerns || !("{EPOCH}" in variables.marks) || '
                "variables.epoch >= int(variables.leads)",
                "the epoch of this write is over: another process leads the run",
                '"run " + variables.run + " is in epoch " + variables.leads + '
                '"; this write is of epoch " + string(variables.epoch)',
            ),
            Rule(
                '!variables.canary || !has(object.data) || !("version" in object.data) || '
                'object.data["version"] != params.metadata.resourceVersion',
                "seen: the server judges by this version of the parameter",
            ),
        ),
        reads_parameters=True,
    )


def _freeze(own: tuple[str, ...], rehearser: str, namespaces: tuple[str, ...]) -> list[KubeObject]:
    system = (
        'request.userInfo.username.startsWith("system:kube-") || '
        'request.userInfo.username in ["system:apiserver", "system:cloud-controller-manager"] || '
        "(has(request.userInfo.groups) && request.userInfo.groups.exists(g, "
        'g in ["system:nodes", "system:serviceaccounts:kube-system"]))'
    )
    # Events are words about what happens; leases are how a system that runs elects its leader.
    talk = 'request.resource.resource in ["events", "leases"]'
    return policy(
        FREEZE,
        own,
        conditions={
            "not-own": f"!({_is(own)})",
            "not-the-cluster": f"!({system})",
            "not-talk": f"!({talk})",
            "not-a-question": _NO_QUESTION,
            # Its own policy lets nothing but dry runs pass. Anybody else's dry run is answered as
            # the write itself would be: that is what a dry run is asked for.
            "not-the-rehearser": f"!({_is((rehearser,))})",
        },
        variables={
            "place": _PLACE,
            "run": _said("run"),
            "frozen": _said("frozen"),
            "operators": _said("operators"),
        },
        rules=(
            Rule(
                f'({_said("over")}) == "true" || variables.place == "" || '
                '!(variables.place in variables.frozen.split(" ")) || '
                'request.userInfo.username in variables.operators.split(" ")',
                "this namespace is frozen while it moves",
                '"namespace " + variables.place + " is frozen while run " + variables.run + '
                '" moves it; a named operator may write"',
            ),
        ),
        rows=(
            matched(("*", "*/scale", "pods/eviction", "pods/ephemeralcontainers"), "Namespaced"),
            matched(("namespaces",), "Cluster", group=""),
        ),
        namespaces=namespaces,
        reads_parameters=True,
    )


def _parameters(own: tuple[str, ...]) -> list[KubeObject]:
    label = f'"{PARAMETER_LABEL}"'
    labelled = f"has(%s.metadata.labels) && {label} in %s.metadata.labels"
    words = '["run", "epoch", "namespaces", "frozen", "operators", "over"]'
    return policy(
        PARAMETERS,
        own,
        conditions={
            "a-parameter": (
                f'request.namespace == "{SYSTEM_NAMESPACE}" && '
                f"((object != null && {labelled % ('object', 'object')}) || "
                f"(oldObject != null && {labelled % ('oldObject', 'oldObject')}))"
            )
        },
        variables={},
        rules=(
            Rule(
                'request.operation == "DELETE" || (has(object.data) && '
                f"{words}.all(w, w in object.data) && "
                'object.data["epoch"].matches("^[0-9]{1,18}$"))',
                "a parameter holds run, epoch, namespaces, frozen, operators and over",
            ),
            Rule(
                'request.operation != "UPDATE" || !has(oldObject.data) || '
                '!("epoch" in oldObject.data) || (object.data["run"] == oldObject.data["run"] && '
                'int(object.data["epoch"]) >= int(oldObject.data["epoch"]))',
                "the epoch of a run never falls, and its parameter stays its own",
            ),
            Rule(
                f'request.operation != "DELETE" || !({_is(own)})',
                "migrator never takes its own fence away; an administrator may",
            ),
        ),
        rows=(matched(("configmaps",), group=""),),
    )


def _rehearser(account: str) -> list[KubeObject]:
    return policy(
        REHEARSER,
        (account,),
        conditions={"rehearser": _is((account,)), "no-question": _NO_QUESTION},
        variables={},
        rules=(
            Rule(
                _DRY,
                "this account rehearses: it may ask for dry runs and for nothing else",
            ),
        ),
        rows=(matched(("*/*",), operations=(*WRITES, "CONNECT")),),
    )


def _anchor() -> list[KubeObject]:
    """A policy about nothing, whose binding stays for ever.

    An API server stops reading a built-in kind of parameter for good as soon as no binding names
    it, and only its restart mends that (kubernetes#130887, open in all versions that we support).
    Whoever takes the other policies away and puts them back would have a fence that is blind.
    """
    return policy(
        ANCHOR,
        (),
        conditions={},
        variables={},
        rules=(Rule("true", "it never refuses anything"),),
        rows=(matched(("nothing",), group="migrator.invalid"),),
        reads_parameters=True,
    )


def _is(accounts: Iterable[str]) -> str:
    """An expression: the request comes from one of these users."""
    return f"request.userInfo.username in {json.dumps(list(accounts))}"
