"""`migrator unwind`: take back a move, a wave or everything; with --preview, say what it does.

The preview submits nothing and may be looked at by anybody. What would go back, in which order and
how long it takes at least is reckoned by `reports/unwinding.py` with the engine's own set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.identity import AsOption
from migrator.cli.limits import limit_facts, limit_lines
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run
from migrator.cli.sentences import counted, printable
from migrator.cli.steering import Given, steer
from migrator.cli.verb_making import WAIT_SECONDS, IdOption, ReasonOption, WaitOption, YesOption

if TYPE_CHECKING:
    from migrator.reports.noted import LeftRow
    from migrator.reports.unwinding import Preview

BRIDGES_SHOWN_MAX: Final = 8


def command(
    run: RunArgument,
    what: Annotated[
        str,
        typer.Argument(metavar="WAVE|SUBSYSTEM|everything", help="What is to be taken back."),
    ],
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="Say what it would do, and do nothing.")
    ] = False,
    over_capacity: Annotated[
        bool,
        typer.Option("--over-capacity", help="Also where a part would overload the bridges."),
    ] = False,
    person: AsOption = None,
    reason: ReasonOption = "",
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Take back a move, a wave, or everything that is not committed.

    \b
    Examples:
      migrator unwind latest w02 --preview
      migrator unwind latest w02 --as bo --reason "the evidence is not good enough"
      migrator unwind latest payments --as bo --reason "wrong figures"
      migrator unwind latest payments --over-capacity --as bo --reason "few calls by night"
      migrator unwind latest everything --as anna --reason "storm warning"
      migrator unwind latest w02 --preview --format json | jq '.members[].move'

    What must go back together goes back together: preview and answer name every subsystem.
    A part of a wave over bridges that cannot carry its links to the rest is refused, unless
    --over-capacity says that they may be overloaded; a whole wave never is.

    The answer says what follows. Exit code 0: done, or kept for the process that leads the run.
    2: refused, with the reason. On a live run the name must be whole, and the wave's id is asked
    for; --yes leaves that out. A preview is exit code 0, also where it says that the unwind would
    be refused now.

    \b
    Keys of the preview's JSON document: run, mode, practice, run_time, asked, refused (why not
    now; empty: it would be done), members [move, wave, reason, undos, waits_for, begins, ends,
    ends_p80 (minutes)], earlier (members by wave that is accepted already), partial, minutes,
    minutes_p80, lower_bound, ends_at, ends_at_p80, window_end, cut [source, target, links,
    calls_per_hour], before, after {pairs, links, calls_per_hour}, bridge_calls_per_hour,
    overloaded, again [wave, minutes, possible, why], left_behind [wave, check, reference], limits
    [limit, until, by, reason, passed].
    """
    if preview:
        return _preview(run, what, store, form, over_capacity=over_capacity)
    details = (("over_capacity", "yes"),) if over_capacity else ()
    return steer(
        Given("unwind", run, what, store, form, person, reason, command_id, yes, wait, details)
    )


def _preview(run: str, what: str, store: str, form: Format, *, over_capacity: bool) -> int:
    from migrator.reports.unwinding import preview

    seen = see_run(run, store)
    with seen.store:
        found = preview(seen.run, seen.now(), what, over_capacity=over_capacity)
        if form is Format.json:
            output.emit(facts(seen, found))
        else:
            show(seen, found)
    return 0


def facts(seen: SeenRun, found: Preview) -> dict[str, object]:
    """The preview as one JSON document."""
    return {
        "run": seen.name,
        "mode": seen.mode,
        "practice": seen.practice,
        "run_time": seen.local(seen.now()),
        "asked": found.asked,
        "refused": found.refused,
        "members": found.members,
        "earlier": found.earlier,
        "partial": found.partial,
        "minutes": found.minutes,
        "minutes_p80": found.minutes_p80,
        "lower_bound": True,
        "ends_at": seen.local(found.ends_at),
        "ends_at_p80": seen.local(found.ends_at_p80),
        "window_end": seen.local(found.window_end),
        "cut": found.cut,
        "before": found.before,
        "after": found.after,
        "bridge_calls_per_hour": found.bridge_calls_per_hour,
        "overloaded": found.overloaded,
        "again": found.again,
        "left_behind": [
            {"wave": row.wave, "check": row.check, "reference": row.reference}
            for row in _left(seen, found)
        ],
        "limits": limit_facts(seen),
    }


