"""A run under fire: lives that are started, ended in every way, and started again until the end.

`Nursery` starts processes (`ledger_process.py`); `Life` is one of them, heard through a pipe;
`UnderFire` is a run with its store, its people and the ledger outside, which says at the end what
was broken and where it ended. Shared by the tests here and by `soak_kills.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from interruptions import ledger_process
from interruptions.desk_people import DeskPeople
from interruptions.ledger import Effect, OutsideLedger
from interruptions.scenarios import SCENARIOS, plan
from interruptions.verdict import broken_promises, end_state
from migrator.conductor.loop import refold
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.store.sql import open_store
from migrator.wiring import begin

ROOT: Final = Path(__file__).parent.parent.parent
LIFE_SECONDS_MAX: Final = 60.0
"""A life that says nothing for so long hangs; an undisturbed run takes two seconds."""

LIVES_MAX: Final = 400
"""For one run; a run that needs more makes no progress."""


class Nursery:
    """The process that starts lives, each by copying itself. Use it in a `with`."""

    def __enter__(self) -> Self:
        """Start it."""
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, ledger_process.__file__, str(theirs.fileno())],
            pass_fds=(theirs.fileno(),),
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"},
        )
        theirs.close()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it; every life has ended before."""
        self._orders.close()
        self._process.wait()

    def start(self, life: ledger_process.Life) -> Life:
        """Start a life."""
        hear, say = os.pipe()
        socket.send_fds(self._orders, [ledger_process.order(life)], [say])
        os.close(say)
        return Life(self, json.loads(self._orders.recv(64)), hear)

    def ended(self, pid: int) -> int:
        """Wait for the end of a life: its exit code, or the signal that ended it, as minus."""
        self._orders.send(json.dumps({"ended": pid}).encode())
        code: int = json.loads(self._orders.recv(64))
        return code


@dataclass(slots=True)
class Life:
    """A process that leads the run. `heard` are its words: leads, effect ..., ended, error X."""

    nursery: Nursery
    pid: int
    pipe: int
    heard: list[str] = field(default_factory=list)
    rest: bytes = b""
    code: int | None = None

    def until(self, enough: Callable[[list[str]], bool], seconds: float) -> bool:
        """Listen until enough was heard; False when it fell silent for good, or time is up."""
        end = time.monotonic() + seconds
        while not enough(self.heard):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.pipe], [], [], left)[0]:
                return False
            said = os.read(self.pipe, 65536)
            if not said:
                return False
            *whole, self.rest = (self.rest + said).split(b"\n")
            self.heard += [word.decode() for word in whole]
        return True

    def effects(self, number: int) -> bool:
        """Wait until it has had so many effects; False when it ended before."""
        had = self.until(lambda heard: heard.count("effect") >= number, LIFE_SECONDS_MAX)
        if not had and not self._silent():
            self.send(signal.SIGUSR1)  # it says on stderr where it hangs
        return had

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def end(self) -> int:
        """Listen to its last word and bury it; the answer is its exit code."""
        if self.code is None:
            hung = self.until(lambda _: False, LIFE_SECONDS_MAX) or not self._silent()
            if hung:
                self.send(signal.SIGKILL)
            self.code = self.nursery.ended(self.pid)
            os.close(self.pipe)
            assert not hung, f"it hung; its last words were {self.heard[-3:]}"
            bugs = [word for word in self.heard if word.startswith("bug")]
            assert not bugs, bugs
        return self.code

    def kill(self) -> bool:
        """End it with kill -9; False when it had ended by itself."""
        self.send(signal.SIGKILL)  # it is not buried yet, so the number is still its own
        return self.end() == -signal.SIGKILL

    def _silent(self) -> bool:
        return bool(select.select([self.pipe], [], [], 0)[0]) and not os.read(self.pipe, 1)


@dataclass(frozen=True, slots=True)
class End:
    """Where a run ended, and what it took."""

    state: dict[str, object]
    broken: list[str]
    effects: tuple[Effect, ...]
    lines: tuple[Line, ...]
    words: int

    @property
    def refused(self) -> int:
        """Second tries that a target refused by their token."""
        return sum(effect.refused for effect in self.effects)

    def count(self, *kinds: type[ev.Event]) -> int:
        """How many facts of these kinds there are."""
        return sum(isinstance(line.event, kinds) for line in self.lines)


class UnderFire:
    """One run of a scenario in a store; the ledger is a file beside it. Use it in a `with`."""

    def __init__(self, nursery: Nursery, store: str, folder: Path, scenario: int) -> None:
        """Begin the run; nobody leads it yet."""
        self.nursery = nursery
        self.store = store
        self.scenario = scenario
        self.path = folder / "ledger.jsonl"
        self.ledger = OutsideLedger(self.path)
        self.people = DeskPeople(store, ledger_process.RUN, SCENARIOS[scenario])
        itinerary = plan()
        with open_store(store, practice=True) as opened:
            journal = opened.create_run(
                ledger_process.RUN,
                itinerary,
                seed=scenario,
                mode="scaled",
                target="the ledger",
                plan_digest=itinerary.plan_digest,
            )
            begin(
                journal, itinerary, ledger_process.RUN, itinerary.window.start,
                mode="scaled", seed=scenario, target="the ledger",
            )  # fmt: skip
            journal.release()

    def __enter__(self) -> Self:
        """Let the people come."""
        self.people.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Send the people home."""
        try:
            self.people.stop()
        finally:
            self.ledger.close()

    def life(self, **changes: object) -> Life:
        """Start a process that leads the run."""
        made = ledger_process.Life(self.store, str(self.path), self.scenario)
        return self.nursery.start(replace(made, **changes))  # type: ignore[arg-type]  # see Life

    def lives(self, **changes: object) -> Iterator[Life]:
        """One life after another, until one of them brings the run to its end."""
        for _ in range(LIVES_MAX):
            life = self.life(**changes)
            with contextlib.ExitStack() as stack:
                stack.callback(life.end)
                yield life
            if life.heard[-1:] == ["ended"]:
                return
        raise AssertionError(f"{LIVES_MAX} lives, and no end")

    def to_the_end(self) -> End:
        """Bring the run to its end without any further trouble, and judge it."""
        for life in self.lives():
            life.end()
        return self.judged()

    def judged(self) -> End:
        """What the world outside says about the whole of it."""
        self.people.stop()
        with open_store(self.store, practice=True, create=False) as opened:
            journal = opened.journal(ledger_process.RUN, lead=False)
            journal.verify()
            lines, run = tuple(journal.lines()), refold(journal)
        effects = self.ledger.effects()
        given = self.people.given
        broken = broken_promises(effects, lines, given, run.itinerary)
        return End(end_state(run, effects), broken, effects, lines, len(given))
