"""The answering half of a search: between its pieces it tells how far it is, and hears a word.

Called by `serve.py`. Whatever comes down the pipe during a search means to stop it: nobody asks
anything else meanwhile, and a pipe that was closed has nobody left who would want the answer.
"""

from __future__ import annotations

import io
import select
from typing import IO

from migrator.schedule.messages import Message, write
from migrator.schedule.searching import answer as found_for
from migrator.schedule.searching_asks import BEST, PROGRESS


def answer(questions: IO[bytes], answers: IO[bytes], question: Message) -> Message:
    """Work on a question piece by piece."""

    def going(done: int, best: float) -> bool:
        write(answers, Message({PROGRESS: done, BEST: best}, {}))
        return not _heard(questions)

    return found_for(question, going)


def _heard(questions: IO[bytes]) -> bool:
    try:
        descriptor = questions.fileno()
    except io.UnsupportedOperation:
        return False  # a stream in memory, to which nobody writes meanwhile
    return bool(select.select([descriptor], [], [], 0)[0])
