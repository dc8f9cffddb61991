"""The waves over time: planned, what chance makes of it, and what happened, with the gates.

Called by `gallery.py`. Each wave has a row of up to three lanes in that order from above, so that
what differs from the plan is seen as a shift against the frame above it.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Final

from migrator.forecast.model import WaveForecast
from migrator.plan.model import WaveLeg
from migrator.reports import pictures
from migrator.reports.drawing import parts
from migrator.reports.drawing.figure import FOOT, WIDTH, Cell, Column, Figure, Key, Table
from migrator.reports.drawing.scene import Scene, shown_share
from migrator.reports.story import WaveStory
from migrator.reports.svg import TimeAxis, bar, element, fitted, label
from migrator.reports.texts import Texts
from migrator.reports.words import WAVE_OUTCOMES

NAME: Final = "waves"
NAME_WIDTH: Final = 212
WORD_WIDTH: Final = 144
TOP: Final = 10
LANE: Final = 15
BAR: Final = 11
EN_DASH: Final = "\N{EN DASH}"
TEXT_ROOM: Final = 40
"""A row is never lower than its two lines of text."""


def waves_figure(t: Texts, scene: Scene) -> Figure:
    """All waves, one below the other."""
    waves = scene.itinerary.waves
    forecasts = {w.wave: w for w in scene.forecast.waves} if scene.forecast is not None else {}
    stories = {w.leg.id: w for w in scene.book.waves} if scene.book is not None else {}
    lanes = 1 + bool(forecasts) + bool(stories)
    height = max(LANE * lanes + 10, TEXT_ROOM)
    axis = TimeAxis(scene.begin, scene.end, NAME_WIDTH, WIDTH - WORD_WIDTH)
    limits = _limits(t, scene, axis)
    first = TOP + parts.FLAG_STEP * len(limits)
    bottom = first + height * len(waves)
    body = [parts.patterns(NAME), axis.drawn(t, first - 4, bottom, WORD_WIDTH)]
    body.append(parts.flags(limits, NAME_WIDTH, WIDTH, first - 4, bottom))
    for number, leg in enumerate(waves):
        top = first + height * number
        body.append(_heading(t, leg, top))
        body.append(_planned(t, scene, leg, axis, top + 3))
        if leg.id in forecasts:
            body.append(_chances(t, forecasts[leg.id], axis, top + 3 + LANE))
        if leg.id in stories:
            body.append(_story(t, scene, stories[leg.id], axis, top + 3 + LANE * (lanes - 1)))
        body.append(_words(t, scene, leg, stories.get(leg.id), forecasts.get(leg.id), top))
    title = t._("The waves over time")
    if stories:
        title = t._("The waves over time, planned and actual")
    elif forecasts:
        title = t._("The waves over time, planned and likely")
    return Figure(
        NAME,
        title,
        _described(t, scene),
        bottom + FOOT,
        "".join(body),
        _keys(t, scene),
        (t._("Times are in %(zone)s.", zone=scene.itinerary.window.time_zone),),
        _table(t, scene),
    )


def _limits(t: Texts, scene: Scene, axis: TimeAxis) -> list[parts.Flag]:
    """The window's end, and the hour after which nobody can turn back, where that is known."""
    end = scene.itinerary.window.end
    found = [parts.Flag(axis.x(end), t._("the window ends"), "tick", "limit")]
    forecast = scene.forecast
    if forecast is not None and forecast.turn_back.limit is not None:
        limit = forecast.turn_back.limit
        words = t._("turn back by %(time)s", time=t.hour(limit, scene.end - scene.begin))
        found.append(parts.Flag(axis.x(limit), words, "alarm", "limit"))
    return found


def window_end(t: Texts, axis: TimeAxis, end: datetime, top: float, bottom: float) -> str:
    """The line at which the window ends."""
    x = axis.x(end)
    title = element("title", escape(t._("The window ends %(time)s", time=t.time(end))))
    return element("line", title, x1=x, y1=top, x2=x, y2=bottom, class_="limit")


def span_of(scene: Scene, leg: WaveLeg) -> tuple[datetime, datetime]:
    """From when to when a wave is planned."""
    legs = [scene.itinerary.legs[move] for move in leg.moves]
    start = min((each.planned_start for each in legs), default=leg.gate_at)
    return start, max((each.planned_end for each in legs), default=leg.gate_at)


