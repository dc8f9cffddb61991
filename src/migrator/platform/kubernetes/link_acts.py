"""The looking acts of a move: baseline, probe-links, soak, prove-back, through the data plane.

Called by `platform.py`. A look asks the subsystem's own fronts and those of every subsystem that it
shares links with, from every vantage point, and holds the answers against the baseline of the same
attempt. A neighbour that is between the sides just then is deferred: its own move proves the link.
What is counted are fronts, not links: which links were proved one by one is the probes' matter, and
this module does not claim it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from migrator.engine.events import LinksJudged
from migrator.engine.ports import ActResult
from migrator.errors import PermanentError
from migrator.plan.model import StepKind, UndoKind
from migrator.platform.kubernetes.abreast import abreast
from migrator.platform.kubernetes.links import LinkAnswer, Target, links_answer
from migrator.platform.kubernetes.looking import Vantage
from migrator.platform.kubernetes.slices import NEW, OLD
from migrator.platform.kubernetes.subject import Fronting, Subject
from migrator.platform.kubernetes.traffic_acts import TrafficActs

EXAMPLES_MAX: Final = 5
SOAK_LOOK_SECONDS: Final = 5.0
"""Between two looks of a soak."""
GLANCE_SECONDS: Final = 0.25
"""Between two glances from this machine in a soak; they cost the API server nothing."""
BASELINE_SECONDS: Final = 10.0
OWN_FRONT_SECONDS: Final = 60.0
"""A baseline waits so long for a front of its own: it was made a moment ago, and a data plane that
has just lost its API server hears of it only after its own pause, 30 s and more."""
BASELINE_LOOK_SECONDS: Final = 0.25

SIDE_AFTER: Final = {
    StepKind.PROBE_LINKS.value: NEW,
    StepKind.SOAK.value: NEW,
    UndoKind.PROVE_BACK.value: OLD,
}
"""Which side the subsystem's own fronts must show in which look."""


