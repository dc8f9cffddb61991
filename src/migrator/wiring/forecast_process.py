"""A forecaster in a process of its own: what the conductor asks, and how it is told of the run.

Made by `live.py`, `practising.py` and `rehearsing.py` where a run is to be forecast. The process
folds the run's journal itself; it is sent what it does not know yet with each question. One that
broke, hung or was given up is ended, and the next question starts another from the first line.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, TypedDict

from migrator.engine.events import (
    ForecastMade,
    Value,
    event_from_data,
    event_to_data,
    time_to_text,
)
from migrator.engine.ports import Journal, Line
from migrator.engine.run import Run
from migrator.errors import EnvironmentFailed
from migrator.forecast.text import KEPT_IN
from migrator.plan.itinerary import itinerary_json
from migrator.store.pinned_files import lay_out
from migrator.store.sql import Store

FORECASTS: Final = KEPT_IN
"""The folder beside the store in which whole forecasts are kept, by run and digest."""

PLAN: Final = "plan/"
INVENTORY: Final = "inventory/"
LINKS: Final = ("inventory/links.csv", "inventory/links.parquet")
MANIFESTS: Final = "inventory/manifests/"

ANSWER_BYTES_MAX: Final = 1024 * 1024
"""An answer has a few hundred bytes, and as many again for each stretch that is too late."""


class _Error(TypedDict):
    reference: str
    message: str
    hint: str


class _Answer(TypedDict, total=False):
    ask: int
    forecast: dict[str, Value]
    error: _Error


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a forecast is made from, as files; `keep` is where whole forecasts go."""

    plan: Path
    inventory: Path
    keep: Path | None
    seed: int = 1


def command() -> tuple[str, ...]:
    """The process that reckons: this same program under this same interpreter."""
    return (sys.executable, "-m", "migrator.wiring.foreteller")


@dataclass(slots=True)
class ForecastProcess:
    """The forecaster of one run. `program` is the process; tests have one that is quicker."""

    inputs: Inputs
    journal: Journal
    program: Sequence[str] = field(default_factory=command)
    _process: asyncio.subprocess.Process | None = None
    _sent: int = 0
    _asked: int = 0

    async def ask(self, knows: int, now: datetime) -> ForecastMade:
        """The forecast after line `knows`. Raises EnvironmentFailed where there is none."""
        process = await self._started()
        self._asked += 1
        try:
            self._send(process, knows, now)
            answer = await self._heard(process)
        except BaseException:  # given up, too: what it says next answers nothing any more
            await self.close()
            raise
        if "error" in answer:
            wrong = answer["error"]
            raise EnvironmentFailed(wrong["reference"], wrong["message"], hint=wrong["hint"])
        made = event_from_data(ForecastMade.__name__, answer["forecast"])
        assert isinstance(made, ForecastMade), "it is read as what it was written as"
        return made

    async def close(self) -> None:
        """End the process, if there is one."""
        process, self._process, self._sent = self._process, None, 0
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self.close()
        self._process = process = await asyncio.create_subprocess_exec(
            *self.program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=ANSWER_BYTES_MAX,
            # A signal that a terminal gives to the run is the run's: it ends this one itself.
            start_new_session=True,
        )
        inputs = self.inputs
        _write(
            process,
            {
                "plan": str(inputs.plan),
                "inventory": str(inputs.inventory),
                "itinerary": itinerary_json(self.journal.itinerary()),
                "keep": "" if inputs.keep is None else str(inputs.keep),
                "seed": inputs.seed,
            },
        )
        return process

    def _send(self, process: asyncio.subprocess.Process, knows: int, now: datetime) -> None:
        """What it does not know yet, and the question. The pipe keeps what it has no time for."""
        for line in self.journal.lines(self._sent):
            if line.seq > knows:
                break
            _write(process, told(line))
            self._sent = line.seq
        _write(process, {"ask": self._asked, "now": time_to_text(now)})

    async def _heard(self, process: asyncio.subprocess.Process) -> _Answer:
        assert process.stdout is not None, "its stdout is a pipe"
        text = await process.stdout.readline()
        if not text:
            code = await process.wait()
            raise EnvironmentFailed(
                "forecast-no-answer",
                f"the process that forecasts this run ended with {code}",
                hint="the run goes on without it, and it is started again",
            )
        answer: _Answer = json.loads(text)
        assert answer["ask"] == self._asked, "one thing is asked at a time"
        return answer


def told(line: Line) -> dict[str, object]:
    """A line of the journal as the process is told of it."""
    return {
        "seq": line.seq,
        "at": time_to_text(line.at),
        "kind": type(line.event).__name__,
        "data": event_to_data(line.event),
    }


def _write(process: asyncio.subprocess.Process, words: object) -> None:
    assert process.stdin is not None, "its stdin is a pipe"
    process.stdin.write(json.dumps(words).encode() + b"\n")


@contextmanager
def forecaster_of(
    store: Store, journal: Journal, run: Run, *, wanted: bool
) -> Iterator[ForecastProcess | None]:
    """The forecaster of a kept run, from what was pinned when it began; None where nothing was.

    Whoever conducts the run ends its process; the files go with the context.
    """
    if not wanted:
        yield None
        return
    assert run.started is not None, "a run that is led has its first line"
    folder = (store.folder / FORECASTS / run.started.name).resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="inputs-", dir=folder) as work:
        inputs = laid_out(store, run.pinned.files, Path(work), folder)
        yield None if inputs is None else ForecastProcess(inputs, journal)


def laid_out(
    store: Store, files: Mapping[str, str], work: Path, keep: Path | None
) -> Inputs | None:
    """The pinned plan and inventory of a run as files below `work`; None where none were pinned.

    Without the links: their pairs stand in the itinerary.
    """
    wanted = {
        name: digest
        for name, digest in files.items()
        if name.startswith((PLAN, INVENTORY))
        and name not in LINKS
        and not name.startswith(MANIFESTS)
    }
    plans = [name for name in wanted if name.startswith(PLAN)]
    if len(plans) != 1 or len(wanted) == 1:
        return None
    folder = lay_out(store, wanted, work)
    return Inputs(folder / plans[0], folder / INVENTORY, keep)
