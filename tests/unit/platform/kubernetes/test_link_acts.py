"""What a look at the links counts, and what it leaves to a neighbour's own move."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from migrator.platform.kubernetes.link_acts import LinkActs
from migrator.platform.kubernetes.looking import Look, Vantage, front_look
from migrator.platform.kubernetes.slices import OLD, Backend, Port
from migrator.platform.kubernetes.subject import Fronting, Identity, Subject
from migrator.platform.kubernetes.traffic import Front
from migrator.platform.kubernetes.traffic_acts import TrafficActs
from vantage_points import Scripted

HTTP = Port("http", 80)
ADDRESSES = {"web": "192.0.2.1", "ledger": "192.0.2.2"}


def a_subject(name: str) -> Subject:
    old = Backend(OLD, ("10.0.0.1",), (HTTP,))
    front = Fronting(Front(name, name), old, (HTTP,), Identity("http", "/", "old", "new"))
    return Subject(name, name, (), (front,))


class Fronts:
    """Every Service has its address of `ADDRESSES`, or has been made anew with one of `anew`."""

    def __init__(self) -> None:
        self.anew: dict[str, str] = {}

    async def look_of(self, fronting: Fronting, *, remembered: bool = False) -> Look:
        name = fronting.front.service
        known = ADDRESSES[name]
        return front_look(fronting, known if remembered else self.anew.get(name, known))


class Looks:
    """Looks from one place, with whatever answers and whoever is between the sides just now."""

    def __init__(
        self, *, baseline_seconds: float = 0.0, own_seconds: float = 0.0, inside: bool = True
    ) -> None:
        self.answers = {"web": "new", "ledger": "old"}
        self.between: set[str] = set()
        self.facts: dict[str, object] = {}
        self.fronts = Fronts()
        by_address = {address: name for name, address in ADDRESSES.items()}
        by_address["192.0.2.3"] = "anew"

        async def vantages() -> Sequence[Vantage]:
            return (
                Scripted(
                    "here", lambda look, _: self.answers[by_address[look.host]], inside=inside
                ),
            )

        self.acts = LinkActs(
            cast("TrafficActs", self.fronts),
            vantages,
            self.facts.__setitem__,
            self.facts.get,
            self.between.__contains__,
            baseline_seconds=baseline_seconds,
            own_seconds=own_seconds,
        )

    async def look(self, act: str) -> tuple[str, int, int, int]:
        """The outcome, and how many are the same, regressed and deferred."""
        found = await self.acts.look(a_subject("web"), [a_subject("ledger")], act, 1)
        assert found.judged is not None
        return found.outcome, found.judged.same, found.judged.regressed, found.judged.deferred


async def test_a_neighbour_that_answered_before_and_does_not_now_is_a_regression() -> None:
    looks = Looks()
    assert await looks.look("baseline") == ("done", 2, 0, 0)
    looks.answers["ledger"] = "!refused"
    assert await looks.look("probe-links") == ("failed", 1, 1, 0)


async def test_a_neighbour_that_is_between_the_sides_is_left_to_its_own_move() -> None:
    looks = Looks()
    await looks.look("baseline")
    looks.answers["ledger"] = "!refused"
    looks.between.add("ledger")
    assert await looks.look("probe-links") == ("done", 1, 0, 1)


async def test_a_neighbour_that_answers_is_counted_though_it_is_between_the_sides() -> None:
    looks = Looks()
    looks.between.add("ledger")
    assert await looks.look("baseline") == ("done", 2, 0, 0)


async def test_a_baseline_does_not_keep_the_silence_of_a_neighbour_between_the_sides() -> None:
    looks = Looks()
    looks.answers["ledger"] = "!refused"
    looks.between.add("ledger")
    assert await looks.look("baseline") == ("done", 1, 0, 1)
    looks.between.clear()
    assert await looks.look("probe-links") == ("failed", 1, 1, 0)


async def test_its_own_silence_is_never_left_to_anybody() -> None:
    looks = Looks()
    await looks.look("baseline")
    looks.answers["web"] = "!refused"
    looks.between.add("web")
    assert await looks.look("probe-links") == ("failed", 1, 1, 0)


async def test_what_answers_a_moment_later_is_no_broken_baseline() -> None:
    looks = Looks(baseline_seconds=5.0)
    looks.answers["ledger"] = "!refused"
    asyncio.get_running_loop().call_later(0.05, looks.answers.__setitem__, "ledger", "old")
    assert await looks.look("baseline") == ("done", 2, 0, 0)
    assert looks.facts["baseline/web/1"] == {"web/web": "ok", "ledger/ledger": "ok"}


async def test_a_front_of_its_own_is_waited_for_longer_than_a_neighbours() -> None:
    looks = Looks(own_seconds=3600)
    looks.answers["ledger"] = "!refused"
    async with asyncio.timeout(5):
        assert await looks.look("baseline") == ("done", 1, 0, 0)
    looks.answers |= {"web": "!refused", "ledger": "old"}
    asyncio.get_running_loop().call_later(0.05, looks.answers.__setitem__, "web", "new")
    async with asyncio.timeout(5):
        assert await looks.look("baseline") == ("done", 2, 0, 0)


async def test_a_baseline_does_not_wait_for_who_is_between_the_sides() -> None:
    looks = Looks(baseline_seconds=3600)
    looks.answers["ledger"] = "!refused"
    looks.between.add("ledger")
    async with asyncio.timeout(5):
        assert await looks.look("baseline") == ("done", 1, 0, 1)


async def test_a_neighbours_service_that_was_made_anew_is_found_at_its_new_address() -> None:
    looks = Looks()
    await looks.look("baseline")
    looks.answers |= {"ledger": "!refused", "anew": "old"}
    looks.fronts.anew["ledger"] = "192.0.2.3"
    assert await looks.look("probe-links") == ("done", 2, 0, 0)


async def test_a_soak_looks_at_once_when_this_machine_is_refused() -> None:
    looks = Looks(inside=False)
    await looks.look("baseline")
    asyncio.get_running_loop().call_later(0.3, looks.answers.__setitem__, "web", "!refused")
    async with asyncio.timeout(4):
        found = await looks.acts.soak(a_subject("web"), [], 1, 3600)
    assert found.outcome == "failed"
    assert "web: refused" in found.detail
