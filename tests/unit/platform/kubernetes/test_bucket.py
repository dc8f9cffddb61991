"""The speed limit: a burst, then a steady rate; half of it after a refusal, and slowly back."""

from __future__ import annotations

import pytest

from migrator.platform.kubernetes.bucket import Bucket


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


async def taken(bucket: Bucket, count: int) -> None:
    for _ in range(count):
        await bucket.take()


async def test_a_burst_is_free_and_the_rest_comes_at_the_rate() -> None:
    time = Time()
    bucket = Bucket(10, 5, now=lambda: time.now, sleep=time.sleep)
    await taken(bucket, 5)
    assert time.now == 0
    await taken(bucket, 20)
    assert time.now == pytest.approx(2.0)


async def test_what_was_not_used_is_saved_up_to_the_burst() -> None:
    time = Time()
    bucket = Bucket(10, 5, now=lambda: time.now, sleep=time.sleep)
    await taken(bucket, 5)
    time.now += 100
    await taken(bucket, 6)
    assert time.now == pytest.approx(100.1)


async def test_a_refusal_halves_the_rate_and_time_mends_it() -> None:
    time = Time()
    bucket = Bucket(40, 5, now=lambda: time.now, sleep=time.sleep)
    await bucket.take()
    bucket.slow_down()
    bucket.slow_down()
    assert bucket.rate_per_second == 10
    time.now += 5
    await bucket.take()
    assert bucket.rate_per_second == 20
    time.now += 60
    await bucket.take()
    assert bucket.rate_per_second == 40


async def test_however_often_it_is_refused_one_request_a_second_is_left() -> None:
    time = Time()
    bucket = Bucket(50, 5, now=lambda: time.now, sleep=time.sleep)
    for _ in range(20):
        bucket.slow_down()
    assert bucket.rate_per_second == 1


async def test_a_rate_of_zero_is_no_limit() -> None:
    time = Time()
    bucket = Bucket(0, now=lambda: time.now, sleep=time.sleep)
    bucket.slow_down()
    await taken(bucket, 10_000)
    assert time.now == 0
