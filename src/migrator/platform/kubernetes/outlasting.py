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
LATE_SECONDS: Final = 90.0
"""kube-proxy and the controllers ask again after half a minute and more, once nobody answered."""
UNREADY_SECONDS: Final = 90.0
"""A node that could not reach the API server has its pods called unready until it is heard again.
The traffic stays where it is meanwhile; pods that are truly gone fail the act this much later."""
PAUSE_SECONDS: Final = 1.0
PAUSE_SECONDS_MAX: Final = 8.0

OF_THE_WAY: Final = {
    "cluster-answer-lost": OUTLASTED_SECONDS,
    "cluster-busy": OUTLASTED_SECONDS,
    "cluster-expired": OUTLASTED_SECONDS,
    "cluster-failing": OUTLASTED_SECONDS,
    "cluster-unreachable": OUTLASTED_SECONDS,
    "no-vantage-point": OUTLASTED_SECONDS,
    "cluster-not-in-force": LATE_SECONDS,
    "data-plane-late": LATE_SECONDS,
    "endpoints-not-settled": LATE_SECONDS,
    "no-ready-pods": UNREADY_SECONDS,
}
"""What says nothing about the move, and how long it is outlasted: nobody could be asked, no answer
came, or what the cluster does by itself after a write has not been done yet."""


async def outlasted(
    act: Callable[[float], Awaitable[ActResult]],
    *,
    seconds_max: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] | None = None,
) -> ActResult:
    """Do the act, and again after trouble on the way; raises the last trouble when time is up.

    `act` is told how many seconds are left for it. Each kind of trouble has its own time from when
    it first came: pods are called unready only after the server that was away is back. `sleep` and
    `clock` are for tests.
    """
    clock = clock or asyncio.get_running_loop().time
    ends_at = clock() + seconds_max
    patient_until: dict[str, float] = {}
    pause, troubles = PAUSE_SECONDS, 0
    while True:
        try:
            result = await act(max(ends_at - clock(), 1.0))
        except TransientError as error:
            if error.reference not in OF_THE_WAY:
                raise
            now = clock()
            until = patient_until.setdefault(error.reference, now + OF_THE_WAY[error.reference])
            if now + pause > min(ends_at, until):
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
