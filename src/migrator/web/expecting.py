"""When the next check is to be expected, for whoever waits with an empty page.

The whole forecast lies beside the store, named by the journal; how early and how late the moves
switch that a check waits for says when it can be begun. Where nobody forecasts, or what was
forecast has been overtaken, nothing is said: a wrong hour is worse than none. `Outlooks` reads a
forecast once; the rest is pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from migrator.engine.run import Run
from migrator.engine.states import CheckState, RunState, WaveState
from migrator.errors import InputError
from migrator.forecast.model import Forecast, MoveForecast
from migrator.forecast.text import KEPT_IN, digest_of, from_json
from migrator.plan.model import CheckLeg
from migrator.reports.texts import Texts
from migrator.verification.assign import may_verify
from migrator.web.seen import SeenRun

GOES_ON: Final = frozenset({WaveState.PLANNED, WaveState.DECIDING, WaveState.MOVING})
ROUND: Final = timedelta(minutes=5)
"""Nobody knows it to the minute, so nobody says so."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The next check of somebody: in three of five weekends it can be begun in between."""

    check: str
    early: datetime
    late: datetime


class Outlooks:
    """The whole forecast that a run's journal names last."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._known = ""
        self._moves: Mapping[str, MoveForecast] = {}

    def moves(self, seen: SeenRun) -> Mapping[str, MoveForecast]:
        """The moves of the newest forecast; none where it cannot be had. Blocks on a small file."""
        made = seen.run.forecast
        if made is None:
            return {}
        if made.digest != self._known:
            folder = Path(seen.store.folder) / KEPT_IN / seen.name
            found = _read(folder / f"{made.digest}.json", made.digest)
            self._moves = {} if found is None else {str(each.move): each for each in found.moves}
            self._known = made.digest
        return self._moves


def _read(path: Path, digest: str) -> Forecast | None:
    try:
        text = path.read_text(encoding="utf-8")
        return from_json(text, str(path)) if digest_of(text) == digest else None
    except (OSError, UnicodeDecodeError, InputError):
        return None


def expected(
    run: Run, person: str, now: datetime, moves: Mapping[str, MoveForecast]
) -> Expected | None:
    """The next check that somebody may be asked; None where nobody knows."""
    if run.state is not RunState.RUNNING:
        return None
    found = [
        one
        for check in run.itinerary.checks
        if may_verify(check, person) and (one := _of_check(run, check, moves)) is not None
    ]
    # What should have come by now did not: whatever holds it up, the forecast did not know it.
    coming = [one for one in found if one.late > now]
    return min(coming, key=lambda one: (one.early, one.check), default=None)


def _of_check(run: Run, check: CheckLeg, moves: Mapping[str, MoveForecast]) -> Expected | None:
    wave, known = run.waves[check.wave], run.checks.get(check.id)
    if wave.state not in GOES_ON or wave.holds:
        return None
    current = known is not None and known.attempt == wave.attempt
    if current and known is not None and known.state is not CheckState.VOID:
        return None  # it is open already, or done
    waits = [move for move in check.core if not run.moves[move].switched]
    told = [moves.get(str(move)) for move in waits]
    early = [each.switch_p20 for each in told if each is not None]
    late = [each.switch.p80 for each in told if each is not None]
    times = [each for each in (*early, *late) if each is not None]
    if not waits or len(times) < 2 * len(waits):
        return None
    first = max(each for each in early if each is not None)
    last = max(each for each in late if each is not None)
    if check.possible_after is not None:
        first, last = max(first, check.possible_after), max(last, check.possible_after)
    return Expected(check.id, first, last)


def said(one: Expected | None, now: datetime, t: Texts) -> str:
    """What the page says of it."""
    if one is None:
        return t._("We do not know yet when the next one comes. We tell you here.")
    early, late = _down(max(one.early, now)), _up(one.late)
    days = [t.local(each).date() for each in (now, early, late)]
    first = t.clock(early) if days[1] == days[0] else f"{t.weekday_short(early)} {t.clock(early)}"
    last = t.clock(late) if days[2] == days[1] else f"{t.weekday_short(late)} {t.clock(late)}"
    times = f"{first}\N{EN DASH}{last}"
    return t._("The next one comes probably %(times)s. We tell you here.", times=times)


def _down(moment: datetime) -> datetime:
    return moment - timedelta(
        minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond
    )


def _up(moment: datetime) -> datetime:
    whole = _down(moment)
    return whole if whole == moment else whole + ROUND
