"""What stands around the waves on the wall: clocks, what is awaited, what is disturbed. Pure.

Read from five metres away and never still, so everything has a place of a fixed size: so many lines
and no more, and a line that says how many there are. The words are those of the calls that people
get, in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from migrator.engine.run import Run
from migrator.engine.states import WaveState
from migrator.incidents.model import Level
from migrator.notices.book import Item, Why
from migrator.notices.model import Kind
from migrator.notices.things import things
from migrator.reports.calls import title
from migrator.reports.svg import TimeAxis, bar, element, label
from migrator.reports.texts import Texts
from migrator.web.disturbances_view import LEVELS, place
from migrator.web.outlook_view import TurnBackClock
from migrator.web.wave_view import person_name
from migrator.web.weekend_view import TONES, WaveRow, Weekend

SLOTS: Final = 4
"""Lines of what is awaited and of what is disturbed."""
NAMES_MAX: Final = 2
"""More people than this on a line are said by their number."""
SOON: Final = timedelta(minutes=30)
DENSE_FROM: Final = 150
"""From so many subsystems on the wall names only those that need a look."""
NAMED_MAX: Final = 6
"""Of a wave on a large wall: as many as have a place on three lines."""

LINES_MAX: Final = 24
"""Waves over time on one screen: those that go on, then the next ones, then the last that ended."""

WIDTH: Final = 1600
LEFT: Final = 330
RIGHT: Final = 1400
ROW: Final = 24
TOP: Final = 6
AXIS: Final = 44


@dataclass(frozen=True, slots=True)
class Slot:
    """A line on the wall. `sign` and `word` are a level's; empty where it is none."""

    what: str
    who: str
    until: datetime | None
    left: str
    soon: bool
    path: str
    sign: str
    word: str
    tone: str


@dataclass(frozen=True, slots=True)
class Around:
    """Everything around the waves. The slots are SLOTS at most; the numbers are all."""

    awaited: tuple[Slot, ...]
    awaited_all: int
    disturbed: tuple[Slot, ...]
    disturbed_all: int
    decide_at: datetime | None  # the next hour at which something is decided without people
    decide_what: str
    left: str
    turn_left: str
    decide_left: str
    dense: bool
    timeline: str


