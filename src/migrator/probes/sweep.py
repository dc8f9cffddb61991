"""Runs a planned sweep: all vantage points at the same time, each to its end or until it is lost.

Called by `migrator probe`, `migrator baseline` and the wiring of a run. What was proved is on the
disk and is not looked at again, also after a kill; what was not is looked at again until it is or
until its vantage point is given up, and then it stays unproved, with the reason. Nothing is waited
for in silence: an agent beats once a second, and one that does not is lost.

Nothing here decides what a result means, and no watch is read: whoever calls says what time it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, cast

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, wait_exponential_jitter

from migrator.engine.ports import Vantage, VantageLost
from migrator.errors import EnvironmentFailed
from migrator.probes.agent import wire
from migrator.probes.batch import Batch
from migrator.probes.keeping import (
    Keeper,
    Skew,
    clock_skew,
    keep_losses,
    keep_skew,
    left_to_look,
    skew_warnings,
)
from migrator.probes.model import SweepPlan, VantagePlan
from migrator.probes.progress import Meter, Progress, State

TAKEN_MAX: Final = 2_000
KEPT_SECONDS, KEPT_SECONDS_MAX = 0.1, 1.0
"""So many results are brought to the disk at once, or those of so long; a beat brings what there
is. What a kill costs is what was not brought yet."""

WRITERS_MIN: Final = 20
"""With more vantage points than these at one disk, each of them brings its results less often."""

ROUNDS_MAX: Final = 3
"""What nothing was learnt of (no time, no socket) is asked so often."""

SECONDS_MIN, SECONDS_MAX = 3600.0, 24 * 3600.0
"""A batch's own limit. It ends a batch that nobody watches; we watch ours by its beats."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a silence may be, and how often a lost vantage point is tried again.

    `tries` are those in a row that proved nothing: one that breaks each hour is never given up.
    """

    silent_ticks: int = 10
    first_ticks: int = 30  # until the first word: a connection through a jump host takes its time
    tick_seconds: float = 1.0
    tries: int = 4
    pause_seconds: float = 1.0
    pause_seconds_max: float = 15.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of one vantage point. `lost` is empty where it went through."""

    id: str
    looks: int
    proved: int
    proved_before: int  # of them, by an earlier try of the same sweep
    lost: str = ""
    tries: int = 1
    slowed: tuple[str, ...] = ()  # targets that suffered
    skew: Skew | None = None
    warnings: tuple[str, ...] = ()

    @property
    def unproved(self) -> int:
        """Looks without a result that says anything of their links."""
        return self.looks - self.proved


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a sweep."""

    places: tuple[Placed, ...]

    @property
    def lost(self) -> dict[str, str]:
        """The vantage points that were given up, and why."""
        return {each.id: each.lost for each in self.places if each.lost}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should be told, one sentence each."""
        skews = [each.skew for each in self.places if each.skew is not None]
        said = [f"{each.id}: {text}" for each in self.places for text in each.warnings]
        return (*said, *skew_warnings(skews))


@dataclass(frozen=True, slots=True)
class Asked:
    """A sweep that is to be run: its plan, where looks may go at all, and by which agent."""

    plan: SweepPlan
    allow: tuple[str, ...]
    digest: str
    now: Callable[[], float]  # seconds since 1970, by this machine's clock
    patience: Patience = field(default_factory=Patience)

    def header(self, place: VantagePlan) -> bytes:
        """The first line of a batch, made anew for each try."""
        header: wire.Header = {
            "version": wire.VERSION,
            "digest": self.digest,
            "clock": self.now(),
            "seconds": min(SECONDS_MIN + 10 * place.seconds, SECONDS_MAX),
            "allow": list(self.allow),
            "caps": place.caps.on_the_wire(),
        }
        return json.dumps(header).encode() + b"\n"


