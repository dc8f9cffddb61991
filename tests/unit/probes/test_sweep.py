"""Sweeps that are run: all once, what fails again, what is lost named, nothing in silence."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path

import pytest

from fake_vantages import CUT, GONE, LOST, SILENT, FakeVantage, a_result
from false_agents import a_look
from migrator.engine.ports import Vantage
from migrator.errors import EnvironmentFailed
from migrator.probes import keeping
from migrator.probes.agent import wire
from migrator.probes.model import Caps, Purpose, SweepPlan, VantagePlan, lines_file, results_file
from migrator.probes.progress import Progress, State
from migrator.probes.sweep import Asked, Patience, Ran, run_sweep

DIGEST = "d" * 64


async def no_pause(_seconds: float) -> None:
    """Nobody waits in a test."""
    await asyncio.sleep(0)


PATIENCE = Patience(silent_ticks=10, first_ticks=10, tick_seconds=0.01, sleep=no_pause)


def a_sweep(folder: Path, **looks: int) -> Asked:
    """A sweep that was planned: so many looks for each vantage point."""
    for name, count in looks.items():
        file = lines_file(folder, name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"".join(a_look(f"{name}-{n}") for n in range(count)))
    plan = SweepPlan(
        id="sweep-1",
        folder=folder,
        purpose=Purpose.BASELINE,
        scope="",
        members=(),
        seed=1,
        links=sum(looks.values()),
        touched=0,
        looks=sum(looks.values()),
        reasons={},
        vantages=tuple(VantagePlan(name, n, Caps(), 1.0) for name, n in looks.items()),
        seconds=1.0,
    )
    return Asked(plan, ("127.0.0.0/8",), DIGEST, now=lambda: 1_000_000.0, patience=PATIENCE)


async def ran(asked: Asked, *vantages: FakeVantage) -> Ran:
    made: Mapping[str, Vantage] = {each.name: each for each in vantages}
    return await asyncio.wait_for(run_sweep(asked, made), 5)


def results(asked: Asked, name: str) -> list[str]:
    lines = results_file(asked.plan.folder, name).read_bytes().splitlines()
    return [json.loads(line)["id"] for line in lines]


async def test_all_vantage_points_look_and_every_look_has_its_result(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=2000, old=3)
    here, old = FakeVantage("here"), FakeVantage("old")
    found = await ran(asked, here, old)
    assert [each.unproved for each in found.places] == [0, 0]
    assert found.lost == {}
    assert results(asked, "here") == [f"here-{n}" for n in range(2000)]
    assert results(asked, "old") == ["old-0", "old-1", "old-2"]
    assert (len(here.asked), len(old.asked)) == (1, 1)


async def test_a_sweep_that_is_run_again_asks_nobody(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=5)
    await ran(asked, FakeVantage("here"))
    again = FakeVantage("here")
    told: list[Progress] = []
    found = await run_sweep(asked, {"here": again}, told.append)
    assert again.asked == []
    assert (found.places[0].proved, found.places[0].proved_before) == (5, 5)
    assert told[-1].done == 5


async def test_what_has_a_result_is_not_looked_at_again_and_the_rest_is(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=5)
    file = results_file(tmp_path, "here")
    file.parent.mkdir()
    torn = a_result("here-3")[:40]
    nothing = a_result("here-2", wire.NO_TIME)
    file.write_bytes(a_result("here-1") + nothing + a_result("here-4", wire.REFUSED) + torn)
    here = FakeVantage("here")
    found = await ran(asked, here)
    assert here.asked == [["here-0", "here-2", "here-3"]]
    assert found.places[0].unproved == 0
    assert "only half written" in found.warnings[0]


async def test_a_vantage_point_that_breaks_off_is_tried_again_with_the_rest(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=6)
    breaks = {"here-2", "here-4"}

    def says(look: wire.Look) -> str:
        if look["id"] in breaks:
            breaks.discard(look["id"])
            return LOST
        return wire.OK

    here = FakeVantage("here", says)
    found = await ran(asked, here)
    assert [tried[0] for tried in here.asked] == ["here-0", "here-2", "here-4"]
    assert results(asked, "here") == [f"here-{n}" for n in range(6)]
    assert (found.places[0].tries, found.lost) == (3, {})


async def test_a_vantage_point_that_goes_on_is_never_given_up(tmp_path: Path) -> None:
    """It breaks off after each result, many more times than a dead one would be tried."""
    asked = a_sweep(tmp_path, here=20)
    seen: set[str] = set()

    def says(look: wire.Look) -> str:
        if seen and look["id"] not in seen and len(seen) % 2 == 0:
            seen.add("a break")
            seen.add(look["id"])
            return LOST
        seen.add(look["id"])
        return wire.OK

    found = await ran(asked, FakeVantage("here", says))
    assert found.places[0].unproved == 0


async def test_one_that_stays_away_is_given_up_and_the_others_go_on(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=4, old=4)
    old = FakeVantage("old", lambda look: LOST if look["id"] == "old-2" else wire.OK)
    found = await ran(asked, FakeVantage("here"), old)
    assert found.lost == {"old": "it is gone"}
    assert [each.unproved for each in found.places] == [0, 2]
    assert len(old.asked) == 1 + PATIENCE.tries
    assert keeping.kept_losses(tmp_path) == {"old": "it is gone"}


async def test_what_another_try_cannot_mend_is_not_tried_again(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, old=4)
    old = FakeVantage("old", lambda _look: GONE)
    found = await ran(asked, old)
    assert found.lost == {"old": "it has no Python"}
    assert len(old.asked) == 1


async def test_a_vantage_point_that_nobody_made_is_named(tmp_path: Path) -> None:
    found = await ran(a_sweep(tmp_path, old=1))
    assert found.lost == {"old": "nobody said how it is reached"}


async def test_one_that_falls_silent_is_not_waited_for(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=3)
    here = FakeVantage("here", lambda look: SILENT if look["id"] == "here-1" else wire.OK)
    found = await ran(asked, here)
    assert "nothing was heard of it" in found.lost["here"]
    assert here.left_early == len(here.asked) == 1 + PATIENCE.tries
    assert results(asked, "here") == ["here-0"]


async def test_a_slow_disk_is_not_taken_for_a_silent_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = a_sweep(tmp_path, here=3)
    sync = keeping.Keeper.sync
    ticks = 2 * PATIENCE.silent_ticks * PATIENCE.tick_seconds

    def slowly(keeper: keeping.Keeper, now: float) -> None:
        threading.Event().wait(ticks)
        sync(keeper, now)

    monkeypatch.setattr(keeping.Keeper, "sync", slowly)
    here = FakeVantage("here")
    found = await ran(asked, here)
    assert found.lost == {}
    assert len(here.asked) == 1


async def test_another_agent_than_ours_is_refused(tmp_path: Path) -> None:
    found = await ran(a_sweep(tmp_path, here=3), FakeVantage("here", digest="e" * 64))
    assert "another agent runs there: eeeeeeeeeeee, not dddddddddddd" in found.lost["here"]


async def test_an_agent_that_refuses_the_batch_is_quoted_and_not_asked_again(
    tmp_path: Path,
) -> None:
    class Refusing(FakeVantage):
        async def look(
            self, header: bytes, lines: AsyncIterator[bytes]
        ) -> AsyncGenerator[bytes, None]:
            self.asked.append([])
            yield b'{"refused": "the header allows no network"}\n'

    here = Refusing("here")
    found = await ran(a_sweep(tmp_path, here=3), here)
    assert found.lost == {"here": "its agent refuses: the header allows no network"}
    assert len(here.asked) == 1


async def test_an_answer_with_fewer_results_than_it_says_is_cut(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=3)
    here = FakeVantage("here", lambda look: CUT if look["id"] == "here-1" else wire.OK)
    found = await ran(asked, here)
    assert "its answer was cut" in found.lost["here"]
    assert results(asked, "here") == ["here-0", "here-2"]


async def test_what_nothing_was_learnt_of_is_asked_in_further_rounds(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=3)
    crowded = {"here-1"}

    def says(look: wire.Look) -> str:
        if look["id"] in crowded:
            crowded.clear()
            return wire.CROWDED
        return wire.OK

    here = FakeVantage("here", says)
    found = await ran(asked, here)
    assert here.asked[1:] == [["here-1"]]
    assert found.places[0].unproved == 0


async def test_what_only_a_person_can_mend_is_asked_once_and_said(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=3)
    says = {"here-1": wire.UNKNOWN_KIND}
    here = FakeVantage("here", lambda look: says.get(look["id"], wire.OK))
    found = await ran(asked, here)
    assert len(here.asked) == 1
    assert found.places[0].unproved == 1
    assert "1 looks cannot be made as they are: ['unknown_kind']" in found.warnings[0]


async def test_clocks_that_disagree_are_kept_and_said(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=1)
    found = await ran(asked, FakeVantage("here", clock_ahead=60.0))
    assert any("clock of here is at least 60.0 s ahead" in text for text in found.warnings)
    assert keeping.kept_skews(tmp_path)[0].low == pytest.approx(60)


async def test_a_full_disk_ends_the_sweep_with_what_is_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = a_sweep(tmp_path, here=30, old=30)

    def no_room(_keeper: keeping.Keeper, _now: float) -> None:
        raise EnvironmentFailed("sweep-paused", "no room", hint="make room")

    monkeypatch.setattr(keeping.Keeper, "sync", no_room)
    monkeypatch.setattr(keeping, "SYNC_SECONDS_MAX", 0.0)
    slow = FakeVantage("old", lambda _look: SILENT)
    with pytest.raises(EnvironmentFailed) as caught:
        await ran(asked, FakeVantage("here"), slow)
    assert caught.value.reference == "sweep-paused"
    assert slow.left_early == len(slow.asked)
    monkeypatch.undo()
    found = await ran(asked, FakeVantage("here"), FakeVantage("old"))
    assert [each.unproved for each in found.places] == [0, 0]


async def test_cancelled_it_keeps_what_it_has(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=10)
    reached = asyncio.Event()

    def says(look: wire.Look) -> str:
        if look["id"] == "here-7":
            reached.set()
            return SILENT
        return wire.OK

    here = FakeVantage("here", says)
    task = asyncio.create_task(run_sweep(asked, {"here": here}))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert here.left_early == 1
    assert results(asked, "here") == [f"here-{n}" for n in range(7)]
    again = FakeVantage("here")
    await ran(asked, again)
    assert again.asked == [["here-7", "here-8", "here-9"]]


async def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    asked = a_sweep(tmp_path, here=500, old=1)
    told: list[Progress] = []
    old = FakeVantage("old", lambda _look: GONE)
    await run_sweep(asked, {"here": FakeVantage("here"), "old": old}, told.append)
    assert (told[-1].done, told[-1].total) == (500, 501)
    assert [each.state for each in told[-1].places] == [State.DONE, State.LOST]
    assert told[-1].remaining_seconds == 0
