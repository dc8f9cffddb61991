"""The long form of random kills: `make soak-kills KILLS=1000`, on every store that is here.

Prints one JSON line for each figure, as the benchmarks do, and keeps them with the date and the
machine in benchmarks/results/soak_kills.json. Ends with 1 where a promise was broken, after the
sentences that say which, and with which seed.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from run import RESULTS, machine

from interruptions.places import SOAKED, places
from interruptions.random_kills import Tally, soak
from interruptions.under_fire import ROOT, Nursery
from postgresql_server import programs

KEPT: Final = RESULTS / "soak_kills.json"


def figures(kind: str, tally: Tally, seconds: float) -> list[dict[str, object]]:
    """What a soak came to, as figures."""
    peers = {
        "kills": tally.kills,
        "runs": tally.runs,
        "effects in the world": tally.effects,
        "acts in doubt after a death": tally.doubts,
        "second tries refused by their token": tally.refused,
        "words of people": tally.words,
        "lines in the journals": tally.lines,
        "seconds": round(seconds, 1),
        "seconds for a kill": round(seconds / tally.kills, 3),
    }
    made: dict[str, object] = {
        "figure": f"promises broken in {tally.kills} random kills, {kind}",
        "value": len(tally.broken),
        "unit": "promises",
        "goal": 0,
        "ok": not tally.broken,
        "peers": peers,
    }
    return [made]


def main() -> int:
    """Soak every store and keep what came of it."""
    kills, seed = int(os.environ.get("KILLS", "1000")), int(os.environ.get("SEED", "1"))
    kept: list[dict[str, object]] = []
    begun, facts = datetime.now(UTC), machine()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        os.chdir(folder)
        with Nursery() as nursery:
            for kind in SOAKED:
                if kind == "postgresql" and programs() is None:
                    print("postgresql: left out, no server is installed here", file=sys.stderr)  # noqa: T201
                    continue
                since = time.monotonic()
                tally = soak(nursery, places(kind, Path(folder)), kills, seed)
                kept += figures(kind, tally, time.monotonic() - since)
                print(json.dumps(kept[-1]), flush=True)  # noqa: T201 - a figure, as benchmarks do
                for said in tally.broken:
                    print(said, file=sys.stderr)  # noqa: T201
        os.chdir(ROOT)
    text = {"date": begun.isoformat(timespec="seconds"), "machine": facts, "figures": kept}
    KEPT.write_text(json.dumps(text, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return 0 if all(figure["ok"] for figure in kept) else 1


if __name__ == "__main__":
    sys.exit(main())