def show(seen: SeenRun, found: Preview) -> None:
    """The preview as text."""
    output.show(
        printable(f"{seen.mode} {seen.name}: unwind {found.asked}: a preview, nothing is submitted")
    )
    if found.refused:
        output.show(output.colour(printable(f"it would be REFUSED now: {found.refused}"), "yellow"))
    for line in limit_lines(seen):
        output.show(output.colour(f"SIGNED LIMIT: {line}", "red"))
    if not found.members:
        return
    _show_members(seen, found)
    _show_length(seen, found)
    _show_bridges(found)
    _show_again(found)
    _show_left(seen, found)
    output.say(f'to do it: migrator unwind {seen.name} {found.asked} --as NAME --reason "..."')


def _left(seen: SeenRun, found: Preview) -> tuple[LeftRow, ...]:
    """What tests of these waves left in the system: taking the waves back does not clean it up."""
    from migrator.reports.noted import left_behind
    from migrator.reports.texts import texts

    waves = {row.wave for row in found.members}
    t = texts("en", seen.itinerary.window.time_zone)
    return left_behind(seen.run, t, waves) if waves else ()


def _show_left(seen: SeenRun, found: Preview) -> None:
    left = _left(seen, found)
    if left:
        output.show()
        output.show("to be cleaned up by hand, since tests left it:")
    for row in left:
        what = f" ({row.what})" if row.what else ""
        output.show(printable(f"  {row.wave}, {row.name}: {row.reference}{what}, {row.person}"))


def _show_members(seen: SeenRun, found: Preview) -> None:
    output.show()
    go = "goes" if len(found.members) == 1 else "go"
    output.show(f"{counted(len(found.members), 'subsystem')} {go} back, in this order")
    rows = []
    for row in found.members:
        after = f"; after the traffic of {', '.join(row.waits_for)}" if row.waits_for else ""
        rows.append(
            [
                row.move,
                row.wave,
                _lasting(row.begins),
                _lasting(row.ends),
                _lasting(row.ends_p80),
                str(len(row.undos)),
                printable(row.reason) + after,
            ]
        )
    header = ["subsystem", "wave", "begins", "ends", "P80", "undos", "why"]
    output.show(output.table(header, rows))
    for wave, moves in found.earlier.items():
        line = f"{wave} is accepted already and loses {', '.join(moves)}"
        output.show(output.colour(line, "yellow"))
    for wave in found.partial:
        stays = [
            move
            for move in next(leg.moves for leg in seen.itinerary.waves if leg.id == wave)
            if move not in {row.move for row in found.members}
        ]
        output.show(f"of {wave} stays: {', '.join(stays)}")


def _show_length(seen: SeenRun, found: Preview) -> None:
    output.show()
    output.show(
        f"it takes at least {_lasting(found.minutes)} (P50), {_lasting(found.minutes_p80)} (P80): "
        "a lower bound, with teams unlimited and no undo tried twice"
    )
    end = found.window_end
    spare = (end - found.ends_at_p80).total_seconds() / 60
    room = (
        f"{_lasting(spare)} before the window's end"
        if spare >= 0
        else f"{_lasting(-spare)} AFTER the window's end"
    )
    line = (
        f"begun now it ends at {seen.clock(found.ends_at)} (P50), {seen.clock(found.ends_at_p80)} "
        f"(P80), {room}; the window ends at {seen.clock(end)}"
    )
    output.show(line if spare >= 0 else output.colour(line, "red"))


def _show_bridges(found: Preview) -> None:
    output.show()
    if not found.cut:
        output.show("no link is cut by it")
    for bridge in found.cut[:BRIDGES_SHOWN_MAX]:
        calls = "" if bridge.calls_per_hour is None else f", {bridge.calls_per_hour:.0f} calls/h"
        links = counted(bridge.links, "link")
        output.show(f"a bridge again: {bridge.source} to {bridge.target} ({links}{calls})")
    if len(found.cut) > BRIDGES_SHOWN_MAX:
        rest = found.cut[BRIDGES_SHOWN_MAX:]
        output.show(f"and {len(rest)} more pairs with {sum(b.links for b in rest)} links")
    output.show(
        f"links between the platforms: {found.before.links} now, {found.after.links} after it"
    )
    asked, limit = found.after.calls_per_hour, found.bridge_calls_per_hour
    if asked is None:
        output.show("the run does not hold how many calls they carry, so no capacity is checked")
    elif limit is None:
        output.show(f"{asked:.0f} calls per hour; the estate does not say what bridges carry")
    else:
        line = f"{asked:.0f} calls per hour after it, and bridges carry {limit:.0f}"
        output.show(output.colour(f"{line}: TOO MANY", "red") if found.overloaded else line)


def _show_again(found: Preview) -> None:
    output.show()
    for each in found.again:
        can = "can be tried again" if each.possible else "can NOT be tried again"
        output.show(f"after it {each.wave} {can}: {each.why} ({_lasting(each.minutes)} by plan)")
    if not any(each.possible for each in found.again):
        output.show("nothing that goes back can be moved again in this window")


def _lasting(minutes: float) -> str:
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"
