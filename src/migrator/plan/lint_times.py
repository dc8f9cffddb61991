"""Does the clock hold? The planned times against the window, the gates, the calendar and people.

Called by `lint.py`. A move is planned by three times: `start` (its hands-on part, all that may not
run ahead of the gate), `switch` (the work goes to the target) and `end` (watched long enough). From
the recipe's P50 follows how long a team's seat is taken and from when the old side is closed. It
shares nothing with the planner's decoder on purpose, so that neither can hide the other's mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from migrator.ids import SubsystemId
from migrator.inventory.duration import format_minutes
from migrator.inventory.model import Function, Inventory, Part
from migrator.inventory.times import zone as zone_named
from migrator.inventory.yaml_text import DataPath
from migrator.plan.checks_to_come import eligible_handlers
from migrator.plan.findings import Finding, clock, error, warning
from migrator.plan.lint_waves import Placed, placed_moves
from migrator.plan.minutes import step_minutes
from migrator.plan.model import Plan, StepKind
from migrator.plan.presence import Stretch, crowd, presence

GRID: Final = timedelta(minutes=5)
"""Plans are made on a grid of five minutes; what differs by less is rounding and no mistake."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A move, its seat's time by its recipe, and the moment from which the old side is closed."""

    placed: Placed
    seat: Stretch
    closed: datetime


