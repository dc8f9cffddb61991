"""Secrets struck out of what is kept of a cluster: of pods as objects, and of what programs said.

Called by `evidence.py`. Pure. Three nets: the values of the Secrets that a pod uses and of its
variables, in all their usual encodings; the shapes of tokens and keys; and whatever stands behind a
word such as password. What is too short to be told from ordinary text is left alone.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from migrator.inventory.yaml_text import Plain
from migrator.platform.kubernetes.objects import (
    KubeObject,
    map_at,
    objects_at,
    text_at,
    texts_at,
)
from migrator.platform.legacy.secret_values import STRUCK_OUT, Secrets

SECRET_FROM: Final = 4
"""A shorter value of a Secret ("1", "no") would strike out half of any log."""
VARIABLE_FROM: Final = 8

_TELLING: Final = re.compile(
    r"pass(word|wd|phrase)?|pwd|secret|token|key|cred|auth|dsn|salt|pin\b", re.IGNORECASE
)
"""Names of variables whose values are secret whatever they look like."""
_MIXED: Final = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[^\s/.:,]+")
"""A value of letters and digits that is no address, path, version or sentence."""

_SHAPES: Final = (
    re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
    ),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?"),
    re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"),
    re.compile(r"(?i)(?<=\bbearer )[\w.~+/=-]{8,}|(?<=\bbasic )[\w.~+/=-]{8,}"),
)
_BEHIND_A_WORD: Final = re.compile(
    r"(?i)((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|credentials?)"
    r"[\"']?\s*[=:]\s*[\"']?)([^\s\"',;&]+)"
)


class Mask:
    """Strikes out the secrets of some pods."""

    def __init__(self, pods: Iterable[KubeObject] = (), secrets: Iterable[KubeObject] = ()) -> None:
        """`secrets` are the objects that the pods use, as far as they could be read."""
        values = {*_of_variables(pods), *_of_secrets(secrets)}
        self._known = Secrets({str(number): value for number, value in enumerate(sorted(values))})

    def hidden(self, text: str) -> str:
        """The text without secrets."""
        text = self._known.hidden(text)
        for shape in _SHAPES:
            text = shape.sub(STRUCK_OUT, text)
        return _BEHIND_A_WORD.sub(_second_struck_out, text)


def _second_struck_out(found: re.Match[str]) -> str:
    """What names a secret stays, and so does what was struck out before."""
    return found[0] if found[2].startswith(STRUCK_OUT) else f"{found[1]}{STRUCK_OUT}"


def secret_names(pod: KubeObject) -> frozenset[str]:
    """The Secrets whose content a pod's programs see."""
    return frozenset(name for name in _used(pod) if name)


def _used(pod: KubeObject) -> Iterator[str]:
    for container in containers_of(pod):
        for each in objects_at(container, "env"):
            yield text_at(each, "valueFrom", "secretKeyRef", "name")
        for each in objects_at(container, "envFrom"):
            yield text_at(each, "secretRef", "name")
    for volume in objects_at(pod, "spec", "volumes"):
        yield text_at(volume, "secret", "secretName")
        for source in objects_at(volume, "projected", "sources"):
            yield text_at(source, "secret", "name")


def containers_of(pod: KubeObject) -> tuple[KubeObject, ...]:
    """Every container of a pod, those that set it up and those that looked into it included."""
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return tuple(each for kind in kinds for each in objects_at(pod, "spec", kind))


def shown(pod: KubeObject) -> KubeObject:
    """A pod without the values of its variables, and without what only machines read."""
    meta = {k: v for k, v in map_at(pod, "metadata").items() if k != "managedFields"}
    noted = texts_at(meta, "annotations")
    meta["annotations"] = {k: v for k, v in noted.items() if "last-applied" not in k}
    spec = dict(map_at(pod, "spec"))
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        if kind in spec:
            spec[kind] = [_without_values(each) for each in objects_at(spec, kind)]
    return {**pod, "metadata": meta, "spec": spec}


def _without_values(container: KubeObject) -> KubeObject:
    env: list[Plain] = [
        {**each, "value": STRUCK_OUT} if "value" in each else each
        for each in objects_at(container, "env")
    ]
    return {**container, "env": env} if env else container


def _of_variables(pods: Iterable[KubeObject]) -> Iterator[str]:
    for pod in pods:
        for container in containers_of(pod):
            for each in objects_at(container, "env"):
                value = text_at(each, "value")
                if _is_secret(text_at(each, "name"), value):
                    yield value


def _is_secret(name: str, value: str) -> bool:
    if _TELLING.search(name):
        return len(value) >= SECRET_FROM
    return len(value) >= VARIABLE_FROM and _MIXED.fullmatch(value) is not None


def _of_secrets(secrets: Iterable[KubeObject]) -> Iterator[str]:
    for secret in secrets:
        data: Mapping[str, str] = texts_at(secret, "data")
        for encoded in data.values():
            try:
                value = base64.b64decode(encoded, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                value = encoded  # bytes that are no text can only turn up encoded
            value = value.strip()
            if len(value) >= SECRET_FROM:
                yield value
