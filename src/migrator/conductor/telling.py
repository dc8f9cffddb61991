"""Logs every journalled line through structlog, for the people and programs that read logs.

Made by `observing.py` and told of each commit like every other listener. A log is copied to places
that nobody in the project knows, so a field of an event is told only where it is listed here: ids
of the plan, closed vocabularies, numbers and times. Reasons, details, notes, tokens, codes and
people's ids stay in the journal. Nothing here may block or stop a run: lines wait in a bounded
queue for a thread that writes them, and whatever cannot be written is counted and left out.
"""

from __future__ import annotations

import os
import queue
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from threading import Thread
from typing import Final

import structlog

from migrator.conductor.clock import wall_now
from migrator.engine import events as ev
from migrator.engine.commands import VERBS
from migrator.engine.ports import Line
from migrator.engine.run import Run

LINES_WAITING_MAX: Final = 10_000
"""A weekend of 1,000 subsystems has some 20,000 lines; whoever reads this far behind is gone."""

CLOSING_SECONDS_MAX: Final = 2.0
"""How long the end of a process waits for a reader of its log."""

STDERR: Final = 2

# --- what of an event may be told -----------------------------------------------------------------

NUMBERS: Final = frozenset(
    {
        "nth", "speed", "seed", "practice", "partial", "asserted", "saw",
        "same", "better", "broken", "regressed", "deferred", "left",
        "links", "proved", "wrong_side", "slower", "flaky", "unproved", "untestable", "waived",
        "calls_per_hour", "calls_per_hour_max",
        "knows", "weekends", "compiled", "fits", "forward_first", "times", "holds", "claimed",
    }
)  # fmt: skip
TIMES: Final = frozenset(
    {
        "anchor", "deadline", "limit_at", "since", "until", "unwind_at", "was",
        "made", "end_p50", "end_p80", "end_p95", "latest", "data_limit", "limit",
        "red_at",
    }
)  # fmt: skip
"""Told where they are times: `limit` is an hour of a forecast, and elsewhere somebody's words."""

WORDS: Final = frozenset(
    {
        "mode", "outcome", "how", "verdict", "look", "trouble", "side", "verb", "program",
        "plan_digest", "itinerary_digest", "began_with", "goes_on_with", "seen", "now",
        "dry_run", "disturbance", "source", "warning", "from_what", "defect", "estate",
    }
)  # fmt: skip
"""Closed vocabularies and digests of files. What does not look like one is left out."""

PLACES: Final = frozenset({"subject", "target", "because", "data_limit_of"})
"""Told only where it is the id of a wave, move, act or check: a target is typed by hand."""

COUNTED: Final = frozenset(
    {
        "moves", "changes", "remains", "lost", "examples", "causes",
        "waves", "legs", "checks", "gone", "stays", "assumed", "bridges", "unsafe", "members",
    }
)  # fmt: skip
"""Lists are told by their length, as `moves_count` and so on."""

SORTED_OUT: Final = frozenset({"wave", "move", "step", "undo", "attempt", "check", "subsystem"})
"""Told by `line_facts` itself, under the same keys in every line."""

WITHHELD: Final = frozenset(
    {
        "name", "play", "wall",  # the run is bound to every line; who is present is nobody's log's
        "reason", "cause", "detail", "why", "waits_for", "mend", "reasons", "widened",  # free text
        "by", "second", "person", "on_whom", "os_user",  # people; `by` says what kind of actor
        "to", "owner", "room", "key",  # the same, and where; an alarm's own name of a thing
        "token", "command", "digest",  # they open something, or name what does
        "note_digest", "picture_digest",
        "text", "left_behind",  # what people wrote down
        "file",  # typed by hand
        "link", "sweep", "swept_at", "function",  # the estate's own names
    }
)  # fmt: skip
"""Every field of every event is in one of these sets; a test holds a new one up."""

WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")

WARNS: Final = frozenset(
    {
        ev.RunPaused, ev.RunAborted, ev.GateLapsed, ev.StepDoubted, ev.UndoDoubted, ev.WaveHeld,
        ev.VetoGiven, ev.OverrideAsked, ev.OverrideGiven, ev.UnwindBegun, ev.WaveReturned,
        ev.WaveBlocked, ev.CommandRefused, ev.Stalled, ev.VersionAccepted, ev.LinkWaived,
        ev.SecondAsked, ev.StepAmended, ev.Replanned, ev.DisturbanceOpened,
        ev.DisturbanceHastened, ev.DisturbanceWarned, ev.DisturbanceReddened,
    }
)  # fmt: skip
BAD_WORDS: Final = frozenset({"failed", "timed_out", "returned", "does_not_work"})
ALARMING_WORDS: Final = frozenset({"unknown", "stuck"})

Fact = str | int | float | bool


class Telling:
    """A listener that logs. `close` writes what still waits."""

    def __init__(self, run_name: str, sink: Sink, *, as_json: bool, colours: bool = False) -> None:
        """Tell of one run: a JSON object a line, or aligned words for a person."""
        self.sink = sink
        self._dropped_told = 0
        renderer: structlog.typing.Processor = (
            structlog.processors.JSONRenderer(sort_keys=True)
            if as_json
            else structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=16)
        )
        self._logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
            sink,
            processors=[structlog.processors.add_log_level, _add_wall_time, renderer],
            wrapper_class=structlog.make_filtering_bound_logger(0),
            context_class=dict,
        ).bind(run=run_name)

    def __call__(self, run: Run, lines: Sequence[Line]) -> None:
        """Log the lines of a commit."""
        if self.sink.dropped > self._dropped_told:
            missing = self.sink.dropped - self._dropped_told
            self._dropped_told += missing
            self._logger.warning("LinesDropped", count=missing)
        for line in lines:
            say = getattr(self._logger, level_of(line.event))
            say(type(line.event).__name__, **line_facts(run, line))

    def begins(self, run: Run) -> None:
        """Say that this process leads the run from here on; not a line of the journal."""
        self._logger.info("Leading", seq=run.seq, pid=os.getpid())

    def ends(self, run: Run) -> None:
        """Say where the run stood when this process left it."""
        self._logger.info("Left", seq=run.seq, state=run.state.value)

    def close(self) -> None:
        """Write what waits, for a limited time."""
        self.sink.close()


