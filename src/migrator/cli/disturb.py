"""The commands about disturbances: open one, staff it, write into its log, close it, list them.

What they mean stands in `engine/disturbing.py`; here words become a command like any other verb's,
by `steering.py`. The list is read from the run, as every screen's is.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.countdown import left
from migrator.cli.disturbance_words import place
from migrator.cli.identity import AsOption
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run
from migrator.cli.sentences import printable
from migrator.cli.steering import Given, steer
from migrator.cli.verb_making import (
    WAIT_SECONDS,
    IdOption,
    ReasonOption,
    WaitOption,
    YesOption,
)

if TYPE_CHECKING:
    from migrator.incidents.model import Disturbance

DisturbanceArgument = Annotated[
    str, typer.Argument(metavar="DISTURBANCE", help="Its number, such as D1.")
]

COLOURS = {"yellow": "yellow", "red": "red", "green": "green"}
LOG_SHOWN_MAX = 5
"""Lines of the log of each open one: the rest stands in the JSON document and in the journal."""


def disturb(
    run: RunArgument,
    target: Annotated[
        str, typer.Argument(metavar="[TARGET]", help="A subsystem, a wave, or run for all of it.")
    ] = "run",
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What is wrong.")],
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="NAME", help="Whose it is; you unless told.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="TEXT", help="What tells it from others about the same."),
    ] = None,
    person: AsOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Open a disturbance: yellow, with an owner and a clock.

    \b
    Examples:
      migrator disturb latest payments --as bo --reason "sums differ from the old list"
      migrator disturb latest w02 --as lena --owner bo --reason "users report a blank page"
      migrator disturb latest --as anna --reason "the hall's cooling is failing"

    While one about the same target is open, what is said is added to it; --key tells two apart.
    Where nobody closes it in time (four hours, or what remains before turning back is too late)
    it becomes red: all hands, and the run holds.
    """
    details = [(name, said) for name, said in (("owner", owner), ("key", key)) if said is not None]
    return steer(
        Given(
            "disturb", run, target, store, form, person, reason, command_id, yes, wait,
            tuple(details),
        )
    )  # fmt: skip


def staff(
    run: RunArgument,
    disturbance: DisturbanceArgument,
    *,
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="NAME", help="Whose it is from now on.")
    ] = None,
    members: Annotated[
        str | None,
        typer.Option(
            "--members", metavar="NAME,NAME", help='Taken off other work for it; "" for nobody.'
        ),
    ] = None,
    room: Annotated[str | None, typer.Option("--room", metavar="TEXT", help="Where.")] = None,
    link: Annotated[
        str | None,
        typer.Option("--link", metavar="LINK", help="Of the meeting: https:// or plain text."),
    ] = None,
    reason: ReasonOption = "",
    person: AsOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Say whose a disturbance is, who is taken off other work for it, and where they meet.

    \b
    Examples:
      migrator staff latest D1 --as lena --members bo,karin --room "Room 4"
      migrator staff latest D1 --as lena --owner bo --link https://meet.example/d1
      migrator staff latest D1 --as bo --members ""

    Its members get no new checks until it is closed or they are taken off. What is not named
    stays as it is.
    """
    named = (("owner", owner), ("members", members), ("room", room), ("link", link))
    details = tuple((name, said) for name, said in named if said is not None)
    return steer(
        Given(
            "staff", run, disturbance, store, form, person, reason, command_id, yes, wait, details
        )
    )  # fmt: skip


def log(
    run: RunArgument,
    disturbance: DisturbanceArgument,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is known now.")],
    *,
    reason: ReasonOption = "",
    person: AsOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Write a line into the log of an open disturbance.

    \b
    Examples:
      migrator log latest D1 "only cases from before 2019" --as bo

    The journal keeps it for good: name no citizen in it.
    """
    details = (("note", text),)
    return steer(
        Given("log", run, disturbance, store, form, person, reason, command_id, yes, wait, details)
    )


