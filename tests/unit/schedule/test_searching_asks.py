"""A search over the pipe: progress comes, a word ends it, Ctrl-C ends it, silence is an error."""

from __future__ import annotations

import io
import os
from queue import Queue
from typing import IO

import numpy as np
import pytest

from decisions import a_decision, some_facts
from migrator.schedule import searching_asks
from migrator.schedule.compiled import COMPILES
from migrator.schedule.messages import Message, read, write
from migrator.schedule.problem import Floats, Ints, Move, arrays, spread
from migrator.schedule.process import Kernel, KernelFailed
from migrator.schedule.searching_asks import BEST, PROGRESS, STOP, ask

LINKS = [(0, 3, 5.0), (1, 2, 5.0)]
HEAT = {"heat": 0.05, "cold": 0.001}
PRICES = {"weight": 10.0, "tail": 0.25, "end": 0.0, "small": 0.0, "crowd": 0.0, "stay": 0.0}


def a_talk(*frames: Message) -> tuple[IO[bytes], IO[bytes]]:
    answers = io.BytesIO()
    for frame in frames:
        write(answers, frame)
    answers.seek(0)
    return io.BytesIO(), answers


def sent(questions: IO[bytes]) -> list[object]:
    questions.seek(0)
    found: list[object] = []
    while (message := read(questions)) is not None:
        found.append(message.words["ask"])
    return found


def test_progress_is_passed_on_until_the_answer_comes() -> None:
    questions, answers = a_talk(
        Message({PROGRESS: 10, BEST: 3.0}, {}),
        Message({PROGRESS: 20, BEST: 2.0}, {}),
        Message({"done": True}, {}),
    )
    told = []

    def going(done: int, best: float) -> bool:
        told.append((done, best))
        return True

    found = ask(questions, answers, Message({"ask": "anneal"}, {}), going, 5.0)
    assert found is not None
    assert found.words == {"done": True}
    assert told == [(10, 3.0), (20, 2.0)]
    assert sent(questions) == ["anneal"]


def test_a_no_and_ctrl_c_both_send_one_word_to_stop() -> None:
    frames = [Message({PROGRESS: k, BEST: 1.0}, {}) for k in range(3)]
    for answer in (False, KeyboardInterrupt):
        questions, answers = a_talk(*frames, Message({"done": True}, {}))
        asked: list[int] = []

        def going(
            done: int, _best: float, answer: object = answer, asked: list[int] = asked
        ) -> bool:
            asked.append(done)
            if answer is KeyboardInterrupt and len(asked) == 1:
                raise KeyboardInterrupt
            return False

        assert ask(questions, answers, Message({"ask": "anneal"}, {}), going, 5.0) is not None
        assert sent(questions) == ["anneal", STOP]


class Impatient(Queue[Message | None]):
    """What a person's Ctrl-C looks like to whoever waits, each time anew."""

    def get(self, block: bool = True, timeout: float | None = None) -> Message | None:
        raise KeyboardInterrupt


def test_ctrl_c_twice_means_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching_asks, "Queue", Impatient)
    questions, answers = a_talk(Message({"done": True}, {}))
    with pytest.raises(KeyboardInterrupt):
        ask(questions, answers, Message({"ask": "a"}, {}), lambda _d, _b: True, 5.0)
    assert sent(questions) == ["a", STOP]


def test_an_end_in_mid_search_is_no_answer_and_silence_is_an_error() -> None:
    questions, answers = a_talk(Message({PROGRESS: 1, BEST: 1.0}, {}))
    assert ask(questions, answers, Message({"ask": "a"}, {}), lambda _d, _b: True, 5.0) is None
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as silent, os.fdopen(writing, "wb"), pytest.raises(TimeoutError):
        ask(io.BytesIO(), silent, Message({"ask": "a"}, {}), lambda _d, _b: True, 0.01)


@pytest.mark.skipif(not COMPILES, reason="the extra 'kernel' is not installed")
def test_a_search_in_a_process_of_its_own_is_stopped_and_asked_again() -> None:
    p = arrays([Move(spread(60.0, 80.0))] * 4, pairs=LINKS)
    facts = some_facts(4, 2, room=2, links=LINKS)
    start = a_decision([[0, 1], [2, 3]])
    more: dict[str, Floats | Ints] = {"row": start.row, "edge": start.edge, **facts._asdict()}

    def words(evaluations: int) -> dict[str, str | float | bool]:
        many: dict[str, str | float | bool] = {
            "ask": "anneal",
            "seed": 1,
            "evaluations": evaluations,
            "samples": 0,
        }
        return {**many, **HEAT, **PRICES}

    with Kernel() as kernel:
        stopped = kernel.search(p, words(50_000_000), more, lambda _done, _best: False)
        assert stopped.words["ended"] is True
        found = kernel.search(p, words(200), more, lambda _done, _best: True)
        assert found.words["ended"] is False
        assert kernel.compiled
        together = sorted(sorted(found.arrays["row"][k : k + 2].tolist()) for k in (0, 2))
        assert together == [[0, 3], [1, 2]]
        broken = {**more, "row": np.array([0, 0, 1, 1], dtype=np.int64)}
        with pytest.raises(KernelFailed):
            kernel.search(p, {**words(5), "samples": -1}, broken, lambda _done, _best: True)
