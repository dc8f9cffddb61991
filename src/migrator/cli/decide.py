"""`migrator decide`: what a run waits for people to decide, and what each choice leads to.

The most urgent first, each with the exact command to type. It decides nothing and changes nothing;
`engine/waits.py` says what waits, the verbs do what is chosen.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.countdown import left
from migrator.cli.limits import limit_facts
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import (
    DEFAULT_STORE,
    RunArgument,
    SeenRun,
    StoreOption,
    see_run,
    typed,
    who_may,
)
from migrator.cli.sentences import printable
from migrator.cli.status import leader_line, show_limits, state_line

if TYPE_CHECKING:
    from migrator.engine.waits import Wait

GOING_SHOWN_MAX: Final = 3
NO_REASON_NEEDED: Final = ("go", "tick", "postpone")


def command(
    run: RunArgument,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Show what a run waits for people to decide, most urgent first, with the commands to type.

    \b
    Examples:
      migrator decide latest
      migrator decide autumn-p1 --format json | jq -r '.decisions[0].choices[].command'

    \b
    Keys of the JSON document: run, mode, practice, state, run_time, led_by, decisions [wave,
    subject, what, text (of a check: what is to be tried), waits_for, on_whom, since, until, then,
    unanswered (what comes of it when nobody chooses), suspects (where to look first), choices
    [command, consequence]], limits [limit, until, by, reason, passed].
    """
    seen = see_run(run, store)
    with seen.store:
        now = seen.now()
        found = people_waits(seen, now)
        if form is Format.json:
            output.emit(_facts(seen, found, now))
        else:
            _show(seen, found, now)


def people_waits(seen: SeenRun, now: datetime) -> list[Wait]:
    """What waits for people, the most urgent first; nothing where no command can be given."""
    from migrator.engine.waits import waits

    if seen.played_out:
        return []
    far = datetime.max.replace(tzinfo=now.tzinfo)
    found = [wait for wait in waits(seen.run, now) if wait.human]
    return sorted(found, key=lambda wait: (_urgency(seen, wait), wait.until or far))


def _urgency(seen: SeenRun, wait: Wait) -> int:
    """0: moves stand still, or a clock of an unwind runs. 1: a gate or a check. 2: it may wait."""
    known = seen.run.disturbances.get(wait.subject)
    if known is not None:
        return 0 if known.level.value == "red" else 1
    wave = seen.run.waves.get(wait.wave)
    state = wave.state.value if wave is not None else "stuck"  # the run itself is paused
    if wait.subject not in seen.run.checks and state in {"held", "stuck"}:
        return 0
    return 2 if state == "accepted" else 1


def choices(seen: SeenRun, wait: Wait, now: datetime) -> list[tuple[str, str]]:
    """(the command as it is typed, what it leads to)."""
    from migrator.reports.consequences import consequence

    person = who_may(seen, wait)
    return [
        (
            _completed(seen, typed(seen, choice[0]), person, now, wait.until),
            printable(consequence(seen.run, now, wait, choice, seen.clock)),
        )
        for choice in wait.choices
    ]


def _completed(seen: SeenRun, line: str, person: str, now: datetime, until: datetime | None) -> str:
    verb = line.split()[1]
    an_hour_more = (max(now, until or now) + timedelta(hours=1)).astimezone(seen.zone)
    line = line.replace("TIME", f"{an_hour_more:%Y-%m-%dT%H:%M}")
    line = line.replace(" --reason ...", "").replace("--note ...", '--note "..."')
    if verb == "override":
        line += " --second NAME --code CODE"
    if verb == "withdraw":
        said = seen.run.checks[line.split()[3]].ticks
        person = next((who for who, what in said.items() if what == "does_not_work"), person)
    line += f" --as {person}"
    return line if verb in NO_REASON_NEEDED else f'{line} --reason "..."'


