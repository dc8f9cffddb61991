"""`migrator since`: the briefing of the next shift, in one page of text or one JSON document.

What happened since an hour is sorted by `reports/handover.py`; what waits for people now is the
list of `decide`. It reads and changes nothing.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from migrator.cli import output
from migrator.cli.decide import people_waits
from migrator.cli.limits import limit_facts
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run
from migrator.cli.sentences import counted, printable, sentence
from migrator.cli.status import STATE_WORDS, leader_line, show_limits, state_line, wait_line
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.engine.ports import Line
    from migrator.engine.waits import Wait
    from migrator.reports.handover import Coming, Handover
    from migrator.reports.story import TroubleStory

_AGO: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(h|m|min)")
_HOUR: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")

COMING_SHOWN_MAX: Final = 20
TITLES: Final = {
    "holds": "stood still, and went on",
    "disturbed": "disturbances",
    "gates": "decided, and by whom",
    "exceptions": "exceptions",
    "ticks": "said by case handlers",
    "refused": "refused commands",
    "by_hand": "done by hand",
}
COMING_WORDS: Final = {
    "gate": "the gate of {wave} is due",
    "start": "{subject} begins",
    "switch": "{subject} switches",
    "end": "{subject} is done",
    "appointment": "{subject}: the appointment with {note} begins",
    "appointment_end": "{subject}: the appointment with {note} ends",
    "blackout": "{subject} may not be touched from here on: {note}",
    "blackout_end": "{subject} may be touched again: {note}",
    "shift": "{note} comes on shift",
    "shift_end": "{note} leaves",
    "window_end": "the WINDOW ENDS",
}


def command(
    run: RunArgument,
    time: Annotated[
        str,
        typer.Argument(metavar="TIME", help="03:00 (the last one), 2h or 90m (ago), or a date."),
    ],
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Brief the next shift: what happened since an hour, what waits now, what comes next.

    \b
    Examples:
      migrator since latest 8h
      migrator since autumn-p1 03:00
      migrator since autumn-p1 2023-10-14T22:00 --format json | jq .troubles

    \b
    Keys of the JSON document: run, mode, practice, state, since, run_time, led_by, lines, waves
    [wave, name, then, now, moved_then, moved_now, moves], holds, disturbed, gates, exceptions,
    ticks, refused, by_hand (each [at, line, what]), troubles [wave, at, subject, cause, result,
    result_at], waits [subject, what, on_whom, until, then], coming [at, what, wave, subject, note],
    limits [limit, until, by, reason, passed].
    """
    from migrator.reports.handover import hand_over

    seen = see_run(run, store)
    with seen.store:
        now = seen.now()
        begin = parse_since(time, now, seen.zone)
        found = hand_over(seen.journal.itinerary(), tuple(seen.journal.lines()), begin, now)
        waiting = people_waits(seen, now)
        if form is Format.json:
            output.emit(facts(seen, found, waiting))
        else:
            show(seen, found, waiting)