def lint_times(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    """Everything about planned times that does not hold."""
    zone = zone_named(plan.window.time_zone)
    moves = placed_moves(plan)
    yield from _window(plan, inventory, moves, zone)
    yield from _gates(plan, moves, zone)
    work = []
    for placed in moves:
        yield from _order(placed, zone)
        found = _work(plan, inventory, placed)
        if found is not None:
            work.append(found)
    for item in work:
        yield from _calendar(inventory, item, zone)
        yield from _tight(plan, inventory, item)
    yield from _seats(plan, inventory, work, zone)
    yield from _checks(plan, inventory, work, zone)


def _minutes(span: timedelta) -> str:
    return format_minutes(round(span.total_seconds() / 60))


# --- the window and the gates --------------------------------------------------------------------


def _window(
    plan: Plan, inventory: Inventory, moves: tuple[Placed, ...], zone: ZoneInfo
) -> Iterator[Finding]:
    window, path = plan.window, ("window",)
    if window.end <= window.start:
        message = "the window ends before it starts"
        yield error("window", (*path, "end"), message, "mend its start or its end")
        return
    calendar = inventory.calendar
    if (window.start, window.end) != (calendar.start, calendar.end):
        theirs = f"{clock(calendar.start, zone)} to {clock(calendar.end, zone)}"
        message = f"the plan's window is not that of the inventory's calendar ({theirs})"
        hint = "fine if that is agreed; then change calendar.yaml, too"
        yield warning("other-window", path, message, hint)
    last = max(moves, key=lambda placed: placed.move.end, default=None)
    if last is not None and last.move.end > window.end:
        over = _minutes(last.move.end - window.end)
        message = f"the plan is {over} longer than its window, which ends {clock(window.end, zone)}"
        hint = "make it shorter (other waves, more seats, fewer moves), or the window longer"
        yield error("window-too-short", (*last.path, "end"), message, hint)
    for placed in moves:
        if placed.move.start < window.start:
            message = f"{placed.move.subsystem} starts before the window"
            hint = f"not before {clock(window.start, zone)}"
            yield error("before-window", (*placed.path, "start"), message, hint)


def _gates(plan: Plan, moves: tuple[Placed, ...], zone: ZoneInfo) -> Iterator[Finding]:
    """Each gate inside the window, before its moves, and after what the wave before it needs."""
    window, soak = plan.window, timedelta(minutes=plan.policy.soak_minutes)
    accepted = plan.policy.next_wave_when == "accepted"
    ready: datetime | None = None
    for number, wave in enumerate(plan.waves):
        path, at = ("waves", number, "gate", "at"), wave.gate.at
        if not window.start <= at <= window.end:
            message = f"the gate of wave {wave.id} is outside the window ({clock(at, zone)})"
            yield error("gate-outside-window", path, message, "decide inside the window")
        if ready is not None and at + GRID < ready:
            before = plan.waves[number - 1].id
            word = "accepted" if accepted else "verified"
            message = f"the gate of wave {wave.id} is before wave {before} is {word}"
            hint = f"not before {clock(ready, zone)} (policy.next_wave_when)"
            yield error("wave-order", path, message, hint)
        for placed in moves:
            if placed.wave == number and placed.move.start < at:
                message = f"{placed.move.subsystem} starts before the gate of its wave is passed"
                hint = f"not before {clock(at, zone)}, or an earlier gate"
                yield error("before-gate", (*placed.path, "start"), message, hint)
        ends = [move.end for move in wave.moves]
        if ends:
            ready = max(ends) if accepted else max(ends) - soak


def _order(placed: Placed, zone: ZoneInfo) -> Iterator[Finding]:
    move, path = placed.move, placed.path
    if move.switch < move.start:
        message = f"{move.subsystem} switches before it starts ({clock(move.start, zone)})"
        yield error("times-order", (*path, "switch"), message, "write start, switch, end in order")
    if move.end < move.switch:
        message = f"{move.subsystem} ends before it switches ({clock(move.switch, zone)})"
        yield error("times-order", (*path, "end"), message, "write start, switch, end in order")


# --- one move ------------------------------------------------------------------------------------


def _work(plan: Plan, inventory: Inventory, placed: Placed) -> _Work | None:
    """None where the subsystem or its recipe is faulty: that is told elsewhere."""
    move = placed.move
    subsystem, recipe = inventory.by_id.get(move.subsystem), plan.recipes.get(move.recipe)
    if subsystem is None or recipe is None or not subsystem.moves:
        return None
    minutes = step_minutes(subsystem, recipe, plan.policy.soak_minutes)
    hands = [step.key for step in recipe.steps if step.kind not in plan.policy.ahead_of_gate]
    if not {StepKind.SWITCH, StepKind.PROBE_LINKS} <= set(hands):
        return None
    busy = hands[: hands.index(StepKind.PROBE_LINKS) + 1]
    closing = StepKind.QUIESCE if StepKind.QUIESCE in hands else StepKind.SWITCH
    # The old side is closed from the start of this step to the end of the switch.
    shut = hands[hands.index(closing) : hands.index(StepKind.SWITCH) + 1]
    seat = timedelta(minutes=sum(minutes[kind].p50 for kind in busy))
    closed = timedelta(minutes=sum(minutes[kind].p50 for kind in shut))
    return _Work(placed, Stretch(move.start, move.start + seat), move.switch - closed)


def _calendar(inventory: Inventory, work: _Work, zone: ZoneInfo) -> Iterator[Finding]:
    """Blackout slots and partners' appointments."""
    move, path = work.placed.move, (*work.placed.path, "switch")
    for slot in inventory.calendar.blackouts:
        if slot.subsystems and move.subsystem not in slot.subsystems:
            continue
        if work.closed < slot.end and slot.start < move.switch:
            inside = f"{clock(work.closed, zone)} to {clock(move.switch, zone)}"
            message = f"{move.subsystem} would be closed {inside}, in the slot '{slot.id}'"
            start, end = clock(slot.start, zone), clock(slot.end, zone)
            hint = f"that slot is {start} to {end} ({slot.reason})"
            yield error("blackout", path, message, hint)
    for date in inventory.calendar.fixed_dates:
        if date.subsystem == move.subsystem and not date.start <= move.switch <= date.end:
            message = f"{move.subsystem} must switch at the time agreed with {date.partner}"
            hint = f"between {clock(date.start, zone)} and {clock(date.end, zone)} ({date.id})"
            yield error("fixed-date", path, message, hint)


def _tight(plan: Plan, inventory: Inventory, work: _Work) -> Iterator[Finding]:
    """Times that even an ordinary run of the move would not keep, and steps over their limit."""
    move, path = work.placed.move, work.placed.path
    subsystem, recipe = inventory.by_id[move.subsystem], plan.recipes[move.recipe]
    minutes = step_minutes(subsystem, recipe, plan.policy.soak_minutes)
    hands = [step.key for step in recipe.steps if step.kind not in plan.policy.ahead_of_gate]
    until = hands[: hands.index(StepKind.SWITCH) + 1]
    wanted = timedelta(minutes=sum(minutes[kind].p50 for kind in until))
    if move.switch - move.start + GRID < wanted and move.start <= move.switch:
        given = _minutes(move.switch - move.start)
        message = f"{move.subsystem} has {given} from start to switch; P50 is {_minutes(wanted)}"
        hint = "start it earlier or switch it later"
        yield warning("too-tight", (*path, "switch"), message, hint)
    waits = {StepKind.VERIFY, StepKind.SOAK}
    limits = {step.key: step.limit_minutes for step in recipe.steps}
    for name, estimate in minutes.items():
        own = limits.get(name)
        limit = plan.policy.step_minutes_max if own is None else own
        if name not in waits and estimate.p80 > limit > 0:
            message = (
                f"'{name}' of {move.subsystem} takes {estimate.p80:.0f} minutes (P80), "
                f"more than the limit of {limit:.0f}"
            )
            hint = "raise its limit or policy.limits.step, or it will count as timed out"
            yield warning("step-over-limit", path, message, hint)
    drain = subsystem.durations.get(StepKind.DRAIN.value)
    if drain is not None and drain.p50 > plan.policy.drain_minutes_max > 0:
        message = f"{move.subsystem} needs {drain.p50:g} minutes to drain (P50)"
        most = f"{plan.policy.drain_minutes_max:g}"
        hint = f"the fence cuts off what is left after {most} (policy.limits.drain)"
        yield warning("drain-cut-short", path, message, hint)


# --- people --------------------------------------------------------------------------------------


def _seats(
    plan: Plan, inventory: Inventory, work: list[_Work], zone: ZoneInfo
) -> Iterator[Finding]:
    """Every team, at every moment at which one of its moves begins or a shift changes."""
    shifts = {shift.id: Stretch(shift.start, shift.end) for shift in inventory.people.shifts}
    teams = {team.id: team for team in inventory.people.teams}
    for name in sorted({item.placed.move.team for item in work}):
        team = teams.get(name)
        mine = [item for item in work if item.placed.move.team == name]
        if team is None:
            seats = [
                (Stretch(plan.window.start, plan.window.end), inventory.assumptions.team_seats)
            ]
        else:
            seats = [(shifts[s], number) for s, number in team.seats.items() if s in shifts]
        for full in crowd([item.seat for item in mine], seats, plan.window.end):
            busy = [item for item in mine if item.seat.covers(full.at)]
            last = max(busy, key=lambda item: (item.placed.move.start, item.placed.path[3]))
            who = ", ".join(sorted(item.placed.move.subsystem for item in busy))
            message = (
                f"team {name} has {full.seats} seats {clock(full.at, zone)}, "
                f"but {full.wanted} of its moves are in hand: {who}"
            )
            hint = "start one of them later, or give the team more seats in that shift"
            yield error("team-seats", (*last.placed.path, "start"), message, hint)


def _checks(
    plan: Plan, inventory: Inventory, work: list[_Work], zone: ZoneInfo
) -> Iterator[Finding]:
    """Enough of the right handlers between the last core move of a check and its wave's soak."""
    soak = timedelta(minutes=plan.policy.soak_minutes)
    by_id = {item.placed.move.subsystem: item for item in work}
    for function in inventory.functions:
        core = [s for s, part in function.exercises.items() if part is Part.CORE and s in by_id]
        for number in sorted({by_id[s].placed.wave for s in core}):
            here = [by_id[s] for s in core if by_id[s].placed.wave == number]
            opens = max(item.seat.end for item in here)
            if function.possible_after is not None:
                opens = max(opens, function.possible_after)
            wave = plan.waves[number]
            until = max(move.end for move in wave.moves) - soak + GRID
            path: DataPath = ("waves", number)
            yield from _check(inventory, function, Stretch(opens, until), path, zone, plan)


def _check(
    inventory: Inventory,
    function: Function,
    when: Stretch,
    path: DataPath,
    zone: ZoneInfo,
    plan: Plan,
) -> Iterator[Finding]:
    wave = plan.waves[int(path[1])].id
    able = eligible_handlers(function, inventory.people.people)
    needed = timedelta(minutes=function.minutes.p50)
    there = [
        person
        for person in able
        if any(
            min(when.end, stretch.end) - max(when.start, stretch.start) >= needed
            for stretch in presence(person, inventory.people.shifts, plan.window)
        )
    ]
    if len(there) >= function.quorum:
        return
    between = f"{clock(when.start, zone)} and {clock(when.end, zone)}"
    if len(able) < function.quorum:
        message = (
            f"'{function.id}' needs {function.quorum} who know {function.competence}, "
            f"and the inventory has {len(able)}"
        )
        hint = "name handlers, or give somebody that competence in people.yaml"
    elif when.end - when.start < needed:
        message = (
            f"'{function.id}' in wave {wave} needs {_minutes(needed)} from "
            f"{clock(when.start, zone)}, but the wave is planned to be verified before that"
        )
        hint = "let the wave's moves end later"
    else:
        message = (
            f"'{function.id}' in wave {wave} needs {function.quorum} of its {len(able)} handlers "
            f"for {_minutes(needed)} between {between}, and {len(there)} are there"
        )
        hint = "move the wave, or change the shifts in people.yaml"
    yield error("nobody-to-verify", path, message, hint)


def switches(plan: Plan) -> dict[SubsystemId, datetime]:
    """When each subsystem is planned to switch; the first line counts where one stands twice."""
    found: dict[SubsystemId, datetime] = {}
    for placed in placed_moves(plan):
        found.setdefault(placed.move.subsystem, placed.move.switch)
    return found
