"""`migrator forecast`: does the weekend fit, rollback included, and until when can one turn back?

Reads a plan with its estate, lets the kernel's process play the weekends (`wiring/forecasting.py`)
and prints one screen. The words stand in `forecast_screen.py`; every figure comes from `forecast/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import InventoryOption, PlanArgument, open_plan, open_with_inventory
from migrator.errors import EnvironmentFailed

if TYPE_CHECKING:
    from migrator.cli.plan_files import PlanWithInventory
    from migrator.forecast.model import Forecast
    from migrator.schedule.process import Kernel
    from migrator.wiring.forecast_estate import Estate
    from migrator.wiring.forecast_help import Remedy

WEEKENDS: Final = 2_000
"""A share of 80 % is then known to within 2 %."""

WEEKENDS_MAX: Final = 10_000
"""More would only fill the memory: a share of 80 % is then known to within 1 %."""

THREADS: Final = 2


def command(
    plan: PlanArgument,
    *,
    weekends: Annotated[
        int,
        typer.Option(min=10, max=WEEKENDS_MAX, metavar="N", help="How many weekends to play."),
    ] = WEEKENDS,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Chance; the same seed, the same forecast.")
    ] = 1,
    inventory: InventoryOption = None,
    form: FormatOption = Format.text,
) -> None:
    """Say whether a weekend fits its window, rollback included, and until when one can turn back.

    \b
    Examples:
      migrator forecast plans/ours.yaml
      migrator forecast plans/ours.yaml --weekends 10000 --seed 2
      migrator forecast plans/ours.yaml --format json > forecast.json
      migrator forecast plans/ours.yaml --format json | jq .turn_back.limit

    The weekends are played with the durations and the chances of failure that the inventory gives.
    Nothing is promised: 80 % of the weekends that are played end by the P80. Where too little room
    is left to go back, what would help is tried, and its figures are printed.

    Exit code 0: the forecast is made, whatever it says.
    """
    from migrator.forecast.text import to_facts
    from migrator.schedule.process import Kernel
    from migrator.wiring.forecast_estate import an_estate
    from migrator.wiring.forecasting import forecast_estate

    opened = _opened(plan, inventory)
    estate = an_estate(opened.plan, opened.inventory, opened.pairs)
    with Kernel(threads=THREADS) as kernel:
        with output.progress("Playing weekends"), _answering():
            forecast = forecast_estate(estate, kernel=kernel, weekends=weekends, seed=seed)
        helped = _helped(estate, forecast, kernel, seed)
    if form is Format.json:
        output.emit({**to_facts(forecast), "would_help": [asdict(each) for each in helped]})
        return
    from migrator.cli.forecast_screen import screen

    for line in screen(forecast, opened.plan, helped):
        output.show(line)


def _opened(plan: Path, inventory: Path | None) -> PlanWithInventory:
    """The plan with its estate; a warning where the estate is another one by now."""
    from migrator.plan.lint import ANOTHER_INVENTORY

    opened = open_with_inventory(open_plan(plan), inventory)
    if any(finding.rule == ANOTHER_INVENTORY for finding in opened.lint()):
        output.say(
            f"warning: {plan} was made from another inventory than {opened.inventory.folder};"
            f" `migrator lint` says what differs"
        )
    return opened


@contextmanager
def _answering() -> Iterator[None]:
    """Whatever the kernel's process cannot answer is the machine's failure, and told as one."""
    from migrator.schedule.process import KernelFailed

    try:
        yield
    except KernelFailed as failed:
        raise EnvironmentFailed(
            "forecast-no-answer",
            str(failed),
            hint="try again with fewer --weekends; `migrator doctor` says what this machine lacks",
        ) from failed


def _helped(estate: Estate, forecast: Forecast, kernel: Kernel, seed: int) -> tuple[Remedy, ...]:
    """What would help, tried; nothing where there is room enough to go back."""
    from migrator.wiring.forecast_help import remedies

    room, end = forecast.turn_back.plan_by, forecast.end.p80
    if room is not None and end is not None and end <= room:
        return ()
    with output.progress("Trying what would help"), _answering():
        return remedies(estate, kernel, seed)
