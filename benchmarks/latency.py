"""How long people wait: a tick to the next act, a failure to a hold, a no to its unwind set.

A tick: another process puts it on the desk, and the next act of that subsystem is committed; on
SQLite and PostgreSQL, many ticks one after the other, at every moment between two looks at the
desk. A failure: an act fails for good, and the hold that everybody sees is committed. A no: another
process says that something does not work; the hold and the beginning of the unwind of the minimal
set are committed, with everything moved: the 77 subsystems of the sample estate, and thirteen
copies of it in one run. A commit counts when the conductor has told of it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from _copies import Facts, many, repeated
from _runs import (
    ACTS,
    RUN,
    Idle,
    a_folder,
    a_server,
    an_estate,
    begun,
    command,
    lead,
    one_wave,
    percentile,
    report,
    sync_ms,
)

from migrator.conductor.loop import refold
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.ports import ActResult, Entry, Line, OperatorCommand
from migrator.engine.run import Run, new_run
from migrator.engine.states import CheckState
from migrator.errors import PermanentError
from migrator.plan.model import Act, Itinerary, Reaction, StepKind, Trouble
from migrator.store.sql import open_store
from migrator.wiring import rehearsal

TICKS: Final = 40
FAILURES: Final = 12
PAUSE_SECONDS: Final = 0.033
"""Between two ticks: no multiple of the desk's 20 ms, so that every phase of its look is met."""

NOES: Final = ((1, 100.0), (13, 1000.0))
"""Copies of the estate of 77 subsystems in one run, and how long a no may take (ms)."""


@dataclass(slots=True)
class Terminal:
    """The other process."""

    where: str | Path
    process: subprocess.Popen[str] = field(init=False)

    def __post_init__(self) -> None:
        """Start it; it opens the store at its first command."""
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("_submitter.py")), str(self.where), RUN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def submit(self, given: OperatorCommand) -> float:
        """Put a command on the desk; the moment before."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asdict(given)) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self) -> None:
        """Let it end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


class Hanging(Idle):
    """A platform whose soaks never end, so that a wave stands where it stands."""

    async def perform(self, intent: ev.StepStarted | ev.UndoStarted) -> ActResult:
        """Do nothing at once; only a soak goes on."""
        if isinstance(intent, ev.StepStarted) and intent.step == StepKind.SOAK.value:
            await asyncio.Event().wait()  # for ever
        return await Idle.perform(self, intent)


class Failing(Idle):
    """A platform on which the starts of some subsystems fail; it notes when."""

    def __init__(self, doomed: Sequence[str]) -> None:
        """Fail these."""
        self.doomed = frozenset(doomed)
        self.failed: dict[str, float] = {}

    async def perform(self, intent: ev.StepStarted | ev.UndoStarted) -> ActResult:
        """Fail the starts of the doomed, one after the other; all else is done at once."""
        starts = isinstance(intent, ev.StepStarted) and intent.step == StepKind.START.value
        if starts and intent.move in self.doomed:
            self.failed[f"{intent.move}/{StepKind.START.value}"] = time.perf_counter()
            raise PermanentError("benchmark", "it fails", hint="")
        return await Idle.perform(self, intent)


def main() -> None:
    """Measure, and print one line per figure."""
    estate = an_estate()
    with a_folder() as folder, a_server() as server:
        ticks("SQLite", folder / "ticks", estate, folder)
        if server is not None:
            ticks("PostgreSQL", server.database(), estate, folder)
        failures(folder / "failures", estate)
        for copies, goal in NOES:
            a_no(folder / f"no-{copies}", estate, copies, goal)


# --- a tick -------------------------------------------------------------------------------------


def ticks(what: str, where: str | Path, estate: Itinerary, folder: Path) -> None:
    """Tick many checks of a wave, one after the other, from another process."""
    itinerary = one_wave(estate, acts=(*ACTS, StepKind.SOAK), checked=True)
    started: dict[str, float] = {}
    asked, ready = threading.Event(), threading.Semaphore(0)

    def listen(run: Run, lines: Sequence[Line]) -> None:
        now = time.perf_counter()
        for line in lines:
            event = line.event
            if isinstance(event, ev.StepStarted) and event.step == StepKind.SOAK.value:
                started[event.move] = now
                ready.release()
        if len(run.checks) == len(itinerary.checks):  # every one of them is open
            asked.set()

    with open_store(where, practice=True) as store:
        journal = store.create_run(
            RUN, itinerary, seed=1, mode="scaled", target="nowhere", plan_digest=""
        )
        run = begun(journal, itinerary)
        terminal, given = Terminal(where), dict[str, float]()

        def tick() -> None:
            asked.wait()
            actor = next(iter(itinerary.members))
            for check in itinerary.checks[: TICKS + 1]:
                time.sleep(PAUSE_SECONDS)
                verdict = (("verdict", "works"),)
                given[check.core[0]] = terminal.submit(command("tick", check.id, actor, verdict))
                ready.acquire()

        thread = threading.Thread(target=tick)
        thread.start()
        lead(journal, run, Hanging(), listen, until=lambda _run, _lines: len(started) > TICKS)
        thread.join()
        terminal.end()
    # The first tick opens the store of the other process; a handler's terminal is open already.
    taken = [(started[move] - when) * 1000 for move, when in given.items()][1:]
    synced = sync_ms(folder)
    disk = {f"append + fdatasync, p{at}": percentile(synced, at) for at in (50, 99)}
    for at in (50, 99):
        value = percentile(taken, at)
        report(f"a tick to the next act, {what}, p{at}", value, "ms", 50.0, disk)


