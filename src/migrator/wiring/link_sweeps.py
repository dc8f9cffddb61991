"""The sweeps of a live run: planned and judged in child processes, run from the vantage points.

Made by `live.py` for the prover of a run. What is looked at, and from where, was pinned with the
run's inventory; sweeps stay beside the journal, one folder each, so that a look that was in doubt
is gone on with and every verdict can be read again. The conductor's process opens no DuckDB.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, cast

from migrator.engine.ports import Vantage
from migrator.ids import SubsystemId
from migrator.probes.again import look_again
from migrator.probes.asking import ask
from migrator.probes.causes import sentence
from migrator.probes.facts import SweepFacts, declared_from, read_sweep, sweep_from
from migrator.probes.model import SWEEP_FILE, Declared, Purpose, SweepPlan, VantagePoint
from migrator.probes.prover import Judged
from migrator.probes.requests import DeclaredAnswer
from migrator.probes.summary import Summary, read_summary
from migrator.probes.sweep import Asked, run_sweep
from migrator.probes.verdicts import Verdict
from migrator.wiring.vantage_points import Unreached

CHILDREN_AT_ONCE: Final = 2
"""Planning and judging take a core each; the conductor must never wait for one."""
SEED: Final = 1
"""Of the sample of what a move does not touch: the same in every look of a run."""


@dataclass(frozen=True, slots=True)
class Estate:
    """What a run's sweeps are made of: the laid-out inventory's links and what it declares."""

    answer: DeclaredAnswer
    declared: Declared


async def read_estate(
    inventory: Path, cache: Path, today: date, *, commands: bool
) -> Estate | None:
    """Read an inventory's probes.yaml and links, in a child. None where it declares nothing.

    `commands` says whether it may run programs as checks.
    """
    asked = {"inventory": str(inventory), "cache": str(cache), "today": today.isoformat()}
    answer = cast("DeclaredAnswer", await ask("declared", asked))
    if answer["declared"] is None:
        return None
    answer["declared"]["commands"] = commands
    return Estate(answer, declared_from(answer["declared"]))


@dataclass(slots=True)
class LinkSweeps:
    """Sweeps of one run below `folder`. `reach` makes a vantage point when it is needed."""

    folder: Path
    estate: Estate
    digest: str  # of the agent
    reach: Callable[[VantagePoint], Awaitable[Vantage]]
    today: Callable[[], date]
    clock: Callable[[], float]
    _open: dict[str, Vantage] = field(default_factory=dict)
    # Caps hold within one batch, so of several moves that look at the same time one goes first.
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _children: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(CHILDREN_AT_ONCE)
    )
    _lost: list[Vantage] = field(default_factory=list)
    _making: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def plan(
        self, sweep: str, purpose: Purpose, move: str, sides: Mapping[str, str]
    ) -> SweepPlan:
        """Plan a sweep; one of that id that was planned before is gone on with."""
        if (self.folder / sweep / SWEEP_FILE).exists():
            return read_sweep(self.folder / sweep)
        asked = {
            "id": sweep,
            "sweeps": str(self.folder),
            "purpose": purpose.value,
            "scope": move,
            "members": [SubsystemId(move)],
            "sides": dict(sides),
            "seed": SEED,
            "today": self.today().isoformat(),
            "estate": self.estate.answer["estate"],
            "declared": self.estate.answer["declared"],
        }
        async with self._children:
            found = cast("SweepFacts", await ask("plan", asked))
        return sweep_from(found, self.folder / sweep)

    async def carry_out(self, plan: SweepPlan, seconds_max: float) -> tuple[str, ...]:
        """Look; the answer says of each vantage point that could not be asked why."""
        try:
            async with asyncio.timeout(seconds_max), self._looking:
                ran = await run_sweep(self._asked(plan), await self._vantages(plan))
        except TimeoutError:
            return (f"time was up after {seconds_max:.0f} s",)
        for name in ran.lost:
            self._let_go(name)
        return tuple(f"{name}: {why}" for name, why in sorted(ran.lost.items()))

    async def judge(self, plan: SweepPlan, baseline: str) -> Judged:
        """Judge a sweep against the one of that id; without one where it is empty.

        What was slow once, and alone, is looked at again before anybody is told.
        """
        summary = await self._summary(plan, baseline)
        if summary.suspects:
            async with self._looking:
                answers = await look_again(self._asked(plan), await self._vantages(plan))
            summary = await self._summary(plan, baseline) if answers else summary
        counts: Counter[tuple[Verdict, str]] = Counter()
        for each in summary.counts:
            counts[Verdict(each.verdict), each.reason] += each.links
        causes = tuple(sentence(each) for each in summary.causes)
        return Judged(counts, summary.examples, causes, summary.dark)

    async def close(self) -> None:
        """Let go of every vantage point."""
        for each in (*self._open.values(), *self._lost):
            await each.close()
        self._open.clear()
        self._lost.clear()

    async def _summary(self, plan: SweepPlan, baseline: str) -> Summary:
        asked = {
            "folder": str(plan.folder),
            "baseline": str(self.folder / baseline) if baseline else None,
            "today": self.today().isoformat(),
            "declared": self.estate.answer["declared"],
        }
        async with self._children:
            await ask("judge", asked)
        summary = read_summary(plan.folder)
        assert summary is not None, "a sweep that was judged has its summary"
        return summary

    def _asked(self, plan: SweepPlan) -> Asked:
        return Asked(plan, self.estate.declared.allow, self.digest, self.clock)

    async def _vantages(self, plan: SweepPlan) -> dict[str, Vantage]:
        """The vantage points of a sweep, each made beside the others."""
        names = sorted({each.id for each in plan.vantages})
        return dict(zip(names, await asyncio.gather(*map(self._reached, names)), strict=True))

    async def _reached(self, name: str) -> Vantage:
        """A vantage point, made when it is first needed; one that cannot be made says why.

        Moves of one wave need the same ones at the same time: each is made once.
        """
        async with self._making.setdefault(name, asyncio.Lock()):
            if name in self._open:
                return self._open[name]
            point = self.estate.declared.vantage(name)
            assert point is not None, "a sweep is planned from what is declared"
            found = await self.reach(point)
            if not isinstance(found, Unreached):  # one that could not be made is tried each time
                self._open[name] = found
            return found

    def _let_go(self, name: str) -> None:
        """Have a vantage point that was lost made anew by the next look that needs it.

        It is closed with the others: another look may be hearing from it still.
        """
        lost = self._open.pop(name, None)
        if lost is not None:
            self._lost.append(lost)