def parse_since(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment that is meant: so long ago, the last time it was that hour, or a date and hour."""
    from migrator.inventory.times import parse_time

    ago, hour = _AGO.fullmatch(text.strip()), _HOUR.fullmatch(text.strip())
    if ago is not None:
        number = float(ago[1])
        return now - (timedelta(hours=number) if ago[2] == "h" else timedelta(minutes=number))
    if hour is not None:
        local = now.astimezone(zone)
        moment = local.replace(hour=int(hour[1]), minute=int(hour[2]), second=0, microsecond=0)
        # Whole days on the wall, so that the hour is right in the night of the clock change too.
        return moment if moment <= now else moment - timedelta(days=1)
    try:
        moment = parse_time(text, zone)
    except ValueError as error:
        raise InputError(
            "usage",
            f"TIME {error}",
            hint="write it like 03:00, 2h, 90m, 2023-10-14T22:00 or 2023-10-14T22:00+02:00",
        ) from error
    if moment > now:
        raise InputError(
            "usage",
            f"{text} has not come yet: in this run it is {now.astimezone(zone):%Y-%m-%d %H:%M}",
            hint="name an hour before that; `migrator decide` tells what comes next",
        )
    return moment


def facts(seen: SeenRun, found: Handover, waiting: list[Wait]) -> dict[str, object]:
    """The briefing as one JSON document."""
    return {
        "run": seen.name,
        "mode": seen.mode,
        "practice": seen.practice,
        "state": seen.run.state,
        "since": seen.local(found.since),
        "run_time": seen.local(found.now),
        "led_by": seen.leader,
        "lines": found.events,
        "waves": found.waves,
        **{
            under.value: [
                {
                    "at": seen.local(line.at),
                    "line": line.seq,
                    "what": sentence(line, seen.itinerary),
                }
                for line in lines
            ]
            for under, lines in found.told.items()
        },
        "troubles": [
            {
                "wave": trouble.wave,
                "at": seen.local(trouble.at),
                "subject": trouble.subject,
                "cause": trouble.cause,
                "result": trouble.result,
                "result_at": seen.local(trouble.result_at),
            }
            for trouble in found.troubles
        ],
        "waits": [
            {
                "subject": wait.subject,
                "what": wait.what,
                "on_whom": wait.on_whom,
                "until": seen.local(wait.until),
                "then": wait.then,
            }
            for wait in waiting
        ],
        "coming": [
            {
                "at": seen.local(each.at),
                "what": each.what,
                "wave": each.wave,
                "subject": each.subject,
                "note": each.note,
            }
            for each in found.coming
        ],
        "limits": limit_facts(seen),
    }


def show(seen: SeenRun, found: Handover, waiting: list[Wait]) -> None:
    """The briefing as text."""
    output.show(printable(f"{seen.mode} {seen.name}: {state_line(seen)}"))
    output.show(
        f"since {seen.clock(found.since)}; now it is {seen.clock(found.now)} "
        f"{seen.itinerary.window.time_zone}; {counted(found.events, 'line')} of the journal"
    )
    output.show(leader_line(seen))
    _show_waves(found)
    for under, lines in found.told.items():
        _show_lines(seen, TITLES[under.value], lines)
    _show_troubles(seen, found.troubles)
    output.show()
    if waiting:
        output.show("waits for people now (commands and consequences: migrator decide)")
        for wait in waiting:
            output.show(printable(f"  {wait_line(seen, wait, found.now)}"))
    else:
        output.show("nothing waits for a person now")
    show_limits(seen)
    _show_coming(seen, found.coming)


def _show_waves(found: Handover) -> None:
    output.show()
    rows = []
    for each in found.waves:
        same = each.then is each.now
        then = "" if same else f"{STATE_WORDS[each.then.value]} ->"
        moved = f"{each.moved_now}/{each.moves}"
        if each.moved_now != each.moved_then:
            moved += f" (was {each.moved_then})"
        rows.append([each.wave, printable(each.name), then, STATE_WORDS[each.now.value], moved])
    output.show(output.table(["wave", "name", "then", "now", "moved"], rows))


def _show_lines(seen: SeenRun, title: str, lines: tuple[Line, ...]) -> None:
    if not lines:
        return
    output.show()
    output.show(title)
    # What went as it should is counted: a night has hundreds of ticks, and one that matters.
    news = [line for line in lines if not _works(line)]
    if len(news) < len(lines):
        output.show(f"  {counted(len(lines) - len(news), 'verdict')} that it works")
    for line in news:
        output.show(f"  {seen.clock(line.at)}  {sentence(line, seen.itinerary)}")


def _works(line: Line) -> bool:
    return getattr(line.event, "verdict", "") == "works"


def _show_troubles(seen: SeenRun, troubles: tuple[TroubleStory, ...]) -> None:
    from migrator.reports.words import RESULTS

    if not troubles:
        return
    output.show()
    output.show("troubles, and what became of them")
    for trouble in troubles:
        end = "" if trouble.result_at is None else f"{seen.clock(trouble.result_at)}  "
        output.show(
            printable(f"  {seen.clock(trouble.at)}  {trouble.wave}, {trouble.subject}: ")
            + printable(trouble.cause)
        )
        output.show(f"             {end}{RESULTS.get(trouble.result, trouble.result)}")


def _show_coming(seen: SeenRun, coming: tuple[Coming, ...]) -> None:
    output.show()
    if not coming or seen.played_out:
        output.show("the plan has nothing in the next two hours")
        return
    output.show("by plan, in the next two hours")
    for each in coming[:COMING_SHOWN_MAX]:
        words = COMING_WORDS[each.what].format(wave=each.wave, subject=each.subject, note=each.note)
        output.show(printable(f"  {seen.clock(each.at)}  {words}"))
    if len(coming) > COMING_SHOWN_MAX:
        output.show(f"  and {len(coming) - COMING_SHOWN_MAX} more")
