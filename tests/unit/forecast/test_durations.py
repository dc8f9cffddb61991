"""Few samples leave the estimate standing, many speak for themselves, and shocks are apart."""

from __future__ import annotations

import math
from random import Random

import pytest

from migrator.forecast import durations
from migrator.forecast.durations import Kind, Sample, learn, student80
from migrator.planner import rows

COPY, START = Kind("copy", "stateful"), Kind("start", "stateful")


def samples(
    count: int,
    *,
    factor: float = 1.0,
    sigma: float = 0.3,
    estimated: float = 0.3,
    kind: Kind = COPY,
    seed: int = 1,
    run: str = "r1",
) -> list[Sample]:
    """Log-normal durations of as many subsystems."""
    chance = Random(f"{seed}/{run}/{kind}")
    return [
        Sample(
            run, kind, f"s{n}", 20.0, estimated, 20.0 * factor * math.exp(chance.gauss(0, sigma))
        )
        for n in range(count)
    ]


def test_the_priors_are_those_of_a_plan_without_any_run() -> None:
    assert durations.SHOCK_SIGMA == rows.SHOCK_SIGMA


def test_one_sample_moves_an_estimate_by_a_fifth_of_what_it_says() -> None:
    one = Sample("r1", COPY, "a", 10.0, 0.3, 20.0)
    (kind,) = learn([one]).kinds
    assert kind.factor == pytest.approx(2.0 ** (1 / 5))
    assert kind.shrinkage == pytest.approx(0.2)
    assert kind.samples == 1


def test_many_samples_speak_for_themselves() -> None:
    (kind,) = learn(samples(2_000, factor=1.5, sigma=0.4, estimated=0.1)).kinds
    assert kind.factor == pytest.approx(1.5, rel=0.04)
    assert kind.sigma == pytest.approx(0.4, rel=0.06)
    assert kind.shrinkage > 0.99


def test_exact_estimates_are_learned_to_be_exact_but_never_certain() -> None:
    (kind,) = learn([Sample("r1", COPY, f"s{n}", 10.0, 0.0, 10.0) for n in range(500)]).kinds
    assert kind.factor == pytest.approx(1.0)
    assert kind.sigma >= durations.SIGMA_MIN


def test_the_order_of_samples_does_not_matter_and_kinds_are_apart() -> None:
    both = samples(30, factor=2.0) + samples(30, kind=START)
    found = learn(both)
    assert learn(list(reversed(both))) == found
    factors = {kind.kind: kind.factor for kind in found.kinds}
    assert factors[COPY] > 1.6
    assert factors[START] == pytest.approx(1.0, abs=0.15)


def test_one_run_says_nothing_of_how_much_runs_differ() -> None:
    assert learn(samples(200, factor=1.5)).shock_sigma == pytest.approx(durations.SHOCK_SIGMA)


def test_runs_that_differ_as_a_whole_teach_a_shock_and_leave_the_kinds_narrow() -> None:
    chance = Random(5)
    shocks = [math.exp(chance.gauss(0, 0.3)) for _ in range(40)]
    shaken = [
        each
        for n, shock in enumerate(shocks)
        for each in samples(30, factor=shock, sigma=0.1, estimated=0.1, run=f"r{n:02d}")
    ]
    found = learn(shaken)
    assert found.shock_sigma == pytest.approx(0.3, rel=0.3)
    assert found.kinds[0].sigma == pytest.approx(0.1, rel=0.2)


def test_equal_runs_teach_that_there_is_less_of_a_shock() -> None:
    calm = [each for n in range(40) for each in samples(60, run=f"r{n:02d}")]
    assert learn(calm).shock_sigma < 0.05


def test_a_task_that_is_always_late_is_learned_beside_its_kind() -> None:
    chance = Random(2)
    late = {n: 2.0 if n == 0 else 1.0 for n in range(8)}
    seen = [
        Sample(f"r{r}", COPY, f"s{n}", 20.0, 0.1, 20.0 * f * math.exp(chance.gauss(0, 0.1)))
        for r in range(6)
        for n, f in late.items()
    ]
    own = {each.subject: each.factor for each in learn(seen).own}
    assert own["s0"] > 1.5
    assert all(0.75 < own[f"s{n}"] < 1.1 for n in range(1, 8))


def test_a_task_seen_once_is_its_kind() -> None:
    assert learn(samples(50)).own == ()


def test_steps_go_together_until_moves_show_that_they_do_not() -> None:
    assert learn(samples(3)).together == 1.0
    chance = Random(3)
    apart, bound = [], []
    for n in range(300):
        same = chance.gauss(0, 0.3)
        for kind in (COPY, START):
            apart.append(
                Sample("r1", kind, f"s{n}", 9.0, 0.3, 9.0 * math.exp(chance.gauss(0, 0.3)))
            )
            bound.append(Sample("r1", kind, f"s{n}", 9.0, 0.3, 9.0 * math.exp(same)))
    assert learn(apart).together < 0.15
    assert learn(bound).together > 0.85


@pytest.mark.parametrize(("freedom", "known"), [(6, 0.9057), (10, 0.8791), (30, 0.8538)])
def test_students_quantile_is_that_of_the_tables(freedom: float, known: float) -> None:
    assert student80(freedom) == pytest.approx(known, abs=2e-4)
