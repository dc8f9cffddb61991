"""Questions and answers pass the pipe as they were, and a broken pipe is noticed."""

from __future__ import annotations

import io
from random import Random

import numpy as np
import pytest

from migrator.schedule.messages import Message, read, write
from schedules import an_estate


def sent(message: Message) -> bytes:
    stream = io.BytesIO()
    write(stream, message)
    return stream.getvalue()


def test_a_message_arrives_as_it_was_sent() -> None:
    rows = np.array([[1.5, np.inf], [0.0, -2.0]])
    found = read(io.BytesIO(sent(Message({"ask": "weekends", "seed": 7}, {"rows": rows}))))
    assert found is not None
    assert found.words == {"ask": "weekends", "seed": 7}
    np.testing.assert_array_equal(found.arrays["rows"], rows)


def test_a_problem_arrives_as_it_was_sent() -> None:
    problem = an_estate(Random(3)).problem
    found = read(io.BytesIO(sent(Message({}, problem._asdict()))))
    assert found is not None
    for one, other in zip(problem, found.problem(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


def test_a_closed_pipe_is_no_message() -> None:
    assert read(io.BytesIO()) is None


@pytest.mark.parametrize("kept", [3, 8, 60])
def test_half_a_message_is_an_error(kept: int) -> None:
    with pytest.raises(ValueError, match="frame"):
        read(io.BytesIO(sent(Message({"ask": "x"}, {}))[:kept]))


def test_a_frame_of_absurd_length_is_not_waited_for() -> None:
    with pytest.raises(ValueError, match="frame"):
        read(io.BytesIO(b"\xff" * 8 + b"x"))


def test_a_word_of_the_wrong_kind_is_named() -> None:
    message = Message({"seed": "seven", "count": True}, {})
    with pytest.raises(TypeError, match="'seed' is not int"):
        message.word("seed", int)
    with pytest.raises(TypeError, match="'count' is not int"):
        message.word("count", int)
    with pytest.raises(ValueError, match="arrays are missing: moves"):
        message.problem()