def _facts(seen: SeenRun, found: list[Wait], now: datetime) -> dict[str, object]:
    from migrator.reports.consequences import check_text, unanswered

    return {
        "run": seen.name,
        "mode": seen.mode,
        "practice": seen.practice,
        "state": seen.run.state,
        "run_time": now.astimezone(seen.zone),
        "led_by": seen.leader,
        "decisions": [
            {
                "wave": wait.wave,
                "subject": wait.subject,
                "what": wait.what,
                "text": check_text(seen.run, wait),
                "waits_for": wait.waits_for,
                "on_whom": wait.on_whom,
                "since": seen.local(wait.since),
                "until": seen.local(wait.until),
                "then": wait.then,
                "unanswered": unanswered(seen.run, wait, seen.clock),
                "suspects": suspected(seen, wait),
                "choices": [
                    {"command": line, "consequence": then}
                    for line, then in choices(seen, wait, now)
                ],
            }
            for wait in found
        ],
        "limits": limit_facts(seen),
    }


def _show(seen: SeenRun, found: list[Wait], now: datetime) -> None:
    local = now.astimezone(seen.zone)
    where = f"{seen.mode} {seen.name}: {state_line(seen)}; run time {local:%a %H:%M:%S %Z}"
    output.show(printable(where))
    if not found:
        output.show("nothing waits for a person now")
        _show_what_comes(seen, now)
    for number, wait in enumerate(found, start=1):
        output.show()
        _show_wait(seen, number, wait, now)
    show_limits(seen)
    if not seen.played_out:
        _show_what_may_be(seen, now)
        output.say(leader_line(seen))


def _show_wait(seen: SeenRun, number: int, wait: Wait, now: datetime) -> None:
    from migrator.reports.consequences import check_text, unanswered

    output.show(printable(f"{number}. {wait.what}"))
    since = f", since {seen.clock(wait.since)}" if wait.since is not None else ""
    output.show(f"   waits for {wait.waits_for}: {wait.on_whom}{since}")
    for line in check_text(seen.run, wait).splitlines():
        output.show(printable(f"   | {line}"))
    if wait.until is not None:
        line = f"   until {seen.clock(wait.until)} ({left(wait.until, now)}); then {wait.then}"
        output.show(output.colour(line, "yellow"))
        output.show(printable(f"   {unanswered(seen.run, wait, seen.clock)}"))
    for line in suspected(seen, wait):
        output.show(printable(f"   look at {line}"))
    for line, then in choices(seen, wait, now):
        output.show(f"   {line}")
        output.show(f"       {then}")


def suspected(seen: SeenRun, wait: Wait) -> list[str]:
    """Where to look first, under a check that was refused; a hint, and no verdict."""
    from migrator.engine.states import CheckState
    from migrator.reports.noted import suspect_lines
    from migrator.reports.texts import texts

    known = seen.run.checks.get(wait.subject)
    if known is None or known.state is not CheckState.REFUSED:
        return []
    return suspect_lines(seen.run, texts("en", seen.itinerary.window.time_zone), wait.wave)


def _show_what_comes(seen: SeenRun, now: datetime) -> None:
    """What goes on by itself, so that an empty list is no riddle."""
    from migrator.engine.waits import waits

    if seen.played_out:
        return
    going = [wait for wait in waits(seen.run, now) if not wait.choices]
    for wait in going[:GOING_SHOWN_MAX]:
        until = f", until {seen.clock(wait.until)} at the latest" if wait.until else ""
        output.show(printable(f"   {wait.what} waits for {wait.waits_for}{until}"))
    if len(going) > GOING_SHOWN_MAX:
        output.show(f"   and {len(going) - GOING_SHOWN_MAX} more")


def _show_what_may_be(seen: SeenRun, now: datetime) -> None:
    """What nobody is waited for, and somebody may want: a wave that is back, once more."""
    from migrator.engine.waits import waits

    for wait in waits(seen.run, now):
        if not wait.human and wait.choices:
            output.show()
            output.show(printable(f"possible: {wait.what}"))
            for line, then in choices(seen, wait, now):
                output.show(f"   {line}")
                output.show(f"       {then}")
