"""A server's refusal, in the words of the project's error tree: who acts next, and on what.

Called by `asking.py` and `watch.py` with an answer that is no success, or when none came. Each
error names the exact verb, resource and object; a body's text is cut, because an admission webhook
may repeat a whole Secret in it. Nothing here asks the server anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from migrator.errors import (
    EnvironmentFailed,
    InputError,
    MigratorError,
    PermanentError,
    TransientError,
)
from migrator.platform.kubernetes.objects import KubeObject, objects_at, text_at
from migrator.platform.kubernetes.wire import Answer, NoAnswerError, Target, Trouble

MESSAGE_CHARS_MAX: Final = 1000
"""Enough for ten faults of a manifest, too little for a Secret to hide in."""

VALUE_CHARS_MAX: Final = 200
"""A longer message repeats a part of the object, not a value."""

VERSION_OLDEST: Final = (1, 30)
VERSION_NEWEST: Final = (1, 37)

_FLOW_SCHEMA: Final = "x-kubernetes-pf-flowschema-uid"
_PRIORITY_LEVEL: Final = "x-kubernetes-pf-prioritylevel-uid"
_MANAGER: Final = re.compile(r'conflict with "(?P<manager>[^"]*)"')
_UNTYPED: Final = ("failed to create typed patch object", "field not declared in schema")
"""An apply with an unknown field is answered with 500, which is not the server's fault at all."""

_CREDENTIALS_HINT: Final = (
    "renew the sign-in (the token or client certificate in the kubeconfig, or the plug-in that "
    "gets them), then run the command again; `kubectl auth whoami` shows whether it works"
)

_IMMUTABLE: Final = (
    "field is immutable",
    "may not change once set",
    "is immutable after creation",
    "updates to statefulset spec for fields other than",
    "updates to parameters are forbidden",
    "updates to provisioner are forbidden",
    "cannot change roleRef",
)
"""Every kind says it in words of its own."""


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that somebody else set to another value, and who."""

    manager: str
    field: str
    said: str

    def __str__(self) -> str:
        """Write it as one item of a list."""
        return f"{self.field} is owned by {self.manager}"


class FieldsOwned(PermanentError):
    """An apply without force met fields of another manager; nothing was written."""

    def __init__(self, message: str, conflicts: tuple[FieldConflict, ...]) -> None:
        """Keep who owns what, so that a person can decide to adopt, override or stop."""
        super().__init__(
            "cluster-field-conflict",
            message,
            hint="decide field by field: adopt the live value, override it, or stop",
        )
        self.conflicts = conflicts


class Outdated(PermanentError):
    """The object is no longer the one that was read: its version or its uid is another."""

    def __init__(self, message: str) -> None:
        """The caller reads again and decides again; repeating the write would overwrite."""
        super().__init__(
            "cluster-outdated", message, hint="read the object again and look at what changed"
        )


class Expired(TransientError):
    """The server has forgotten the version that was asked for (410); the list is read again."""

    def __init__(self, target: Target, said: str) -> None:
        """Say which list it was about; only `watch.py` and `rest.py` ever meet it."""
        super().__init__(
            "cluster-expired", f"{target}: {said}", hint="the list is read again by itself"
        )


def status_of(answer: Answer) -> KubeObject:
    """The Status object of an answer that is no success; an empty one behind a proxy's page."""
    parsed = answer.parsed()
    return parsed if parsed.get("kind") == "Status" else {}


def said_by(answer: Answer) -> str:
    """The server's own words, cut."""
    words = text_at(status_of(answer), "message")
    if not words:
        words = answer.body.decode("utf-8", "replace").strip()
    return words[:MESSAGE_CHARS_MAX] or f"HTTP status {answer.status} and no word"


def error_of(target: Target, answer: Answer, server: str) -> MigratorError:
    """The error that an answer means; to be raised by who asked."""
    status = status_of(answer)
    said = said_by(answer)
    match answer.status:
        case 401:
            return EnvironmentFailed(
                "cluster-credentials", f"{server} does not know us: {said}", hint=_CREDENTIALS_HINT
            )
        case 403:
            return _forbidden(target, said, status, server)
        case 409:
            return _conflict(target, said, status)
        case 410:
            return Expired(target, said)
        case 429:
            return _busy(target, answer, said)
        case 404:
            return PermanentError(
                "cluster-not-found",
                f"{target}: {said}",
                hint="create what it needs first, or ask for it under its right name",
            )
        case code if code in {400, 422} or _is_untyped(said):
            return _invalid(target, status, said)
        case _:
            return _failing(target, answer, said, server)


def _failing(target: Target, answer: Answer, said: str, server: str) -> MigratorError:
    if answer.status >= 500:
        return TransientError(
            "cluster-failing",
            f"{target}: {server} answered {answer.status}: {said}",
            hint="it is tried again; look at the API server and its etcd if it stays so",
        )
    return PermanentError(
        "cluster-refused",
        f"{target}: answered with {answer.status}: {said}",
        hint="read the server's words; the request itself cannot be carried out like this",
    )


