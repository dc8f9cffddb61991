"""Whatever is switched, followed, finalised and taken back: never both sides, never neither."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubernetes_rig import Rig, rigged
from migrator.errors import PermanentError, TransientError
from migrator.platform.kubernetes.discovery import ENDPOINT_SLICES, SERVICES
from migrator.platform.kubernetes.objects import KubeObject, map_at, version_of
from migrator.platform.kubernetes.slices import (
    NEW,
    OLD,
    Backend,
    Mark,
    Port,
    front_of,
    owned_name,
    shadow_of,
)
from migrator.platform.kubernetes.traffic import Front, OwnedSlice
from slice_controller import PORT, SliceController, unions

OLD_SIDE: Final = Backend(OLD, ("10.1.0.1", "10.1.0.2"), (Port("http", PORT),))
ACTS: Final = ("new", "old", "again", "restart", "follow", "finalise", "unfinalise")


def team_service(rig: Rig) -> KubeObject:
    """The Service as the team's manifests have it."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": rig.namespace},
        "spec": {
            "selector": {"app": "web"},
            "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
        },
    }


async def quick(_seconds: float) -> None:
    """No test waits: the controller runs as soon as the loop does."""
    await asyncio.sleep(0)


async def prepared(rig: Rig) -> tuple[OwnedSlice, Front]:
    """The front Service without its selector, the shadow with it, traffic on the old side."""
    service = team_service(rig)
    await rig.client.apply(shadow_of(service))
    traffic, front = OwnedSlice(rig.client, sleep=quick), Front(rig.namespace, "web")
    await traffic.point(front, OLD_SIDE, Mark("t0", 1))
    await rig.client.apply(front_of(service))
    return traffic, front


def judged(rig: Rig) -> set[str]:
    """What was wrong at any moment: both sides, or neither."""
    assert rig.fake is not None, "only the fake server tells its history"
    wrong = set()
    for addresses in unions(rig.fake.storage, rig.namespace, "web"):
        sides = {"old" if address.startswith("10.1.") else "new" for address in addresses}
        wrong |= {"both"} if len(sides) > 1 else {"neither"} if not sides else set()
    return wrong


async def play(acts: list[str]) -> set[str]:
    async with rigged("fake") as rig:
        assert rig.fake is not None
        controller = SliceController(rig.fake.storage, rig.namespace, "10.2.0.1", "10.2.0.2")
        async with controller.running():
            traffic, front = await prepared(rig)
            side, final = OLD, False
            for number, act in enumerate(acts, 1):
                mark = Mark(f"t{number}", 1)
                if act == "restart":
                    controller.pods = (f"10.2.{number}.1", f"10.2.{number}.2")
                    controller.reconcile()
                elif act == "follow":
                    await traffic.follow(front, mark)
                elif act == "finalise" and side == NEW:
                    await traffic.finalise(front, mark)
                    final = True
                elif act == "finalise":
                    with pytest.raises(PermanentError):
                        await traffic.finalise(front, mark)
                elif act == "unfinalise" and final:
                    await traffic.unfinalise(front, mark)
                    final = False
                elif act in {"new", "again"} and not final and (act == "new" or side == NEW):
                    await traffic.point(front, await traffic.pods(front), mark)
                    side = NEW
                elif act == "old" and not final:
                    await traffic.point(front, OLD_SIDE, mark)
                    side = OLD
        return judged(rig)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(ACTS), max_size=12))
def test_at_no_moment_are_both_sides_or_neither_what_a_data_plane_takes(acts: list[str]) -> None:
    assert asyncio.run(play(acts)) == set()


def test_the_whole_way_there_and_back_is_without_a_gap() -> None:
    way = ["new", "restart", "follow", "finalise", "restart", "unfinalise", "old", "new", "old"]
    assert asyncio.run(play(way * 2)) == set()


def test_a_switch_by_two_writes_is_what_the_judge_is_there_for() -> None:
    async def mistaken() -> set[str]:
        async with rigged("fake") as rig:
            assert rig.fake is not None
            controller = SliceController(rig.fake.storage, rig.namespace, "10.2.0.1")
            async with controller.running():
                await prepared(rig)
                service = await rig.get(SERVICES, "web")
                await rig.client.merge(
                    SERVICES, rig.namespace, "web", {"spec": {"selector": {"app": "web"}}},
                    version=version_of(service),
                )  # fmt: skip
                await asyncio.sleep(0.01)
            return judged(rig)

    assert asyncio.run(mistaken()) == {"both"}


async def test_the_same_token_again_writes_nothing() -> None:
    async with rigged("fake") as rig:
        traffic, front = await prepared(rig)
        assert (await traffic.point(front, OLD_SIDE, Mark("t0", 1))).writes == 0
        assert await traffic.observe(front, OLD, Mark("t0", 1)) == "done"
        assert await traffic.observe(front, NEW, Mark("t1", 1)) == "not_done"


async def test_a_conductor_of_an_earlier_epoch_moves_nothing() -> None:
    async with rigged("fake") as rig:
        traffic, front = await prepared(rig)
        await traffic.point(front, OLD_SIDE, Mark("t1", 7))
        with pytest.raises(PermanentError, match="epoch 7"):
            await traffic.point(front, OLD_SIDE, Mark("t2", 6))


async def test_no_ready_pod_leaves_the_traffic_where_it_is() -> None:
    async with rigged("fake") as rig:
        traffic, front = await prepared(rig)
        with pytest.raises(TransientError, match="is ready"):
            await traffic.pods(front)
        assert await traffic.side(front) == OLD


async def test_a_slice_that_somebody_else_changed_meanwhile_is_not_overwritten() -> None:
    async with rigged("fake") as rig:
        traffic, front = await prepared(rig)
        live = await rig.get(ENDPOINT_SLICES, owned_name("web"))
        await rig.edited_by_another(
            ENDPOINT_SLICES, owned_name("web"), {"metadata": {"labels": {"touched": "yes"}}}
        )
        after = await rig.get(ENDPOINT_SLICES, owned_name("web"))
        assert version_of(after) != version_of(live)
        assert map_at(after, "metadata", "labels")["touched"] == "yes"
        await traffic.point(front, OLD_SIDE, Mark("t1", 1))
        assert await traffic.side(front) == OLD


async def test_our_slice_stays_while_the_clusters_own_do_not_name_the_pods() -> None:
    async with rigged("fake") as rig:
        assert rig.fake is not None
        _, front = await prepared(rig)
        traffic = OwnedSlice(rig.client, sleep=quick, settle_seconds_max=0.5)
        SliceController(rig.fake.storage, rig.namespace, "10.2.0.1").reconcile()
        await traffic.point(front, await traffic.pods(front), Mark("t1", 1))
        # From here on no controller is at work: the front's own slices never come about.
        with pytest.raises(TransientError, match="did not settle"):
            await traffic.finalise(front, Mark("t2", 1))
        assert await traffic.side(front) == NEW
