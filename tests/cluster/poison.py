"""Pods that fail when the test says so: at a port of the old platform that is open or not.

A failure from inside, as a broken dependency would cause it: nobody deletes anything, and the
kubelet sees no more than it would in life.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from cluster.estate_on_cluster import SERVER
from cluster.lab.parts import OLD_ADDRESS, Lab

POISON_PORT = 9555

POISONED = f"""
import os, socket, threading, time
poisoned = threading.Event()
def wait_for_poison():
    while True:
        time.sleep(0.1)
        try:
            socket.create_connection(("{OLD_ADDRESS}", {POISON_PORT}), 1).close()
        except OSError:
            continue
        poisoned.set()
        if os.environ.get("POISON") == "crash":
            os._exit(3)
threading.Thread(target=wait_for_poison, daemon=True).start()
space = {{"__name__": "server"}}
exec({SERVER!r}, space)
well = space["serve"]
space["serve"] = lambda about, sock: sock.close() if poisoned.is_set() else well(about, sock)
space["main"]()
"""
"""The small server, until poison is in the world: then it crashes, or hangs up on everybody."""


def poisonable(about: Mapping[str, object], *, crashes: bool) -> dict[str, object]:
    """What to change of a container so that poison makes it crash, or deaf while it seems well."""
    env = [
        {"name": "ABOUT", "value": json.dumps(about)},
        {"name": "POISON", "value": "crash" if crashes else "deaf"},
    ]
    well = {"exec": {"command": ["python3", "-c", "pass"]}, "periodSeconds": 1}
    return {"command": ["python3", "-c", POISONED], "env": env} | (
        {} if crashes else {"readinessProbe": well}
    )


def poison(lab: Lab) -> None:
    """Let it be in the world."""
    words = [sys.executable, "-m", "http.server", "-b", OLD_ADDRESS, str(POISON_PORT)]
    lab.run("poison", words, network="old")


def no_poison(lab: Lab) -> None:
    """Take it out again."""
    if lab.lives("poison"):
        lab.kill("poison")
