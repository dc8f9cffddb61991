"""What goes over the wire to an API server and back, and the ways in which that fails.

`rest.py` and `watch.py` ask through a `Transport`; `transport.py` is the one that uses the official
client, and nothing outside it knows that library. Whether a question may be asked twice is decided
by who asks it, never here.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import urlencode

from migrator.platform.kubernetes.objects import KubeObject

JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"
MERGE: Final = "application/merge-patch+json"

RETRY_AFTER_SECONDS_MAX: Final = 600.0
"""A server that asks for more is not waited for; the caller's own patience ends long before."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about, in the words of the cluster's rights: verb, resource, object."""

    verb: str
    resource: str = ""  # plural with its group, as in "deployments.apps"; empty: not a resource
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        """Write it as an administrator would ask for it."""
        place = f" in namespace {self.namespace}" if self.namespace else ""
        name = f" {self.name}" if self.name else ""
        return f"{self.verb} {self.resource}{name}{place}".strip()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `agent` is empty where the client's own User-Agent says enough.

    `raw` is a body that is no object, for what stands behind the server; `headers` are shown to
    nobody, because they may carry a secret.
    """

    method: str
    path: str
    target: Target
    query: tuple[tuple[str, str], ...] = ()
    body: KubeObject | None = None
    content_type: str = JSON
    accept: str = JSON
    agent: str = ""
    raw: bytes | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def url(self) -> str:
        """Path and query, without the server."""
        return f"{self.path}?{_encoded(self.query)}" if self.query else self.path


@lru_cache(maxsize=256)
def _encoded(query: tuple[tuple[str, str], ...]) -> str:
    """A query as it is written; a thousand applies have the same one."""
    return urlencode(query)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read to its end. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    warnings: tuple[str, ...] = ()

    @property
    def audit_id(self) -> str:
        """The id under which the server's own audit log keeps this request."""
        return self.headers.get("audit-id", "")

    @property
    def retry_after_seconds(self) -> float | None:
        """How long the server asks to be left alone; None where it does not say."""
        said = self.headers.get("retry-after", "")
        # The API server writes seconds; a proxy's date would need a clock and is not worth one.
        return min(float(said), RETRY_AFTER_SECONDS_MAX) if said.isdecimal() else None

    def parsed(self) -> KubeObject:
        """The body as an object; an empty one where it is none (a proxy's page, a torn answer)."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose lines come one by one, as a watch's do."""

    status: int
    headers: Mapping[str, str]
    lines: AsyncIterator[bytes] = field(repr=False)


class Trouble(Enum):
    """Why no answer came."""

    NOT_REACHED = "no connection came about: certainly nothing was begun"
    CERTIFICATE = "one side does not take the other's certificate"
    BROKEN_OFF = "the connection broke while the request was on its way: nobody knows"


class NoAnswerError(Exception):
    """The server was asked and did not answer; never leaves this package."""

    def __init__(self, trouble: Trouble, said: str) -> None:
        """Keep the reason apart from the words of the machine."""
        super().__init__(said)
        self.trouble = trouble
        self.said = said


class Transport(Protocol):
    """The way to one API server, signed in."""

    @property
    def server(self) -> str:
        """The server's address, for messages."""
        ...

    async def exchange(self, asked: Asked, seconds: float) -> Answer:
        """Ask and read the whole answer within `seconds`. Raises NoAnswerError."""
        ...

    def stream(
        self, asked: Asked, silence_seconds_max: float
    ) -> AbstractAsyncContextManager[Stream]:
        """Ask and read line by line; a silence of that length counts as broken off."""
        ...

    async def renew(self) -> bool:
        """Sign in anew after a 401; tells whether there is anything new to try with."""
        ...

    async def close(self) -> None:
        """Shut all connections."""
        ...
