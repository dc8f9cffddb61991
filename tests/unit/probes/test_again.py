"""What was slow once is looked at three times more, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path

from fake_vantages import LOST, FakeVantage
from false_agents import a_look
from migrator.probes import keeping
from migrator.probes.again import TIMES, look_again
from migrator.probes.model import Caps, Purpose, SweepPlan, VantagePlan, lines_file, results_file
from migrator.probes.sweep import Asked, run_sweep

DIGEST = "d" * 64


async def swept(folder: Path) -> tuple[Asked, FakeVantage]:
    """A sweep of three looks that has been run."""
    file = lines_file(folder, "here")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"".join(a_look(f"look-{n}") for n in range(3)))
    plan = SweepPlan(
        id="s1", folder=folder, purpose=Purpose.PROBE_LINKS, scope="", members=(), seed=1, links=3,
        touched=3, looks=3, reasons={}, vantages=(VantagePlan("here", 3, Caps(), 1.0),),
        seconds=1.0,
    )  # fmt: skip
    asked = Asked(plan, ("127.0.0.0/8",), DIGEST, now=lambda: 1_000_000.0)
    vantage = FakeVantage("here")
    await run_sweep(asked, {"here": vantage})
    return asked, vantage


def results(folder: Path) -> list[str]:
    lines = results_file(folder, "here").read_bytes().splitlines()
    return [json.loads(line)["id"] for line in lines]


async def test_a_suspect_is_looked_at_again_as_often_as_the_judgement_needs(tmp_path: Path) -> None:
    asked, vantage = await swept(tmp_path)
    keeping.keep_suspects(tmp_path, ["look-1"])
    assert await look_again(asked, {"here": vantage}) == TIMES
    assert results(tmp_path) == ["look-0", "look-1", "look-2", *["look-1"] * TIMES]


async def test_where_nothing_is_suspected_nobody_is_asked(tmp_path: Path) -> None:
    asked, vantage = await swept(tmp_path)
    asked_before = len(vantage.asked)
    assert await look_again(asked, {"here": vantage}) == 0
    assert len(vantage.asked) == asked_before


async def test_a_vantage_point_that_is_lost_meanwhile_leaves_the_suspect_what_it_is(
    tmp_path: Path,
) -> None:
    asked, _ = await swept(tmp_path)
    keeping.keep_suspects(tmp_path, ["look-1"])
    assert await look_again(asked, {"here": FakeVantage("here", lambda _look: LOST)}) == 0
    assert await look_again(asked, {}) == 0
    assert results(tmp_path) == ["look-0", "look-1", "look-2"]
