"""The other end of the pipe: starts the kernel's process, asks it, and ends it.

Called by whoever plans or forecasts, in any process; it never loads the compiler itself. A question
has a limit of time, after which the process is killed and the answer is an error: no plan and no
run ever waits for a figure for ever.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from threading import Timer
from types import TracebackType
from typing import Final, Self

import numpy as np

from migrator.schedule.live import NOTHING_YET, Live
from migrator.schedule.messages import Message, Words, named, read, write
from migrator.schedule.problem import Floats, Ints, Problem
from migrator.schedule.searching_asks import ask

ANSWER_SECONDS_MAX: Final = 120.0
"""Forty times the goal for 1,000 subsystems; the first question after an update also compiles."""


class KernelFailed(RuntimeError):
    """The process gave no answer, or said that the question makes no sense."""


class Kernel:
    """A kernel's process, started with the first question and ended with the context."""

    def __init__(self, *, threads: int = 1, seconds_max: float = ANSWER_SECONDS_MAX) -> None:
        """`threads` share each large question; `seconds_max` is for one answer."""
        self._threads = threads
        self._seconds_max = seconds_max
        self._process: subprocess.Popen[bytes] | None = None
        self.compiled = False  # True once an answer came from compiled code

    @property
    def can_search(self) -> bool:
        """Tell whether there is a compiler: without one nobody should wait for a search here."""
        return find_spec("numba") is not None

    @property
    def process_id(self) -> int | None:
        """The process that answers; None before the first question and after the end."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process: its stdin closes, and it goes."""
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # it is gone already
            process.stdin.close()
        try:
            process.wait(5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def weekends(
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        *,
        first: int = 0,
        keep: int = 0,
        live: Live = NOTHING_YET,
    ) -> tuple[Floats, Floats, Floats]:
        """Figures by weekend, and gates and times of the first `keep` (run.Weekends).

        `live` is what has really happened so far; without it nothing has.
        """
        words: Words = {
            "ask": "weekends",
            "seed": seed,
            "count": count,
            "first": first,
            "keep": keep,
        }
        found = self._ask(p, order, wave_at, words, named(live))
        return found["figures"], found["gates"], found["times"]

    def turn_backs(
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        times: Floats,
        delay: float,
        *,
        first: int = 0,
        live: Live = NOTHING_YET,
    ) -> Floats:
        """By sampled weekend and by time: when all would be back if somebody said so then."""
        words: Words = {
            "ask": "turn-backs",
            "seed": seed,
            "count": count,
            "first": first,
            "delay": float(delay),
        }
        arrays = {"times_asked": times, **named(live)}
        return self._ask(p, order, wave_at, words, arrays)["back"]

    def chains(
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        seed: int,
        count: int,
        *,
        first: int = 0,
        live: Live = NOTHING_YET,
    ) -> tuple[Floats, Floats]:
        """By move, in how many weekends it is on the longest realised chain; by wave, in how many
        it is taken back at least once.
        """
        words: Words = {"ask": "chains", "seed": seed, "count": count, "first": first}
        found = self._ask(p, order, wave_at, words, named(live))
        return found["on"], found["backs"]

    def slack(self, p: Problem, order: Ints, wave_at: Ints, *, live: Live = NOTHING_YET) -> Floats:
        """By move: minutes that it may take longer before the plan of P50s ends later."""
        words: Words = {"ask": "slack", "seed": 0, "count": 0}
        return self._ask(p, order, wave_at, words, named(live))["slack"]

    def search(
        self,
        p: Problem,
        words: Words,
        arrays: dict[str, Floats | Ints],
        going: Callable[[int, float], bool],
    ) -> Message:
        """The answer to one of the search's asks (searching.py says which, and what they want).

        `going` is told how much is done and the best cost so far; when it says no, or a person
        presses Ctrl-C, the search ends with its best so far and the answer's word `ended`.
        """
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        question = Message(words, {**p._asdict(), **arrays})
        try:
            # After an update the first piece of work also compiles, on a busy machine for minutes.
            found = ask(process.stdin, process.stdout, question, going, 5 * self._seconds_max)
        except (BrokenPipeError, TimeoutError):
            found = None
        except KeyboardInterrupt:
            process.kill()
            self.close()
            raise
        if found is None:
            process.kill()
            self.close()
            raise KernelFailed("the process that searches for a plan ended in mid-search")
        if "fault" in found.words:
            raise KernelFailed(str(found.words["fault"]))
        self.compiled = found.words["compiled"] is True
        return found

    def _ask(
        self,
        p: Problem,
        order: Ints,
        wave_at: Ints,
        words: Words,
        arrays: dict[str, Floats],
    ) -> dict[str, Floats]:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        question = {**p._asdict(), "order": order, "wave_at": wave_at, **arrays}
        timer = Timer(self._seconds_max, process.kill)
        timer.start()
        try:
            write(process.stdin, Message({**words, "threads": self._threads}, question))
            found = read(process.stdout)
        except (BrokenPipeError, TypeError, ValueError) as gone:
            self.close()
            raise KernelFailed("the process that simulates weekends ended in mid-answer") from gone
        finally:
            timer.cancel()
        if found is None:
            self.close()
            raise KernelFailed(
                f"the process that simulates weekends gave no answer in {self._seconds_max:g} s"
            )
        if "fault" in found.words:
            raise KernelFailed(str(found.words["fault"]))
        self.compiled = found.words["compiled"] is True
        return {name: each.astype(np.float64, copy=False) for name, each in found.arrays.items()}

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "migrator.schedule.serve"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        return self._process
