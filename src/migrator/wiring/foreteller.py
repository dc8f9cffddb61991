"""`python -m migrator.wiring.foreteller`: a run's forecasts, reckoned in a process of their own.

Started by `forecast_process.py` beside a conductor, which never loads the kernel. The first line on
stdin says what the run was begun with; then come the lines of its journal, which are folded here
by the same code, and questions. Each line in is one JSON document, each answer one line on stdout.
What is wrong is an answer, too; what broke ends the process, and the next question starts another.

Forecasts are kept in a folder of their own, by digest: what the journal names stays, and of the
others the newest few. One that says nothing new is brief: it is there for a clock.
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, TypedDict

from migrator.engine.events import ForecastMade, Value, event_from_data, event_to_data
from migrator.engine.fold import apply
from migrator.engine.foresight import why_kept
from migrator.engine.run import Run, new_run
from migrator.errors import EnvironmentFailed, MigratorError
from migrator.forecast.model import Forecast
from migrator.forecast.text import digest_of, to_json
from migrator.inventory.model import Inventory
from migrator.inventory.reader import read_inventory
from migrator.links.table import Pair
from migrator.plan.model import (
    Itinerary,
    Plan,
    PlannedGate,
    PlannedMove,
    PlannedWave,
)
from migrator.plan.read_back import read_back
from migrator.plan.text import read_plan

KEPT_UNNAMED_MAX: Final = 3
"""Forecasts that no line names: somebody may be reading the newest one."""

COMPILES_SECONDS_MAX: Final = 240.0
"""For the first answer after an update, on a machine that has other things to do. Whoever asks
gives up earlier where nothing is compiled any more."""

THREADS: Final = 2
"""Of the kernel. It is as nice as this process, so the conductor still comes first."""

NICER: Final = 5
"""The conductor and its acts come first on a machine that has two cores."""


class Beginning(TypedDict):
    """The first line: files to read, the pinned itinerary as text, where to keep forecasts."""

    plan: str
    inventory: str
    itinerary: str
    keep: str  # a folder; empty: nothing is kept
    seed: int


class Told(TypedDict, total=False):
    """Every other line: one of the journal, or a question (`ask` is its number)."""

    seq: int
    at: str
    kind: str
    data: dict[str, Value]
    ask: int
    now: str


class Reckon(Protocol):
    """Whoever makes the forecast: `wiring/forecasting.py`, and in tests somebody quicker."""

    def __call__(
        self,
        run: Run,
        plan: Plan,
        inventory: Inventory,
        pairs: Sequence[Pair],
        *,
        now: datetime,
        brief: bool,
    ) -> Forecast:
        """The forecast of a run at run time `now`. Raises MigratorError where there is none.

        A brief one says nothing of single moves and hours.
        """


class Foreteller:
    """One run, folded as its lines come, and its forecasts."""

    def __init__(self, begun: Beginning, reckon: Reckon) -> None:
        """Read what the run was begun with. InputError where it does not fit."""
        itinerary = read_back(Itinerary, begun["itinerary"])
        self.run = new_run(itinerary)
        self._plan = read_plan(Path(begun["plan"]))
        self._inventory = read_inventory(Path(begun["inventory"]))
        self._reckon = reckon
        self._keep = Path(begun["keep"]) if begun["keep"] else None
        self._named: set[str] = set()
        self._newest: deque[str] = deque(maxlen=KEPT_UNNAMED_MAX)

    def hear(self, told: Told) -> None:
        """Fold one line of the journal."""
        event = event_from_data(told["kind"], told["data"])
        apply(self.run, datetime.fromisoformat(told["at"]), event)
        if isinstance(event, ForecastMade):
            self._named.add(event.digest)

    def answer(self, now: datetime) -> ForecastMade:
        """The forecast of what has been heard so far."""
        run = self.run
        plan = followed(self._plan, run)
        pairs = pairs_of(run.itinerary)
        made = self._reckon(run, plan, self._inventory, pairs, now=now, brief=True)
        said = summary(made, "", run.seq, now)
        if why_kept(run, said):
            # The journal will name it, and whoever reads that wants all of it.
            made = self._reckon(run, plan, self._inventory, pairs, now=now, brief=False)
        text = to_json(made)
        self._put(text, digest_of(text))
        return summary(made, digest_of(text), run.seq, now)

    def _put(self, text: str, digest: str) -> None:
        if self._keep is None:
            return
        self._keep.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = self._keep / f"{digest}.half"
        half.write_text(text, encoding="utf-8")
        half.replace(self._keep / f"{digest}.json")
        self._newest.append(digest)
        for path in self._keep.glob("*.json"):
            if path.stem not in self._named and path.stem not in self._newest:
                path.unlink(missing_ok=True)


def summary(made: Forecast, digest: str, knows: int, now: datetime) -> ForecastMade:
    """What the journal keeps of a forecast, to the second."""
    back = made.turn_back
    return ForecastMade(
        knows=knows,
        made=now,
        weekends=made.weekends,
        compiled=made.compiled,
        fits=made.fits,
        forward_first=made.forward_first,
        end_p50=_second(made.end.p50),
        end_p80=_second(made.end.p80),
        end_p95=_second(made.end.p95),
        latest=_second(back.latest),
        data_limit=_second(back.data_limit),
        data_limit_of=back.data_limit_of or "",
        limit=_second(back.limit),
        unsafe=tuple(
            f"{span.begin.isoformat(timespec='seconds')}/"
            f"{span.end.isoformat(timespec='seconds') if span.end is not None else ''}"
            for span in back.unsafe
        ),
        digest=digest,
    )


def _second(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(microsecond=0)


def pairs_of(itinerary: Itinerary) -> tuple[Pair, ...]:
    """The links of an itinerary, summed by pair, as the planner reads them."""
    return tuple(
        Pair(
            source=pair.source,
            target=pair.target,
            links=pair.links,
            weight=pair.weight,
            calls_per_day=pair.calls_per_day or 0,
            by_latency={pair.latency: pair.links},
            examples=pair.examples,
        )
        for pair in itinerary.pairs
    )


def followed(plan: Plan, run: Run) -> Plan:
    """The plan as the run follows it now: another one once it was planned anew."""
    itinerary = run.itinerary
    if itinerary is run.pinned:
        return plan
    pinned = {move.subsystem for wave in plan.waves for move in wave.moves if move.pinned}
    return replace(
        plan,
        waves=tuple(
            PlannedWave(
                id=wave.id,
                name=wave.name,
                pilot=wave.pilot,
                gate=PlannedGate(wave.gate_at, wave.deciders),
                lead=wave.lead,
                moves=tuple(
                    PlannedMove(
                        subsystem=leg.id,
                        recipe=leg.recipe,
                        team=leg.team,
                        start=leg.planned_start,
                        switch=leg.planned_switch,
                        end=leg.planned_end,
                        pinned=leg.id in pinned,
                    )
                    for leg in (itinerary.legs[move] for move in wave.moves)
                ),
            )
            for wave in itinerary.waves
        ),
        stays=itinerary.stays,
    )


# --- the process ----------------------------------------------------------------------------------


def answers(lines: Iterable[str], reckon: Reckon) -> Iterator[str]:
    """An answer to each question among the lines; the first of them says what it is about."""
    teller: Foreteller | None = None
    wrong: MigratorError | None = None
    for text in lines:
        if teller is None and wrong is None:
            try:
                teller = Foreteller(json.loads(text), reckon)
            except MigratorError as error:
                wrong = error  # told to whoever asks: nobody hears it before
            continue
        told: Told = json.loads(text)
        if "ask" not in told:
            if teller is not None:
                teller.hear(told)
            continue
        try:
            if teller is None:
                assert wrong is not None, "one of them is there"
                raise wrong
            made = teller.answer(datetime.fromisoformat(told["now"]))
            yield json.dumps({"ask": told["ask"], "forecast": event_to_data(made)})
        except MigratorError as error:
            parts = {"reference": error.reference, "message": error.message, "hint": error.hint}
            yield json.dumps({"ask": told["ask"], "error": parts})


@contextmanager
def _kernels() -> Iterator[Reckon]:
    """Whoever reckons with the compiled kernel, as long as its process is there."""
    from migrator.schedule.process import Kernel, KernelFailed
    from migrator.wiring.forecasting import RunForecaster

    with Kernel(threads=THREADS, seconds_max=COMPILES_SECONDS_MAX) as kernel:
        tells = RunForecaster(kernel)

        def reckon(
            run: Run,
            plan: Plan,
            inventory: Inventory,
            pairs: Sequence[Pair],
            *,
            now: datetime,
            brief: bool,
        ) -> Forecast:
            tells.weekends, tells.brief = plan.policy.forecast.weekends, brief
            try:
                return tells(run, plan, inventory, pairs, now=now)
            except KernelFailed as failed:
                raise EnvironmentFailed(
                    "forecast-no-answer",
                    str(failed),
                    hint="the run goes on without it, and it is asked again",
                ) from failed

        yield reckon


def main() -> int:
    """Answer until nobody asks any more."""
    os.nice(NICER)
    with _kernels() as reckon:
        for answer in answers(sys.stdin, reckon):
            sys.stdout.write(answer + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
