"""`migrator rehearse`: a whole weekend on a virtual clock, once or for many seeds.

Plays the plan through `wiring.rehearsal`, keeps the run in the practice store and tells how it
went. With `--seeds` it plays many weekends in two processes and tells how they are spread. It
fails loudly on every promise that the simulated world saw broken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.plan_files import InventoryOption, PlanArgument
from migrator.cli.report import LanguageOption, language
from migrator.errors import InputError, InvariantError

if TYPE_CHECKING:
    from migrator.engine.ports import Forecaster, Journal, Line
    from migrator.engine.run import Run
    from migrator.plan.model import Itinerary
    from migrator.platform.simulated.faults import PlannedFault
    from migrator.wiring import Rehearsed

SEEDS_MAX: Final = 100_000
WORKERS: Final = 2
_EXIT: Final = {"completed": 0, "with_exceptions": 0, "returned": 1, "stuck": 3}

SeedOption = Annotated[int, typer.Option(help="Which weekend: the same seed, the same journal.")]
FaultOption = Annotated[
    Path | None, typer.Option("--fault", metavar="FILE", help="Faults to inject (YAML).")
]


@dataclass(frozen=True, slots=True)
class Played:
    """What is kept of one weekend among many."""

    seed: int
    outcome: str
    head: str
    violations: tuple[str, ...]
    returned_waves: tuple[str, ...]
    hours: float
    in_window: bool
    took_seconds: float


def command(  # noqa: PLR0917 - the options of one command
    plan: PlanArgument,
    inventory: InventoryOption = None,
    seed: SeedOption = 1,
    seeds: Annotated[
        str | None, typer.Option(metavar="A-B", help="Play many weekends, each its own seed.")
    ] = None,
    fault: FaultOption = None,
    accidents: Annotated[
        bool, typer.Option(help="Let chance strike by each subsystem's failure probability.")
    ] = True,
    forecast: Annotated[
        bool, typer.Option("--forecast", help="Forecast the weekend as it goes; far slower.")
    ] = False,
    form: FormatOption = Format.text,
    lang: LanguageOption = None,
) -> int:
    """Play a whole weekend on a virtual clock, simulated handlers ticking by their shifts.

    \b
    Examples:
      migrator rehearse plans/ours.yaml
      migrator rehearse plans/ours.yaml --seed 7 --fault plans/ours.faults.yaml
      migrator rehearse plans/ours.yaml --seeds 1-1000
      migrator rehearse plans/ours.yaml --forecast
      migrator rehearse plans/ours.yaml --format json | jq '.waves[] | {id, outcome}'

    With --forecast the weekend is forecast every quarter of an hour of its time, as a live run is:
    it holds before turning back is too late, and simulated decision makers sign. It takes minutes.

    Exit code 0: all waves accepted. 1: a wave ended returned or blocked, or a promise was broken.
    3: a wave is stuck and waits for a human.
    """
    from migrator.cli.plan_files import open_sound_plan
    from migrator.platform.simulated.fault_file import read_faults

    opened = open_sound_plan(plan, inventory)
    itinerary = opened.itinerary()
    faults = read_faults(fault, itinerary) if fault is not None else ()
    if seeds is not None and forecast:
        raise InputError(
            "usage",
            "--forecast is for one weekend: of many, no single moment is forecast",
            hint="leave --seeds out, or use `migrator forecast PLAN` for the share that fits",
        )
    if seeds is not None:
        return _many(itinerary, _range(seeds), faults, accidents, form)
    beside = _forecaster(opened.file.path, opened.inventory.folder) if forecast else None
    return _one(itinerary, seed, faults, accidents, form, lang, beside)


def _forecaster(plan: Path, inventory: Path) -> Callable[[Journal], Forecaster]:
    """Makes who forecasts a rehearsal, from the very files that it is played from."""
    from migrator.wiring.forecast_process import ForecastProcess, Inputs

    return lambda journal: ForecastProcess(Inputs(plan, inventory, None), journal)


def _one(
    itinerary: Itinerary,
    seed: int,
    faults: tuple[PlannedFault, ...],
    accidents: bool,
    form: Format,
    lang: LanguageOption,
    forecaster: Callable[[Journal], Forecaster] | None,
) -> int:
    from migrator.reports.story import ledger_of
    from migrator.reports.summary import run_facts, summary_text
    from migrator.reports.teller import tell
    from migrator.reports.texts import texts
    from migrator.wiring import STATE_FOLDER, keep_rehearsal, rehearsal

    with output.progress("Rehearsing the weekend", acts(itinerary)) as advance:
        played = rehearsal(
            itinerary,
            seed=seed,
            faults=faults,
            accidents=accidents,
            on_commit=counting_acts(advance),
            forecaster=forecaster,
        )
        keep_rehearsal(played, itinerary, STATE_FOLDER)
        book = tell(itinerary, played.lines, ledger_of(played.ledger))
    if form is Format.json:
        output.emit(run_facts(book, played.name))
    else:
        t = texts(language(lang), itinerary.window.time_zone)
        output.show(summary_text(t, book, played.name).rstrip("\n"))
        output.say(f"next: migrator report {played.name} -o report.html")
    for one in played.unstruck:
        output.say(f"note: this fault never struck: {one.kind} {one.subsystem}{one.function}")
    _refuse_violations([(seed, tuple(played.ledger.violations))])
    return _EXIT[played.outcome]


def acts(itinerary: Itinerary) -> int:
    """The steps of a weekend in which nothing fails: what a progress display counts towards."""
    recipes = [itinerary.recipes[leg.recipe] for leg in itinerary.legs.values()]
    return sum(len(recipe.steps) + len(recipe.commit) for recipe in recipes)


def counting_acts(advance: output.Advance) -> Callable[[Run, Sequence[Line]], None]:
    """Tell a progress display of every step and every undo that ended."""
    from migrator.engine.events import StepEnded, UndoEnded

    def count(_: Run, lines: Sequence[Line]) -> None:
        advance(sum(isinstance(line.event, StepEnded | UndoEnded) for line in lines))

    return count


def _many(
    itinerary: Itinerary,
    seeds: range,
    faults: tuple[PlannedFault, ...],
    accidents: bool,
    form: Format,
) -> int:
    weekends: list[Played] = []
    with output.progress(f"Rehearsing {len(seeds)} weekends", len(seeds)) as advance:
        for played in _play(itinerary, seeds, faults, accidents):
            weekends.append(played)
            advance(1)
    if form is Format.json:
        output.emit(spread_facts(itinerary, weekends))
    else:
        output.show(_spread_text(itinerary, weekends))
    _refuse_violations([(played.seed, played.violations) for played in weekends])
    return max(_EXIT[played.outcome] for played in weekends)


def _play(
    itinerary: Itinerary,
    seeds: range,
    faults: tuple[PlannedFault, ...],
    accidents: bool,
) -> Iterator[Played]:
    """Every seed's weekend, in the order of the seeds."""
    if len(seeds) == 1:
        yield play_one(itinerary, seeds[0], faults, accidents)
        return
    with ProcessPoolExecutor(WORKERS, initializer=_prepare, initargs=(itinerary,)) as pool:
        work = [pool.submit(_play_prepared, seed, faults, accidents) for seed in seeds]
        for future in work:
            yield future.result()


