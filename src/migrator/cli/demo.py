"""`migrator demo`: the whole story in one command, on a made-up estate of 77 subsystems.

Writes the sample estate, plans it, rehearses a weekend in which a case handler finds that a
function does not work, and writes the report. It expects that one wave is returned by itself and
that all others are accepted, and fails on anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.report import LanguageOption, language
from migrator.errors import InvariantError

if TYPE_CHECKING:
    from migrator.cli.plan_files import PlanWithInventory
    from migrator.engine.ports import Line
    from migrator.engine.run import Run
    from migrator.plan.model import CheckLeg, Itinerary, WaveLeg
    from migrator.platform.simulated.faults import PlannedFault
    from migrator.schedule.process import Kernel
    from migrator.wiring import Rehearsed

SEED: Final = 1
WEEKEND_SEED: Final = 5
"""A weekend in which nothing but the two injected faults happens, so that the story is short."""


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where everything is written.")
    ] = Path(".migrator/demo"),
    subsystems: Annotated[int, typer.Option(help="How many subsystems move.")] = 77,
    links: Annotated[int, typer.Option(help="How many links they have.")] = 340_000,
    lang: LanguageOption = None,
    live: Annotated[
        bool, typer.Option("--live", help="Play the weekend behind pages that you can sign in to.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where the pages are; 0: any free one.")
    ] = 8080,
) -> int:
    """Rehearse the sample weekend, faults included, and report it.

    \b
    Examples:
      migrator demo
      migrator demo /tmp/try --subsystems 20 --links 5000 --lang sv
      migrator demo --live --port 8081

    Needs no cluster, no account and no network. Nothing real is moved.
    """
    from migrator.cli.demo_forecast import at_the_hold, before
    from migrator.schedule.process import Kernel

    output.show("ÖVNING/PRACTICE: a made-up agency on a simulated platform; nothing real is moved")
    folder.mkdir(parents=True, exist_ok=True)
    with Kernel(threads=2) as kernel:
        opened = _planned(folder, subsystems, links, kernel)
        itinerary = opened.itinerary()
        if live:
            from migrator.cli.demo_live import play_live

            kernel.close()
            play_live(opened.file.path, itinerary, port)
            return 0
        faults, wave = demo_faults(itinerary)
        _write_faults(folder / "faults.yaml", faults)
        with output.progress("Playing the weekend a thousand times"):
            known = [*before(opened, kernel)]
        _show(known)
        played = _rehearsed(itinerary, faults)
        _expect(played, wave)
        _show(at_the_hold(opened, itinerary, played, kernel))
    _report(folder, itinerary, played, lang)
    output.show(f"kept as {played.name}; look at it:")
    output.show(f"  open {folder / 'report.html'}")
    output.show(f"  migrator status {played.name}        migrator journal verify {played.name}")
    output.show(f"  migrator forecast {opened.file.path}        migrator draw {opened.file.path}")
    output.show(f"  migrator explain {opened.file.path} {itinerary.waves[1].moves[0]}")
    output.show(
        f"  migrator rehearse {opened.file.path} --seed {WEEKEND_SEED} --no-accidents"
        f" --fault {folder / 'faults.yaml'}"
    )
    output.show("sign in to such a weekend and tick as a handler: make demo-live")
    output.show(
        f"practise yourself: migrator run {opened.file.path} --platform simulated --speed 600"
    )
    return 0


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        output.show(line)


def _planned(folder: Path, subsystems: int, links: int, kernel: Kernel) -> PlanWithInventory:
    from migrator.cli.link_cache import CACHE
    from migrator.cli.plan_files import open_sound_plan
    from migrator.cli.report import write
    from migrator.importers.sample import write_sample
    from migrator.importers.sample_estate.estate import Size
    from migrator.inventory.reader import read_inventory
    from migrator.links.load import read_links
    from migrator.links.pairs import subsystem_pairs
    from migrator.plan.text import plan_to_text
    from migrator.planner.build import plan_estate

    estate = folder / "estate"
    with output.progress("Writing the sample estate", links) as advance:
        write_sample(
            estate, Size(subsystems, links, SEED), parquet=True, force=True, advance=advance
        )
    with output.progress("Checking it"):
        inventory = read_inventory(estate)
        table = read_links(inventory, CACHE)
        pairs = subsystem_pairs(table, inventory)
    output.show(
        f"estate: {len(inventory.moving)} subsystems move, {table.count:,} links, "
        f"{len(inventory.functions)} functions, {len(inventory.people.people)} people"
    )
    with output.progress("Planning"):
        planned = plan_estate(
            inventory, pairs, seed=SEED, name="demo", path="estate", links=table, kernel=kernel
        )
    path = folder / "plan.yaml"
    write(path, plan_to_text(planned.plan, {each.id: each.name for each in inventory.subsystems}))
    figures = planned.plan.figures
    window = (inventory.calendar.end - inventory.calendar.start).total_seconds() / 3600
    output.show(
        f"plan: {len(planned.plan.waves)} waves, {figures.makespan_hours:.1f} h of {window:.0f} h,"
        f" exposure {figures.exposure_hours:.2f} h"
    )
    return open_sound_plan(path, None)


def demo_faults(itinerary: Itinerary) -> tuple[tuple[PlannedFault, ...], WaveLeg]:
    """A handler's no in a wave that no other wave needs, and a step that fails once elsewhere."""
    from migrator.platform.simulated.faults import PlannedFault

    needed = {other for wave in itinerary.waves for other in wave.hard_predecessors}
    free = [wave for wave in itinerary.waves[1:] if wave.id not in needed]
    wave, check = next(
        (wave, check)
        for wave in sorted(free, key=lambda each: (-len(each.moves), each.id))
        for check in itinerary.checks
        if check.wave == wave.id and check.function is not None and _only_there(itinerary, check)
    )
    other = next(each for each in itinerary.waves if each.id != wave.id)
    assert check.function is not None, "chosen for its function"
    return (
        PlannedFault("handler_says_no", function=check.function, note="a function does not work"),
        PlannedFault("step_fails", other.moves[0], "prepare", note="fails once, then works"),
    ), wave


