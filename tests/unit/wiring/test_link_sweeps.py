"""The vantage points of a run's sweeps: made once, kept, and made anew when they were lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import cast

from fake_vantages import GONE, FakeVantage
from false_agents import a_look
from migrator.engine.ports import Vantage
from migrator.probes.agent import wire
from migrator.probes.model import (
    Caps,
    Declared,
    Here,
    Patience,
    Purpose,
    SweepPlan,
    VantagePlan,
    VantagePoint,
    lines_file,
)
from migrator.probes.requests import DeclaredAnswer
from migrator.wiring.link_sweeps import Estate, LinkSweeps
from migrator.wiring.vantage_points import Unreached

DIGEST = "d" * 64


class Reached:
    """Makes vantage points, the next one as the test says, and keeps them all."""

    def __init__(self, *made: Callable[[], Vantage]) -> None:
        self.left = [*made]
        self.made: list[Vantage] = []

    async def __call__(self, point: VantagePoint) -> Vantage:
        await asyncio.sleep(0)
        self.made.append(self.left.pop(0)() if self.left else FakeVantage(point.id))
        return self.made[-1]


def sweeps(folder: Path, reach: Reached) -> LinkSweeps:
    declared = Declared(("127.0.0.0/8",), Caps(), Patience(), (Here("pod"),), (), {})
    answer = cast("DeclaredAnswer", {})
    return LinkSweeps(
        folder, Estate(answer, declared), DIGEST, reach, lambda: date(2023, 10, 13), lambda: 1e6
    )


def a_sweep(folder: Path, name: str) -> SweepPlan:
    """One look from the one vantage point."""
    place = folder / name
    file = lines_file(place, "pod")
    file.parent.mkdir(parents=True)
    file.write_bytes(a_look(f"{name}-look"))
    points = (VantagePlan("pod", 1, Caps(), 1.0),)
    return SweepPlan(name, place, Purpose.SOAK, "web", (), 1, 1, 1, 1, {}, points, 1.0)


async def test_a_vantage_point_is_made_once_for_looks_at_the_same_time(tmp_path: Path) -> None:
    reach = Reached()
    found = sweeps(tmp_path, reach)
    plans = [a_sweep(tmp_path, name) for name in ("a", "b", "c")]
    assert await asyncio.gather(*(found.carry_out(each, 5.0) for each in plans)) == [()] * 3
    assert len(reach.made) == 1
    await found.close()
    (made,) = reach.made
    assert isinstance(made, FakeVantage)
    assert (len(made.asked), made.closed) == (3, 1)


async def test_one_that_was_lost_is_made_anew_by_the_next_look(tmp_path: Path) -> None:
    def gone(_look: wire.Look) -> str:
        return GONE

    reach = Reached(lambda: FakeVantage("pod", gone))
    found = sweeps(tmp_path, reach)
    (lost,) = await found.carry_out(a_sweep(tmp_path, "a"), 5.0)
    assert lost.startswith("pod: ")
    assert await found.carry_out(a_sweep(tmp_path, "b"), 5.0) == ()
    assert len(reach.made) == 2
    await found.close()
    assert [isinstance(each, FakeVantage) and each.closed for each in reach.made] == [1, 1]


async def test_one_that_could_not_be_made_says_why_and_is_tried_by_the_next_look(
    tmp_path: Path,
) -> None:
    reach = Reached(lambda: Unreached("pod", "its image cannot be pulled"))
    found = sweeps(tmp_path, reach)
    said = await found.carry_out(a_sweep(tmp_path, "a"), 5.0)
    assert said == ("pod: its image cannot be pulled",)
    assert await found.carry_out(a_sweep(tmp_path, "b"), 5.0) == ()
