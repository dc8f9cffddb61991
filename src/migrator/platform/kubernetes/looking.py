"""Looks through the data plane, and the places from which they are made.

Used by `confirming.py` and `links.py`. A vantage point is this machine, or a prober's pod that is
asked through the API server; both look with the same code, each look by a TCP connection of its
own. A vantage point that cannot be asked says so; it never answers for the others.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, cast

from migrator.platform.kubernetes import prober_script
from migrator.platform.kubernetes.errors import said_by
from migrator.platform.kubernetes.objects import KubeObject
from migrator.platform.kubernetes.proxying import ask_pod
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.subject import Fronting, Identity
from migrator.platform.kubernetes.wire import NoAnswerError

LOOK_SECONDS_MAX: Final = 1.0
"""A connection inside one cluster takes milliseconds; a lost SYN is sent again after a second."""
WAY_SECONDS_MAX: Final = 3.0
"""What the way to a pod and back through the API server may take on top of the looks."""

PATHLESS: Final = (prober_script.DNS, prober_script.TIMEOUT, prober_script.UNREACHABLE)
"""What a place sees that has no way there; a refusal, in contrast, is somebody's word."""


@dataclass(frozen=True, slots=True)
class Look:
    """Something to look at: a front, or the far end of a link."""

    id: str
    host: str
    port: int
    identity: Identity = field(default_factory=Identity)
    tls: bool = False
    seconds: float = LOOK_SECONDS_MAX

    @property
    def wants(self) -> str:
        """How far a look must go to see what the identity asks for."""
        if self.identity.path:
            return prober_script.BODY
        if self.identity.old or self.identity.new:
            return prober_script.BANNER
        return prober_script.CONNECTION


@dataclass(frozen=True, slots=True)
class Answered:
    """What one look found. `at_seconds` is when it ended, on this process's loop's clock.

    `error` is empty, or one word: refused, reset, closed, timeout, dns, unreachable, tls, failed.
    """

    look: str
    connected: bool
    error: str
    text: str
    status: int
    milliseconds: float
    at_seconds: float
    source: str

    @property
    def pathless(self) -> bool:
        """Tell whether nobody at all was met on the way."""
        return not self.connected and self.error in PATHLESS


class VantageLost(Exception):
    """A vantage point could not be asked; never leaves this package."""


class Vantage(Protocol):
    """A place from which looks are made. Inside: it is part of the data plane for certain."""

    @property
    def name(self) -> str:
        """How a person is told of it."""
        ...

    @property
    def inside(self) -> bool:
        """Whether having no way to a Service is the Service's fault and not this place's."""
        ...

    async def look(
        self, batch: Sequence[Look], *, rounds: int = 1, pause_seconds: float = 0.0
    ) -> tuple[Answered, ...]:
        """Look at everything, so many times, in the order of time. Raises VantageLost."""
        ...


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """The conductor's own machine. It may stand outside, with no way to a Service's address."""

    name: str = "this machine"
    inside: bool = False

    async def look(
        self, batch: Sequence[Look], *, rounds: int = 1, pause_seconds: float = 0.0
    ) -> tuple[Answered, ...]:
        """Look directly."""
        began = asyncio.get_running_loop().time()
        found = await prober_script.looks([asked_of(each) for each in batch], rounds, pause_seconds)
        return tuple(answered(each, began) for each in found)


@dataclass(frozen=True, slots=True)
class PodVantage:
    """One pod of the prober, asked through the API server."""

    client: Client
    namespace: str
    pod: str
    port: int
    digest: str
    key: str = field(repr=False)
    node: str = ""
    inside: bool = True

    @property
    def name(self) -> str:
        """The pod, and the node whose data plane it looks through."""
        return f"pod {self.pod} on {self.node or 'an unknown node'}"

    async def look(
        self, batch: Sequence[Look], *, rounds: int = 1, pause_seconds: float = 0.0
    ) -> tuple[Answered, ...]:
        """Have the pod look, in as many requests as its limits ask for, one after the other."""
        most = max(1, prober_script.ANSWERS_MAX // rounds)
        found: list[Answered] = []
        for first in range(0, len(batch), most):
            part = batch[first : first + most]
            found += await self._ask(part, rounds, pause_seconds)
        return tuple(found)

    async def _ask(
        self, batch: Sequence[Look], rounds: int, pause_seconds: float
    ) -> tuple[Answered, ...]:
        body: KubeObject = {
            "key": self.key,
            "rounds": rounds,
            "pause_seconds": pause_seconds,
            "looks": [cast("KubeObject", asked_of(each)) for each in batch],
        }
        slowest = max(each.seconds for each in batch) + pause_seconds
        in_turns = -(-len(batch) // prober_script.AT_ONCE_MAX)
        seconds = WAY_SECONDS_MAX + slowest * rounds * in_turns
        try:
            answer = await ask_pod(
                self.client, (self.namespace, self.pod, self.port), "looks", body, seconds=seconds
            )
        except NoAnswerError as failed:
            raise VantageLost(f"no answer: {failed.said}") from failed
        if answer.status != 200:
            raise VantageLost(f"answered {answer.status}: {said_by(answer)}")
        return read_answers(answer.body, self.digest, asyncio.get_running_loop().time())


def read_answers(body: bytes, digest: str, now: float) -> tuple[Answered, ...]:
    """Read a prober's lines. `now` is when they came; the times are never too early by that.

    Raises VantageLost where the lines are cut, or another text runs in the pod than ours.
    """
    lines = body.split(b"\n")
    try:
        last = json.loads(lines[-2])
        found = [json.loads(line) for line in lines[:-2]]
        took, count, runs = float(last["milliseconds"]), int(last["n"]), str(last["digest"])
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise VantageLost("its answer is no prober's") from error
    if runs != digest:
        raise VantageLost(f"another prober runs there: {runs[:12]}, not {digest[:12]}")
    if count != len(found):
        raise VantageLost(f"its answer was cut: {len(found)} of {count} lines")
    began = now - took / 1000
    return tuple(answered(each, began) for each in found)


def answered(found: prober_script.Found, began: float) -> Answered:
    """A prober's words as an answer on our clock."""
    return Answered(
        look=found["id"],
        connected=found["connected"],
        error=found["error"],
        text=found["text"],
        status=found["status"],
        milliseconds=found["milliseconds"],
        at_seconds=began + found["at_milliseconds"] / 1000,
        source=found["source"],
    )


def asked_of(look: Look) -> prober_script.Asked:
    """A look in the prober's words."""
    return {
        "id": look.id,
        "host": look.host,
        "port": look.port,
        "path": look.identity.path,
        "wants": look.wants,
        "tls": look.tls,
        "seconds": look.seconds,
    }


def front_look(fronting: Fronting, host: str) -> Look:
    """The look at a front Service, at its cluster address or its name.

    The identity names the port; where it names none, the Service's first is looked at.
    """
    ports = {port.name: port.number for port in fronting.ports}
    number = ports.get(fronting.identity.port, fronting.ports[0].number)
    front = fronting.front
    return Look(f"{front.namespace}/{front.service}", host, number, fronting.identity)
