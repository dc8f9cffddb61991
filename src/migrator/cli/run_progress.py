"""What `migrator run` shows while it runs: a line for each piece of news, and a small live footer.

The footer is drawn at most twice a second. Everything goes to stderr, because the result alone
belongs to stdout, and through a `Teller`, because no terminal may hold a run up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from migrator.cli.countdown import left
from migrator.cli.runs import mode_words
from migrator.cli.sentences import counted, sentence, tone, worth_telling
from migrator.cli.status import STATE_WORDS
from migrator.cli.terminal import Teller
from migrator.conductor.attending import Leaving
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.engine.states import CheckState
from migrator.engine.waits import waits

PEOPLE_SHOWN_MAX: Final = 2
ACTS_NAMED_MAX: Final = 3
RESTING: Final = frozenset({"planned", "declined", "accepted", "committed", "returned", "blocked"})
"""States of a wave in which nothing is done and nobody is waited for."""


class Progress:
    """Tells of one run while this process leads it."""

    def __init__(self, name: str, run: Run, *, every_line: bool) -> None:
        """Begin to tell; `every_line` leaves nothing out."""
        assert run.started is not None, "a run that is led has its first line"
        self.mode = mode_words(practice=run.started.practice, target=run.started.target)
        self.name = name
        self._run = run
        self._every_line = every_line
        self._zone = ZoneInfo(run.itinerary.window.time_zone)
        self._teller = Teller()

    def __enter__(self) -> Self:
        """Begin to tell."""
        self._teller.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Tell what is left, and take the footer away."""
        self._teller.stop()

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        """Tell the news of a commit."""
        for line in lines:
            if self._every_line or worth_telling(line):
                at = f"{line.at.astimezone(self._zone):%a %H:%M}"
                self._line(f"{at}  {sentence(line, run.itinerary)}", tone(line.event))

    def on_beat(self, run: Run, now: datetime) -> None:
        """Draw the footer anew."""
        if self._teller.live:
            self._teller.footer([self._where(run, now), *self._people(run, now)])

    def on_leaving(self, why: Leaving) -> None:
        """Say that the process is about to leave, and what that means."""
        if why is Leaving.ASKED:
            self._line(self._leaving(), "warn")
        elif why is Leaving.AT_ONCE:
            self._line("leaving at once", "warn")

    def _leaving(self) -> str:
        """What is waited for before the process leaves, and until when at the latest."""
        acts = [
            (f"{move}/{name}", record.limit_at)
            for (move, name), record in self._run.in_flight.items()
            if not record.by_engine and record.limit_at is not None
        ]
        if not acts:
            return "leaving: nothing is under way"
        named = ", ".join(name for name, _ in acts[:ACTS_NAMED_MAX])
        more = f" and {len(acts) - ACTS_NAMED_MAX} more" if len(acts) > ACTS_NAMED_MAX else ""
        latest = max(limit for _, limit in acts).astimezone(self._zone)
        return (
            f"leaving: nothing new starts; waits for {named}{more} to end, until {latest:%a %H:%M} "
            "run time at the latest. Once more leaves at once: the next process asks what happened"
        )

    def _line(self, text: str, tone_of_it: str) -> None:
        self._teller.line(text, tone_of_it)

    def _where(self, run: Run, now: datetime) -> str:
        done = sum(side.value == "new" for side in run.authority.values())
        active = [
            f"{wave.id} {STATE_WORDS[wave.state.value]}"
            for wave in run.waves.values()
            if wave.state.value not in RESTING
        ]
        return (
            f"{self.mode} {self.name}  {now.astimezone(self._zone):%a %H:%M:%S}  "
            f"{done}/{len(run.moves)} moved  {', '.join(active) or run.state.value}  "
            f"steps under way: {len(run.in_flight)}"
        )

    def _people(self, run: Run, now: datetime) -> list[str]:
        """The first things that wait for people; assigned checks are counted, not listed."""
        assigned = sum(check.state is CheckState.ASSIGNED for check in run.checks.values())
        found = [wait for wait in waits(run, now) if wait.human and wait.subject not in run.checks]
        lines = []
        for wait in found[:PEOPLE_SHOWN_MAX]:
            until = f" ({left(wait.until, now)} left)" if wait.until is not None else ""
            lines.append(f"waits: {wait.what}{until}: {wait.on_whom}")
        if assigned:
            lines.append(f"waits: {counted(assigned, 'check')} with handlers")
        return lines
