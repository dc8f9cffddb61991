"""The weekend as the operations room sees it: pure reading of a run, laid out by a template.

Read from five metres away: few words, each state as a word and a sign, never as a colour alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from migrator.engine.run import Run, WaveRecord
from migrator.engine.states import CheckState, Side, WaveState
from migrator.engine.waits import Wait, waits
from migrator.incidents.levels import Levels, levels
from migrator.incidents.model import Level
from migrator.plan.model import WaveLeg
from migrator.reports.texts import N_, Texts
from migrator.reports.words import act_word

TONES = {
    WaveState.PLANNED: "default",
    WaveState.DECIDING: "info",
    WaveState.DECLINED: "default",
    WaveState.MOVING: "info",
    WaveState.HELD: "warning",
    WaveState.UNWINDING: "warning",
    WaveState.STUCK: "error",
    WaveState.RETURNED: "warning",
    WaveState.BLOCKED: "default",
    WaveState.ACCEPTED: "success",
    WaveState.COMMITTING: "success",
    WaveState.COMMITTED: "success",
}
SIGNS = {
    WaveState.PLANNED: "·",
    WaveState.DECIDING: "?",
    WaveState.DECLINED: "-",
    WaveState.MOVING: "▶",
    WaveState.HELD: "⏸",
    WaveState.UNWINDING: "◀",
    WaveState.STUCK: "✖",
    WaveState.RETURNED: "↩",
    WaveState.BLOCKED: "-",
    WaveState.ACCEPTED: "✔",
    WaveState.COMMITTING: "✔",
    WaveState.COMMITTED: "✔",
}
WORDS = {
    WaveState.PLANNED: N_("to come"),
    WaveState.DECIDING: N_("waits for go"),
    WaveState.DECLINED: N_("declined"),
    WaveState.MOVING: N_("moving"),
    WaveState.HELD: N_("held"),
    WaveState.UNWINDING: N_("goes back"),
    WaveState.STUCK: N_("stuck"),
    WaveState.RETURNED: N_("is back"),
    WaveState.BLOCKED: N_("blocked"),
    WaveState.ACCEPTED: N_("accepted"),
    WaveState.COMMITTING: N_("being made final"),
    WaveState.COMMITTED: N_("final"),
}


@dataclass(frozen=True, slots=True)
class MoveDot:
    """One subsystem on the wall. `place` is old, crossing, new or back."""

    id: str
    name: str
    place: str
    act: str  # what is done with it now; empty when nothing is
    level: str  # of the disturbances about it


@dataclass(frozen=True, slots=True)
class WaveRow:
    """One wave on the wall."""

    id: str
    name: str
    state: str  # a word for people
    tone: str
    sign: str
    gate_at: datetime
    moves: tuple[MoveDot, ...]
    switched: int
    checks_done: int
    checks_open: int
    checks: int
    cause: str
    level: str  # of the disturbances about it and its subsystems
    doing: str  # what is done in it now, and how often

    @property
    def named(self) -> tuple[MoveDot, ...]:
        """Those that are neither where they begin nor where they end, and what is disturbed."""
        return tuple(
            dot for dot in self.moves if dot.place in {"crossing", "back"} or dot.level != "green"
        )


@dataclass(frozen=True, slots=True)
class Weekend:
    """Everything on the wall."""

    now: datetime
    window_end: datetime
    left: timedelta
    light: str  # green, yellow, red: the worst of the waves
    moved: int
    moves: int
    checks_done: int
    checks: int
    waves: tuple[WaveRow, ...]
    waits: tuple[Wait, ...]


def weekend(run: Run, now: datetime, t: Texts) -> Weekend:
    """The wall at run time `now`."""
    disturbed = levels(run.unsettled.values())
    acts = dict(run.in_flight.keys())
    rows = tuple(_row(run, leg, disturbed, acts, t) for leg in run.itinerary.waves)
    end = run.itinerary.window.end
    human = tuple(wait for wait in waits(run, now) if wait.human)
    return Weekend(
        now,
        end,
        max(timedelta(), end - now),
        light(run),
        sum(row.switched for row in rows),
        len(run.itinerary.legs),
        sum(row.checks_done for row in rows),
        sum(row.checks for row in rows),
        rows,
        human,
    )


def light(run: Run) -> str:
    """Green: all as planned. Yellow: something is held, has gone back or is disturbed.

    Red: stuck, aborted, or a disturbance that nobody has mended in time.
    """
    states = {wave.state for wave in run.waves.values()}
    disturbed = levels(run.unsettled.values()).whole
    if WaveState.STUCK in states or run.state.value == "aborting" or disturbed is Level.RED:
        return "red"
    uneasy = {WaveState.HELD, WaveState.UNWINDING, WaveState.RETURNED, WaveState.BLOCKED}
    if states & uneasy or run.state.value == "paused" or disturbed is Level.YELLOW:
        return "yellow"
    return "green"


def _row(run: Run, leg: WaveLeg, disturbed: Levels, acts: Mapping[str, str], t: Texts) -> WaveRow:
    wave = run.waves[leg.id]
    counted = _checks(run, leg, wave)
    dots = tuple(
        _dot(run, move, acts.get(move, ""), disturbed.of_subsystem(move)) for move in leg.moves
    )
    doing = Counter(acts[move] for move in leg.moves if move in acts)
    return WaveRow(
        leg.id,
        leg.name,
        t._(WORDS[wave.state]),
        TONES[wave.state],
        SIGNS[wave.state],
        leg.gate_at,
        dots,
        sum(dot.place == "new" for dot in dots),
        counted[CheckState.PASSED],
        counted[CheckState.OPEN] + counted[CheckState.ASSIGNED],
        len(run.checks_of[leg.id]),
        wave.hold.cause if wave.hold is not None else "",
        disturbed.of_wave(leg.id).value,
        ", ".join(f"{act_word(t, act)} ({number})" for act, number in doing.most_common()),
    )


def _checks(run: Run, leg: WaveLeg, wave: WaveRecord) -> Counter[CheckState]:
    return Counter(
        known.state
        for check in run.checks_of[leg.id]
        if (known := run.checks.get(check.id)) is not None and known.attempt == wave.attempt
    )


def _dot(run: Run, move: str, act: str, level: Level) -> MoveDot:
    record = run.moves[move]
    if run.authority[move] is Side.NEW:
        place = "new"
    elif record.returned:
        place = "back"
    else:
        place = "crossing" if record.touched else "old"
    return MoveDot(move, run.itinerary.legs[move].name, place, act, level.value)
