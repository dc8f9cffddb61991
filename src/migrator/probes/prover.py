"""One look at the links of a move in a run: planned, carried out, judged, and said to the engine.

Made by `wiring` for a live run. Which side everybody is on comes from the run itself; whoever is
between the sides at that moment is left to its own move, and its links are counted as deferred. A
look that could not be made is never taken for one that found nothing: what the baseline proved and
nobody could look at now fails the look as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from migrator.engine.events import LinksJudged
from migrator.engine.ports import ActResult
from migrator.errors import TransientError
from migrator.plan.model import StepKind, UndoKind
from migrator.probes.model import NEW, OLD, NoLook, Purpose, SideWord, SweepPlan
from migrator.probes.verdicts import GREEN, WORSE, Verdict

NO_SIDE: Final = "none"
EXAMPLES_MAX: Final = 5
CAUSES_MAX: Final = 3
ROUND_PAUSE_SECONDS: Final = 60.0
ROUNDS_MAX: Final = 20
"""A round of a soak costs two processes and a look at every link, and its neighbours' moves soak at
the same time. What breaks at once is seen by the looks at the fronts, several times a second."""
LOOKS_MAX: Final = 6
"""So often at most one look is made, where somebody crossed while it was: each of the others may
begin to cross and arrive while the pods that look are still being made."""

PURPOSE: Final[Mapping[str, Purpose]] = {
    StepKind.BASELINE.value: Purpose.BASELINE,
    StepKind.PROBE_LINKS.value: Purpose.PROBE_LINKS,
    StepKind.SOAK.value: Purpose.SOAK,
    UndoKind.PROVE_BACK.value: Purpose.PROVE_BACK,
}
OWN_SIDE: Final[Mapping[str, SideWord]] = {
    StepKind.BASELINE.value: OLD,
    StepKind.PROBE_LINKS.value: NEW,
    StepKind.SOAK.value: NEW,
    UndoKind.PROVE_BACK.value: OLD,
}
"""Where the move itself stands during its look, whatever else of it is still under way."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Which look at whose links, and how long it may take. `try_number` counts from 1."""

    move: str
    act: str
    attempt: int
    try_number: int
    seconds_max: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What a sweep came to: links by verdict and reason, and what is worse by name and by cause.

    `dark` counts the links that the baseline proved and nobody could look at now. `lost` says of
    each vantage point that could not be asked why.
    """

    counts: Mapping[tuple[Verdict, str], int]
    examples: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    dark: int = 0
    lost: tuple[str, ...] = ()

    def of(self, *verdicts: Verdict) -> int:
        """How many links have one of these verdicts."""
        return sum(number for (verdict, _), number in self.counts.items() if verdict in verdicts)


class Sweeps(Protocol):
    """Sweeps of one estate, kept in one folder by their ids."""

    async def plan(
        self, sweep: str, purpose: Purpose, move: str, sides: Mapping[str, str]
    ) -> SweepPlan:
        """Plan a sweep; one of that id that was planned before is gone on with."""
        ...

    async def carry_out(self, plan: SweepPlan, seconds_max: float) -> tuple[str, ...]:
        """Look; the answer says of each vantage point that could not be asked why."""
        ...

    async def judge(self, plan: SweepPlan, baseline: str) -> Judged:
        """Judge a sweep against the one of that id; without one where it is empty."""
        ...


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves the links of moves. `sides` says where each subsystem stands, `crossing` who is
    between the sides now; `keep` and `kept` hold the baseline of each attempt with the run.
    """

    sweeps: Sweeps
    sides: Callable[[], Mapping[str, str]]
    crossing: Callable[[], frozenset[str]]
    keep: Callable[[str, object], None]
    kept: Callable[[str], object]
    pause_seconds: float = ROUND_PAUSE_SECONDS

    async def look(self, looked: Looked) -> ActResult:
        """One look. Raises TransientError where not one link could be looked at."""
        return await self._look(looked, f"{looked.move}-{looked.attempt}-{looked.act}", "")

    async def soak(self, looked: Looked, seconds: float) -> ActResult:
        """Look again and again for so long; the first look that found links worse ends it."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        pause = max(self.pause_seconds, seconds / ROUNDS_MAX)
        rounds = 0
        while True:
            rounds += 1
            name = f"{looked.move}-{looked.attempt}-{looked.act}"
            found = await self._look(looked, name, f"-round-{rounds}")
            left = until - loop.time()
            if found.outcome != "done" or left <= 0:
                detail = f"{rounds} looks at every link in {seconds:.0f} s: {found.detail}"
                return ActResult(found.outcome, detail, judged=found.judged)
            await asyncio.sleep(min(pause, left))

    async def _look(self, looked: Looked, name: str, round_name: str) -> ActResult:
        """Look, and once more where somebody crossed meanwhile and links do not answer.

        Whoever stood elsewhere when the look was planned than when it ended was asked for the mark
        of a side that is no longer theirs.
        """
        for again in range(1, LOOKS_MAX + 1):
            sweep = f"{name}-{looked.try_number}{round_name}" + (f"-{again}" if again > 1 else "")
            plan = await self.sweeps.plan(
                sweep, PURPOSE[looked.act], looked.move, self._standing(looked)
            )
            lost = await self.sweeps.carry_out(plan, looked.seconds_max)
            found = await self._judged(looked, plan, lost)
            if not _is_bad(found) or self._standing(looked) == dict(plan.sides):
                break
        return found

    def _standing(self, looked: Looked) -> dict[str, str]:
        """Where everybody stands now; absent means the old side."""
        found = {name: side for name, side in self.sides().items() if side != OLD}
        found |= dict.fromkeys(self.crossing(), NO_SIDE)
        found.pop(looked.move, None)
        own = OWN_SIDE[looked.act]
        return found if own == OLD else {**found, looked.move: own}

    async def _judged(self, looked: Looked, plan: SweepPlan, lost: tuple[str, ...]) -> ActResult:
        key = f"links/{looked.move}/{looked.attempt}"
        is_baseline = looked.act == StepKind.BASELINE
        known = self.kept(key)
        baseline = "" if is_baseline or not isinstance(known, str) else known
        judged = await self.sweeps.judge(plan, baseline)
        lost = (*lost, *judged.lost)
        seen = judged.of(*GREEN, *WORSE, Verdict.WAS_BROKEN)
        if plan.looks and not seen and lost:
            raise TransientError(
                "links-not-looked-at",
                f"nobody could look at the links of {looked.move}: {'; '.join(lost)}",
                hint="make one of these vantage points reachable; `migrator probe` tries them",
            )
        if is_baseline:
            self.keep(key, plan.id)
        return _result(looked, plan, judged, lost)


def _is_bad(found: ActResult) -> bool:
    """Whether something did not answer: what a baseline calls broken is missed by nobody later."""
    judged = found.judged
    is_baseline = judged is not None and judged.look == StepKind.BASELINE
    return found.outcome != "done" or (is_baseline and judged is not None and judged.broken > 0)


def _result(looked: Looked, plan: SweepPlan, judged: Judged, lost: tuple[str, ...]) -> ActResult:
    """What the engine is told."""
    deferred = judged.counts.get((Verdict.UNPROVED, NoLook.NO_SIDE.value), 0)
    worse = 0 if looked.act == StepKind.BASELINE else judged.of(*WORSE)
    broken = judged.of(Verdict.WAS_BROKEN) + (judged.of(*WORSE) - worse)
    event = LinksJudged(
        move=looked.move,
        attempt=looked.attempt,
        look=looked.act,
        same=judged.of(Verdict.SAME, Verdict.FLAKY),
        better=judged.of(Verdict.BETTER),
        broken=broken,
        regressed=worse,
        deferred=deferred,
        examples=judged.examples[:EXAMPLES_MAX] if worse else (),
        sweep=plan.id,
        wrong_side=judged.of(Verdict.WRONG_SIDE) if worse else 0,
        slower=judged.of(Verdict.SLOWER) if worse else 0,
        flaky=judged.of(Verdict.FLAKY),
        unproved=judged.of(Verdict.UNPROVED) - deferred,
        untestable=judged.of(Verdict.UNTESTABLE),
        waived=judged.of(Verdict.WAIVED),
        causes=judged.causes[:CAUSES_MAX] if worse else (),
    )
    words = [f"{event.same + event.better} of {plan.links} links answer"]
    words += [f"{worse} {_are(worse)} worse than before"] if worse else []
    words += [f"{broken} did not answer before"] if broken else []
    words += [f"{event.unproved} {_are(event.unproved)} not proved"] if event.unproved else []
    words += (
        [f"{deferred} lead{'' if deferred != 1 else 's'} to somebody between the sides"]
        if deferred
        else []
    )
    said = ", ".join(words)
    dark = judged.dark if looked.act != StepKind.BASELINE else 0
    if dark:
        said += f"; {dark} that answered before could not be looked at"
    said += f"; {'; '.join(lost)}" if lost else ""
    said += f" (sweep {plan.id})"
    if worse or dark:
        causes = "; ".join(event.causes)
        detail = f"{causes}; {said}" if causes else said
        return ActResult("failed", detail, judged=event)
    return ActResult("done", said, judged=event)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
