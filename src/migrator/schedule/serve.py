"""The kernel's own process: questions come in on stdin, answers go out on stdout, talk on stderr.

`python -m migrator.schedule.serve`, started by `process.py`; with `--warm` it compiles everything
and ends, as set-up does. It is a process of its own because the compiler takes a hundred megabytes
and half a second, which no conductor should have to carry. It opens no file and no socket.
"""

from __future__ import annotations

import signal
import sys
from typing import IO, Final

import numpy as np

from migrator.schedule import run, searching, searching_frames
from migrator.schedule.compiled import COMPILES, cache_folder
from migrator.schedule.live import FATE, NOTHING_YET, PERSON, Live
from migrator.schedule.messages import Message, Words, read, write
from migrator.schedule.paper import MOVED, RETURNED, WAITING
from migrator.schedule.problem import (
    BEFORE,
    BEFORE_END,
    PEOPLE,
    Function,
    Move,
    Problem,
    arrays,
    spread,
)
from migrator.schedule.searching_asks import STOP

COUNT_MAX: Final = 1_000_000
"""Weekends in one question; a thousand times what a P95 needs."""

SLOW: Final = (
    "numba is not installed, so weekends are played in plain Python, hundreds of times slower; "
    "install the extra 'kernel'"
)


def main(arguments: list[str]) -> int:
    """Answer until stdin ends."""
    if not COMPILES:
        _say(SLOW)
    elif not cache_folder().is_dir():
        _say("compiling the simulation of weekends, which takes a while once")
    if arguments == ["--warm"]:
        warm()
        return 0
    if arguments:
        _say(f"unknown arguments: {' '.join(arguments)}; there is only --warm")
        return 2
    # Ctrl-C is for whoever asks: a search is told to stop, and everything ends with its stdin.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)
    return 0


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer one question after the other; one that makes no sense gets a fault for an answer."""
    while (question := read(questions)) is not None:
        if question.words.get("ask") == STOP:
            continue  # the search that it was meant for had just ended
        try:
            if question.words.get("ask") in searching.SEARCHES:
                found = searching_frames.answer(questions, answers, question)
            else:
                found = answer(question)
        except (ValueError, KeyError, TypeError) as fault:
            write(answers, Message({"fault": str(fault)}, {}))
            continue
        words = {"compiled": COMPILES, **found.words}
        write(answers, Message(words, found.arrays))


def answer(question: Message) -> Message:
    """The arrays that a question asks for."""
    p = question.problem()
    chosen = run.Decision(
        order=question.arrays["order"].astype(np.int64),
        wave_at=question.arrays["wave_at"].astype(np.int64),
    )
    _check(p, chosen)
    live = question.live()
    _check_live(p, chosen, live)
    ask = question.word("ask", str)
    seed, count = question.word("seed", int), question.word("count", int)
    first, threads = question.word("first", int, 0), question.word("threads", int, 1)
    if not 0 <= count <= COUNT_MAX:
        raise ValueError(f"{count} weekends are too many for one question (at most {COUNT_MAX})")
    words: Words = {"ask": ask}
    if ask == "weekends":
        keep = min(count, question.word("keep", int, 0))
        found = run.weekends(
            p, chosen, seed, count, first=first, keep=keep, live=live, threads=threads
        )
        return Message(
            words, {"figures": found.figures, "gates": found.gates, "times": found.times}
        )
    if ask == "turn-backs":
        times = question.arrays["times_asked"].astype(np.float64)
        delay = question.word("delay", float)
        back = run.turn_backs(
            p, chosen, seed, count, times, delay, first=first, live=live, threads=threads
        )
        return Message(words, {"back": back})
    if ask == "chains":
        said = run.longest_chains(p, chosen, seed, count, first=first, live=live, threads=threads)
        return Message(words, {"on": said.on, "backs": said.backs})
    if ask == "slack":
        exact = max(0.01, question.word("exact", float, run.SLACK_MINUTES))
        return Message(words, {"slack": run.slack(p, chosen, exact=exact, live=live)})
    raise ValueError(f"nobody can answer '{ask}'")


def _check(p: Problem, chosen: run.Decision) -> None:
    """Refuse what would let compiled code write where it must not."""
    n = len(p.moves)
    if sorted(chosen.order.tolist()) != list(range(n)):
        raise ValueError(f"the order is no order of {n} moves")
    edges = chosen.wave_at.tolist()
    if edges[:1] != [0] or edges[-1:] != [n] or edges != sorted(set(edges)):
        raise ValueError("the waves do not cut the order into pieces")
    place = {int(i): at for at, i in enumerate(chosen.order)}
    for i, row in enumerate(p.ties):
        if any(place[int(b)] > place[i] for b in p.lists[row[BEFORE] : row[BEFORE_END]]):
            raise ValueError(f"move {i} stands before one that has to switch first")


def _check_live(p: Problem, chosen: run.Decision, live: Live) -> None:
    """Refuse a real state of another estate."""
    if live is NOTHING_YET:
        return
    expected = (len(p.moves), len(p.functions), len(chosen.wave_at) - 1)
    rows = (len(live.moves), len(live.checks), len(live.waves))
    columns = tuple(each.shape[1:] for each in live[1:])
    if len(live.clock) != len(NOTHING_YET.clock) or columns != tuple(
        each.shape[1:] for each in NOTHING_YET[1:]
    ):
        raise ValueError("the state of the run has not the columns that it should have")
    known = len(live.given)
    if known not in (0, int(p.rules[PEOPLE])) or not set(live.ticks[:, PERSON]) <= {*range(known)}:
        raise ValueError("the state of the run tells of handlers that nobody knows")
    if rows not in ((0, 0, 0), expected):
        raise ValueError(f"the state of the run has {rows} rows where the plan has {expected}")
    fates = set(live.moves[:, FATE].tolist())
    if not fates <= {WAITING, MOVED, RETURNED}:
        raise ValueError(f"nobody knows the fates {sorted(fates)}")


def warm() -> None:
    """Compile everything once, or find that it is compiled already."""
    if not COMPILES:
        return
    move = Move(spread(60.0, 90.0), unwind=spread(30.0, 45.0))
    p = arrays([move, move], [Function(spread(10.0, 15.0), (0, 1))], pairs=[(0, 1, 1.0)])
    chosen = run.decision([[0], [1]])
    run.weekends(p, chosen, 1, 1)
    run.turn_backs(p, chosen, 1, 1, np.array([30.0]), 5.0)
    run.longest_chains(p, chosen, 1, 1)
    run.slack(p, chosen)
    searching.warm(p)


def _say(text: str) -> None:
    sys.stderr.write(f"schedule: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