def _heading(t: Texts, leg: WaveLeg, top: float) -> str:
    title = f"{leg.id} {leg.name}" if leg.name else leg.id
    size = t.ngettext("%(num)s subsystem", "%(num)s subsystems", len(leg.moves))
    return (
        element("line", x1=0, y1=top - 3, x2=WIDTH, y2=top - 3, class_="row")
        + label(0, top + 15, fitted(title, NAME_WIDTH - 12, strong=True), class_="label strong")
        + label(0, top + 30, size, class_="tick")
    )


def _planned(t: Texts, scene: Scene, leg: WaveLeg, axis: TimeAxis, top: float) -> str:
    """The frame with a notch for each planned switch, and the gate."""
    start, end = span_of(scene, leg)
    x, right = axis.x(start), axis.x(end)
    found = [bar(x, top, right - x, BAR, "bar planned", tip(t, t._("planned"), start, end))]
    places = {round(axis.x(scene.itinerary.legs[move].planned_switch), 1) for move in leg.moves}
    found.extend(
        element("line", x1=at, y1=top + 3, x2=at, y2=top + BAR - 3, class_="notch")
        for at in sorted(places)
    )
    said = t._("gate planned %(time)s", time=t.time(leg.gate_at))
    found.append(parts.triangle(axis.x(leg.gate_at), top + 2, 4.5, "mark planned", said))
    return "".join(found)


def _chances(t: Texts, wave: WaveForecast, axis: TimeAxis, top: float) -> str:
    """From the gate's P50 to the end's, hatched on to P80, a whisker to P95."""
    gate, end = wave.gate.p50, wave.end.p50
    if gate is None or wave.over:
        return ""
    found = []
    x = axis.x(gate)
    until = axis.x(end) if end is not None else axis.right
    words = t._("likely (P50)")
    title = tip(t, words, gate, end) if end is not None else words
    found.append(bar(x, top + 1, until - x, BAR - 2, "bar chance", title))
    if end is not None:
        late = axis.x(wave.end.p80) if wave.end.p80 is not None else axis.right
        said = t._("P50 to P80")
        if wave.end.p80 is not None:
            said = tip(t, said, end, wave.end.p80)
        hatched = bar(until, top + 1, late - until, BAR - 2, "bar spread", said)
        found.append(hatched.replace("<rect ", f'<rect fill="url(#{NAME}-spread)" ', 1))
        last = axis.x(wave.end.p95) if wave.end.p95 is not None else axis.right
        middle = top + BAR / 2
        path = f"M{late:.1f} {middle:.1f}H{last:.1f}M{last:.1f} {middle - 4:.1f}V{middle + 4:.1f}"
        found.append(element("path", d=path, class_="whisker"))
    return "".join(found)


def _story(t: Texts, scene: Scene, wave: WaveStory, axis: TimeAxis, top: float) -> str:
    """What happened to the wave, attempt by attempt, with its gate's decisions."""
    assert scene.book is not None, "asked only where there is a story"
    found: list[str] = []
    for attempt in wave.attempts:
        found.extend(
            pictures.drawn_segment(t, axis, segment, top, NAME, attempt.number)
            for segment in pictures.attempt_segments(attempt, scene.book.end)
        )
        if attempt.started is not None:
            said = t._("gate opened %(time)s", time=t.time(attempt.started))
            found.append(parts.triangle(axis.x(attempt.started), top + 2, 4.5, "mark gate", said))
        found.extend(
            parts.cross(
                axis.x(decision.at), top + 5, 4, "mark no",
                t._("gate closed %(time)s", time=t.time(decision.at)),
            )
            for decision in attempt.decisions
            if decision.what in {"no-go", "lapsed"}
        )  # fmt: skip
    return "".join(found)


def _words(
    t: Texts, scene: Scene, leg: WaveLeg, story: WaveStory | None,
    wave: WaveForecast | None, top: float,
) -> str:  # fmt: skip
    """What is said at the right: the outcome, else by when the wave is through."""
    x = WIDTH - WORD_WIDTH + 12
    span = scene.end - scene.begin
    first, second = t.hour(span_of(scene, leg)[1], span), t._("planned end")
    if wave is not None and not wave.over:
        late = wave.end.p80
        first = f"P80 {t.hour(late, span) if late is not None else EN_DASH}"
        second = ""
        if wave.returned >= 0.005:
            second = t._("taken back in %(share)s", share=shown_share(t, wave.returned))
    if story is not None:
        # A wave that is not over keeps its likely end, below what it is now.
        second = first if wave is not None and not wave.over else ""
        first = t._(WAVE_OUTCOMES[story.outcome])
    words = label(x, top + 15, fitted(first, WORD_WIDTH - 12, strong=True), class_="label strong")
    if second:
        words += label(x, top + 30, fitted(second, WORD_WIDTH - 12), class_="tick")
    return words


