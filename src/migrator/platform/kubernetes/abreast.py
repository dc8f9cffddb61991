"""Some requests at the same time, and what one failure means for the rest.

Used by `applying.py` and `restoring.py` for objects of one kind. After a failure nothing new is
begun, and what is under way is finished: a request that is cut off in the middle is a doubt more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

IN_FLIGHT: Final = 16
"""More brings nothing: the server's own queue is the limit from here on."""

T = TypeVar("T")
R = TypeVar("R")


async def abreast(
    items: Iterable[T], do: Callable[[T], Awaitable[R]], *, in_flight: int = IN_FLIGHT
) -> list[R]:
    """Do it for each, some at a time; the answers stand in the order of the items.

    Raises the first failure, in the order of the items.
    """
    waiting = list(enumerate(items))[::-1]
    done: dict[int, R] = {}
    failed: dict[int, BaseException] = {}

    async def work() -> None:
        while waiting and not failed:
            place, item = waiting.pop()
            try:
                done[place] = await do(item)
            except BaseException as error:
                failed[place] = error
                raise

    workers = [work() for _ in range(min(in_flight, len(waiting)))]
    told = await asyncio.gather(*workers, return_exceptions=True)
    if failed:
        raise failed[min(failed)]
    assert not any(isinstance(each, BaseException) for each in told)
    return [done[place] for place in sorted(done)]
