"""The agent's entry: a batch from stdin to stdout, or `--serve PORT KEYFILE` inside a pod.

Run by whoever looks from here: `python3 -I agent.pyz`. It ends when its caller does, and says in
one line why when it cannot begin. Nothing about it asks for more than the standard library of
Python 3.9.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys

from migrator.probes.agent.batches import carry_out, forked
from migrator.probes.agent.dispatch import Away
from migrator.probes.agent.incoming import Refused, read_header

HEADER_BYTES_MAX = 1024 * 1024
USAGE = "usage: agent.pyz [--serve PORT KEYFILE | --digest]"


def main(words: list[str]) -> int:
    """Do what was asked; the exit code."""
    digest = own_digest()
    if words == ["--digest"]:
        sys.stdout.write(digest + "\n")
        return 0
    if len(words) == 3 and words[0] == "--serve":
        from migrator.probes.agent.pods import serve

        return serve(words[1], words[2], digest)
    if words:
        sys.stderr.write(USAGE + "\n")
        return 2
    try:
        return batches(0, 1, digest)
    except Away as error:
        sys.stderr.write(f"agent: {error}\n")
        return 3


def batches(source: int, sink: int, digest: str) -> int:
    """One batch after another, until the input ends between two of them. Raises `Away`."""
    rest = b""
    while True:
        while b"\n" not in rest:
            data = os.read(source, 65536)
            if not data:
                if not rest.strip():
                    return 0
                raise Away("the input ended in the middle of the header")
            rest += data
            if len(rest) > HEADER_BYTES_MAX and b"\n" not in rest:
                rest = rest[:100] + b"\n"
        line, _, rest = rest.partition(b"\n")
        if not line.strip():
            continue
        try:
            order = read_header(line, digest)
        except Refused as error:
            os.write(sink, (json.dumps({"refused": str(error)}) + "\n").encode())
            sys.stderr.write(f"agent: {error}\n")
            return 2
        rest = carry_out(order, forked, (source, sink), rest, digest)


def own_digest() -> str:
    """The digest of the zip file that runs; empty where the agent runs from its sources."""
    archive = getattr(globals().get("__loader__"), "archive", None)
    if not archive:
        return ""
    with open(archive, "rb") as file:  # noqa: PTH123 - pathlib is 20 ms on an old host
        return hashlib.sha256(file.read()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