class LinkActs:
    """Looks for one run. `keep` and `kept` hold the baseline of each attempt.

    `between` tells whether a subsystem is between the sides at this moment.
    """

    def __init__(
        self,
        traffic: TrafficActs,
        vantages: Callable[[], Awaitable[Sequence[Vantage]]],
        keep: Callable[[str, object], None],
        kept: Callable[[str], object],
        between: Callable[[str], bool] = lambda _subsystem: False,
        *,
        baseline_seconds: float = BASELINE_SECONDS,
        own_seconds: float = OWN_FRONT_SECONDS,
    ) -> None:
        """Nothing is asked yet."""
        self._baseline_seconds = baseline_seconds
        self._own_seconds = own_seconds
        self._between = between
        self._traffic = traffic
        self._vantages = vantages
        self._keep = keep
        self._kept = kept

    async def look(
        self, subject: Subject, neighbours: Sequence[Subject], act: str, attempt: int
    ) -> ActResult:
        """Look once; a baseline is kept, everything else is judged against it."""
        # A neighbour may have begun or ended its crossing while it was looked at.
        crossing = self._crossing(neighbours)
        answers = await self._answers(subject, neighbours)
        if act == StepKind.BASELINE:
            answers = await self._believed(answers, subject, neighbours)
        crossing |= self._crossing(neighbours)
        deferred = {each.link for each in answers if not each.is_ok and each.link in crossing}
        answers = tuple(each for each in answers if each.link not in deferred)
        words = {each.link: each.word for each in answers}
        key = f"baseline/{subject.subsystem}/{attempt}"
        if act == StepKind.BASELINE:
            self._keep(key, words)
            before: Mapping[str, object] = words
        else:
            kept = self._kept(key)
            before = kept if isinstance(kept, dict) else {}
        return _judged(subject, act, attempt, answers, before, len(deferred))

    async def soak(
        self, subject: Subject, neighbours: Sequence[Subject], attempt: int, seconds: float
    ) -> ActResult:
        """Look again and again for so long; the first look that is worse ends it."""
        until = asyncio.get_running_loop().time() + seconds
        looks = 0
        while True:
            found = await self.look(subject, neighbours, StepKind.SOAK.value, attempt)
            looks += 1
            left = until - asyncio.get_running_loop().time()
            if found.outcome != "done" or left <= 0:
                detail = f"{looks} looks in {seconds:.0f} s: {found.detail}"
                return ActResult(found.outcome, detail, judged=found.judged)
            await self._glance(subject, min(SOAK_LOOK_SECONDS, left))

    def _crossing(self, neighbours: Sequence[Subject]) -> set[str]:
        """The fronts of the neighbours that are between the sides."""
        return {
            front_name(fronting)
            for each in neighbours
            if self._between(each.subsystem)
            for fronting in each.fronts
        }

    async def _glance(self, subject: Subject, seconds: float) -> None:
        """Let so much time pass, but no more once a front that answered this machine does not.

        A glance proves nothing; it only brings the next look forward. Where this machine has no
        way to the fronts, there is nothing to be seen from it.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        here = [each for each in await self._vantages() if not each.inside]
        looks = [await self._traffic.look_of(fronting) for fronting in subject.fronts]
        answered = False
        while (left := until - loop.time()) > 0:
            await asyncio.sleep(min(GLANCE_SECONDS, left))
            if not here or not looks:
                continue
            found = await here[0].look(looks)
            if answered and not all(each.connected and not each.error for each in found):
                return
            answered = answered or all(each.connected and not each.error for each in found)

    async def _believed(
        self, answers: tuple[LinkAnswer, ...], subject: Subject, neighbours: Sequence[Subject]
    ) -> tuple[LinkAnswer, ...]:
        """Look again for a while at what does not answer: a front may be a moment old.

        What a baseline calls broken is missed by nobody afterwards. Whoever is between the sides
        is not waited for: that silence is left to its own move.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        own = {front_name(fronting) for fronting in subject.fronts}
        while True:
            crossing = self._crossing(neighbours)
            silent = {each.link for each in answers if not each.is_ok} - crossing
            patience = self._own_seconds if silent & own else self._baseline_seconds
            if not silent or loop.time() >= begun + patience:
                break
            await asyncio.sleep(BASELINE_LOOK_SECONDS)
            answers = await self._answers(subject, neighbours)
        return answers

    async def _answers(
        self, subject: Subject, neighbours: Sequence[Subject]
    ) -> tuple[LinkAnswer, ...]:
        targets = await self._targets(subject, neighbours, frozenset())
        if not targets:
            return ()
        answers = (await links_answer(targets, await self._vantages())).links
        silent = frozenset(each.link for each in answers if not each.is_ok)
        if not silent:
            return answers
        # A Service that was made anew has another address than the one that was remembered.
        now = await self._targets(subject, neighbours, silent)
        if now == targets:
            return answers
        return (await links_answer(now, await self._vantages())).links if now else ()

    async def _targets(
        self, subject: Subject, neighbours: Sequence[Subject], silent: frozenset[str]
    ) -> list[Target]:
        """Where to look; the addresses of neighbours, who are many, may be remembered ones.

        Those of the silent fronts are asked for.
        """

        async def of(pair: tuple[Subject, Fronting]) -> Target | None:
            each, fronting = pair
            try:
                remembered = each is not subject and front_name(fronting) not in silent
                look = await self._traffic.look_of(fronting, remembered=remembered)
            except PermanentError:
                if each is subject:
                    raise
                return None  # a neighbour's front that nobody has made yet leads nowhere to look
            return Target(look.id, look.host, look.port, look.identity)

        pairs = [(each, front) for each in (subject, *neighbours) for front in each.fronts]
        return [each for each in await abreast(pairs, of) if each is not None]


def front_name(fronting: Fronting) -> str:
    """How a front is named in looks and in the journal."""
    return f"{fronting.front.namespace}/{fronting.front.service}"


def _judged(
    subject: Subject,
    act: str,
    attempt: int,
    answers: Sequence[LinkAnswer],
    before: Mapping[str, object],
    deferred: int,
) -> ActResult:
    own = {front_name(each) for each in subject.fronts}
    wanted = SIDE_AFTER.get(act, "")
    same = better = broken = 0
    worse: list[str] = []
    words: list[str] = []
    for each in answers:
        wrong = each.link in own and wanted and each.side not in {"", wanted}
        was_ok = before.get(each.link, "ok") == "ok"
        if each.is_ok and not wrong:
            same += was_ok
            better += not was_ok
        elif not was_ok or act == StepKind.BASELINE:
            broken += 1
        else:
            worse.append(each.link)
            words.append(f"{each.link}: {'answered by the other side' if wrong else each.word}")
    judged = LinksJudged(
        move=subject.subsystem,
        attempt=attempt,
        look=act,
        same=same,
        better=better,
        broken=broken,
        regressed=len(worse),
        deferred=deferred,
        examples=tuple(sorted(worse)[:EXAMPLES_MAX]),
    )
    if worse:
        detail = f"{len(worse)} of {len(answers)} fronts do not answer as before: "
        return ActResult("failed", detail + "; ".join(words[:EXAMPLES_MAX]), judged=judged)
    said = f"{same + better} of {len(answers)} fronts answer"
    said += f", {broken} did not before" if broken else ""
    said += f", {deferred} are between the sides" if deferred else ""
    return ActResult("done", said, judged=judged)
