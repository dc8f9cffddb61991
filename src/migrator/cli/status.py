"""`migrator status`: where a run stands and what it waits for, as text or as one JSON document.

It reads the run like everybody else and judges nothing: what waits for whom is said by
`engine/waits.py`. The keys of the document are stable; the help names them.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from migrator.cli import output
from migrator.cli.countdown import left
from migrator.cli.limits import limit_facts, limit_lines
from migrator.cli.outlook import outlook_facts, show_clock
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run, typed
from migrator.cli.sentences import OUTCOME_WORDS, printable
from migrator.engine.bridging import figures
from migrator.plan.bridges import too_many

if TYPE_CHECKING:
    from migrator.engine.events import UnwindBegun
    from migrator.engine.run import Run, WaveRecord
    from migrator.engine.waits import Wait

STATE_WORDS: Final = {
    "planned": "not begun",
    "deciding": "gate open",
    "declined": "declined",
    "moving": "under way",
    "held": "HELD",
    "unwinding": "going back",
    "stuck": "STUCK",
    "returned": "returned",
    "blocked": "blocked",
    "accepted": "accepted",
    "committing": "committing",
    "committed": "committed",
}
"""A wave's state in words short enough for a column."""

COLOURS: Final = {
    "held": "yellow",
    "unwinding": "yellow",
    "stuck": "red",
    "returned": "yellow",
    "blocked": "yellow",
    "declined": "yellow",
    "accepted": "green",
    "committed": "green",
    "moving": "blue",
    "committing": "blue",
    "deciding": "blue",
}
TAKEN_BACK: Final = frozenset({"returned", "blocked", "declined"})
"""Waves of which people ask why."""

WAITS_SHOWN_MAX: Final = 12


