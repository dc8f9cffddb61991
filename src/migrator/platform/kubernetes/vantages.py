"""The places from which a run looks: this machine, and the prober's pods where an image is given.

Made by `wiring`, used by every act that proves where traffic goes. The prober is made at the first
look; afterwards its pods are asked for each time, because they may have been replaced meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from migrator.platform.kubernetes import prober
from migrator.platform.kubernetes.looking import ThisMachine, Vantage
from migrator.platform.kubernetes.rest import Client
from migrator.platform.kubernetes.slices import Mark


class Vantages:
    """Where to look from, as it is now."""

    def __init__(self, client: Client, image: str, mark: Callable[[], Mark]) -> None:
        """Nothing is asked yet. Without an image, this machine is the only place."""
        self._client = client
        self._image = image
        self._mark = mark
        self._made = False
        self._one_at_a_time = asyncio.Lock()

    async def now(self) -> Sequence[Vantage]:
        """Every place there is; the prober is made where it is wanted and not there yet."""
        here = ThisMachine()
        if not self._image:
            return (here,)
        async with self._one_at_a_time:
            if not self._made:
                found = await prober.ensure(self._client, self._image, self._mark())
                self._made = True
            else:
                found = await prober.pods(self._client)
        return (here, *found.vantages)
