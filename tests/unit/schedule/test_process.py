"""Whoever asks gets the kernel's answer, or an error in good time, and never loads the compiler."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import numpy as np
import pytest

from migrator.schedule import run
from migrator.schedule.process import Kernel, KernelFailed
from schedules import an_estate

ESTATE = an_estate(Random(5))
PROBLEM = ESTATE.problem
CHOSEN = run.decision(ESTATE.waves)


@pytest.mark.slow
def test_answers_are_those_of_the_kernel_and_a_fault_ends_nothing() -> None:
    with Kernel(threads=2) as kernel:
        with pytest.raises(KernelFailed, match="no order"):
            kernel.weekends(PROBLEM, CHOSEN.order[:1], CHOSEN.wave_at, 1, 1)
        figures, gates, times = kernel.weekends(
            PROBLEM, CHOSEN.order, CHOSEN.wave_at, 1, 300, keep=2
        )
        back = kernel.turn_backs(PROBLEM, CHOSEN.order, CHOSEN.wave_at, 1, 2, np.array([90.0]), 5.0)
        assert kernel.compiled
    expected = run.weekends(PROBLEM, CHOSEN, 1, 300, keep=2)
    np.testing.assert_array_equal(figures, expected.figures)
    np.testing.assert_array_equal(gates, expected.gates)
    np.testing.assert_array_equal(times, expected.times)
    np.testing.assert_array_equal(
        back, run.turn_backs(PROBLEM, CHOSEN, 1, 2, np.array([90.0]), 5.0)
    )


@pytest.mark.slow
def test_an_answer_that_takes_too_long_is_an_error_and_the_next_one_comes() -> None:
    with Kernel(seconds_max=0.01) as kernel:
        with pytest.raises(KernelFailed, match="simulates weekends"):
            kernel.weekends(PROBLEM, CHOSEN.order, CHOSEN.wave_at, 1, 1)
        kernel._seconds_max = 60.0
        figures, _, _ = kernel.weekends(PROBLEM, CHOSEN.order, CHOSEN.wave_at, 1, 1)
        assert len(figures) == 1


def test_asking_does_not_load_the_compiler() -> None:
    program = "import sys, migrator.schedule.process; raise SystemExit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