def _only_there(itinerary: Itinerary, check: CheckLeg) -> bool:
    """A fault names a function, so the function must be verified in one wave only."""
    return sum(other.function == check.function for other in itinerary.checks) == 1


def _write_faults(path: Path, faults: Sequence[PlannedFault]) -> None:
    from migrator.cli.report import write

    lines = ["# What the demo's weekend suffers: `migrator rehearse PLAN --fault FILE`.", "faults:"]
    for fault in faults:
        parts = [f"kind: {fault.kind}"]
        for key in ("function", "subsystem", "step"):
            value = getattr(fault, key)
            if value:
                parts.append(f"{key}: {value}")
        lines.append(f'  - {{{", ".join(parts)}, note: "{fault.note}"}}')
    write(path, "\n".join(lines) + "\n")


def _rehearsed(itinerary: Itinerary, faults: tuple[PlannedFault, ...]) -> Rehearsed:
    from migrator.wiring import STATE_FOLDER, keep_rehearsal, rehearsal

    output.show("weekend:")
    played = rehearsal(
        itinerary, seed=WEEKEND_SEED, faults=faults, accidents=False, on_commit=_teller(itinerary)
    )
    keep_rehearsal(played, itinerary, STATE_FOLDER)
    output.show(
        f"  {len(played.lines):,} journal lines in {played.took_seconds:.1f} s, "
        f"{played.ledger.both_live_seconds:.0f} s with both sides live, "
        f"{played.ledger.rows_lost} rows lost, {played.ledger.effects_doubled} effects doubled"
    )
    return played


def _teller(itinerary: Itinerary) -> Callable[[Run, Sequence[Line]], None]:
    """Tell what happens to the waves, as it happens."""
    from migrator.engine import events as ev
    from migrator.inventory.times import at_offset, zone

    where = zone(itinerary.window.time_zone)

    def tell(run: Run, lines: Sequence[Line]) -> None:
        for line in lines:
            event = line.event
            words = ""
            if isinstance(event, ev.GateDecided):
                who = (
                    itinerary.members[event.by].name if event.by in itinerary.members else event.by
                )
                size = len(next(w for w in itinerary.waves if w.id == event.wave).moves)
                what = "1 subsystem" if size == 1 else f"{size} subsystems"
                words = f"{event.wave} go, says {who}: {what}"
            elif isinstance(event, ev.WaveHeld):
                words = output.colour(f"{event.wave} HELD: {event.cause}", "red")
            elif isinstance(event, ev.UnwindBegun):
                words = output.colour(
                    f"{event.wave} is taken back: {len(event.moves)} subsystems", "yellow"
                )
            elif isinstance(event, ev.WaveReturned):
                words = output.colour(f"{event.wave} returned to the old side", "yellow")
            elif isinstance(event, ev.WaveAccepted):
                checks = sum(check.wave == event.wave for check in run.checks.values())
                ticked = "1 check" if checks == 1 else f"{checks} checks"
                words = output.colour(f"{event.wave} accepted, {ticked} ticked", "green")
            if words:
                output.show(f"  {at_offset(line.at, where):%a %H:%M}  {words}")

    return tell


def _expect(played: Rehearsed, wave: WaveLeg) -> None:
    """The demo is a test too: exactly this wave is returned, all others are accepted."""
    states = {each.id: each.state.value for each in played.run.waves.values()}
    returned = [name for name, state in states.items() if state == "returned"]
    accepted = [name for name, state in states.items() if state in {"accepted", "committed"}]
    wrong = [*played.ledger.violations]
    if returned != [wave.id] or len(accepted) != len(states) - 1 or played.outcome != "returned":
        wrong.append(f"{wave.id} alone should have been returned; the waves ended {states}")
    if wrong:
        raise InvariantError(
            "promise-broken",
            f"the demo did not go as it must: {'; '.join(wrong)}",
            hint="this is a defect of migrator; keep the folder and report it",
        )


def _report(folder: Path, itinerary: Itinerary, played: Rehearsed, lang: LanguageOption) -> None:
    from migrator.cli.report import write
    from migrator.reports.html import report_html
    from migrator.reports.narrative import three_sentences
    from migrator.reports.story import ledger_of
    from migrator.reports.teller import tell
    from migrator.reports.texts import texts

    book = tell(itinerary, played.lines, ledger_of(played.ledger))
    t = texts(language(lang), itinerary.window.time_zone)
    write(folder / "report.html", report_html(t, book, played.lines, played.name))
    output.show()
    for sentence in three_sentences(t, book):
        output.show(sentence)