class Sink:
    """Takes finished lines and never keeps the giver waiting. structlog calls it by level."""

    def __init__(self, write: Callable[[bytes], object] | None = None) -> None:
        """Write to stderr unless told otherwise."""
        self._write = write or _to_stderr
        self._waiting: queue.Queue[str | None] = queue.Queue(LINES_WAITING_MAX)
        self._too_many = 0  # counted by the giver
        self._unwritable = 0  # counted by the thread
        # A daemon, because a reader that has stopped reading must not keep the process alive.
        self._thread = Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Lines that nobody will read."""
        return self._too_many + self._unwritable

    def put(self, text: str) -> None:
        """Take a line; drop it where too many wait already."""
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            self._too_many += 1

    info = warning = error = put

    def close(self) -> None:
        """Write what waits, for a limited time, and end the thread."""
        try:
            self._waiting.put(None, timeout=CLOSING_SECONDS_MAX)
        except queue.Full:
            return
        self._thread.join(CLOSING_SECONDS_MAX)

    def _run(self) -> None:
        while (text := self._waiting.get()) is not None:
            try:
                self._write(text.encode("utf-8", "backslashreplace") + b"\n")
            except (OSError, ValueError):
                # A terminal that was closed, a pipe that nobody reads, a full disk: the run
                # goes on. The next line is tried again, because a disk may have room by then.
                self._unwritable += 1


def line_facts(run: Run, line: Line) -> dict[str, Fact]:
    """What is told of a line, by key. Nothing else of it leaves the journal."""
    event = line.event
    facts: dict[str, Fact] = {
        "seq": line.seq,
        "epoch": line.epoch,
        "at": ev.time_to_text(line.at),
        "by": kind_of_actor(line.actor),
    }
    for field in fields(event):
        value = getattr(event, field.name)
        if value is not None:
            facts |= _field_facts(run, field.name, value)
    facts |= _place_facts(run, event)
    return facts


def level_of(event: ev.Event) -> str:
    """The level of a line: error where a human is needed, warning where somebody should look."""
    word = str(getattr(event, "outcome", getattr(event, "verdict", "")))
    undo_failed = isinstance(event, ev.UndoEnded) and word in BAD_WORDS
    if isinstance(event, ev.WaveStuck) or word in ALARMING_WORDS or undo_failed:
        return "error"
    regressed = isinstance(event, ev.LinksJudged) and event.regressed > 0
    if type(event) in WARNS or word in BAD_WORDS or regressed:
        return "warning"
    return "info"


def kind_of_actor(actor: str) -> str:
    """Who wrote a line, without naming anybody: engine, conductor, simulated or person."""
    if actor in {"engine", "conductor"}:
        return actor
    return "simulated" if actor.startswith("simulated:") else "person"


def _field_facts(run: Run, name: str, value: object) -> Mapping[str, Fact]:
    if name in NUMBERS and isinstance(value, int | float):
        return {name: value}
    if name in TIMES and isinstance(value, datetime):
        return {name: ev.time_to_text(value)}
    if name in COUNTED and isinstance(value, tuple):
        return {f"{name}_count": len(value)}
    if not isinstance(value, str):
        return {}
    if name == "verb" and value not in VERBS:
        return {}  # somebody typed it
    if name in WORDS and WORD.fullmatch(value):
        return {name: value}
    if name in PLACES and (place := _known_place(run, value)):
        return {name: value, **place}
    return {}


def _place_facts(run: Run, event: ev.Event) -> Mapping[str, Fact]:
    """Wave, move, act, check and attempt, as far as the event is about one."""
    move = str(getattr(event, "move", getattr(event, "subsystem", "")))
    check = str(getattr(event, "check", ""))
    wave = str(getattr(event, "wave", ""))
    if not wave and move in run.moves:
        wave = run.moves[move].wave
    if not wave and check in run.checks:
        wave = run.checks[check].wave
    attempt = getattr(event, "attempt", None)
    if attempt is None and wave in run.waves:
        attempt = run.waves[wave].attempt
    named = {
        "wave": wave,
        "move": move,
        "step": str(getattr(event, "step", "")),
        "undo": str(getattr(event, "undo", "")),
        "check": check,
    }
    facts: dict[str, Fact] = {key: value for key, value in named.items() if value}
    return facts if attempt is None else {**facts, "attempt": int(attempt)}


def _known_place(run: Run, text: str) -> dict[str, Fact]:
    """The wave, move, act or check that a text names; empty where it names none of the plan."""
    if text in run.waves:
        return {"wave": text}
    if text in run.checks:
        return {"check": text, "wave": run.checks[text].wave}
    move, _, act = text.partition("/")
    record = run.moves.get(move)
    if record is None or (act and act not in record.steps and act not in record.undos):
        return {}
    facts: dict[str, Fact] = {"move": move, "wave": record.wave}
    if act:
        facts["step" if act in record.steps else "undo"] = act
    return facts


def _add_wall_time(
    _logger: object, _level: str, facts: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    facts["timestamp"] = wall_now().isoformat(timespec="milliseconds")
    return facts


def _to_stderr(data: bytes) -> None:
    """Write past Python's buffer: its lock, held by a stuck thread, would break the exit."""
    while data:
        data = data[os.write(STDERR, data) :]
