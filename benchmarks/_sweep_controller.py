"""The process that a sweep's benchmark kills: it runs the sweep of a folder, as a command does.

Started by `sweep_resume.py` with the words FOLDER LOOKS RATE AGENT. AGENT is `real`, or the file of
another one. It prints what its own memory came to, in kilobytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import resource
import sys
import time
from pathlib import Path

from migrator.probes.here import ThisMachine
from migrator.probes.model import Caps, Purpose, SweepPlan, VantagePlan
from migrator.probes.packing import packed_agent
from migrator.probes.sweep import Asked, run_sweep


def main() -> None:
    """Run it to the end."""
    folder, looks, rate, which = (
        Path(sys.argv[1]),
        int(sys.argv[2]),
        float(sys.argv[3]),
        sys.argv[4],
    )
    agent = packed_agent().data if which == "real" else Path(which).read_bytes()
    caps = Caps(in_flight=512, per_second=rate, network_per_second=rate)
    plan = SweepPlan(
        id="measured",
        folder=folder,
        purpose=Purpose.ALL,
        scope="",
        members=(),
        seed=1,
        links=looks,
        touched=0,
        looks=looks,
        reasons={},
        vantages=(VantagePlan("here", looks, caps, looks / rate),),
        seconds=looks / rate,
    )
    digest = hashlib.sha256(agent).hexdigest()
    asked = Asked(plan, ("127.0.0.0/8",), digest, time.time)
    ran = asyncio.run(run_sweep(asked, {"here": ThisMachine(agent)}))
    assert not ran.lost, ran.lost
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()
