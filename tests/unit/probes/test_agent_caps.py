"""The caps, on a clock of the test's own: what starts when, and never too much of it."""

from __future__ import annotations

from collections import defaultdict

import pytest

from migrator.probes.agent import wire
from migrator.probes.agent.caps import BOOKS_MAX, Caps
from migrator.probes.agent.incoming import DEFAULTS, Limits
from migrator.probes.agent.job import Job
from probing.talking import a_look

WIDE = Limits(10_000, 1_000_000.0, 10_000, 1_000_000.0, 1_000_000.0, 1)
Started = list[tuple[float, Job]]


def play(caps: Caps, places: list[tuple[str, int]], seconds: float, takes: float = 0.0) -> Started:
    """Admit a look at each place at once, and note what starts when; each takes so long."""
    started: Started = []
    flying: list[tuple[float, Job]] = []
    coming = list(reversed(places))
    for tick in range(int(seconds * 1000)):
        t = 1000 + tick / 1000
        while flying and flying[0][0] <= t:
            caps.ended(flying.pop(0)[1].target)
        while caps.open(t):
            job = caps.due(t)
            if job is None and coming:
                host, port = coming.pop()
                job = caps.admit(Job(a_look("tcp", host, port), caps.target_of(host, port, t)), t)
                if job is None:
                    continue
            if job is None:
                break
            caps.started(job.target, t)
            started.append((t, job))
            flying.append((t + takes, job))
    return started


def most_in_a_second(times: list[float]) -> int:
    """The most that any second held, wherever it begins."""
    return max(sum(1 for t in times if begin <= t <= begin + 1.0) for begin in times)


@pytest.mark.parametrize("rate", [1, 3, 20, 99, 100, 150])
def test_no_second_at_a_target_holds_more_than_its_cap(rate: int) -> None:
    caps = Caps(WIDE._replace(target_per_second=float(rate)))
    started = play(caps, [("10.0.0.1", 80)] * (rate * 4), seconds=3.0)
    assert most_in_a_second([t for t, _ in started]) <= rate
    # And it is used: within a tenth of what the cap allows.
    assert len(started) >= rate * 3 * 0.85


@pytest.mark.parametrize("rate", [2, 20, 200])
def test_no_second_in_a_network_holds_more_than_its_cap(rate: int) -> None:
    caps = Caps(WIDE._replace(network_per_second=float(rate)))
    places = [(f"10.0.{n % 2}.{n // 2 % 200}", 80) for n in range(rate * 8)]
    started = play(caps, places, seconds=3.0)
    for network in ("10.0.0.", "10.0.1."):
        times = [t for t, job in started if job.target.address.startswith(network)]
        assert most_in_a_second(times) <= rate
        assert len(times) >= rate * 3 * 0.85


@pytest.mark.parametrize("rate", [5, 500])
def test_no_second_of_the_vantage_point_holds_more_than_its_cap(rate: int) -> None:
    caps = Caps(WIDE._replace(per_second=float(rate)))
    places = [(f"10.{n % 200}.{n // 200}.1", 80) for n in range(rate * 4)]
    started = play(caps, places, seconds=3.0)
    assert rate * 3 * 0.85 <= len(started)
    assert most_in_a_second([t for t, _ in started]) <= rate


@pytest.mark.parametrize("at_once", [1, 3])
def test_never_more_connections_to_a_target_than_allowed(at_once: int) -> None:
    caps = Caps(WIDE._replace(target_at_once=at_once))
    started = play(caps, [("10.0.0.1", 80)] * 30, seconds=3.0, takes=0.25)
    times = [t for t, _ in started]
    assert max(sum(1 for s in times if t - 0.2499 < s <= t) for t in times) == at_once
    assert len(times) >= 3.0 / 0.25 * at_once * 0.9 or len(times) == 30


def test_never_more_connections_in_all_than_allowed() -> None:
    caps = Caps(WIDE._replace(in_flight=7))
    started = play(caps, [(f"10.0.0.{n}", 80) for n in range(100)], seconds=2.0, takes=0.2)
    times = [t for t, _ in started]
    assert max(sum(1 for s in times if t - 0.1999 < s <= t) for t in times) == 7


def test_busy_target_does_not_hold_up_the_others_behind_it() -> None:
    caps = Caps(WIDE._replace(target_per_second=1.0))
    places = [("10.0.0.1", 80)] * 50 + [(f"10.0.1.{n}", 80) for n in range(50)]
    started = play(caps, places, seconds=0.5)
    assert sum(1 for _, job in started if job.target.address.startswith("10.0.1.")) == 50


def test_everything_starts_once_and_nothing_is_lost() -> None:
    caps = Caps(DEFAULTS._replace(network_per_second=99.0, target_per_second=9.0, in_flight=5))
    places = [(f"10.0.{n % 3}.{n % 7}", 80 + n % 2) for n in range(200)]
    started = play(caps, places, seconds=8.0, takes=0.01)
    assert len(started) == len({id(job) for _, job in started}) == 200
    by_place: dict[tuple[str, int], int] = defaultdict(int)
    for _, job in started:
        by_place[job.target.at] += 1
    assert by_place == {place: places.count(place) for place in places}
    assert caps.waiting == 0


def test_target_that_stops_answering_is_slowed_and_named_and_speeds_up_again() -> None:
    caps = Caps(WIDE)
    target = caps.target_of("10.0.0.1", 80, 0.0)
    usual = target.spacing
    for _ in range(2):
        caps.fared(target, wire.TIMEOUT)
    assert (target.spacing, list(caps.slowed)) == (usual, [])
    for _ in range(20):
        caps.fared(target, wire.TIMEOUT)
    assert (target.spacing, list(caps.slowed)) == (5.0, ["10.0.0.1 80"])
    for _ in range(40):
        caps.fared(target, wire.OK)
    assert target.spacing == usual


def test_refusal_slows_only_a_target_that_accepted_before() -> None:
    caps = Caps(WIDE)
    shut, tired = caps.target_of("10.0.0.1", 80, 0.0), caps.target_of("10.0.0.2", 80, 0.0)
    caps.fared(tired, wire.OK)
    for target in (shut, tired):
        for _ in range(3):
            caps.fared(target, wire.REFUSED)
    assert list(caps.slowed) == ["10.0.0.2 80"]


def test_books_are_not_kept_for_ever() -> None:
    caps = Caps(WIDE)
    suffers = caps.target_of("10.0.0.1", 80, 0.0)
    caps.fared(suffers, wire.TIMEOUT)
    for n in range(10 * BOOKS_MAX):
        caps.target_of(f"10.{n // 65536}.{n // 256 % 256}.{n % 256}", 81, n / 1000)
    assert len(caps._targets) <= BOOKS_MAX + 1
    assert len(caps._networks) <= BOOKS_MAX + 1
    assert caps.target_of("10.0.0.1", 80, 99.0) is suffers
