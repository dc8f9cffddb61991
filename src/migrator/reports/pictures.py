"""The pictures of a report as SVG text: waves over time, moves of a wave, exposure over time.

Called by `html.py`. Planned stands above actual; what was taken back is hatched and dashed, so that
the picture survives a grey printer and eyes that see no red. Behind each picture stands a table
with the same facts, which the page prints. Nothing is drawn that the story does not tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from migrator.plan.model import StepKind
from migrator.reports.exposure import Curve, Exposure
from migrator.reports.story import AttemptStory, MoveStory, StoryBook, TroubleStory, WaveStory
from migrator.reports.svg import (
    TimeAxis,
    bar,
    element,
    fitted,
    label,
    picture,
    steps_path,
)
from migrator.reports.texts import Texts
from migrator.reports.words import WAVE_OUTCOMES

WIDTH: Final = 920
NAME_WIDTH: Final = 196
WORD_WIDTH: Final = 132
FOOT: Final = 44
ROW: Final = 40
BAR: Final = 11

PAUSE: Final = timedelta(minutes=5)
"""Shorter waits between two steps would only be specks."""

COMMIT_STEPS: Final = frozenset({StepKind.FINALISE.value, StepKind.RETIRE.value})

PATTERNS: Final = (
    '<defs><pattern id="{id}-back" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="7" height="7" class="hatch-ground"/>'
    '<line x1="0" y1="0" x2="0" y2="7" class="hatch-line"/></pattern>'
    '<pattern id="{id}-held" width="5" height="5" patternUnits="userSpaceOnUse">'
    '<rect width="5" height="5" class="dot-ground"/>'
    '<circle cx="2.5" cy="2.5" r="1.1" class="dot"/></pattern></defs>'
)
"""Hatching for what was taken back and dots for what stood still: not told by colour alone."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a lane. `kind` is ahead (of its gate), work, watch, held, back or rest."""

    start: datetime
    end: datetime
    kind: str


def stretch_of(book: StoryBook) -> tuple[datetime, datetime]:
    """From when to when the pictures of a run reach."""
    window = book.itinerary.window
    planned = [wave.planned_end for wave in book.waves]
    return min(window.start, book.begin), max([window.end, book.end, *planned])


def attempt_segments(attempt: AttemptStory, now: datetime) -> tuple[Segment, ...]:
    """An attempt as work, holds, watched time and unwind; `now` ends what goes on."""
    begun = attempt.prepared or attempt.started
    if begun is None:
        return ()
    end = attempt.ended or now
    backs = [_unwound(trouble, now) for trouble in attempt.troubles if trouble.unwind is not None]
    holds = [_held(trouble, now) for trouble in attempt.troubles if trouble.kind != "unwind"]
    special = sorted([*backs, *holds], key=lambda segment: (segment.start, segment.kind))
    found: list[Segment] = []
    at = begun
    for segment in special:
        if segment.start > at:
            found.extend(_work(attempt, at, segment.start))
        if segment.end > max(at, segment.start):
            found.append(Segment(max(at, segment.start), segment.end, segment.kind))
        at = max(at, segment.end)
    if end > at:
        found.extend(_work(attempt, at, end))
    return tuple(found)


def _work(attempt: AttemptStory, start: datetime, end: datetime) -> list[Segment]:
    """What ran ahead of the gate, then work until the checks are through, then watched time."""
    decided = min(max(attempt.started or end, start), end)
    seen = min(max(attempt.verified or end, decided), end)
    parts = ((start, decided, "ahead"), (decided, seen, "work"), (seen, end, "watch"))
    return [Segment(*part) for part in parts if part[0] < part[1]]


def _unwound(trouble: TroubleStory, now: datetime) -> Segment:
    assert trouble.unwind is not None, "asked only of unwound troubles"
    return Segment(trouble.unwind.at, trouble.unwind.ended or now, "back")


def _held(trouble: TroubleStory, now: datetime) -> Segment:
    until = trouble.unwind.at if trouble.unwind is not None else trouble.result_at or now
    return Segment(trouble.at, until, "held")


def waves_picture(t: Texts, book: StoryBook) -> str:
    """Every wave over time: planned above actual."""
    start, end = stretch_of(book)
    axis = TimeAxis(start, end, NAME_WIDTH, WIDTH - WORD_WIDTH)
    bottom = 10 + ROW * len(book.waves)
    body = [PATTERNS.format(id="waves"), axis.drawn(t, 6, bottom, WORD_WIDTH)]
    body.append(_window(t, axis, book.itinerary.window.end, 6, bottom))
    for row, wave in enumerate(book.waves):
        body.append(_wave_row(t, book, wave, axis, 10 + ROW * row))
    return picture(
        "waves",
        WIDTH,
        bottom + FOOT,
        t._("The waves over time, planned and actual"),
        waves_in_words(t, book),
        "".join(body),
    )