def command(
    run: RunArgument,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Say where a run stands and what it waits for.

    \b
    Examples:
      migrator status latest
      migrator status autumn-p1 --format json | jq '.waits[] | select(.human)'

    \b
    Keys of the JSON document: run, mode, practice, target, plan, state, outcome, run_time,
    time_zone, window_start, window_end, speed, still_for, led_by, program (the version that led
    it last), lines, head, moves_total, moves_done (on the new side), waves [id, name, state,
    state_words, attempt, moves_total, moves_done, moves_returned, checks_total, checks_passed,
    planned_start, planned_end, gate_opened, started, ended, cause, unwind_at, bridges (of its
    unwind; null: none was begun, or nobody counted calls) {calls_per_hour, calls_per_hour_max,
    overloaded, heaviest, widened}], waits [wave, subject, what, waits_for, on_whom, since, until,
    then, human, choices], exceptions, limits [limit, until, by, reason, passed], beside (the last
    trouble of what runs beside the acts on a cluster; null: none) {at, text}, forecast (the newest
    one; null: nobody makes any) {made, knows, weekends, compiled, fits, forward_first, end_p50,
    end_p80, end_p95, latest, data_limit, data_limit_of, limit, unsafe, digest, said (the turn-back
    clock), old, forward_only, advice {go, reasons}, trouble}.
    """
    seen = see_run(run, store)
    with seen.store:
        if form is Format.json:
            output.emit(facts(seen))
        else:
            _show(seen)


def facts(seen: SeenRun) -> dict[str, object]:
    """The run as one JSON document."""
    from migrator.engine.waits import waits

    run, started, now = seen.run, seen.run.started, seen.now()
    assert started is not None, "a run that is seen has begun"
    waves = [wave_facts(run, wave) for wave in run.waves.values()]
    return {
        "run": seen.name,
        "mode": seen.mode,
        "practice": seen.practice,
        "target": started.target,
        "plan": seen.itinerary.plan_name,
        "state": run.state,
        "outcome": run.outcome or None,
        "run_time": now.astimezone(seen.zone),
        "time_zone": seen.itinerary.window.time_zone,
        "window_start": seen.itinerary.window.start.astimezone(seen.zone),
        "window_end": seen.itinerary.window.end.astimezone(seen.zone),
        "speed": seen.reading.get("speed", started.speed),
        "still_for": [list(pair) for pair in seen.still_for],
        "led_by": seen.leader,
        "program": run.program,
        "lines": run.seq,
        "head": seen.journal.head,
        "moves_total": len(run.moves),
        "moves_done": sum(side.value == "new" for side in run.authority.values()),
        "waves": waves,
        "waits": [
            {
                "wave": wait.wave,
                "subject": wait.subject,
                "what": wait.what,
                "waits_for": wait.waits_for,
                "on_whom": wait.on_whom,
                "since": seen.local(wait.since),
                "until": seen.local(wait.until),
                "then": wait.then,
                "human": wait.human,
                "choices": [
                    {"command": typed(seen, line), "consequence": then}
                    for line, then in wait.choices
                ],
            }
            for wait in (() if seen.ended else waits(run, now))
        ],
        "exceptions": run.exceptions,
        "limits": limit_facts(seen),
        "beside": _beside(seen),
        "forecast": outlook_facts(seen, now),
    }


def _beside(seen: SeenRun) -> dict[str, str] | None:
    """The last trouble of what follows the pods: nothing waits for it, so nothing else says it."""
    found = seen.journal.facts("cluster-trouble")
    if not isinstance(found, dict):
        return None
    return {"at": str(found["at"]), "text": str(found["text"])}


def wave_facts(run: Run, wave: WaveRecord) -> dict[str, object]:
    """One wave as the JSON documents of `status` and `run` show it."""
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave.id)
    legs = [run.itinerary.legs[move] for move in leg.moves]
    checks = [run.checks.get(check.id) for check in run.checks_of[wave.id]]
    passed = sum(
        check is not None and check.attempt == wave.attempt and check.state.value == "passed"
        for check in checks
    )
    clocks = [hold.unwind_at for hold in wave.holds if hold.unwind_at is not None]
    zone = ZoneInfo(run.itinerary.window.time_zone)

    def local(moment: datetime | None) -> datetime | None:
        return None if moment is None else moment.astimezone(zone)

    return {
        "id": wave.id,
        "name": leg.name,
        "state": wave.state,
        "state_words": state_words(run, wave),
        "attempt": wave.attempt,
        "moves_total": len(leg.moves),
        "moves_done": sum(run.authority[move].value == "new" for move in leg.moves),
        "moves_returned": sum(run.moves[move].returned for move in leg.moves),
        "checks_total": len(checks),
        "checks_passed": passed,
        "planned_start": local(min(each.planned_start for each in legs)),
        "planned_end": local(max(each.planned_end for each in legs)),
        "gate_opened": local(wave.opened_at),
        "started": local(wave.started_at),
        "ended": local(wave.ended_at),
        "cause": wave.cause,
        "unwind_at": local(min(clocks) if clocks else None),
        "bridges": _bridges(wave),
    }


def _bridges(wave: WaveRecord) -> dict[str, object] | None:
    """What the wave's unwind leaves to the bridges; None where none was begun, or nobody said."""
    begun = wave.begun
    if begun is None or begun.calls_per_hour is None:
        return None
    return {
        "calls_per_hour": begun.calls_per_hour,
        "calls_per_hour_max": begun.calls_per_hour_max,
        "overloaded": too_many(begun.calls_per_hour, begun.calls_per_hour_max),
        "heaviest": begun.bridges,
        "widened": begun.widened,
    }


def state_words(run: Run, wave: WaveRecord) -> str:
    """The wave's state in words; what is prepared ahead of its gate has begun in a way."""
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave.id)
    if wave.state.value == "planned" and any(run.moves[move].touched for move in leg.moves):
        return "preparing"
    return STATE_WORDS[wave.state.value]


def waves_table(run: Run) -> str:
    """The waves as a plain table; times as the plan's clocks show them."""
    zone = ZoneInfo(run.itinerary.window.time_zone)

    def clock(moment: object) -> str:
        return f"{moment.astimezone(zone):%a %H:%M}" if isinstance(moment, datetime) else "-"

    rows = []
    for wave in run.waves.values():
        each = wave_facts(run, wave)
        returned = f", {each['moves_returned']} back" if each["moves_returned"] else ""
        rows.append(
            [
                wave.id,
                each["state_words"],
                str(wave.attempt),
                f"{each['moves_done']}/{each['moves_total']}{returned}",
                f"{each['checks_passed']}/{each['checks_total']}",
                clock(each["planned_start"]),
                clock(wave.started_at),
                clock(wave.ended_at),
            ]
        )
    header = ["wave", "state", "attempt", "moved", "checks", "planned", "began", "ended"]
    return output.table(header, rows)


