"""A client that calls every front again and again, and judges afterwards what it saw.

It is one caller in the lab's network: each call is a new connection to the Service's own address,
and what it hears is the side that answered, or an error by its word. Its judgement knows nothing of
the journal: sides must not alternate, and failed calls are counted and named.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby

from cluster.reach import Cluster

SIDES = ("old", "new")


@dataclass
class Heard:
    """What was heard of one Service, in order: when, and old, new or the word of an error."""

    service: str
    answers: list[tuple[float, str]] = field(default_factory=list)

    @property
    def turns(self) -> list[str]:
        """The sides in the order in which they answered, each run of answers once."""
        sides = [word for _, word in self.answers if word in SIDES]
        return [side for side, _ in groupby(sides)]

    @property
    def errors(self) -> Counter[str]:
        """Failed calls by their word."""
        return Counter(word for _, word in self.answers if word not in SIDES)


class Hammer:
    """Use it in a `with`; fronts are found as they are made."""

    def __init__(self, cluster: Cluster, *, pause_seconds: float = 0.02) -> None:
        self._cluster = cluster
        self._pause = pause_seconds
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hammer", daemon=True)
        self.heard: dict[str, Heard] = {}
        self._addresses: dict[str, str] = {}

    def __enter__(self) -> Hammer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.set()
        self._thread.join(30)

    def _run(self) -> None:
        found_at = 0.0
        while not self._ends.is_set():
            if time.monotonic() - found_at > 1:
                self._find()
                found_at = time.monotonic()
            for service, address in self._addresses.items():
                self.heard[service].answers.append((time.monotonic(), _call(address)))
            self._ends.wait(self._pause)

    def _find(self) -> None:
        text = self._cluster.kubectl("get", "services", "-A", "-o", "json")
        for each in json.loads(text)["items"]:
            name, space = each["metadata"]["name"], each["metadata"]["namespace"]
            notes = each["metadata"].get("annotations", {})
            address = each["spec"].get("clusterIP", "None")
            if "migrator/token" in notes and address != "None" and name == space:
                self._addresses[name] = address
                self.heard.setdefault(name, Heard(name))


def _call(address: str) -> str:
    connection = http.client.HTTPConnection(address, 80, timeout=2)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        body = connection.getresponse().read().decode()
        return next((side for side in SIDES if f"side={side}" in body), "unrecognised")
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"
    except TimeoutError:
        return "timeout"
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
