"""A look of a live run is done when its fronts answer and its links do, each by its own means."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from migrator.engine.events import LinksJudged, StepStarted, UndoStarted
from migrator.engine.ports import ActResult
from migrator.errors import PermanentError
from migrator.probes.prover import Looked
from migrator.wiring.proving import Proving

AT = datetime(2023, 10, 14, 3, tzinfo=UTC)
JUDGED = LinksJudged("kassa", 1, "probe-links", 7, 0, 0, 0, 0, (), sweep="s1")
ANSWERING = ActResult("done", "2 of 2 fronts answer", ("audit a1",))
WORSE = ActResult("failed", "3 links are worse", judged=JUDGED)
GOOD = ActResult("done", "7 links answer", judged=JUDGED)


def step(name: str) -> StepStarted:
    return StepStarted("kassa", name, 1, 2, "t1", AT)


@dataclass
class Fronts:
    """A platform beside the prover that notes what it is asked for."""

    result: ActResult = ANSWERING
    forever: bool = False
    asked: list[str] = field(default_factory=list)

    async def perform(self, intent: StepStarted | UndoStarted) -> ActResult:
        self.asked.append(intent.step if isinstance(intent, StepStarted) else intent.undo)
        if self.forever:
            await asyncio.Event().wait()
        return self.result

    async def observe(self, intent: StepStarted | UndoStarted) -> ActResult:
        return ActResult("unknown", intent.move)


@dataclass
class Links:
    """A prover that notes what it is asked for."""

    result: ActResult = GOOD
    forever: bool = False
    asked: list[Looked] = field(default_factory=list)
    soaked: list[float] = field(default_factory=list)
    cancelled: bool = False

    async def look(self, looked: Looked) -> ActResult:
        self.asked.append(looked)
        return self.result

    async def soak(self, looked: Looked, seconds: float) -> ActResult:
        self.asked.append(looked)
        self.soaked.append(seconds)
        if self.forever:
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled = True
        return self.result


def proving(links: Links, fronts: Fronts | None, *, can: bool = True) -> Proving:
    return Proving(links, fronts, lambda _m, _a: can, lambda _intent: 120.0, lambda: 1800.0)


async def test_a_look_is_done_when_fronts_and_links_are() -> None:
    links, fronts = Links(), Fronts()
    result = await proving(links, fronts).perform(step("probe-links"))
    assert (result.outcome, result.judged) == ("done", JUDGED)
    assert result.detail == "2 of 2 fronts answer; 7 links answer"
    assert result.changes == ("audit a1",)
    assert links.asked == [Looked("kassa", "probe-links", 1, 2, 120.0)]


async def test_links_that_are_worse_fail_a_look_whose_fronts_answer() -> None:
    result = await proving(Links(WORSE), Fronts()).perform(step("probe-links"))
    assert (result.outcome, result.judged) == ("failed", JUDGED)


async def test_links_behind_a_silent_front_are_not_looked_at() -> None:
    links = Links()
    result = await proving(links, Fronts(ActResult("failed", "no front"))).perform(step("baseline"))
    assert (result.outcome, result.detail) == ("failed", "no front")
    assert links.asked == []


async def test_where_nobody_looks_at_fronts_the_links_are_all_there_is() -> None:
    links, fronts = Links(), Fronts()
    undo = UndoStarted("kassa", "prove-back", 1, 1, "t2", AT)
    assert (await proving(links, None).perform(undo)).outcome == "done"
    assert (await proving(links, fronts, can=False).perform(undo)).outcome == "done"
    assert fronts.asked == []
    assert [each.act for each in links.asked] == ["prove-back", "prove-back"]


async def test_what_is_no_look_is_left_to_the_other_platform() -> None:
    fronts = Fronts()
    await proving(Links(), fronts).perform(step("switch"))
    assert fronts.asked == ["switch"]
    with pytest.raises(PermanentError, match="does not say how switch of kassa"):
        await proving(Links(), None).perform(step("switch"))


async def test_a_soak_ends_with_the_first_look_that_is_worse() -> None:
    links = Links(WORSE)
    async with asyncio.timeout(5):
        result = await proving(links, Fronts(forever=True)).perform(step("soak"))
    assert result.detail == "3 links are worse"
    assert links.soaked == [120.0], "never longer than the act may take"


async def test_a_soak_whose_front_breaks_ends_the_looks_at_links() -> None:
    links = Links(forever=True)
    async with asyncio.timeout(5):
        result = await proving(links, Fronts(ActResult("failed", "no front"))).perform(step("soak"))
    assert result.detail == "no front"
    assert links.cancelled


async def test_a_soak_is_done_when_both_have_watched_it_to_its_end() -> None:
    result = await proving(Links(), Fronts()).perform(step("soak"))
    assert result.detail == "2 of 2 fronts answer; 7 links answer"


async def test_a_look_in_doubt_is_made_again() -> None:
    assert (await proving(Links(), Fronts()).observe(step("soak"))).outcome == "not_done"
    assert (await proving(Links(), Fronts()).observe(step("switch"))).outcome == "unknown"
