"""The answering half of a search tells its progress and hears a word on the pipe."""

from __future__ import annotations

import io
import os

import pytest

from decisions import a_decision, some_facts
from migrator.schedule.compiled import COMPILES
from migrator.schedule.messages import Message, read, write
from migrator.schedule.problem import Move, arrays, spread
from migrator.schedule.searching_asks import PROGRESS, STOP
from migrator.schedule.searching_frames import answer

pytestmark = pytest.mark.skipif(not COMPILES, reason="the extra 'kernel' is not installed")


def a_question(evaluations: int) -> Message:
    links = [(0, 3, 5.0), (1, 2, 5.0)]
    p = arrays([Move(spread(60.0, 80.0))] * 4, pairs=links)
    start = a_decision([[0, 1], [2, 3]])
    words: dict[str, str | float | bool] = {
        "ask": "anneal", "seed": 1, "evaluations": evaluations, "samples": 0, "heat": 0.05,
        "cold": 0.001, "weight": 10.0, "tail": 0.25, "end": 0.0, "small": 0.0, "crowd": 0.0,
        "stay": 0.0,
    }  # fmt: skip
    facts = some_facts(4, 2, room=2, links=links)
    table = {"row": start.row, "edge": start.edge}
    return Message(words, {**p._asdict(), **facts._asdict(), **table})


def test_frames_of_progress_come_before_the_answer() -> None:
    answers = io.BytesIO()
    found = answer(io.BytesIO(), answers, a_question(100))
    assert found.words["ended"] is False
    answers.seek(0)
    told = []
    while (frame := read(answers)) is not None:
        told.append(frame.word(PROGRESS, int))
    assert told[-1] == 100
    assert told == sorted(told)


def test_whatever_is_written_meanwhile_ends_the_search() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as questions, os.fdopen(writing, "wb") as words:
        write(words, Message({"ask": STOP}, {}))
        found = answer(questions, io.BytesIO(), a_question(1_000_000))
    assert found.words["ended"] is True
