"""Looking again at what was slow once: the looks that a judgement could not be sure of.

Called after a sweep was judged, by `migrator probe` and the wiring of a run, which judge it once
more afterwards. A slow answer may be chance, and three in a row are none (`slower.py`). What comes
back is appended to the results of the same sweep; nothing that was proved is taken back.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Final

from migrator.engine.ports import Vantage, VantageLost
from migrator.probes.keeping import Keeper, result_of, suspects_again
from migrator.probes.model import VantagePlan
from migrator.probes.sweep import Asked

TIMES: Final = 3
"""As many samples as `slower.py` asks of a look that stands alone."""


async def look_again(asked: Asked, vantages: Mapping[str, Vantage]) -> int:
    """Look at each suspect again, from everywhere at the same time; how many answers came.

    A vantage point that is lost meanwhile leaves its suspects what they are. Raises
    EnvironmentFailed where the disk is full.
    """
    found = await asyncio.gather(
        *(_from(asked, each, vantages.get(each.id)) for each in asked.plan.vantages)
    )
    return sum(found)


async def _from(asked: Asked, place: VantagePlan, vantage: Vantage | None) -> int:
    suspects = await asyncio.to_thread(lambda: list(suspects_again(asked.plan.folder, place.id)))
    if not suspects or vantage is None:
        return 0
    keeper = await asyncio.to_thread(Keeper, asked.plan.folder, place.id)
    wanted = {str(json.loads(line)["id"]) for line in suspects}
    taken = 0
    try:
        for _ in range(TIMES):
            answers = vantage.look(asked.header(place), _lines(suspects))
            async with aclosing(answers):
                async for line in answers:
                    result = result_of(line)
                    if result is not None and result["id"] in wanted:
                        keeper.take((line,), asyncio.get_running_loop().time())
                        taken += 1
    except VantageLost:
        pass
    finally:
        await asyncio.to_thread(keeper.close, asyncio.get_running_loop().time())
    return taken


async def _lines(suspects: Sequence[bytes]) -> AsyncIterator[bytes]:
    for line in suspects:
        yield line