async def run_sweep(
    asked: Asked, vantages: Mapping[str, Vantage], tell: Callable[[Progress], None] | None = None
) -> Ran:
    """Look at everything that is not proved yet. Cancelled, it keeps what it has.

    Raises EnvironmentFailed where the disk is full; then, too, the rest is looked at by the next
    call. `tell` is called once a second and at the end. The vantage points stay open.
    """
    keep_losses(asked.plan.folder, {})
    meter = Meter({each.id: each.looks for each in asked.plan.vantages})
    runs = [_Run(asked, each, vantages.get(each.id), meter) for each in asked.plan.vantages]
    tasks = [asyncio.create_task(each.run(), name=f"sweep {each.place.id}") for each in runs]
    try:
        while pending := [task for task in tasks if not task.done()]:
            await asyncio.wait(
                pending,
                timeout=asked.patience.tick_seconds,
                return_when=asyncio.FIRST_EXCEPTION,
            )
            for run in runs:
                run.tick()
            if tell is not None:
                tell(meter.progress(asyncio.get_running_loop().time()))
            if any(task.done() and (task.cancelled() or task.exception()) for task in tasks):
                break
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for found in ended:
        if isinstance(found, BaseException) and not isinstance(found, asyncio.CancelledError):
            raise found
    ran = Ran(tuple(found for found in ended if isinstance(found, Placed)))
    keep_losses(asked.plan.folder, ran.lost)
    return ran


