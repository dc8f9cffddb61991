"""What is expected of a run, as `status` and `watch` show it: the turn-back clock and its age.

The newest forecast stands beside the journal, the last one that said something new in it. Nothing
is reckoned here: a forecast that is old is shown with its age, and why there is no newer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from migrator.cli import output
from migrator.cli.countdown import left
from migrator.cli.sentences import printable
from migrator.engine.events import ForecastMade, event_from_data, event_to_data
from migrator.engine.foresight import advice, forward_only, share

if TYPE_CHECKING:
    from migrator.cli.runs import SeenRun
    from migrator.engine.events import Value

OLD: Final = timedelta(minutes=5)
"""From this age on a forecast says how old it is: it is made anew every other minute."""

SOON: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """The newest forecast of a run, and why there is no newer one."""

    made: ForecastMade | None
    trouble: str


def outlook(seen: SeenRun) -> Outlook:
    """What stands beside the journal, or in it where that is newer."""
    kept, last = seen.expected, seen.run.forecast
    made, trouble = last, ""
    if isinstance(kept, dict):
        trouble = str(kept.get("trouble") or "")
        data = kept.get("forecast")
        if isinstance(data, dict):
            told = event_from_data(ForecastMade.__name__, cast("dict[str, Value]", data))
            assert isinstance(told, ForecastMade), "it is read as what it was kept as"
            made = told if last is None or told.made >= last.made else last
    return Outlook(made, trouble)


def show_clock(seen: SeenRun, now: datetime) -> None:
    """Print the turn-back clock, where there is one."""
    said, hue = clock_line(seen, now)
    if said:
        output.show(output.colour(said, hue) if hue else said)


def clock_line(seen: SeenRun, now: datetime) -> tuple[str, str]:
    """The turn-back clock in one line, and its colour; empty where nobody forecasts."""
    found = outlook(seen)
    made = found.made
    if made is None:
        return (printable(f"no forecast: {found.trouble}"), "yellow") if found.trouble else ("", "")
    if seen.ended:
        last = f"the last forecast, of {seen.clock(made.made)}: fits {share(made.fits)}"
        signed = forward_only(seen.run, now)
        return (f"{last}; forward only after {seen.clock(signed.until)}" if signed else last), ""
    first, colour = _turn_back(seen, made, now)
    parts = [first, f"fits {share(made.fits)}"]
    if made.end_p80 is not None:
        parts.append(f"four in five end by {seen.clock(made.end_p80)}")
    if not made.compiled:
        parts.append(f"only {made.weekends} weekends sampled")
    age, old = _age(seen, made, now)
    trouble = f": {found.trouble}" if found.trouble else ""
    if made.fits < seen.itinerary.policy.forecast.fits_min or old or trouble:
        colour = colour or "yellow"
    return printable(f"{'; '.join(parts)}; {age}{trouble}"), colour


def _turn_back(seen: SeenRun, made: ForecastMade, now: datetime) -> tuple[str, str]:
    """By when to turn back, and how long that is from now."""
    signed = forward_only(seen.run, now)
    if signed is not None:
        members = seen.itinerary.members
        who = members[signed.by].name if signed.by in members else signed.by
        return f"FORWARD ONLY after {seen.clock(signed.until)}, signed by {who}", ""
    if made.limit is None:
        return "turning back is possible at any time", ""
    of = f" ({made.data_limit_of} cannot be undone)" if made.limit == made.data_limit else ""
    if now >= made.limit:
        return f"TOO LATE to turn back with everything, since {seen.clock(made.limit)}{of}", "red"
    colour = "yellow" if made.limit - now <= SOON else ""
    return f"turn back by {seen.clock(made.limit)}, in {left(made.limit, now)}{of}", colour


def _age(seen: SeenRun, made: ForecastMade, now: datetime) -> tuple[str, bool]:
    words = f"forecast of {made.made.astimezone(seen.zone):%H:%M}"
    if seen.played_out or now - made.made <= OLD:
        return words, False
    return f"{words}, older than {OLD.total_seconds() / 60:g} minutes", True


def outlook_facts(seen: SeenRun, now: datetime) -> dict[str, object] | None:
    """The same as plain data; None where nobody forecasts."""
    found = outlook(seen)
    if found.made is None and not found.trouble:
        return None
    said, _ = clock_line(seen, now)
    made = found.made
    told: dict[str, object] = {} if made is None else {**event_to_data(made)}
    for name, value in told.items():
        moment = None if made is None else getattr(made, name)
        told[name] = seen.local(moment) if isinstance(moment, datetime) else value
    advised = advice(seen.run, now)
    return {
        **told,
        "said": said,
        "old": made is None or _age(seen, made, now)[1],
        "forward_only": forward_only(seen.run, now) is not None,
        "advice": None if advised is None else {"go": advised.go, "reasons": advised.reasons},
        "trouble": found.trouble or None,
    }
