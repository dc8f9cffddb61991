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
from migrator.cli.runs import DEFAULT_STORE, StoreOption
from migrator.errors import EnvironmentFailed, InputError

if TYPE_CHECKING:
    from migrator.cli.plan_files import PlanWithInventory
    from migrator.forecast.learned import Learned
    from migrator.forecast.model import Forecast
    from migrator.inventory.model import Inventory
    from migrator.schedule.process import Kernel
    from migrator.wiring.forecast_estate import Estate
    from migrator.wiring.forecast_help import Remedy
    from migrator.wiring.live_state import Middle

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
    learned: Annotated[
        Path | None,
        typer.Option("--learned", metavar="FILE", help="What `migrator learn` wrote."),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="From where this run of the plan stands."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="With --run: as it stood then [default: now]."),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    inventory: InventoryOption = None,
    form: FormatOption = Format.text,
) -> None:
    """Say whether a weekend fits its window, rollback included, and until when one can turn back.

    \b
    Examples:
      migrator forecast plans/ours.yaml
      migrator forecast plans/ours.yaml --weekends 10000 --seed 2
      migrator forecast plans/ours.yaml --learned plans/learned.yaml
      migrator forecast plans/ours.yaml --run latest
      migrator forecast plans/ours.yaml --run autumn-p1 --at 03:00
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

    if at is not None and run is None:
        raise InputError(
            "usage",
            "--at TIME is a moment of a run, and no run is named",
            hint="name it with --run RUN; before the weekend there is only one forecast",
        )
    opened = _opened(plan, inventory)
    known = None if learned is None else _learned(learned, opened.inventory)
    estate = an_estate(opened.plan, opened.inventory, opened.pairs, known)
    middle = None if run is None else _middle(estate, run, at, store)
    with Kernel(threads=THREADS) as kernel:
        with output.progress("Playing weekends"), _answering():
            forecast = forecast_estate(
                estate, kernel=kernel, weekends=weekends, seed=seed, middle=middle
            )
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


def _learned(path: Path, inventory: Inventory) -> Learned:
    """What was learned from this estate's runs."""
    from migrator.forecast.learned_text import read_learned, refuse_elsewhere

    found = read_learned(path)
    refuse_elsewhere(found, inventory, str(path))
    return found


def _middle(estate: Estate, name: str, at: str | None, store: str) -> Middle:
    """Where a run of this very plan stands, or stood at a moment."""
    from migrator.cli.runs import see_run
    from migrator.cli.since import parse_since
    from migrator.engine.fold import apply
    from migrator.engine.run import new_run
    from migrator.plan.digest import plan_digest
    from migrator.wiring.live_state import middle_of

    seen = see_run(name, store)
    with seen.store:
        now = seen.now() if at is None else parse_since(at, seen.now(), seen.zone)
        run = new_run(seen.journal.itinerary())
        for line in seen.journal.lines():
            if line.at <= now:
                apply(run, line.at, line.event)
        if run.itinerary.plan_digest != plan_digest(estate.plan):
            raise InputError(
                "run-of-another-plan",
                f"the run {seen.name} follows another plan than this file has",
                hint=f"name the plan file of the run ({run.itinerary.plan_name}) as it was then",
            )
    return middle_of(run, estate.plan, estate.facts, estate.dial, now)


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
    """What would help, tried; nothing where there is room enough, or the weekend has begun."""
    from migrator.wiring.forecast_help import remedies

    room, end = forecast.turn_back.plan_by, forecast.end.p80
    if forecast.at is not None or (room is not None and end is not None and end <= room):
        return ()
    with output.progress("Trying what would help"), _answering():
        return remedies(estate, kernel, seed)