def waves_in_words(t: Texts, book: StoryBook) -> str:
    """The same picture for those who hear it."""
    parts = [
        t._(
            "%(wave)s: planned %(start)s to %(end)s, %(outcome)s",
            wave=wave.leg.id,
            start=t.time(wave.planned_start),
            end=t.time(wave.planned_end),
            outcome=t._(WAVE_OUTCOMES[wave.outcome]),
        )
        for wave in book.waves
    ]
    return "; ".join(parts) + "."


def _wave_row(t: Texts, book: StoryBook, wave: WaveStory, axis: TimeAxis, top: float) -> str:
    planned = _tip(t, t._("planned"), wave.planned_start, wave.planned_end)
    x = axis.x(wave.planned_start)
    title = f"{wave.leg.id} {wave.leg.name}" if wave.leg.name else wave.leg.id
    parts = [
        element("line", x1=0, y1=top - 3, x2=WIDTH, y2=top - 3, class_="row"),
        label(0, top + 15, fitted(title, NAME_WIDTH - 8, strong=True), class_="label strong"),
        label(
            0,
            top + 30,
            t.ngettext("%(num)s subsystem", "%(num)s subsystems", len(wave.leg.moves)),
            class_="tick",
        ),
        bar(x, top + 4, axis.x(wave.planned_end) - x, BAR, "bar planned", planned),
    ]
    for attempt in wave.attempts:
        parts.extend(
            _drawn(t, axis, segment, top + 18, "waves", attempt.number)
            for segment in attempt_segments(attempt, book.end)
        )
    parts.append(
        label(
            WIDTH - WORD_WIDTH + 12,
            top + 22,
            fitted(t._(WAVE_OUTCOMES[wave.outcome]), WORD_WIDTH - 12, strong=True),
            class_="label strong",
        )
    )
    return "".join(parts)


def _drawn(
    t: Texts, axis: TimeAxis, segment: Segment, top: float, identity: str, attempt: int
) -> str:
    x = axis.x(segment.start)
    words = {
        "ahead": t._("prepared ahead of the decision"),
        "rest": t._("waiting"),
        "work": t._("under way"),
        "watch": t._("verified, being watched"),
        "held": t._("held"),
        "back": t._("being taken back"),
    }
    tip = _tip(t, words[segment.kind], segment.start, segment.end)
    if attempt > 1:
        tip = t._("attempt %(number)s: %(what)s", number=attempt, what=tip)
    parts = bar(x, top, axis.x(segment.end) - x, BAR, f"bar {segment.kind}", tip)
    if segment.kind not in {"back", "held"}:
        return parts
    return parts.replace("<rect ", f'<rect fill="url(#{identity}-{segment.kind})" ', 1)


def _tip(t: Texts, what: str, start: datetime, end: datetime) -> str:
    return f"{what}: {t.time(start)} \N{EN DASH} {t.time(end)} ({t.between(start, end)})"


def _window(t: Texts, axis: TimeAxis, end: datetime, top: float, bottom: float) -> str:
    x = axis.x(end)
    title = element("title", t._("The window ends %(time)s", time=t.time(end)))
    return element("line", title, x1=x, y1=top, x2=x, y2=bottom, class_="limit")


def moves_picture(t: Texts, wave: WaveStory, attempt: AttemptStory, now: datetime) -> str:
    """The moves of one attempt: planned above actual, the switch marked."""
    moves = attempt.moves
    segments = [s for move in moves for s in move_segments(move, attempt, now)]
    starts = [s.start for s in segments] + [m.leg.planned_start for m in moves]
    ends = [s.end for s in segments] + [m.leg.planned_end for m in moves]
    margin = timedelta(minutes=10)
    axis = TimeAxis(min(starts) - margin, max(ends) + margin, 210, WIDTH - 8)
    row = 26
    bottom = 8 + row * len(moves)
    identity = f"moves-{wave.leg.id}-{attempt.number}"
    body = [PATTERNS.format(id=identity), axis.drawn(t, 4, bottom)]
    for number, move in enumerate(moves):
        body.append(_move_row(t, axis, move, attempt, now, 8 + row * number, identity))
    title = t._(
        "The moves of wave %(wave)s, attempt %(number)s",
        wave=wave.leg.id,
        number=attempt.number,
    )
    described = t._("The times are in the table of moves.")
    return picture(identity, WIDTH, bottom + FOOT, title, described, "".join(body))


