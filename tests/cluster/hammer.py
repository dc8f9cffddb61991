"""A client that calls every front again and again, and remembers what it heard and when.

It is one caller in the lab's network: each call is a new connection to the Service's own address,
and what it hears is the side that answered, or an error by its word. Beside it, one connection for
each front is kept alive and asked at a slower pace: it may stay where it was until somebody cuts
it, so it is counted apart. The hammer knows nothing of the journal; `judging.py` compares.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, groupby
from typing import Final, NamedTuple, Self

from cluster.estate_on_cluster import Estate, Member
from cluster.lab.machine import LabFailed
from cluster.reach import Cluster
from cluster.small_server import side_of, word_of

SIDES: Final = ("old", "new")
TIMEOUT_SECONDS: Final = 8.0
"""A slow answer of a machine that has much to do is no lost one; what nobody answers is."""
FIND_SECONDS: Final = 1.0
KEPT_SECONDS: Final = 1.0
REQUEST: Final = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
PORTS: Final = range(10_000, 30_000)
"""Where calls come from: a node remembers for two minutes where the connections of a port went, and
a kernel that picks ports at random meets one of those every hundred calls. So each front has ports
of its own, one after the other."""
CUT: Final = "cut"
"""A kept connection that its server ended."""


class Call(NamedTuple):
    """One call: when it began and ended on the wall's clock, and the side or the error's word."""

    began: float
    ended: float
    word: str


@dataclass
class Heard:
    """What was heard of one Service, in order; and on the connection that was kept alive."""

    service: str
    calls: list[Call] = field(default_factory=list)
    kept: list[Call] = field(default_factory=list)

    @property
    def turns(self) -> list[str]:
        """The sides in the order in which they answered, each run of answers once."""
        return _turns(self.calls)

    @property
    def kept_turns(self) -> list[str]:
        """The same for the kept connection."""
        return _turns(self.kept)

    @property
    def failures(self) -> list[Call]:
        """Calls that no side answered."""
        return [call for call in self.calls if call.word not in SIDES]

    @property
    def errors(self) -> Counter[str]:
        """Failed calls by their word."""
        return Counter(call.word for call in self.failures)

    @property
    def cuts(self) -> list[Call]:
        """What ended the kept connection, and failed attempts to open it again."""
        return [call for call in self.kept if call.word not in SIDES]


def _turns(calls: list[Call]) -> list[str]:
    return [side for side, _ in groupby(call.word for call in calls if call.word in SIDES)]


class Hammer:
    """Use it in a `with`; fronts are found as they are made."""

    def __init__(self, cluster: Cluster, estate: Estate, *, pause_seconds: float = 0.3) -> None:
        self._cluster = cluster
        self._wanted = {(each.space, each.front): each for each in estate.members}
        self._pause = pause_seconds
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hammer", daemon=True)
        self.heard: dict[str, Heard] = {}
        self.addresses: dict[str, tuple[str, int]] = {}
        each = len(PORTS) // len(estate.members)
        self._blocks = (PORTS[n : n + each] for n in range(0, len(PORTS), each))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "the hammer does not end"

    def until_answered(self, seconds: float = 20.0) -> None:
        """Wait until every front that was found has answered once, or until that does not come.

        A weekend may end in the second in which its front is found: nothing was heard of it then,
        which says nothing of the front.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._thread.is_alive():
            if all(each.turns for each in tuple(self.heard.values())):
                return
            time.sleep(self._pause)

    def _run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            while not self._ends.is_set():
                for member in await asyncio.to_thread(self._found):
                    heard = self.heard.setdefault(member.name, Heard(member.name))
                    address = self.addresses[member.name]
                    tasks.create_task(self._call(address, heard))
                    tasks.create_task(self._keep(address, heard))
                await asyncio.sleep(FIND_SECONDS)

    def _found(self) -> list[Member]:
        """Fronts that were not there before; nobody looks once all are."""
        if len(self.addresses) == len(self._wanted):
            return []
        new: list[Member] = []
        try:
            text = self._cluster.kubectl("get", "services", "-A", "-o", "json")
        except LabFailed:
            return []  # the server is away, as some faults want it; the fronts are found afterwards
        for each in json.loads(text)["items"]:
            meta = each["metadata"]
            member = self._wanted.get((meta["namespace"], meta["name"]))
            if member is not None and member.name not in self.addresses:
                self.addresses[member.name] = (each["spec"]["clusterIP"], member.number)
                new.append(member)
        return new

    async def _call(self, address: tuple[str, int], heard: Heard) -> None:
        ports = cycle(next(self._blocks))
        while not self._ends.is_set():
            began = time.time()
            word = await _answer(address, ports)
            heard.calls.append(Call(began, time.time(), word))
            await asyncio.sleep(self._pause)

    async def _keep(self, address: tuple[str, int], heard: Heard) -> None:
        kept: _Kept | None = None
        while not self._ends.is_set():
            began = time.time()
            try:
                kept = kept or _Kept(*await _opened(address))
                word = await kept.ask()
            except OSError as error:
                word = word_of(error) if kept is None else CUT
            except asyncio.IncompleteReadError:
                word = CUT
            heard.kept.append(Call(began, time.time(), word))
            if word not in SIDES and kept is not None:
                kept.writer.close()
                kept = None
            await asyncio.sleep(KEPT_SECONDS)
        if kept is not None:
            kept.writer.close()


async def _opened(
    address: tuple[str, int],
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(TIMEOUT_SECONDS):
        return await asyncio.open_connection(*address)


async def _answer(address: tuple[str, int], ports: Iterator[int]) -> str:
    """Ask once on a new connection from the next port that is free."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        while True:
            try:
                sock.bind(("", next(ports)))
                break
            except OSError:
                continue  # somebody else's
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await loop.sock_connect(sock, address)
                await loop.sock_sendall(sock, REQUEST)
                heard = b""
                while more := await loop.sock_recv(sock, 4096):
                    heard += more
        except OSError as error:
            return word_of(error)
        return side_of(heard)


@dataclass
class _Kept:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self) -> str:
        """Ask on the same connection."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            self.writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n")
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = (line.partition(b": ") for line in head.lower().split(b"\r\n"))
            length = next(int(value) for key, _, value in lines if key == b"content-length")
            return side_of(await self.reader.readexactly(length))
