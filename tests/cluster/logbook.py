"""What both sides' applications heard when they called each other, and the rows that were promised.

The logbook listens for one datagram a call (`small_server.report`), from pods and from the old
platform alike, so that what a pod heard survives the pod. The writer sends rows to an application
and keeps a ledger of its own, outside of every database: what was answered with "committed" must be
in the database that has authority at the end, wherever it was written.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, Self

from cluster.estate_on_cluster import LOGBOOK_PORT
from cluster.hammer import SIDES, Call
from cluster.small_server import word_of


class Connected(NamedTuple):
    """One call along a link: who called from which side, whom, and what it heard."""

    caller: str
    side: str
    callee: str
    heard: str
    began: float
    ended: float


class Logbook:
    """Use it in a `with`, inside the lab's network."""

    def __init__(self) -> None:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("", LOGBOOK_PORT))
        self._sock.settimeout(0.2)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="logbook", daemon=True)
        self.rows: list[Connected] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.set()
        self._thread.join(10)
        self._sock.close()

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                said = self._sock.recv(4096)
            except TimeoutError:
                continue
            self.rows.append(Connected(*json.loads(said)))


@dataclass
class Ledger:
    """The rows of one database: every one that was promised, by which side, and every failure."""

    promised: dict[int, str] = field(default_factory=dict)
    failures: list[Call] = field(default_factory=list)
    tried: set[int] = field(default_factory=set)

    def by(self, side: str) -> set[int]:
        """The rows that a side has promised."""
        return {number for number, said in self.promised.items() if said == side}


class Writer:
    """Writes rows through fronts, from the moment at which they are there. Use it in a `with`."""

    def __init__(self, addresses: Mapping[str, tuple[str, int]], names: tuple[str, ...]) -> None:
        self._addresses = addresses
        self._ends = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(name,), name=f"writer {name}", daemon=True)
            for name in names
        ]
        self.ledgers = {name: Ledger() for name in names}

    def __enter__(self) -> Self:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.set()
        for each in self._threads:
            each.join(10)

    def _run(self, name: str) -> None:
        ledger = self.ledgers[name]
        numbers = count(1)
        while not self._ends.wait(0.1):
            address = self._addresses.get(name)
            if address is None:
                continue
            number, began = next(numbers), time.time()
            ledger.tried.add(number)
            word = _write(address, number)
            if word in SIDES:
                ledger.promised[number] = word
            else:
                ledger.failures.append(Call(began, time.time(), word))


def _write(address: tuple[str, int], number: int) -> str:
    """Ask for a row; the side that has committed it, or the word of a failure."""
    connection = http.client.HTTPConnection(*address, timeout=5)
    try:
        connection.request("POST", f"/rows/{number}", headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read().decode()
    except OSError as error:
        return word_of(error)
    except http.client.HTTPException as error:
        return type(error).__name__
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        return "not committed"
    return next((side for side in SIDES if f"side={side}" in body), "unknown")
