"""One look on its way, and the books of the target and the network that it goes to.

The loop makes a `Job` of each look that it admits and asks it after every try what is next; `caps`
keeps the books. Nothing here touches a socket.
"""

from __future__ import annotations

import re
import socket
from collections import deque
from random import Random

from migrator.probes.agent import wire
from migrator.probes.agent.incoming import read_look
from migrator.probes.agent.results import escape, result_line, side_of

PLAIN_KEYS = frozenset(("id", "kind", "host", "port", "seconds", "need", "of", "pause"))
"""A tcp look with no other field has nothing to say or hear: the loop's short way."""

BARE = re.compile(
    rb'([0-9.]+)\t\{"id": ?"([ !#-\[\]-~]{1,200})", ?"kind": ?"tcp", ?'
    rb'"host": ?"[0-9.]+", ?"port": ?([1-9][0-9]{0,4})\}'
)
"""The line of a bare port with an IPv4 address: read without taking JSON apart, since there are
hundreds of thousands of them. Whatever looks only a little different takes the long way.
"""


class Network:
    """One /24 or /64: when the next look may go there, and which targets wait for that."""

    __slots__ = ("next", "queue", "timed")

    def __init__(self) -> None:
        self.next = 0.0
        self.queue: deque[Target] = deque()
        self.timed = False


class Target:
    """One address and port: what is open, when the next may start, and what waits."""

    __slots__ = (
        "address",
        "at",
        "family",
        "misses",
        "network",
        "next",
        "ok",
        "open",
        "parked",
        "queue",
        "spacing",
    )

    def __init__(self, address: str, port: int, network: Network, spacing: float) -> None:
        self.address = address
        self.at = (address, port)
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.network = network
        self.queue: deque[Job] | None = None
        self.spacing = spacing
        self.next = 0.0
        self.open = self.misses = 0
        self.ok = self.parked = False


class Job:
    """One look, from admission to its result."""

    __slots__ = (
        "_first_look",
        "_first_target",
        "best_connect",
        "best_total",
        "crowded",
        "detail",
        "hops",
        "look",
        "need",
        "of",
        "ok_detail",
        "oks",
        "plain",
        "seconds",
        "sides",
        "since",
        "source",
        "target",
        "tries",
        "word",
    )

    def __init__(self, look: wire.Look, target: Target) -> None:
        self.look = self._first_look = look
        self.target = self._first_target = target
        if len(look) == 4:
            self.seconds, self.need, self.of = wire.SECONDS, wire.NEED, wire.OF
        else:
            self.seconds = look.get("seconds", wire.SECONDS)
            self.need = look.get("need", wire.NEED)
            self.of = look.get("of", max(self.need, wire.OF))
        self.plain = look["kind"] == "tcp" and look.keys() <= PLAIN_KEYS
        self.tries = self.oks = self.crowded = self.hops = 0
        self.word = self.detail = self.ok_detail = self.source = ""
        self.sides = 0
        self.since = -1.0  # when this try's first connection began, once it goes on with another
        self.best_connect = self.best_total = -1.0

    def tried(self, word: str, connect: float, total: float, detail: str, sides: int) -> bool:
        """Note one try; times in seconds. True where the look is decided."""
        self.tries += 1
        if self.hops:
            self.look, self.target, self.hops = self._first_look, self._first_target, 0
            self.since = -1.0
        if word == wire.OK:
            self.oks += 1
            self.ok_detail = detail
            # Sides of several ok tries add up: an address behind which both answer says both.
            self.sides = sides if self.oks == 1 else self.sides | sides
            if self.best_total < 0 or total < self.best_total:
                self.best_connect, self.best_total = connect, total
            return self.oks >= self.need
        self.word, self.detail = word, detail
        if not self.oks:
            self.sides = sides
            self.best_connect, self.best_total = connect, total
        # Hopeless as well as decided: what is left cannot make up for what failed.
        return self.oks + self.of - self.tries < self.need

    def go_on(self, look: wire.Look, target: Target, since: float) -> None:
        """The same try goes on with another look: where a redirect points, a second opinion."""
        self.look, self.target = look, target
        if not self.hops:
            self.since = since
        self.hops += 1

    def give_up(self, word: str, detail: str) -> None:
        """It is decided by something that is no answer."""
        self.look, self.target = self._first_look, self._first_target
        self.need = wire.OF_MAX + 1
        self.word, self.detail, self.sides = word, detail, 0

    def pause(self, chance: Random) -> float:
        """Seconds until the next try: longer each time, and never in step with other looks."""
        first = self.look.get("pause", wire.PAUSE)
        pause = first * 2.0 ** (self.tries - 1) * chance.uniform(0.5, 1.5)
        return min(pause, wire.PAUSE_MAX)

    def line(self) -> str:
        """The result's line, once the look is decided."""
        good = self.oks >= self.need
        if good and self.plain:
            took = self.best_total * 1000
            return (
                f'{{"id":{escape(self.look["id"])},"word":"ok","side":"","oks":{self.oks},'
                f'"tries":{self.tries},"connect_ms":{took:.3f},"total_ms":{took:.3f},"detail":"",'
                f'"source":"{self.source}","address":"{self.target.address}"}}\n'
            )
        return result_line(
            self.look["id"],
            wire.OK if good else self.word,
            side=side_of(self.sides),
            oks=self.oks,
            tries=self.tries,
            times=(max(self.best_connect, 0.0), max(self.best_total, 0.0)),
            detail=self.ok_detail if good else self.detail,
            source=self.source,
            address=self.target.address,
        )


def read_job_line(line: bytes) -> tuple[str, wire.Look]:
    """What the dispatcher hands to a loop: the address, a tab, and the look as it was sent."""
    bare = BARE.fullmatch(line)
    if bare is not None and int(bare[3]) < 65536:
        address = bare[1].decode()
        return address, wire.Look(id=bare[2].decode(), kind="tcp", host=address, port=int(bare[3]))
    whole, _, raw = line.partition(b"\t")
    return whole.decode(), read_look(raw)
