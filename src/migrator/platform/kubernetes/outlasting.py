"""Trouble of the API server outlasted: an act that only the way to it broke off is done again.

Used by `platform.py` around every act and every observation. One request already waits in patience
(`asking.py`); this is for what patience cannot repeat: a write whose answer was lost, a server that
was away for longer than a request may take. Every act takes effect once for one token, so doing it
again only does what is missing. An unwind because of the API server would move what is healthy.
What the cluster says about the move itself is never tried again here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from migrator.engine.ports import ActResult
from migrator.errors import TransientError

OUTLASTED_SECONDS: Final = 180.0
"""From the first trouble on. A control plane that is replaced is back within this, or is lost."""
PAUSE_SECONDS: Final = 1.0
PAUSE_SECONDS_MAX: Final = 8.0

OF_THE_WAY: Final = frozenset(
    {
        "cluster-answer-lost",
        "cluster-busy",
        "cluster-expired",
        "cluster-failing",
        "cluster-not-in-force",
        "cluster-unreachable",
        "endpoints-not-settled",
        "no-vantage-point",
    }
)
"""What says nothing about the move: that nobody could be asked, that no answer came, or that the
cluster's controllers have not come around to it (after a restart of the API server they take up
to a minute to be back)."""


async def outlasted(
    act: Callable[[float], Awaitable[ActResult]],
    *,
    seconds_max: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] | None = None,
) -> ActResult:
    """Do the act, and again after trouble on the way; raises the last trouble when time is up.

    `act` is told how many seconds are left for it. `sleep` and `clock` are for tests.
    """
    clock = clock or asyncio.get_running_loop().time
    ends_at = clock() + seconds_max
    patient_until: float | None = None
    pause, troubles = PAUSE_SECONDS, 0
    while True:
        try:
            result = await act(max(ends_at - clock(), 1.0))
        except TransientError as error:
            if error.reference not in OF_THE_WAY:
                raise
            now = clock()
            patient_until = patient_until or min(ends_at, now + OUTLASTED_SECONDS)
            if now + pause > patient_until:
                raise
            troubles += 1
            said = error.message
            await sleep(pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)
        else:
            if not troubles:
                return result
            words = f"{result.detail} (begun again {troubles} times: {said})"
            return replace(result, detail=words)