def around(
    run: Run, wall: Weekend, clock: TurnBackClock | None, t: Texts, *, dense: bool | None = None
) -> Around:
    """What the wall shows besides its waves. `dense` None: by the number of subsystems."""
    now = wall.now
    awaited = [
        _awaited(run, Item("", each.key, each.kind, each.wave, each.subject, each.cause, each.then,
                           each.since, each.until, Why.FIRST), each.people, now, t)
        for each in things(run, now)
        if each.kind is not Kind.DISTURBANCE
    ]  # fmt: skip
    known = sorted(run.unsettled.values(), key=lambda each: (-each.level.rank, each.red_at))
    disturbed = [_disturbed(run, each.id, now, t) for each in known[:SLOTS]]
    soonest = min(
        (slot for slot in awaited if slot.until is not None and slot.until > now),
        key=lambda slot: slot.until or now,
        default=None,
    )
    decide_at = None if soonest is None else soonest.until
    until = clock.until if clock is not None else None
    return Around(
        tuple(awaited[:SLOTS]),
        len(awaited),
        tuple(disturbed),
        len(known),
        decide_at,
        "" if soonest is None else soonest.what,
        t.lasting(wall.left.total_seconds() // 60),
        "" if until is None else _left(now, until, t),
        "" if decide_at is None else _left(now, decide_at, t),
        wall.moves > DENSE_FROM if dense is None else dense,
        timeline(run, wall, until, t),
    )


def _left(now: datetime, until: datetime, t: Texts) -> str:
    """How long it is, by whole minutes as the page's script counts them down."""
    return t.lasting(max(0.0, (until - now).total_seconds()) // 60)


def _awaited(run: Run, item: Item, people: tuple[str, ...], now: datetime, t: Texts) -> Slot:
    who = ", ".join(person_name(run, each) for each in people[:NAMES_MAX])
    if len(people) > NAMES_MAX:
        who = t._("%(names)s and %(number)s more", names=who, number=len(people) - NAMES_MAX)
    path = f"/waves/{item.wave}" if item.wave else "/decide"
    return _slot(title(item, run.itinerary, t), who, item.until, now, path, ("", "", ""), t)


def _disturbed(run: Run, disturbance: str, now: datetime, t: Texts) -> Slot:
    known = run.disturbances[disturbance]
    word, sign, tone = LEVELS[known.level]
    what = f"{known.id} {place(run, known.target, t).name}: {known.reason}"
    until = known.red_at if known.level is Level.YELLOW else None
    level = (sign, t._(word), tone)
    who = person_name(run, known.owner)
    return _slot(what, who, until, now, f"/disturbances/{known.id}", level, t)


def _slot(
    what: str,
    who: str,
    until: datetime | None,
    now: datetime,
    path: str,
    level: tuple[str, str, str],
    t: Texts,
) -> Slot:
    soon = until is not None and until - now <= SOON
    return Slot(what, who, until, _left(now, until, t) if until else "", soon, path, *level)


def timeline(run: Run, wall: Weekend, turn_back: datetime | None, t: Texts) -> str:
    """The waves over time as an SVG: planned, and as it was, up to now. The cards say the rest."""
    window = run.itinerary.window
    axis = TimeAxis(window.start, max(window.end, wall.now), LEFT, RIGHT)
    drawn = _worth_a_line(run, wall)
    bottom = TOP + ROW * len(drawn)
    body = [axis.drawn(t, TOP, bottom)]
    for number, row in enumerate(drawn):
        top = TOP + number * ROW
        body.append(_wave_line(run, row.id, axis, top, wall.now, t))
        said = f"{row.sign} {row.id} {row.name}"
        body.append(label(0, top + 17, _cut(said, 36), class_="line-name"))
        counted = t._("%(some)s of %(all)s", some=row.switched, all=len(row.moves))
        body.append(label(RIGHT + 14, top + 17, f"{counted}, {row.state}", class_="line-state"))
    if turn_back is not None:
        body.append(_mark(axis, turn_back, bottom, "mark-turn", t._("turn back")))
    body.append(_mark(axis, wall.now, bottom, "mark-now", t._("now")))
    title_ = t._("The waves over time")
    if len(drawn) < len(wall.waves):
        title_ = t._("%(some)s of %(all)s waves over time", some=len(drawn), all=len(wall.waves))
        body.append(label(0, bottom + 18, title_, class_="tick"))
    head = element("title", title_, id="timeline-title")
    return element(
        "svg",
        head + "".join(body),
        viewBox=f"0 0 {WIDTH} {bottom + AXIS}",
        role="img",
        aria_labelledby="timeline-title",
        class_="timeline",
    )


def _worth_a_line(run: Run, wall: Weekend) -> list[WaveRow]:
    """The waves that are drawn, in the plan's order."""
    if len(wall.waves) <= LINES_MAX:
        return list(wall.waves)

    def rank(row: WaveRow) -> tuple[int, float]:
        record = run.waves[row.id]
        if record.ended_at is not None:
            return 2, -record.ended_at.timestamp()
        return int(record.state is WaveState.PLANNED), row.gate_at.timestamp()

    chosen = {row.id for row in sorted(wall.waves, key=rank)[:LINES_MAX]}
    return [row for row in wall.waves if row.id in chosen]


def _wave_line(run: Run, wave: str, axis: TimeAxis, top: float, now: datetime, t: Texts) -> str:
    leg = next(each for each in run.itinerary.waves if each.id == wave)
    record = run.waves[wave]
    ends = [run.itinerary.legs[move].planned_end for move in leg.moves]
    end = max(ends, default=leg.gate_at)
    start_x, end_x = axis.x(leg.gate_at), axis.x(end)
    words = t._("planned %(start)s to %(end)s", start=t.time(leg.gate_at), end=t.time(end))
    drawn = bar(start_x, top + 3, end_x - start_x, ROW - 6, "plan", words)
    if record.started_at is not None:
        until = record.ended_at or now
        x = axis.x(record.started_at)
        words = t._("began %(time)s", time=t.time(record.started_at))
        width = axis.x(until) - x
        drawn += bar(x, top + 7, width, ROW - 14, f"real fill-{TONES[record.state]}", words)
    return drawn


def _mark(axis: TimeAxis, at: datetime, bottom: float, class_: str, words: str) -> str:
    x = axis.x(at)
    line = element("line", x1=x, y1=0, x2=x, y2=bottom + 6, class_=class_)
    near_end = x > RIGHT - 90
    anchor = "end" if near_end else "start"
    return line + label(
        x + (-6 if near_end else 6), bottom - 4, words, anchor=anchor, class_=f"{class_}-word"
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"