def tip(t: Texts, what: str, start: datetime, end: datetime) -> str:
    """A stretch in words."""
    return f"{what}: {t.time(start)} \N{EN DASH} {t.time(end)} ({t.between(start, end)})"


def _described(t: Texts, scene: Scene) -> str:
    if scene.book is not None:
        return pictures.waves_in_words(t, scene.book)
    said = [
        t._(
            "%(wave)s: planned %(start)s to %(end)s",
            wave=leg.id,
            start=t.time(span_of(scene, leg)[0]),
            end=t.time(span_of(scene, leg)[1]),
        )
        for leg in scene.itinerary.waves
    ]
    return "; ".join(said) + "."


def _keys(t: Texts, scene: Scene) -> tuple[Key, ...]:
    notch = element("line", x1=20, y1=4, x2=20, y2=10, class_="notch")
    frame = parts.bar_key("planned", "").swatch
    found = [
        Key(frame + notch, t._("planned, with its switches")),
        Key(parts.triangle(15, 7, 4.5, "mark planned"), t._("gate, planned")),
    ]
    if scene.forecast is not None:
        found.append(parts.bar_key("chance", t._("likely: to P50")))
        found.append(parts.bar_key("spread", t._("to P80, line to P95"), f"{NAME}-spread"))
    if scene.book is not None:
        kinds = (
            ("ahead", t._("prepared ahead of the decision"), None),
            ("work", t._("under way"), None),
            ("watch", t._("verified, being watched"), None),
            ("held", t._("held"), f"{NAME}-held"),
            ("back", t._("being taken back"), f"{NAME}-back"),
        )
        found.append(Key(parts.triangle(15, 7, 4.5, "mark gate"), t._("gate, opened")))
        found.extend(parts.bar_key(kind, words, fill) for kind, words, fill in kinds)
    return tuple(found)


def _table(t: Texts, scene: Scene) -> Table:
    columns = [
        Column("wave", t._("Wave")),
        Column("name", t._("Name")),
        Column("subsystems", t._("Subsystems")),
        Column("gate_planned", t._("Gate, planned")),
        Column("start_planned", t._("Planned start")),
        Column("end_planned", t._("Planned end")),
    ]
    forecasts = {w.wave: w for w in scene.forecast.waves} if scene.forecast is not None else {}
    stories = {w.leg.id: w for w in scene.book.waves} if scene.book is not None else {}
    if forecasts:
        columns += [
            Column("gate_p50", t._("Gate, P50")),
            Column("gate_p80", t._("Gate, P80")),
            Column("end_p50", t._("End, P50")),
            Column("end_p80", t._("End, P80")),
            Column("end_p95", t._("End, P95")),
            Column("returned_percent", t._("Taken back, %%"), 1),
        ]
    if stories:
        columns += [
            Column("start_actual", t._("Actual start")),
            Column("end_actual", t._("Actual end")),
            Column("attempts", t._("Attempts")),
            Column("outcome", t._("Outcome")),
        ]
    rows = []
    for leg in scene.itinerary.waves:
        row: list[Cell] = [leg.id, leg.name, len(leg.moves), leg.gate_at, *span_of(scene, leg)]
        if forecasts:
            row += _chance_cells(forecasts.get(leg.id))
        if stories:
            story = stories[leg.id]
            ended = story.ended if story.started is not None else None
            row += [story.started, ended, len(story.attempts), t._(WAVE_OUTCOMES[story.outcome])]
        rows.append(tuple(row))
    return Table(tuple(columns), tuple(rows))


def _chance_cells(wave: WaveForecast | None) -> list[Cell]:
    if wave is None:
        return [None] * 6
    gate, end = wave.gate, wave.end
    return [gate.p50, gate.p80, end.p50, end.p80, end.p95, wave.returned * 100]