_PREPARED: list[Itinerary] = []
"""The itinerary of a worker process, handed over once and not with every seed."""


def _prepare(itinerary: Itinerary) -> None:
    _PREPARED[:] = [itinerary]


def _play_prepared(seed: int, faults: tuple[PlannedFault, ...], accidents: bool) -> Played:
    return play_one(_PREPARED[0], seed, faults, accidents)


def play_one(
    itinerary: Itinerary,
    seed: int,
    faults: tuple[PlannedFault, ...],
    accidents: bool,
) -> Played:
    """One weekend among many: what is needed to count it."""
    from migrator.wiring import rehearsal

    return _counted(rehearsal(itinerary, seed=seed, faults=faults, accidents=accidents), itinerary)


def _counted(played: Rehearsed, itinerary: Itinerary) -> Played:
    end = played.lines[-1].at
    return Played(
        seed=played.seed,
        outcome=played.outcome,
        head=played.head,
        violations=tuple(played.ledger.violations),
        returned_waves=tuple(
            wave.id
            for wave in played.run.waves.values()
            if wave.state.value in {"returned", "blocked", "declined", "stuck", "held"}
        ),
        hours=(end - itinerary.window.start).total_seconds() / 3600,
        in_window=end <= itinerary.window.end,
        took_seconds=played.took_seconds,
    )


def _range(text: str) -> range:
    first, dash, last = text.partition("-")
    try:
        seeds = range(int(first), int(last if dash else first) + 1)
    except ValueError:
        seeds = range(0)
    if not 0 < len(seeds) <= SEEDS_MAX:
        raise InputError(
            "usage",
            f"{text!r} is no range of seeds",
            hint=f"write it as 1-1000, the smaller number first, at most {SEEDS_MAX} of them",
        )
    return seeds


def spread_facts(itinerary: Itinerary, weekends: Sequence[Played]) -> dict[str, object]:
    """How many weekends ended how. Keys are stable."""
    hours = sorted(played.hours for played in weekends)
    returned = Counter(wave for played in weekends for wave in played.returned_waves)
    return {
        "plan": itinerary.plan_name,
        "weekends": len(weekends),
        "outcomes": dict(sorted(Counter(played.outcome for played in weekends).items())),
        "in_window": sum(played.in_window for played in weekends),
        "hours_p50": round(hours[len(hours) // 2], 2),
        "hours_p95": round(hours[min(len(hours) - 1, int(len(hours) * 0.95))], 2),
        "returned_waves": dict(sorted(returned.items())),
        "violations": [
            {"seed": played.seed, "violation": each}
            for played in weekends
            for each in played.violations
        ],
        "seconds": round(sum(played.took_seconds for played in weekends), 2),
    }


def _spread_text(itinerary: Itinerary, weekends: Sequence[Played]) -> str:
    facts = spread_facts(itinerary, weekends)
    returned = Counter(wave for played in weekends for wave in played.returned_waves)
    outcomes = Counter(played.outcome for played in weekends)
    lines = [
        "ÖVNING/PRACTICE: the simulated platform",
        (
            f"{itinerary.plan_name}: {len(weekends)} weekends rehearsed, "
            f"{facts['in_window']} of them ended inside the window"
        ),
        output.table(
            ("outcome", "weekends"), [(name, count) for name, count in sorted(outcomes.items())]
        ),
        f"last event after {facts['hours_p50']} h (P50), {facts['hours_p95']} h (P95)",
    ]
    if returned:
        lines.append(
            output.table(("wave", "not accepted in"), [(w, n) for w, n in sorted(returned.items())])
        )
    return "\n".join(lines)


def _refuse_violations(found: Sequence[tuple[int, tuple[str, ...]]]) -> None:
    """A broken promise is never a footnote."""
    broken = [f"seed {seed}: {each}" for seed, violations in found for each in violations]
    if not broken:
        return
    shown = "; ".join(broken[:5]) + (f"; and {len(broken) - 5} more" if len(broken) > 5 else "")
    raise InvariantError(
        "promise-broken",
        f"the simulated world saw {len(broken)} promises broken: {shown}",
        hint="do not run this plan; keep the seed and the plan, and report both",
    )