def error_of_silence(target: Target, failed: NoAnswerError, server: str) -> MigratorError:
    """The error that no answer means."""
    match failed.trouble:
        case Trouble.CERTIFICATE:
            return EnvironmentFailed(
                "cluster-certificate",
                f"{server}: {failed.said}",
                hint="compare the certificate authority and the dates of both certificates",
            )
        case Trouble.NOT_REACHED:
            return TransientError(
                "cluster-unreachable",
                f"{server} cannot be reached for {target}: {failed.said}; nothing was begun",
                hint="it is tried again; look at the network, the name and the API server",
            )
        case Trouble.BROKEN_OFF:
            return TransientError(
                "cluster-answer-lost",
                f"{server} was asked to {target} and its answer was lost: {failed.said}",
                hint="look at the object before the act is repeated",
            )


def is_passing(answer: Answer) -> bool:
    """Tell whether the same request may well succeed in a moment."""
    if answer.status in {429, 502, 503, 504}:
        return True
    if answer.status != 500:
        return False  # told without reading the body: most answers are good ones
    said = said_by(answer)
    return not _is_untyped(said) and (
        answer.retry_after_seconds is not None or "etcdserver" in said
    )


def unsupported_version(said: str) -> InputError:
    """The server is older or newer than what migrator is tested with."""
    oldest, newest = (".".join(map(str, v)) for v in (VERSION_OLDEST, VERSION_NEWEST))
    return InputError(
        "cluster-version",
        f"the API server is version {said or 'nobody knows'}, supported are {oldest} to {newest}",
        hint="choose another cluster, or a release of migrator that supports this one",
    )


def _is_untyped(said: str) -> bool:
    return any(words in said for words in _UNTYPED)


def _forbidden(target: Target, said: str, status: KubeObject, server: str) -> MigratorError:
    if 'User "system:anonymous"' in said:
        return EnvironmentFailed(
            "cluster-credentials",
            f"{server} takes us for nobody: no sign-in was sent ({target})",
            hint=_CREDENTIALS_HINT,
        )
    causes = {text_at(cause, "reason") for cause in objects_at(status, "details", "causes")}
    if "NamespaceTerminating" in causes:
        return PermanentError(
            "cluster-namespace-ending",
            f"{target}: {said}",
            hint="wait until the namespace is gone, or find out who deletes it",
        )
    if "exceeded quota" in said:
        return PermanentError(
            "cluster-quota",
            f"{target}: {said}",
            hint="raise the quota of the namespace or ask for less",
        )
    if "admission webhook" in said or "ValidatingAdmissionPolicy" in said:
        return _admission(target, said)
    return PermanentError(
        "cluster-forbidden",
        f"not allowed to {target}: {said}",
        hint=f"have an administrator grant exactly this: {target}",
    )


def _admission(target: Target, said: str) -> PermanentError:
    return PermanentError(
        "cluster-admission",
        f"{target}: {said}",
        hint="the named webhook or policy says no: mend the object, or talk to its owner",
    )


def _conflict(target: Target, said: str, status: KubeObject) -> MigratorError:
    conflicts = tuple(
        FieldConflict(_manager(text_at(cause, "message")), text_at(cause, "field"), said=said)
        for cause in objects_at(status, "details", "causes")
        if text_at(cause, "reason") == "FieldManagerConflict"
    )
    if conflicts:
        owned = "; ".join(map(str, conflicts))
        return FieldsOwned(f"{target}: {owned}", conflicts)
    if text_at(status, "reason") == "AlreadyExists":
        return PermanentError(
            "cluster-exists",
            f"{target}: {said}",
            hint="find out whose it is before it is touched",
        )
    return Outdated(f"{target}: {said}")


def _manager(message: str) -> str:
    found = _MANAGER.search(message)
    return found["manager"] if found else message


def _busy(target: Target, answer: Answer, said: str) -> TransientError:
    level = answer.headers.get(_PRIORITY_LEVEL, "")
    schema = answer.headers.get(_FLOW_SCHEMA, "")
    # Only the uids are in the answer; whoever may read flow schemas finds the names by them.
    queue = f" (flow schema {schema}, priority level {level})" if level else ""
    return TransientError(
        "cluster-busy",
        f"{target}: the server has too many requests{queue}: {said}",
        hint="it is tried again; a flow schema of its own would keep migrator out of that queue",
    )


def _without_value(message: str) -> str:
    """What is wrong, without the value where that is a whole part of the object.

    The server repeats it, and with a pod template everything that stands in its environment.
    """
    if len(message) <= VALUE_CHARS_MAX:
        return message
    return f"{message.partition(':')[0]}: (a long value): {message.rpartition(': ')[2]}"


def _invalid(target: Target, status: KubeObject, said: str) -> PermanentError:
    """The object itself is wrong: unknown fields, bad values, an immutable field changed."""
    if "ValidatingAdmissionPolicy" in said or "admission webhook" in said:
        return _admission(target, said)
    causes = [
        f"{text_at(cause, 'field')}: {_without_value(text_at(cause, 'message'))}"
        for cause in objects_at(status, "details", "causes")
    ]
    # A whole pod template stands before the words that matter, so they are looked for uncut.
    whole = text_at(status, "message") or said
    if any(words in whole for words in _IMMUTABLE):
        return PermanentError(
            "cluster-immutable",
            f"{target}: {'; '.join(causes) or _without_value(whole)}"[:MESSAGE_CHARS_MAX],
            hint="the object must be deleted and made anew, or keep its old value",
        )
    return PermanentError(
        "cluster-invalid-object",
        f"{target}: {'; '.join(causes) or said}"[:MESSAGE_CHARS_MAX],
        hint="mend the named fields in the manifest",
    )
