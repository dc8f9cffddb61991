"""Whatever is forecast, promises are kept (see `simulation/machine_of_forecasts.py`)."""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test as run_machine

from simulation.machine_of_forecasts import ForecastMachine


def test_every_promise_is_kept_whatever_is_forecast() -> None:
    run_machine(ForecastMachine, settings=settings(max_examples=40, stateful_step_count=25))