def _move_row(
    t: Texts, axis: TimeAxis, move: MoveStory, attempt: AttemptStory, now: datetime,
    top: float, identity: str,
) -> str:  # fmt: skip
    leg = move.leg
    x = axis.x(leg.planned_start)
    planned = _tip(t, t._("planned"), leg.planned_start, leg.planned_end)
    parts = [
        label(0, top + 14, fitted(leg.name, 204), class_="label"),
        bar(x, top + 2, axis.x(leg.planned_end) - x, 6, "bar planned", planned),
        _mark(axis.x(leg.planned_switch), top + 5, 3.5, "mark planned"),
    ]
    for segment in move_segments(move, attempt, now):
        height = "3" if segment.kind == "rest" else "9"
        lane = top + (14 if segment.kind == "rest" else 11)
        drawn = _drawn(t, axis, segment, lane, identity, attempt.number)
        parts.append(drawn.replace(f'height="{BAR}"', f'height="{height}"'))
    if move.switched is not None:
        parts.append(_mark(axis.x(move.switched), top + 15.5, 5.0, "mark switched"))
    return "".join(parts)


def move_segments(move: MoveStory, attempt: AttemptStory, now: datetime) -> tuple[Segment, ...]:
    """A move's acts joined to stretches, with the waits between; making it final is left out."""
    found: list[Segment] = []
    for act in move.acts:
        if act.nth == 0 or act.name in COMMIT_STEPS:
            continue
        start, end = act.started, act.ended or now
        kind = "back" if act.undo else "work"
        if not act.undo and attempt.verified is not None and start >= attempt.verified:
            kind = "watch"
        if found and start - found[-1].end > PAUSE:
            found.append(Segment(found[-1].end, start, "rest"))
        last = found[-1] if found else None
        if last is not None and last.kind == kind:
            found[-1] = Segment(last.start, max(last.end, end), kind)
        elif last is None or end > last.end:
            found.append(Segment(max(start, last.end) if last else start, end, kind))
    return tuple(found)


def _mark(x: float, y: float, size: float, class_: str) -> str:
    """A diamond."""
    corners = ((x, y - size), (x + size, y), (x, y + size), (x - size, y))
    path = "L".join(f"{a:.1f} {b:.1f}" for a, b in corners)
    return element("path", d=f"M{path}Z", class_=class_)


def exposure_picture(t: Texts, book: StoryBook, found: Exposure) -> str:
    """The share of the link weight that runs between the platforms, planned and actual."""
    start, end = stretch_of(book)
    left, top, bottom = 56, 12, 212
    axis = TimeAxis(start, end, left, WIDTH - 12)
    highest = max(found.planned.highest, found.actual.highest, 0.01)
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0) if highest / s <= 5)
    count = max(int(-(-highest // step)), 1)
    limit = step * count

    def y(share: float) -> float:
        return bottom - (bottom - top) * share / limit

    body = [axis.drawn(t, top, bottom)]
    for number in range(count + 1):
        at = y(step * number)
        body.append(element("line", x1=left, y1=at, x2=WIDTH - 12, y2=at, class_="grid"))
        text = t._("%(share)s %%", share=t.number(step * number * 100))
        body.append(label(left - 8, at + 4, text, anchor="end", class_="tick"))
    actual = _path(found.actual, axis, y, book.end)
    closed = f"{actual}V{y(0):.1f}H{axis.x(found.actual.points[0][0]):.1f}Z"
    body.append(element("path", d=closed, class_="area"))
    body.append(element("path", d=_path(found.planned, axis, y, end), class_="curve planned"))
    body.append(element("path", d=actual, class_="curve actual"))
    return picture(
        "exposure",
        WIDTH,
        bottom + FOOT,
        t._("Exposure over time, planned and actual"),
        t._(
            "Highest planned %(planned)s %%, highest actual %(actual)s %% of the link weight.",
            planned=t.number(found.planned.highest * 100),
            actual=t.number(found.actual.highest * 100),
        ),
        "".join(body),
    )


def _path(curve: Curve, axis: TimeAxis, y: Callable[[float], float], end: datetime) -> str:
    points = [(axis.x(at), y(share)) for at, share in curve.points]
    return steps_path(points, axis.x(end))


def exposure_rows(
    found: Exposure, start: datetime, end: datetime, rows_max: int = 24
) -> Sequence[tuple[datetime, float, float]]:
    """The table behind the picture: at most `rows_max` even moments."""
    hours = max((end - start).total_seconds() / 3600, 1.0)
    step = next(s for s in (1, 2, 3, 4, 6, 12, 24, 168, 10**6) if hours / s <= rows_max)
    rows, moment = [], start
    while moment <= end:
        rows.append((moment, found.planned.at(moment), found.actual.at(moment)))
        moment += timedelta(hours=step)
    return rows
