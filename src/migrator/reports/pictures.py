"""What happened as stretches of time, and the picture of the moves of one attempt, as SVG text.

Called by `html.py` and, for the stretches, by `drawing/`. Planned stands above actual; what was
taken back is hatched and dashed, so that the picture survives a grey printer and eyes that see no
red. Behind each picture stands a table with the same facts. Nothing is drawn that the story does
not tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from migrator.plan.model import StepKind
from migrator.reports.story import AttemptStory, MoveStory, StoryBook, TroubleStory, WaveStory
from migrator.reports.svg import PATTERNS, TimeAxis, bar, element, fitted, label, picture
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


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a lane. `kind` is ahead (of its gate), work, watch, held, back or rest."""

    start: datetime
    end: datetime
    kind: str


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


def drawn_segment(
    t: Texts, axis: TimeAxis, segment: Segment, top: float, identity: str, attempt: int
) -> str:
    """A stretch as a bar that says in words what it is; `identity` names the picture's patterns."""
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
        drawn = drawn_segment(t, axis, segment, lane, identity, attempt.number)
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
