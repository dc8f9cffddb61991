"""The kernel's process answers what makes sense, and says what is wrong with the rest."""

from __future__ import annotations

import io
import subprocess
import sys
from random import Random

import numpy as np
import pytest

from migrator.schedule import run
from migrator.schedule.live import Live, RealCheck, RealMove, RealWave, live
from migrator.schedule.messages import Message, Words, named, read, write
from migrator.schedule.serve import main, serve
from schedules import an_estate

ESTATE = an_estate(Random(5))
PROBLEM = ESTATE.problem
CHOSEN = run.decision(ESTATE.waves)


def asked(words: Words, **changes: object) -> Message:
    """The answer to one question about the estate above."""
    arrays = {
        **PROBLEM._asdict(),
        "order": CHOSEN.order,
        "wave_at": CHOSEN.wave_at,
        "times_asked": np.array([60.0, 600.0]),
        **changes,
    }
    questions, answers = io.BytesIO(), io.BytesIO()
    write(questions, Message({"seed": 1, "count": 3, "keep": 2, "delay": 5.0, **words}, arrays))
    questions.seek(0)
    serve(questions, answers)
    answers.seek(0)
    found = read(answers)
    assert found is not None
    return found


def test_weekends_are_those_of_the_kernel() -> None:
    found = asked({"ask": "weekends"})
    expected = run.weekends(PROBLEM, CHOSEN, 1, 3, keep=2)
    assert found.words["compiled"] is True
    for name in ("figures", "gates", "times"):
        np.testing.assert_array_equal(found.arrays[name], getattr(expected, name))


def test_turn_backs_are_those_of_the_kernel() -> None:
    found = asked({"ask": "turn-backs"})
    expected = run.turn_backs(PROBLEM, CHOSEN, 1, 3, np.array([60.0, 600.0]), 5.0)
    np.testing.assert_array_equal(found.arrays["back"], expected)


def test_chains_and_slack_are_those_of_the_kernel() -> None:
    found = asked({"ask": "chains"})
    expected = run.longest_chains(PROBLEM, CHOSEN, 1, 3)
    np.testing.assert_array_equal(found.arrays["on"], expected.on)
    np.testing.assert_array_equal(found.arrays["backs"], expected.backs)
    found = asked({"ask": "slack"})
    np.testing.assert_array_equal(found.arrays["slack"], run.slack(PROBLEM, CHOSEN))


@pytest.mark.parametrize(
    ("words", "changes", "fault"),
    [
        ({"ask": "tea"}, {}, "nobody can answer 'tea'"),
        ({"ask": "weekends", "count": 1 << 40}, {}, "too many for one question"),
        ({"ask": "weekends"}, {"order": CHOSEN.order[:-1]}, "no order of"),
        ({"ask": "weekends"}, {"wave_at": CHOSEN.wave_at + 1}, "do not cut the order"),
        ({"ask": "weekends", "seed": "x"}, {}, "'seed' is not int"),
    ],
)
def test_a_question_without_sense_gets_a_fault(
    words: Words, changes: dict[str, object], fault: str
) -> None:
    found = asked(words, **changes)
    assert fault in str(found.words["fault"])


def a_state(waves: int) -> Live:
    moves = [RealMove() for _ in PROBLEM.moves]
    return live(50.0, moves, [RealCheck() for _ in PROBLEM.pools], [RealWave()] * waves)


def test_weekends_go_on_from_a_state_that_comes_with_the_question() -> None:
    state = a_state(len(CHOSEN.wave_at) - 1)
    found = asked({"ask": "weekends"}, **named(state))
    expected = run.weekends(PROBLEM, CHOSEN, 1, 3, keep=2, live=state)
    np.testing.assert_array_equal(found.arrays["times"], expected.times)
    assert found.arrays["gates"].min() >= 50.0


def test_a_state_of_another_estate_is_refused() -> None:
    state = a_state(len(CHOSEN.wave_at))
    assert "where the plan has" in str(asked({"ask": "weekends"}, **named(state)).words["fault"])
    narrow = state._replace(moves=state.moves[:, 1:])
    assert "has not the columns" in str(asked({"ask": "weekends"}, **named(narrow)).words["fault"])


def test_an_order_against_before_is_refused() -> None:
    firsts = [int(b) for row in PROBLEM.ties for b in PROBLEM.lists[row[4] : row[5]]]
    assert firsts, "the estate of this test has a `before`"
    found = asked({"ask": "weekends"}, order=CHOSEN.order[::-1].copy())
    assert "has to switch first" in str(found.words["fault"])


def test_unknown_arguments_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--hot"]) == 2
    assert "only --warm" in capsys.readouterr().err


def test_without_the_compiler_it_works_and_says_that_it_is_slow() -> None:
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "from migrator.schedule.serve import main\n"
        "raise SystemExit(main([]))"
    )
    questions = io.BytesIO()
    arrays = {**PROBLEM._asdict(), "order": CHOSEN.order, "wave_at": CHOSEN.wave_at}
    write(questions, Message({"ask": "weekends", "seed": 1, "count": 2}, arrays))
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=questions.getvalue(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    found = read(io.BytesIO(done.stdout))
    assert found is not None
    assert found.words["compiled"] is False
    assert "numba is not installed" in done.stderr.decode()
    expected = run.weekends(PROBLEM, CHOSEN, 1, 2)
    figures = found.arrays["figures"].astype(np.float64)
    np.testing.assert_allclose(figures, expected.figures, rtol=1e-9)