def _show(seen: SeenRun) -> None:
    from migrator.engine.waits import waits

    run, now = seen.run, seen.now()
    local = now.astimezone(seen.zone)
    output.show(printable(f"{seen.mode} {seen.name}: {state_line(seen)}"))
    output.show(
        f"run time {local:%a %Y-%m-%d %H:%M:%S %Z}; window "
        f"{seen.clock(seen.itinerary.window.start)} to {seen.clock(seen.itinerary.window.end)} "
        f"{seen.itinerary.window.time_zone}"
    )
    output.show(leader_line(seen))
    show_clock(seen, now)
    output.show()
    table = waves_table(run).splitlines()
    output.show(table[0])
    for line, wave in zip(table[1:], run.waves.values(), strict=True):
        name = COLOURS.get(wave.state.value)
        output.show(output.colour(line, name) if name else line)
    for wave in run.waves.values():
        if wave.state.value in TAKEN_BACK and wave.cause:
            output.show(printable(f"{wave.id} is {wave.state.value}: {wave.cause}"))
        if wave.begun is not None:
            show_bridges(wave.id, wave.begun)
    found = () if seen.ended else waits(run, now)
    people = [wait for wait in found if wait.human]
    if people:
        output.show()
        output.show("waits for people (details and commands: migrator decide)")
        for wait in people[:WAITS_SHOWN_MAX]:
            output.show(printable(f"  {wait_line(seen, wait, now)}"))
        if len(people) > WAITS_SHOWN_MAX:
            output.show(f"  and {len(people) - WAITS_SHOWN_MAX} more")
    acts = len(found) - len(people)
    if acts:
        waited = "1 more wait is" if acts == 1 else f"{acts} more waits are"
        output.show(f"{waited} for the platform or for people who come on shift")
    for line in _progress(seen):
        output.show(printable(f"  {line}"))
    show_limits(seen)
    beside = _beside(seen)
    if beside is not None and not seen.ended:
        said = seen.clock(datetime.fromisoformat(beside["at"]))
        output.show(printable(f"beside the acts, {said}: {beside['text']}"))
    if run.exceptions:
        output.show()
        output.show("exceptions")
        for each in run.exceptions:
            output.show(printable(f"  {each}"))
    output.show()
    if run.started is not None and run.program != run.started.program:
        output.show(f"begun with version {run.started.program}, goes on with {run.program}")
    output.show(f"line {run.seq}, head {seen.journal.head}")


def show_bridges(wave: str, begun: UnwindBegun) -> None:
    """Of a wave of which anything goes back, or is back: what that leaves to the bridges."""
    if begun.widened:
        output.show(printable(f"all of {wave} goes back, because {begun.widened}"))
    words = figures(begun)
    if words:
        loud = too_many(begun.calls_per_hour, begun.calls_per_hour_max)
        line = printable(f"{wave}: {words}")
        output.show(output.colour(line, "red") if loud else line)


def show_limits(seen: SeenRun) -> None:
    """What was signed, where anything was."""
    lines = limit_lines(seen)
    if lines:
        output.show()
        output.show("signed limits")
    for line in lines:
        output.show(output.colour(f"  {line}", "red" if "HAS PASSED" in line else "yellow"))


def state_line(seen: SeenRun) -> str:
    """The state of the run in words."""
    run = seen.run
    if seen.ended:
        return OUTCOME_WORDS[run.outcome]
    if seen.played_out:
        return "a rehearsal that did not end; nobody leads it"
    words = {
        "running": "under way",
        "paused": f"PAUSED ({run.paused_because or 'no reason given'})",
        "aborting": f"being ABORTED ({run.paused_because or 'no reason given'})",
    }
    return words[run.state.value]


def leader_line(seen: SeenRun) -> str:
    """Who leads the run, and how its time goes."""
    started = seen.run.started
    assert started is not None, "a run that is seen has begun"
    if seen.played_out:
        return f"plan {seen.itinerary.plan_name}, seed {started.seed}"
    if seen.leader is None:
        return (
            f"NOBODY leads it and its time stands still: migrator run --continue {seen.name}"
            if started.mode == "scaled"
            else f"NOBODY leads it: migrator run --continue {seen.name}"
        )
    if seen.still_for:
        members = seen.itinerary.members
        whom = ", ".join(
            f"{members[person].name if person in members else person} ({subject})"
            for person, subject in seen.still_for
        )
        return f"time STANDS STILL for {whom}; led by {seen.leader}"
    speed = seen.reading.get("speed", started.speed)
    return f"led by {seen.leader}; run time goes {speed:g} times as fast as the wall's"


def wait_line(seen: SeenRun, wait: Wait, now: datetime) -> str:
    """One wait in one line: what, on whom, until when, and what then."""
    text = f"{wait.what}: {wait.waits_for}, {wait.on_whom}"
    if wait.until is not None:
        text += f"; until {seen.clock(wait.until)} ({left(wait.until, now)}), then {wait.then}"
    return text


def _progress(seen: SeenRun) -> list[str]:
    """What the commands under way last said of their progress."""
    lines = []
    for (move, name), act in seen.run.in_flight.items():
        said = seen.journal.facts(f"progress/{move}/{name}")
        if isinstance(said, dict) and said.get("token") == act.token:
            lines.append(f"{move}/{name}: {said.get('share')} % {said.get('text')}")
    return lines