# --- a failure ----------------------------------------------------------------------------------


def failures(where: Path, estate: Itinerary) -> None:
    """Let the starts of some subsystems fail for good while all the others go on."""
    on = {Trouble.STEP_FAILED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, retries=0)}
    itinerary = one_wave(estate, seats=8, on=on)
    platform = Failing(itinerary.waves[0].moves[20 : 20 + FAILURES])
    held: dict[str, float] = {}

    def listen(_run: Run, lines: Sequence[Line]) -> None:
        now = time.perf_counter()
        for line in lines:
            if isinstance(line.event, ev.WaveHeld):
                held.setdefault(line.event.subject, now)

    with open_store(where, practice=True) as store:
        journal = store.create_run(
            RUN, itinerary, seed=1, mode="scaled", target="nowhere", plan_digest=""
        )
        run = begun(journal, itinerary)
        lead(journal, run, platform, listen, until=lambda run, _: quiet(run))
    taken = [(when - platform.failed[subject]) * 1000 for subject, when in held.items()]
    value = round(max(taken), 3)
    report("a step's failure to a visible hold", value, "ms", 1000.0, {"failures": len(taken)})


def quiet(run: Run) -> bool:
    """Tell whether a held wave has come to rest."""
    return bool(run.waves["w1"].holds) and not run.in_flight


# --- a no ---------------------------------------------------------------------------------------


def a_no(where: Path, estate: Itinerary, copies: int, goal: float) -> None:
    """Say no to the last wave's last check, with every wave of every copy moved."""
    unwinds = {Trouble.REFUSED: Reaction(Act.UNWIND, scope="move")}
    policy = replace(estate.policy, on={**estate.policy.on, **unwinds})
    itinerary = many(replace(estate, policy=policy), copies)
    facts = moved(estate, copies)
    begun_at: dict[str, float] = {}
    sets: list[int] = []

    def listen(_run: Run, lines: Sequence[Line]) -> None:
        now = time.perf_counter()
        for line in lines:
            if isinstance(line.event, ev.WaveHeld):
                begun_at.setdefault("held", now)
            if isinstance(line.event, ev.UnwindBegun):
                begun_at.setdefault("unwinds", now)
                sets.append(len(line.event.moves))

    with open_store(where, practice=True) as store:
        journal = store.create_run(
            RUN, itinerary, seed=1, mode="scaled", target="nowhere", plan_digest=""
        )
        journal.append([Entry(at, "engine", event) for at, event in facts])
        run = refold(journal)
        terminal, given = Terminal(where), list[float]()

        def say_no() -> None:
            time.sleep(1.0)  # until the conductor has settled what it found and is at rest
            check = run.checks[waiting(run)[-1]]
            verdict = (("verdict", "does_not_work"),)
            given.append(terminal.submit(command("tick", check.id, check.person, verdict)))

        thread = threading.Thread(target=say_no)
        thread.start()
        lead(journal, run, Hanging(), listen, until=lambda _run, _lines: "unwinds" in begun_at)
        thread.join()
        terminal.end()
    value = round((begun_at["unwinds"] - given[0]) * 1000, 1)
    count = len(itinerary.legs)
    others = {
        "to the hold, ms": round((begun_at["held"] - given[0]) * 1000, 1),
        "subsystems in the set": sum(sets),
        "lines in the journal": len(facts),
    }
    figure = f"a handler's no to the minimal unwind set, {count:,} subsystems"
    report(figure, value, "ms", goal, others)


def moved(estate: Itinerary, copies: int) -> Facts:
    """Rehearsed weekends; the last is cut off where all is moved and a handler is asked."""
    played = rehearsal(estate, seed=1, accidents=False, name=RUN)
    facts = [(line.at, line.event) for line in played.lines]
    whole = repeated(facts, copies)
    run = new_run(estate)
    for count, (at, event) in enumerate(facts, 1):
        apply(run, at, event)
        if all(move.switched for move in run.moves.values()) and waiting(run):
            return whole[: 1 + (copies - 1) * (len(facts) - 2) + count - 1]
    raise SystemExit("the rehearsed weekend never waits with everything moved")


def waiting(run: Run) -> list[str]:
    """The checks that somebody has and has not answered, the last one last."""
    return [
        check.id
        for check in run.checks.values()
        if check.state is CheckState.ASSIGNED and check.person not in check.ticks
    ]


if __name__ == "__main__":
    main()
