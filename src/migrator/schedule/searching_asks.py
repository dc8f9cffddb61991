"""A question that takes its time: frames of progress come back, and a word to stop goes out.

Called by `process.py`, which never loads the compiler; `searching_frames.py` is the other end. The
parent stays in command: a search ends with the best so far as soon as `going` says so or a person
presses Ctrl-C, and a process that says nothing for too long is taken for dead.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, Queue
from threading import Thread
from typing import IO, Final

from migrator.schedule.messages import Message, read, write

STOP: Final = "stop"
"""The ask that ends a search; it has no answer of its own."""

PROGRESS: Final = "progress"
BEST: Final = "best"
"""The words of a frame that is not the answer."""


def ask(
    questions: IO[bytes],
    answers: IO[bytes],
    question: Message,
    going: Callable[[int, float], bool],
    silence_seconds_max: float,
) -> Message | None:
    """The answer to a question; None when the other end closed, TimeoutError when it is silent.

    In the answer the word `ended` is true where the search was ended before it was done.
    """
    frames: Queue[Message | None] = Queue()
    # A thread of its own reads, so that Ctrl-C never tears a frame apart: only the main thread
    # hears of it, and that waits here.
    reader = Thread(target=_read_all, args=(answers, frames), daemon=True)
    write(questions, question)
    reader.start()
    stopped = False
    while True:
        try:
            frame = frames.get(timeout=silence_seconds_max)
            if frame is None:
                return None
            if PROGRESS not in frame.words:
                return frame
            # Whoever has said no is not asked again while the answer is under way.
            go_on = stopped or going(frame.word(PROGRESS, int), frame.word(BEST, float))
        except Empty as silent:
            raise TimeoutError("no word from the search") from silent
        except KeyboardInterrupt:
            if stopped:
                raise  # twice means now
            go_on = False
        if not go_on and not stopped:
            stopped = True
            write(questions, Message({"ask": STOP}, {}))


def _read_all(answers: IO[bytes], frames: Queue[Message | None]) -> None:
    """Pass frames on up to the answer, or to the end."""
    while True:
        try:
            frame = read(answers)
        except (ValueError, TypeError, OSError):
            frame = None  # torn: its sender was killed
        frames.put(frame)
        if frame is None or PROGRESS not in frame.words:
            return