def close(
    run: RunArgument,
    disturbance: DisturbanceArgument,
    *,
    cause: Annotated[str, typer.Option("--cause", metavar="TEXT", help="What it was.")],
    reason: ReasonOption = "",
    person: AsOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Close a disturbance: back to green, with its cause and a note.

    \b
    Examples:
      migrator close latest D1 --as bo --cause "an old rule in the proxy" \\
          --reason "rule removed; sums of ten cases agree"

    Where a red one alone had stopped the run, it goes on.
    """
    details = (("cause", cause),)
    return steer(
        Given(
            "close", run, disturbance, store, form, person, reason, command_id, yes, wait, details
        )
    )


def disturbances(
    run: RunArgument,
    *,
    open_only: Annotated[bool, typer.Option("--open", help="Leave out what is closed.")] = False,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """List the disturbances of a run, and how its waves and subsystems stand.

    \b
    Examples:
      migrator disturbances latest
      migrator disturbances latest --open --format json | jq '.disturbances[].red_at'

    \b
    Keys of the JSON document: run, mode, practice, whole (green, yellow or red), waves and
    subsystems (those that are not green), disturbances [id, level, target, wave, subsystem, key,
    source, reason, by, owner, members, room, link, times, opened, red_at, from_what, warned,
    reddened, closed, closed_by, cause, note, log [at, by, text, times]].
    """
    from migrator.incidents.levels import levels

    seen = see_run(run, store)
    with seen.store:
        found = [known for known in seen.run.disturbances.values() if known.open or not open_only]
        stands = levels(seen.run.disturbances.values())
        if form is Format.json:
            output.emit(
                {
                    "run": seen.name,
                    "mode": seen.mode,
                    "practice": seen.practice,
                    "whole": stands.whole.value,
                    "waves": {name: level.value for name, level in stands.waves.items()},
                    "subsystems": {name: level.value for name, level in stands.subsystems.items()},
                    "disturbances": [disturbance_facts(seen, known) for known in found],
                }
            )
            return
        output.show(f"{seen.mode} {seen.name}: the whole is {stands.whole.value.upper()}")
        for known in found:
            _show(seen, known)
        if not found:
            output.show("nothing is open" if open_only else "there has been no disturbance")


def disturbance_facts(seen: SeenRun, known: Disturbance) -> dict[str, object]:
    """One disturbance as JSON documents show it, by the plan's clocks."""
    return {
        "id": known.id,
        "level": known.level.value,
        "target": known.target,
        "wave": known.wave,
        "subsystem": known.subsystem,
        "key": known.key,
        "source": known.source,
        "reason": known.reason,
        "by": known.by,
        "owner": known.owner,
        "members": list(known.members),
        "room": known.room,
        "link": known.link,
        "times": known.times,
        "opened": seen.local(known.opened),
        "red_at": seen.local(known.red_at),
        "from_what": known.because,
        "warned": list(known.warned),
        "reddened": seen.local(known.reddened),
        "closed": seen.local(known.closed),
        "closed_by": known.closed_by,
        "cause": known.cause,
        "note": known.note,
        "log": [
            {"at": seen.local(line.at), "by": line.by, "text": line.text, "times": line.times}
            for line in known.log
        ],
    }


def _show(seen: SeenRun, known: Disturbance) -> None:
    words = f"{known.id} {known.level.value.upper()}, {place(known.target)}: {known.reason}"
    output.show()
    output.show(output.colour(printable(words), COLOURS[known.level.value]))
    for line in _lines(seen, known, seen.now()):
        output.show(printable(f"  {line}"))


def _lines(seen: SeenRun, known: Disturbance, now: datetime) -> list[str]:
    since = f"since {seen.clock(known.opened)}"
    if known.times > 1:
        since += f", reported {known.times} times"
    lines = [f"{since}, by {_name(seen, known.by)}; it is {_name(seen, known.owner) or 'nobody'}'s"]
    if known.members:
        lines.append("with " + ", ".join(_name(seen, who) for who in known.members))
    if known.room or known.link:
        lines.append("at " + ", ".join(each for each in (known.room, known.link) if each))
    if known.closed is not None:
        when = f"{seen.clock(known.closed)} by {_name(seen, known.closed_by)}"
        return [*lines, f"closed {when}: {known.cause}; {known.note}"]
    if known.reddened is not None:
        lines.append(f"RED since {seen.clock(known.reddened)}")
    else:
        lines.append(f"red at {seen.clock(known.red_at)} ({left(known.red_at, now)})")
    earlier = len(known.log) - LOG_SHOWN_MAX
    if earlier > 0:
        lines.append(f"({earlier} earlier lines: --format json)")
    for line in known.log[-LOG_SHOWN_MAX:]:
        times = f" ({line.times} by then)" if line.times else ""
        lines.append(f"{seen.clock(line.at)} {_name(seen, line.by)}: {line.text}{times}")
    return lines


def _name(seen: SeenRun, person: str) -> str:
    members = seen.itinerary.members
    return members[person].name if person in members else person
