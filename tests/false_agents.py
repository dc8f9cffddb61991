"""Agents that do what a test says: they look at nothing, and speak as the real one does.

Bytes of a zip application each, as `packing.agent_bytes()` gives them, so that every vantage point
can be tried with one that answers at once, falls silent, breaks off, shouts or never reads.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterable, Sequence

from migrator.probes.agent import wire

_TEXT = r"""
import json, os, sys, time
BEHAVIOUR = {behaviour!r}
header = json.loads(sys.stdin.buffer.readline())
began, n = time.time(), 0
QUICK = b'''", "word": "ok", "side": "", "oks": 1, "tries": 1, "connect_ms": 0.1,'''
QUICK += b''' "total_ms": 0.2, "detail": "", "source": "127.0.0.1", "address": "127.0.0.1"}}\n'''
def say(found):
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()
def result(look):
    return {{"id": look["id"], "word": look.get("args", {{}}).get("word", "ok"), "side": "",
            "oks": 1, "tries": 1, "connect_ms": 0.1, "total_ms": 0.2,
            "detail": "pid %d" % os.getpid(), "source": "127.0.0.1", "address": look["host"]}}
if BEHAVIOUR == "deaf":
    time.sleep(600)
if BEHAVIOUR == "shouts":
    sys.stdout.write("x" * (1 << 20)); sys.stdout.flush(); time.sleep(600)
if BEHAVIOUR == "quick":
    said = []
    for line in sys.stdin.buffer:
        if len(line) < 2:
            break
        n += 1
        said.append(line[:line.index(b'", "kind"')] + QUICK)
        if len(said) == 1000:
            sys.stdout.buffer.write(b"".join(said)); said.clear()
    sys.stdout.buffer.write(b"".join(said)); sys.stdout.buffer.flush()
say({{"beat": 1, "done": 0, "in_flight": 0, "waiting": 0}})
if BEHAVIOUR == "complains":
    sys.stderr.write("e" * (1 << 20) + "\nthe last word\n"); sys.exit(7)
for line in [] if BEHAVIOUR == "quick" else sys.stdin.buffer:
    if not line.strip():
        break
    look = json.loads(line)
    n += 1
    if BEHAVIOUR == "breaks" and n == 3:
        os.kill(os.getpid(), 9)
    if BEHAVIOUR == "silent" and n == 3:
        time.sleep(600)
    if BEHAVIOUR == "forgets" and n % 2:
        continue
    say(result(look))
    if BEHAVIOUR == "doubles":
        say(result(look)); n += 1
else:
    BEHAVIOUR == "quick" or sys.exit(0)
say({{"end": True, "n": n, "digest": {digest!r} or header["digest"],
     "clock": time.time() + {ahead!r}, "seconds": time.time() - began, "python": "3.11"}})
if BEHAVIOUR == "stays":
    time.sleep(600)
"""


def false_agent(behaviour: str = "", *, digest: str = "", ahead: float = 0.0) -> bytes:
    """An agent that answers every look with ok, or with the word in the look's `args`.

    `behaviour`: quick, deaf, shouts, complains, breaks, silent, forgets, doubles, stays. `digest`
    is what it says of itself, if not what it is asked for; `ahead` how far its clock is.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        text = _TEXT.format(behaviour=behaviour, digest=digest, ahead=ahead)
        archive.writestr("__main__.py", text)
    return packed.getvalue()


def a_header(digest: str, *, seconds: float = 30.0, clock: float = 0.0) -> bytes:
    """The first line of a batch that may look at loopback."""
    header: wire.Header = {
        "version": wire.VERSION,
        "digest": digest,
        "clock": clock,
        "seconds": seconds,
        "allow": ["127.0.0.0/8"],
        "caps": {"target_per_second": 1000.0, "network_per_second": 10000.0, "per_second": 10000.0},
    }
    return json.dumps(header).encode() + b"\n"


def a_look(name: str, port: int = 9, **more: wire.Plain) -> bytes:
    """One look at loopback, as a line."""
    look = {"id": name, "kind": "tcp", "host": "127.0.0.1", "port": port, "seconds": 2.0, **more}
    return json.dumps(look).encode() + b"\n"


async def each(lines: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Lines that are there already."""
    for line in lines:
        yield line


def ids(answers: Sequence[bytes]) -> list[str]:
    """The looks that have a result among these lines, in order."""
    found = [json.loads(line) for line in answers]
    return [each["id"] for each in found if "id" in each]
