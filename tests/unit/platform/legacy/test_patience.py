"""What only passes is tried again with pauses; what fails for good, and what lasts, is told."""

from __future__ import annotations

import asyncio

import pytest

from migrator.engine.ports import ActResult
from migrator.errors import PermanentError, TransientError
from migrator.platform.legacy.patience import Patience


class Busy:
    """A server that is busy for so many tries, and what happened meanwhile."""

    def __init__(self, busy: int, error: Exception | None = None) -> None:
        self.busy = busy
        self.error = error or TransientError("busy", "too many requests", hint="wait")
        self.tries = 0
        self.pauses: list[float] = []

    async def act(self) -> ActResult:
        self.tries += 1
        if self.tries <= self.busy:
            raise self.error
        return ActResult("done", "switched", ("configured x",))

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def performed(self, **words: float) -> ActResult:
        patience = Patience(sleep=self.sleep, jitter_seconds=0.0, **words)  # type: ignore[arg-type]  # a test's own data
        return asyncio.run(patience.perform(self.act))


def test_what_goes_through_at_once_is_told_as_it_is() -> None:
    busy = Busy(0)
    assert busy.performed() == ActResult("done", "switched", ("configured x",))
    assert busy.pauses == []


def test_what_passes_is_tried_again_with_growing_pauses_and_says_so() -> None:
    busy = Busy(3)
    assert busy.performed() == ActResult("done", "at try 4: switched", ("configured x",))
    assert busy.pauses == [1, 2, 4]


def test_a_pause_has_a_limit() -> None:
    busy = Busy(3)
    busy.performed(most_seconds=2.0)
    assert busy.pauses == [1, 2, 2]


def test_moves_that_lost_one_server_do_not_come_back_at_the_same_instant() -> None:
    busy = Busy(1)
    asyncio.run(Patience(sleep=busy.sleep).perform(busy.act))
    assert 1.0 <= busy.pauses[0] <= 1.5


def test_what_does_not_pass_is_told_as_the_last_try_told_it() -> None:
    busy = Busy(99)
    with pytest.raises(TransientError) as caught:
        busy.performed()
    assert caught.value is busy.error
    assert busy.tries == 4


def test_what_fails_for_good_is_not_tried_again() -> None:
    busy = Busy(1, PermanentError("refused", "no such host", hint="mend it"))
    with pytest.raises(PermanentError):
        busy.performed()
    assert (busy.tries, busy.pauses) == (1, [])
