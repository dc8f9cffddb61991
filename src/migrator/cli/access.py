"""`migrator access RUN`: who is signed in to a run's pages and was, and what the pages refused.

For auditors and for whoever looks after the doors; the page "Sign-ins" shows the same. It reads and
never changes anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run

if TYPE_CHECKING:
    from datetime import datetime

    from migrator.store.refusals import Refused
    from migrator.store.sessions import Kept

NOBODY: Final = "(not signed in)"


def command(
    run: RunArgument,
    *,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000, help="At most so many of each.")
    ] = 200,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Say who is signed in to a run's pages, by which way, and what was refused.

    \b
    Examples:
      migrator access latest
      migrator access autumn-p1 --format json

    What was refused is counted by minute, kind and person, and kept for thirty days.
    """
    from migrator.conductor.clock import wall_now

    seen = see_run(run, store)
    with seen.store:
        doors = seen.store.sign_in(seen.name)
        sessions, refused = doors.sessions.of(None, limit), doors.refusals.newest(limit)
    now = wall_now()
    if form is Format.json:
        output.emit(
            {
                "run": seen.name,
                "sessions": [_session(seen, each, now) for each in sessions],
                "refused": [
                    {
                        "minute": seen.local(each.cause.minute),
                        "kind": each.cause.kind,
                        "person": each.cause.person or None,
                        "count": each.count,
                        "last": seen.local(each.last),
                    }
                    for each in refused
                ],
            }
        )
        return
    holding = sum(each.holds(now) for each in sessions)
    output.show(f"{seen.mode} {seen.name}: {holding} signed in")
    for each in sessions:
        output.show(_session_line(seen, each, now))
    output.show(f"refused: {sum(each.count for each in refused)}")
    for row in refused:
        output.show(_refused_line(seen, row))


def _session(seen: SeenRun, each: Kept, now: datetime) -> dict[str, object]:
    return {
        "person": each.person,
        "device": each.device or None,
        "way": each.way or None,
        "since": seen.local(each.made),
        "until": seen.local(each.until),
        "holds": each.holds(now),
        "ended": seen.local(each.ended),
        "ended_by": each.ended_by or None,
    }


def _session_line(seen: SeenRun, each: Kept, now: datetime) -> str:
    if each.holds(now):
        end = f"until {_time(seen, each.until)} at most"
    else:
        end = f"ended {_time(seen, each.ended or each.until)}"
        if each.ended_by and each.ended_by != each.person:
            end += f" by {each.ended_by}"
    what = f"{each.device or 'unknown device'}, {each.way or 'invitation'}"
    return f"  {each.person}: {what}, since {_time(seen, each.made)}, {end}"


def _refused_line(seen: SeenRun, row: Refused) -> str:
    return (
        f"  {_time(seen, row.cause.minute)}  {row.count:>6}  {row.cause.kind}  "
        f"{row.cause.person or NOBODY}"
    )


def _time(seen: SeenRun, moment: datetime) -> str:
    return f"{moment.astimezone(seen.zone):%Y-%m-%d %H:%M}"
