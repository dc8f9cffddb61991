"""When a side counts as seen, and what is said when it does not."""

from __future__ import annotations

import asyncio

import pytest

from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes.confirming import confirm
from migrator.platform.kubernetes.looking import Look, Vantage
from migrator.platform.kubernetes.slices import NEW, OLD
from migrator.platform.kubernetes.subject import Identity
from vantage_points import Scripted, always, first

IDENTITY = Identity(old="old", new="new")
LOOK = Look("ns/web", "192.0.2.1", 80, IDENTITY)
OTHER = Look("ns/api", "192.0.2.2", 80, IDENTITY)


async def test_every_vantage_point_must_see_the_side_so_many_times_in_a_row() -> None:
    quick, slow = Scripted("quick", always("new")), Scripted("slow", first(9, "old", "new"))
    found = await confirm([LOOK], NEW, [quick, slow], pause_seconds=0)
    assert [each.name for each in found.witnesses] == ["quick", "slow"]
    assert quick.asked[LOOK.id] >= 3
    assert slow.asked[LOOK.id] >= 12
    (front,) = found.witnesses[1].fronts
    assert front.old == 9
    assert found.mixed == 0
    assert found.arrived_milliseconds == found.witnesses[1].arrived_milliseconds


async def test_a_row_that_is_broken_begins_again() -> None:
    def says(_look: Look, number: int) -> str:
        return "old" if number == 3 else "new"

    found = await confirm([LOOK], NEW, [Scripted("a", says)], pause_seconds=0)
    (front,) = found.witnesses[0].fronts
    assert front.mixed == 1
    assert found.mixed == 1
    assert front.new >= 5


async def test_every_front_must_be_seen() -> None:
    def says(look: Look, number: int) -> str:
        return "old" if look == OTHER and number < 7 else "new"

    vantage = Scripted("a", says)
    found = await confirm([LOOK, OTHER], NEW, [vantage], pause_seconds=0)
    assert {each.front: each.old for each in found.witnesses[0].fronts} == {
        "ns/web": 0,
        "ns/api": 6,
    }
    with pytest.raises(TransientError):
        await confirm(
            [LOOK, OTHER],
            NEW,
            [Scripted("a", lambda look, _: "new" if look == LOOK else "old")],
            pause_seconds=0,
            seconds_max=0.01,
        )


async def test_a_vantage_point_that_cannot_be_asked_is_named_and_not_counted() -> None:
    lost, sees = Scripted("lost", first(2, "old", "LOST")), Scripted("sees", always("new"))
    async with asyncio.timeout(5):  # half of what it takes to wait for who is lost
        found = await confirm([LOOK], NEW, [lost, sees], pause_seconds=0)
    assert [each.name for each in found.witnesses] == ["sees"]
    assert [str(each) for each in found.left_out] == ["lost: could not be asked: it is gone"]


async def test_without_any_vantage_point_nothing_is_confirmed() -> None:
    vantages: list[list[Vantage]] = [[], [Scripted("lost", always("LOST"))]]
    for each in vantages:
        with pytest.raises(TransientError) as raised:
            await confirm([LOOK], NEW, each, pause_seconds=0, seconds_max=0.01)
        assert raised.value.reference == "no-vantage-point"
        assert "ns/web" in str(raised.value)


async def test_a_place_outside_without_a_way_is_left_out_and_not_waited_for() -> None:
    outside = Scripted("here", always("!timeout"), inside=False)
    inside = Scripted("pod", always("new"))
    async with asyncio.timeout(5):
        found = await confirm([LOOK], NEW, [outside, inside], pause_seconds=0)
    assert [str(each) for each in found.left_out] == ["here: has no way to the fronts"]


async def test_a_place_outside_that_has_a_way_counts() -> None:
    outside = Scripted("here", first(20, "old", "new"), inside=False)
    found = await confirm([LOOK], NEW, [outside, Scripted("pod", always("new"))], pause_seconds=0)
    assert {each.name for each in found.witnesses} == {"here", "pod"}


async def test_a_place_inside_without_a_way_is_no_excuse() -> None:
    with pytest.raises(TransientError) as raised:
        await confirm(
            [LOOK],
            NEW,
            [Scripted("pod", always("!timeout")), Scripted("b", always("new"))],
            pause_seconds=0,
            seconds_max=0.01,
        )
    said = str(raised.value)
    assert raised.value.reference == "side-not-seen"
    assert "pod saw ns/web: " in said
    assert "none (timeout)" in said
    assert "b saw" not in said


async def test_an_answer_that_is_neither_sides_is_no_matter_of_time() -> None:
    with pytest.raises(PermanentError) as raised:
        await confirm(
            [LOOK], NEW, [Scripted("a", always("hello"))], pause_seconds=0, seconds_max=0.01
        )
    assert raised.value.reference == "side-not-recognised"


async def test_an_answer_that_is_at_times_recognised_is_a_matter_of_time() -> None:
    with pytest.raises(TransientError):
        await confirm(
            [LOOK],
            OLD,
            [Scripted("a", first(3, "hello", "new"))],
            pause_seconds=0,
            seconds_max=0.01,
        )


async def test_without_an_identity_any_connection_will_do() -> None:
    look = Look("ns/queue", "192.0.2.1", 5672)
    found = await confirm([look], NEW, [Scripted("a", first(2, "!refused", ""))], pause_seconds=0)
    (front,) = found.witnesses[0].fronts
    assert front.errors == ("refused",)
    assert front.none == 2


async def test_a_mistake_in_a_vantage_point_is_not_swallowed() -> None:
    class Broken(Scripted):
        async def look(self, *_args: object, **_named: object) -> tuple[()]:
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        await confirm([LOOK], NEW, [Broken("a", always("new"))], pause_seconds=0)


async def test_a_data_plane_that_has_not_followed_yet_is_told_from_one_that_fails() -> None:
    async def reference(*said: Scripted) -> str:
        with pytest.raises(TransientError) as raised:
            await confirm([LOOK], NEW, said, pause_seconds=0, seconds_max=0.01)
        return raised.value.reference

    late = Scripted("late", always("old"))
    assert await reference(late) == "data-plane-late"
    assert await reference(late, Scripted("quick", always("new"))) == "data-plane-late"
    assert await reference(late, Scripted("deaf", always("!refused"))) == "side-not-seen"
    assert await reference(Scripted("torn", lambda _, n: "old" if n % 2 else "new")) == (
        "side-not-seen"
    )
