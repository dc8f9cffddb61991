"""The live screen of a run, as lines of text for a terminal of any size from 80 by 24 up.

Used by `migrator watch`. `frame` is pure: a run, a moment and a size give lines; it draws nothing
and waits for nothing. What matters at 03:00 stands highest: the mode, the clock, who leads, what a
person must decide and how long there is. Every sign has its word beside it; colour only repeats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.text import Text

from migrator.cli.live_parts import (
    move_rows,
    wait_rows,
    wave_rows,
    window_row,
)
from migrator.cli.outlook import clock_line
from migrator.cli.runs import SeenRun
from migrator.cli.sentences import OUTCOME_WORDS, printable, sentence, tone, worth_telling
from migrator.cli.status import leader_line, state_line

WIDTH_MIN: Final = 60
HEIGHT_MIN: Final = 16
TONES: Final = {"bad": "red", "warn": "yellow", "good": "green", "calm": ""}
LEGEND: Final = "● done ◐ now ✖ failed ? doubt ◌ skipped · to come ─ plan ░ ahead █ moved ▒ back"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the screen: a headline and as many of its rows as there is room for."""

    title: str
    rows: Sequence[Text]
    least: int  # rows it should have before others get more
    newest_last: bool = False  # its last rows matter most


def frame(seen: SeenRun, now: datetime, width: int, height: int) -> list[Text]:
    """The screen as exactly `height` lines, none wider than `width`."""
    width, height = max(width, WIDTH_MIN), max(height, HEIGHT_MIN)
    top = [_title(seen, now, width), _state(seen), window_row(seen, now, width), _counts(seen)]
    said, hue = clock_line(seen, now)
    if said:
        top.insert(3, Text(said, style=f"bold {hue}" if hue else ""))
    bottom = [Text(LEGEND, style="dim")]
    sections = _sections(seen, now, width)
    given = _shares(sections, height - len(top) - len(bottom))
    body: list[Text] = []
    for section, rows in zip(sections, given, strict=True):
        if rows < 0:
            continue
        hidden = len(section.rows) - rows
        title = f"{section.title} ({hidden} more)" if hidden > 0 else section.title
        body.append(_rule(title, width))
        shown = section.rows[len(section.rows) - rows :] if section.newest_last else section.rows
        body += list(shown)[:rows]
    body = body[: height - len(top) - len(bottom)]
    body += [Text() for _ in range(height - len(top) - len(bottom) - len(body))]
    lines = [*top, *body, *bottom]
    for line in lines:
        line.plain = printable(line.plain)  # sign for sign, so that every style stays in its place
        line.no_wrap = True
        line.truncate(width, overflow="ellipsis")
    return lines


def _title(seen: SeenRun, now: datetime, width: int) -> Text:
    """The bar that says in which world one is: mode, run, clock."""
    left = f" {seen.mode}  {seen.name}"
    right = f"{now.astimezone(seen.zone):%a %d %b %H:%M:%S %Z} "
    gap = max(1, width - len(left) - len(right))
    style = "bold black on bright_cyan" if seen.practice else "bold white on red"
    return Text(left + " " * gap + right, style=style)


def _state(seen: SeenRun) -> Text:
    run = seen.run
    text = state_line(seen)
    style = {"paused": "bold yellow", "aborting": "bold red"}.get(run.state.value, "bold")
    line = Text(text, style=style)
    if not seen.played_out:
        lost = seen.leader is None
        line.append("; " + _leader(seen), style="bold red" if lost else "not bold")
    return line


def _leader(seen: SeenRun) -> str:
    """As the status says it, and shorter where all is well."""
    if seen.leader is None or seen.still_for:
        return leader_line(seen)
    speed = seen.reading.get("speed", 1.0)
    return f"{speed:g} times the wall's pace; led by {seen.leader}"


def _counts(seen: SeenRun) -> Text:
    run = seen.run
    new = sum(side.value == "new" for side in run.authority.values())
    adrift = sum(side.value == "none" for side in run.authority.values())
    back = sum(move.returned for move in run.moves.values())
    passed = sum(check.state.value == "passed" for check in run.checks.values())
    parts = [f"{new} of {len(run.moves)} on the new side"]
    if adrift:
        parts.append(f"{adrift} between the sides")
    if back:
        parts.append(f"{back} taken back")
    parts.append(f"{passed} of {len(seen.itinerary.checks)} checks passed")
    if run.exceptions:
        count = len(run.exceptions)
        parts.append("1 exception" if count == 1 else f"{count} exceptions")
    return Text(" · ".join(parts))


def _sections(seen: SeenRun, now: datetime, width: int) -> list[Section]:
    """The parts in their order; without room the later rows of each are left out."""
    waits = wait_rows(seen, now)
    waves = wave_rows(seen, now, width)
    moves = move_rows(seen, now, width)
    sections = []
    if seen.ended:
        sections.append(Section("THE RUN IS OVER", _ending(seen), 2))
    elif waits:
        sections.append(Section("WAITS FOR PEOPLE", waits, 3))
    sections.append(Section("WAVES", waves, 4))
    if moves:
        sections.append(Section("MOVES UNDER WAY", moves, 4))
    sections.append(Section("LAST", _last(seen), 3, newest_last=True))
    return sections


def _ending(seen: SeenRun) -> list[Text]:
    run = seen.run
    bad = run.outcome in {"stuck", "returned"}
    rows = [Text(OUTCOME_WORDS[run.outcome], style="bold yellow" if bad else "bold green")]
    rows += [Text(f"exception: {each}", style="yellow") for each in run.exceptions]
    rows += [
        Text(f"left behind by {move.id}: {', '.join(move.remains)}")
        for move in run.moves.values()
        if move.returned and move.remains
    ]
    rows.insert(1, Text(f"next: migrator report {seen.name} -o report.html"))
    return rows


def _last(seen: SeenRun) -> list[Text]:
    return [
        Text(
            f"{seen.clock(line.at)}  {sentence(line, seen.itinerary)}",
            style=TONES[tone(line.event)],
        )
        for line in seen.recent
        if worth_telling(line)
    ]


def _rule(title: str, width: int) -> Text:
    text = Text(f"── {title} ", style="bold")
    text.append("─" * max(0, width - len(text.plain)), style="dim")
    return text


def _shares(sections: Sequence[Section], height: int) -> list[int]:
    """How many rows each section gets, beside its headline; -1: it is left out.

    First every section its least, in their order; then one row each in turn while there is room.
    """
    left = height
    given = []
    for section in sections:
        rows = min(section.least, len(section.rows), left - 1)
        given.append(rows)
        if rows >= 0:
            left -= rows + 1
    while left > 0:
        hungry = [
            index for index, section in enumerate(sections) if 0 <= given[index] < len(section.rows)
        ]
        if not hungry:
            break
        for index in hungry[:left]:
            given[index] += 1
        left -= min(left, len(hungry))
    return given