class _Run:
    """One vantage point's part of a sweep."""

    def __init__(
        self, asked: Asked, place: VantagePlan, vantage: Vantage | None, meter: Meter
    ) -> None:
        self.asked, self.place, self.vantage, self.meter = asked, place, vantage, meter
        self.folder = asked.plan.folder
        self.looking: asyncio.Task[None] | None = None
        self.silent = 0  # ticks without a word
        self.broken_off = False
        self.writing = False  # it is the disk that is waited for, and nobody's silence
        self.heard = False  # anything in this try
        self.tries = 0
        self.in_vain = 0  # tries in a row that proved nothing
        self.final: dict[str, str] = {}  # looks that only a person can mend, and their word
        self.slowed: dict[str, None] = {}
        writers = len(asked.plan.vantages) / WRITERS_MIN
        self.kept_seconds = min(max(KEPT_SECONDS, writers * KEPT_SECONDS), KEPT_SECONDS_MAX)
        self.skew: Skew | None = None

    def tick(self) -> None:
        """Once a second: break off a look that has fallen silent.

        Ticks are counted and not seconds, because a machine that slept has not listened either.
        """
        patience = self.asked.patience
        self.silent = 0 if self.writing else self.silent + 1
        most = patience.silent_ticks if self.heard else patience.first_ticks
        if self.silent > most and self.looking is not None:
            self.broken_off = True
            self.looking.cancel()

    async def run(self) -> Placed:
        """Look until everything is proved, or until the vantage point is given up."""
        keeper = await asyncio.to_thread(Keeper, self.folder, self.place.id)
        before = len(keeper.kept.proved)
        self.meter.begin(self.place.id, before, self._now())
        lost = ""
        try:
            lost = await self._to_the_end(keeper)
        except BaseException:
            # Cancelled, or the disk is full: keep what can be kept, and raise what was first.
            with contextlib.suppress(EnvironmentFailed):
                keeper.close(self._now())
            raise
        await asyncio.to_thread(keeper.close, self._now())
        proved = len(keeper.kept.proved)
        self.meter.state(self.place.id, State.LOST if lost else State.DONE, lost)
        warnings = [*keeper.kept.warnings]
        if self.final:
            words = sorted(set(self.final.values()))
            warnings.append(f"{len(self.final)} looks cannot be made as they are: {words}")
        return Placed(
            id=self.place.id,
            looks=self.place.looks,
            proved=proved,
            proved_before=before,
            lost=lost,
            tries=self.tries,
            slowed=tuple(self.slowed),
            skew=self.skew,
            warnings=tuple(warnings),
        )

    async def _to_the_end(self, keeper: Keeper) -> str:
        """Rounds until nothing is left; what made it give up, or nothing."""
        if self.vantage is None:
            return "nobody said how it is reached"
        for number in range(ROUNDS_MAX):
            if len(keeper.kept.proved) + len(self.final) >= self.place.looks:
                return ""
            if number:
                await self.asked.patience.sleep(self.asked.patience.pause_seconds)
            self.in_vain = 0
            try:
                await self._with_patience(self.vantage, keeper)
            except VantageLost as lost:
                return lost.reason
        return ""

    async def _with_patience(self, vantage: Vantage, keeper: Keeper) -> None:
        """One round. Raises VantageLost when trying again is useless, or was."""
        patience = self.asked.patience

        def passes(error: BaseException) -> bool:
            return isinstance(error, VantageLost) and not error.for_good

        def tell(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome is not None else None
            self.meter.state(self.place.id, State.AGAIN, str(error))

        retrying = AsyncRetrying(
            sleep=patience.sleep,
            stop=lambda _state: self.in_vain >= patience.tries,
            wait=wait_exponential_jitter(
                multiplier=patience.pause_seconds,
                max=patience.pause_seconds_max,
                jitter=patience.pause_seconds / 2,
            ),
            retry=retry_if_exception(passes),
            before_sleep=tell,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                before = len(keeper.kept.proved)
                self.tries += 1
                try:
                    await self._watched(vantage, keeper)
                finally:
                    went_on = len(keeper.kept.proved) > before
                    self.in_vain = 0 if went_on else self.in_vain + 1

    async def _watched(self, vantage: Vantage, keeper: Keeper) -> None:
        """One try, broken off from `tick` when it has fallen silent."""
        self.silent, self.heard, self.broken_off = 0, False, False
        self.meter.begin(self.place.id, len(keeper.kept.proved), self._now())
        self.looking = asyncio.create_task(self._look(vantage, keeper))
        try:
            await self.looking
        except asyncio.CancelledError as cancelled:
            if not self.broken_off:
                raise
            seconds = self.silent * self.asked.patience.tick_seconds
            raise VantageLost(f"nothing was heard of it for {seconds:.0f} s") from cancelled
        finally:
            self.looking = None

    async def _look(self, vantage: Vantage, keeper: Keeper) -> None:
        """One try: everything that is left, and every result as it comes."""
        batch = Batch(keeper.kept.proved, self.final)
        sent = self.asked.now()
        lines = batch.lines(left_to_look(self.folder, self.place.id, set()))
        taken: list[bytes] = []
        kept_at = self._now()
        try:
            async with aclosing(vantage.look(self.asked.header(self.place), lines)) as answers:
                async for line in answers:
                    self.silent, self.heard = 0, True
                    found = batch.take(line)
                    if found is None:
                        self._end_or_beat(line, batch, sent)
                    elif found:
                        taken.append(line)
                    due = len(taken) >= TAKEN_MAX or self._now() - kept_at >= self.kept_seconds
                    if taken and (due or found is None):
                        await self._keep(keeper, batch, taken)
                        kept_at = self._now()
        finally:
            keeper.take(taken, self._now())
        if batch.ends == 0:
            raise VantageLost("its answer has no end")

    async def _keep(self, keeper: Keeper, batch: Batch, taken: list[bytes]) -> None:
        """Hand over to the disk, beside the loop: a disk may take its time."""
        lines, now = tuple(taken), self._now()
        taken.clear()
        self.meter.more(self.place.id, batch.newly, now)
        batch.newly = 0

        def write() -> None:
            keeper.take(lines, now)
            keeper.sync(now)

        writing = asyncio.create_task(asyncio.to_thread(write))
        self.writing = True
        try:
            await asyncio.shield(writing)
        finally:
            self.writing = False
            # Cancelled or not: a thread that writes is not left behind, another would write, too.
            if not writing.done():
                await asyncio.wait({writing})

    def _end_or_beat(self, line: bytes, batch: Batch, sent: float) -> None:
        """A line that is no result. Raises VantageLost for one that is no agent's of ours."""
        try:
            said = json.loads(line)
            if not isinstance(said, dict):
                raise TypeError
            if "beat" in said:
                return
            if said.get("word") == wire.BAD_LOOK:  # of a line that was none, so it has no id
                batch.since_end += 1
                return
            if "refused" in said:
                raise VantageLost(f"its agent refuses: {said['refused']}", for_good=True)
            end = cast("wire.End", said)
            digest, count, clock = str(end["digest"]), int(end["n"]), float(end["clock"])
            seconds = float(end["seconds"])
        except (ValueError, TypeError, KeyError) as error:
            text = line[:60].decode("utf-8", "replace").strip()
            raise VantageLost(f"what it said is no agent's: {text!r}") from error
        if digest != self.asked.digest:
            said_of = f"{digest[:12]}, not {self.asked.digest[:12]}"
            raise VantageLost(f"another agent runs there: {said_of}", for_good=True)
        if count != batch.since_end:
            raise VantageLost(f"its answer was cut: {batch.since_end} of {count} results")
        batch.ends, batch.since_end = batch.ends + 1, 0
        for target in end.get("slowed", []):
            self.slowed[str(target)] = None
        end["clock"], end["seconds"] = clock, seconds
        self.skew = clock_skew(self.place.id, sent, end, self.asked.now())
        keep_skew(self.folder, self.skew)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
