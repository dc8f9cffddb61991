"""A run as somebody sees it who does not lead it: found, folded, with its mode, clock and leader.

The pages and the commands that look (`status`, `watch`, `decide`, the verbs) begin here, so that
all of them find the same run, say its mode in the same words and agree on what run time it is. It
reads and never writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.engine.ports import Line
    from migrator.engine.run import Run
    from migrator.plan.model import Itinerary
    from migrator.store.sql import Store
    from migrator.store.sql_journal import SqlJournal

PRACTICE: Final = "ÖVNING/PRACTICE"
LIVE: Final = "SKARPT/LIVE"

LINES_KEPT_MAX: Final = 400
"""Lines that a screen may show; the run itself is folded from all of them."""


def mode_words(*, practice: bool, target: str) -> str:
    """The mode in words, in both languages: nobody may mistake it."""
    return PRACTICE if practice else f"{LIVE} {target}"


@dataclass(slots=True)
class SeenRun:
    """A run, seen from outside. `refresh` reads what is new."""

    name: str
    store: Store
    journal: SqlJournal
    itinerary: Itinerary
    run: Run
    recent: list[Line] = field(default_factory=list)
    leader: str | None = None  # None: nobody leads it now
    reading: dict[str, object] = field(default_factory=dict)  # of the leader's clock
    expected: object = None  # the newest forecast, as its maker keeps it beside the journal

    @property
    def mode(self) -> str:
        """The mode in words."""
        started = self.run.started
        practice = started.practice if started is not None else self.store.practice
        return mode_words(practice=practice, target=started.target if started else "")

    @property
    def practice(self) -> bool:
        """Tell whether nothing real is moved."""
        return self.store.practice

    @property
    def zone(self) -> ZoneInfo:
        """The plan's time zone, in which every time is shown."""
        return ZoneInfo(self.itinerary.window.time_zone)

    @property
    def ended(self) -> bool:
        """Tell whether the run is over."""
        return self.run.state.value == "ended"

    @property
    def played_out(self) -> bool:
        """Tell whether no process will ever lead it: over, or rehearsed."""
        started = self.run.started
        return self.ended or (started is not None and started.mode == "virtual")

    @property
    def still_for(self) -> tuple[tuple[str, str], ...]:
        """(person, subject) for whom run time stands still."""
        rows = self.reading.get("still_for")
        if self.leader is None or not isinstance(rows, list):
            return ()
        return tuple((str(person), str(subject)) for person, subject in rows)

    def now(self) -> datetime:
        """Run time: by the leader's clock where somebody leads, else that of the last line."""
        last = self.run.now or self.itinerary.window.start
        told, wall = self.reading.get("run_time"), self.reading.get("wall")
        if self.leader is None or self.ended or not isinstance(told, str):
            return last
        read_at = datetime.fromisoformat(told)
        if not self.still_for and isinstance(wall, str):
            from migrator.conductor.clock import wall_now

            speed = self.reading.get("speed")
            passed = max(timedelta(), wall_now() - datetime.fromisoformat(wall))
            read_at += passed * float(speed if isinstance(speed, int | float) else 1.0)
        return max(last, read_at)

    @property
    def speed(self) -> float:
        """How fast run time passes now; 0 while it stands still."""
        if self.leader is None or self.played_out or self.still_for or "wall" not in self.reading:
            return 0.0
        told = self.reading.get("speed")
        return float(told if isinstance(told, int | float) else 1.0)

    def clock(self, moment: datetime) -> str:
        """A moment as the plan's clocks show it: Sat 03:12."""
        return f"{moment.astimezone(self.zone):%a %H:%M}"

    def local(self, moment: datetime | None) -> datetime | None:
        """A moment with the offset of the plan's clocks; None stays None."""
        return None if moment is None else moment.astimezone(self.zone)

    def refresh(self) -> bool:
        """Read what is new; tell whether the run changed."""
        from migrator.engine.fold import apply

        self.leader = self.journal.leader()
        kept = self.journal.facts("clock")
        self.reading = kept if isinstance(kept, dict) else {}
        self.expected = self.journal.facts("forecast")
        fresh = self.journal.lines(self.run.seq)
        for line in fresh:
            apply(self.run, line.at, line.event)
        self.itinerary = self.run.itinerary  # as it was planned last
        self.recent = [*self.recent, *fresh][-LINES_KEPT_MAX:]
        return bool(fresh)


def see_run(run: str, folder: str | Path) -> SeenRun:
    """Find a run and fold it. Raises InputError where there is none, or nothing of it began.

    JournalError names the first line that is not as it was written.
    """
    from migrator.engine.run import new_run
    from migrator.store.find import find_run

    store, name = find_run(run, folder)
    journal = store.journal(name, lead=False)
    # A fold of lines that somebody cut or edited is a lie, or a defect that is none of ours.
    journal.verify()
    itinerary = journal.itinerary()
    seen = SeenRun(name, store, journal, itinerary, new_run(itinerary))
    seen.refresh()
    if seen.run.started is None:
        store.close()
        raise InputError(
            "run-not-begun",
            f"nothing of the run {name} was journalled: the process that began it ended too early",
            hint="begin it anew with `migrator run PLAN`",
        )
    return seen
