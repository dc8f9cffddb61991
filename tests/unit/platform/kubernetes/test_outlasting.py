"""Acts that are begun again after trouble of the API server, and those that are not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from migrator.engine.ports import ActResult
from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes.outlasting import OUTLASTED_SECONDS, UNREADY_SECONDS, outlasted


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def lost(reference: str = "cluster-answer-lost") -> TransientError:
    return TransientError(reference, "its answer was lost", hint="look")


def failing(times: int, error: Exception) -> Callable[[float], Awaitable[ActResult]]:
    """An act that is done after so many failures; it says what time it was given."""
    left: list[float] = []

    async def act(seconds: float) -> ActResult:
        left.append(seconds)
        if len(left) <= times:
            raise error
        return ActResult("done", f"{[round(each) for each in left]}")

    return act


async def test_an_act_without_trouble_is_done_once() -> None:
    assert await outlasted(failing(0, lost()), seconds_max=60) == ActResult("done", "[60]")


@pytest.mark.parametrize(
    "reference",
    ["cluster-answer-lost", "cluster-busy", "endpoints-not-settled", "no-ready-pods"],
)
async def test_trouble_on_the_way_is_outlasted_and_told(reference: str) -> None:
    time = Time()
    done = await outlasted(
        failing(3, lost(reference)), seconds_max=60, sleep=time.sleep, clock=time
    )
    assert done.outcome == "done"
    assert done.detail == "[60, 59, 57, 53] (begun again 3 times: its answer was lost)"


async def test_what_the_cluster_says_of_the_move_is_raised_at_once() -> None:
    for error in (
        lost("side-not-seen"),
        PermanentError("workload-failed", "it crashes", hint="mend it"),
    ):
        with pytest.raises(type(error), match=str(error)):
            await outlasted(failing(1, error), seconds_max=60)


async def test_half_a_minute_is_outlasted_and_for_ever_is_not() -> None:
    time = Time()
    with pytest.raises(TransientError, match="lost"):
        await outlasted(failing(10_000, lost()), seconds_max=7200, sleep=time.sleep, clock=time)
    assert 30 < time.now <= OUTLASTED_SECONDS


async def test_pods_that_stay_unready_are_not_waited_for_as_long_as_a_server() -> None:
    time = Time()
    unready = failing(10_000, lost("no-ready-pods"))
    with pytest.raises(TransientError):
        await outlasted(unready, seconds_max=7200, sleep=time.sleep, clock=time)
    assert 30 < time.now <= UNREADY_SECONDS


async def test_an_act_is_not_begun_again_beyond_its_own_limit() -> None:
    time = Time()
    with pytest.raises(TransientError):
        await outlasted(failing(10_000, lost()), seconds_max=10, sleep=time.sleep, clock=time)
    assert time.now <= 10


async def test_each_kind_of_trouble_has_its_own_time() -> None:
    """Pods are called unready only once the server that was away is back."""
    time = Time()

    async def act(_seconds: float) -> ActResult:
        if time.now < OUTLASTED_SECONDS - 10:
            raise lost("cluster-unreachable")
        if time.now < OUTLASTED_SECONDS + UNREADY_SECONDS - 20:
            raise lost("no-ready-pods")
        return ActResult("done")

    assert (await outlasted(act, seconds_max=600, sleep=time.sleep, clock=time)).outcome == "done"


async def test_trouble_that_comes_and_goes_is_not_outlasted_for_ever() -> None:
    time = Time()
    kinds = ["no-ready-pods", "cluster-busy"]

    async def act(_seconds: float) -> ActResult:
        kinds.reverse()
        raise lost(kinds[0])

    with pytest.raises(TransientError):
        await outlasted(act, seconds_max=6000, sleep=time.sleep, clock=time)
    assert time.now <= OUTLASTED_SECONDS
