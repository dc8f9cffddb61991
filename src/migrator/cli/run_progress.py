"""What `migrator run` shows while it runs: a line for each piece of news, and a small live footer.

The footer appears only where stderr is a terminal, is drawn at most twice a second and vanishes at
the end; the lines stay. Everything goes to stderr, because the result alone belongs to stdout.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from migrator.cli import output
from migrator.cli.runs import mode_words
from migrator.cli.sentences import sentence, tone, worth_telling
from migrator.cli.status import left
from migrator.conductor.attending import Leaving
from migrator.engine.ports import Line
from migrator.engine.run import Run
from migrator.engine.states import CheckState
from migrator.engine.waits import waits

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

TONES = {"bad": "red", "warn": "yellow", "good": "green"}
PEOPLE_SHOWN_MAX = 2


class Progress:
    """Tells of one run while this process leads it."""

    def __init__(self, name: str, run: Run, *, every_line: bool) -> None:
        """Begin to tell; `every_line` leaves nothing out."""
        assert run.started is not None, "a run that is led has its first line"
        self.mode = mode_words(practice=run.started.practice, target=run.started.target)
        self.name = name
        self._every_line = every_line
        self._zone = ZoneInfo(run.itinerary.window.time_zone)
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Show the footer, if somebody looks."""
        if sys.stderr.isatty():
            from rich.live import Live as RichLive

            self._live = RichLive(
                console=output.console(sys.stderr), auto_refresh=False, transient=True
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the footer away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def on_commit(self, run: Run, lines: Sequence[Line]) -> None:
        """Tell the news of a commit."""
        for line in lines:
            if self._every_line or worth_telling(line):
                at = f"{line.at.astimezone(self._zone):%a %H:%M}"
                self._line(f"{at}  {sentence(line, run.itinerary)}", tone(line.event))

    def on_beat(self, run: Run, now: datetime) -> None:
        """Draw the footer anew."""
        if self._live is not None:
            self._live.update(self._footer(run, now), refresh=True)

    def on_leaving(self, why: Leaving) -> None:
        """Say that the process is about to leave, and what that means."""
        if why is Leaving.ASKED:
            self._line(
                "leaving: what is under way may end, nothing new starts; "
                "once more leaves at once, and the next process asks what happened",
                "warn",
            )
        elif why is Leaving.AT_ONCE:
            self._line("leaving at once", "warn")

    def _line(self, text: str, tone_of_it: str) -> None:
        if self._live is not None:
            from rich.text import Text as RichText

            self._live.console.print(RichText(text, style=TONES.get(tone_of_it, "")))
            return
        colour = TONES.get(tone_of_it)
        output.say(output.colour(text, colour, sys.stderr) if colour else text)

    def _footer(self, run: Run, now: datetime) -> Text:
        from rich.text import Text as RichText

        width = self._live.console.width if self._live is not None else 80
        lines = [self._where(run, now), *self._people(run, now)]
        text = RichText(no_wrap=True, overflow="ellipsis")
        for number, line in enumerate(lines):
            text.append(("" if number == 0 else "\n") + line[: width - 1], style="bold")
        return text

    def _where(self, run: Run, now: datetime) -> str:
        done = sum(side.value == "new" for side in run.authority.values())
        active = [
            f"{wave.id} {wave.state.value}"
            for wave in run.waves.values()
            if wave.state.value not in {"planned", "accepted", "committed", "returned", "blocked"}
        ]
        going = len(run.in_flight)
        return (
            f"{self.mode} {self.name}  {now.astimezone(self._zone):%a %H:%M:%S}  "
            f"{done}/{len(run.moves)} moved  {', '.join(active) or run.state.value}  "
            f"steps under way: {going}"
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
            lines.append(f"waits: {assigned} checks with handlers")
        return lines
