"""What a sweep came to and how far it is, in words: for `migrator probe` and `migrator baseline`.

Called by `sweeping.py`. Coverage and causes are worded where `migrator links` words them, so that
both say the same; this file adds what is known only of a sweep that was just run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.output import Format

if TYPE_CHECKING:
    from migrator.probes.model import SweepPlan
    from migrator.probes.progress import Progress
    from migrator.probes.summary import Summary
    from migrator.probes.sweep import Ran

TICKS_BETWEEN_LINES: Final = 10
"""Where nobody sees a bar, a line each ten seconds says that it goes on."""

SLOWED_SHOWN_MAX: Final = 5


class Teller:
    """Says how far it is: a bar where a person looks, a line now and then elsewhere."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        """`advance` moves the bar."""
        self._advance = advance
        self._told = 0
        self._ticks = 0
        self._said: dict[str, str] = {}

    def tell(self, progress: Progress) -> None:
        """Called once a second."""
        self._advance(progress.done - self._told)
        self._told = progress.done
        if sys.stderr.isatty():
            return  # the bar is there, and a line would tear it
        for place in progress.places:
            if place.said and self._said.get(place.name) != place.said:
                self._said[place.name] = place.said
                output.say(str(place))
        self._ticks += 1
        if self._ticks % TICKS_BETWEEN_LINES == 0:
            output.say(str(progress))


def tell_result(form: Format, plan: SweepPlan, ran: Ran, summary: Summary) -> int:
    """Tell what it came to; the exit code is 1 where links are worse or gone dark."""
    from migrator.probes.coverage import coverage_facts, coverage_line

    code = 1 if summary.worse or summary.dark else 0
    if form is Format.json:
        output.emit(
            {
                **coverage_facts(summary),
                "sweep": plan.id,
                "folder": plan.folder,
                "looks": plan.looks,
                "vantages": {
                    each.id: {
                        "looks": each.looks,
                        "proved": each.proved,
                        "tries": each.tries,
                        "lost": each.lost,
                        "slowed": list(each.slowed),
                    }
                    for each in ran.places
                },
                "dark": summary.dark,
                "causes": [_cause(each) for each in summary.causes],
                "warnings": [*ran.warnings, *summary.warnings],
            }
        )
        return code
    line = coverage_line(summary)
    output.show(output.colour(line, "red") if code else line)
    for place in ran.places:
        if place.lost:
            output.show(f"  {place.id} could not be asked: {place.lost}")
        if place.slowed:
            few = ", ".join(place.slowed[:SLOWED_SHOWN_MAX])
            more = len(place.slowed) - SLOWED_SHOWN_MAX
            output.show(
                f"  {place.id} was slow with {few}" + (f" and {more} more" if more > 0 else "")
            )
    if summary.dark:
        output.show(f"  {summary.dark:,} links answered in the baseline and could not be asked now")
    if summary.causes:
        from migrator.cli.links_text import causes

        output.show("\n".join(causes([summary])))
    for text in dict.fromkeys((*ran.warnings, *summary.warnings)):
        output.say(f"warning: {text}")
    output.say(f"more: migrator links {plan.folder}")
    return code


def _cause(cause: object) -> dict[str, object]:
    from dataclasses import asdict

    from migrator.probes.causes import Cause, sentence

    assert isinstance(cause, Cause), "what a summary holds"
    return {**asdict(cause), "sentence": sentence(cause)}
