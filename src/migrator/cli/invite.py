"""`migrator invite RUN PERSON...`: links and codes with which people sign in to a run's pages.

Each works once. They are printed for one or two people, and go into a file that only this user can
read for many: whoever has an invitation is that person. With --end it ends them, and every session.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import invite_practice as trying
from migrator.cli import output
from migrator.cli.codes import write_private
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, see_run
from migrator.errors import EnvironmentFailed, InputError

if TYPE_CHECKING:
    from migrator.store.sign_in import Invited

SHOWN_MAX: Final = 3
"""More invitations than these do not belong on a screen that others see."""
BY: Final = "terminal"
"""Who ended it, where somebody did so from a terminal: whoever may open the store."""


def command(
    run: RunArgument,
    people: Annotated[
        list[str] | None, typer.Argument(metavar="[PERSON]...", help="Ids of people.yaml.")
    ] = None,
    *,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="ROLE", help="Everybody with this role, such as handler."),
    ] = None,
    address: Annotated[
        str, typer.Option("--address", metavar="URL", help="Where the pages are served.")
    ] = "http://127.0.0.1:8080",
    hours: Annotated[
        float, typer.Option("--hours", min=0.1, max=24 * 31, help="How long they hold.")
    ] = 72.0,
    target: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write them to a file.")
    ] = None,
    end: Annotated[
        bool,
        typer.Option("--end", help="Sign them out everywhere instead; invitations end, too."),
    ] = False,
    practice: Annotated[
        bool,
        typer.Option("--practice", help="Before the weekend: everybody who verifies tries it."),
    ] = False,
    qr: Annotated[bool, typer.Option("--qr", help="Draw each link as a QR code, too.")] = False,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Invite people to the pages of a run: a link and a code each, which work once.

    \b
    Examples:
      migrator invite latest anna
      migrator invite autumn-p1 --role handler --address https://weekend.example:8443 -o cards.txt
      migrator invite autumn-p1 anna --end
      migrator invite autumn.yaml --practice -o cards.txt

    A new invitation ends the older one of the same person that was not used. Whoever is signed in
    stays so. More than three go into a file (-o) that only you can read. --end is for a telephone
    that was lost: sessions, invitations and codes of these people end; invite them anew.

    --practice is for the days before: whoever verifies answers a practice check on their devices,
    and the roster counts them. It takes a plan's file, too: a run is begun that nobody leads.
    """
    from migrator.conductor.clock import wall_now

    if practice and trying.is_plan(run):
        run = trying.run_to_try(run, store)
    seen = see_run(run, store)
    with seen.store:
        everybody = practice and not (people or role or end)
        named = (
            trying.those_who_verify(seen) if everybody else _named(seen, people or [], role or [])
        )
        if end:
            _end(seen, named, form)
            return
        if len(named) > SHOWN_MAX and target is None and form is Format.text:
            raise InputError(
                "invitations-to-a-screen",
                f"{len(named)} invitations do not belong on a screen",
                hint="write them to a file that only you can read: -o FILE",
            )
        if target is not None:
            # Older invitations end with these: see first that these can be written.
            room = target.with_name(f"{target.name}.room")
            write_private(room, "")
            room.unlink()
        now = wall_now()
        made = seen.store.sign_in(seen.name).invite(named, now, now + timedelta(hours=hours))
        cards = [_card(seen, each, address, qr=qr, practice=practice) for each in made]
    if target is not None:
        write_private(target, "\n\n".join(cards) + "\n")
        output.say(f"{target}: {len(cards)} invitations to {seen.name}, readable by you only")
    elif form is Format.json:
        output.emit(
            {
                "run": seen.name,
                "invitations": [
                    {
                        "person": e.person,
                        "link": _link(address, e),
                        "code": e.code,
                        "until": e.until,
                    }
                    for e in made
                ],
            }
        )
    else:
        output.show("\n\n".join(cards))


def _named(seen: SeenRun, people: Sequence[str], roles: Sequence[str]) -> list[str]:
    from migrator.cli.identity import who

    members = seen.itinerary.members
    chosen = [who(each, each, members) for each in people]
    known = sorted({role for member in members.values() for role in member.roles})
    for role in roles:
        if role not in known:
            raise InputError(
                "unknown-role",
                f"nobody in this run has the role {role!r}",
                hint=f"roles of this run: {', '.join(known) or 'none'}",
            )
        chosen += [person for person, member in members.items() if role in member.roles]
    if not chosen:
        raise InputError(
            "nobody-invited",
            "nobody was named",
            hint="name people (ids of people.yaml), or a role: --role handler",
        )
    return list(dict.fromkeys(chosen))


def _end(seen: SeenRun, named: Sequence[str], form: Format) -> None:
    from migrator.conductor.clock import wall_now

    sessions = seen.store.sign_in(seen.name).sessions
    ended = {person: sessions.end_all(person, BY, wall_now()) for person in named}
    if form is Format.json:
        output.emit({"run": seen.name, "ended": ended})
        return
    for person, count in ended.items():
        devices = "1 device" if count == 1 else f"{count} devices"
        output.show(f"{person}: signed out on {devices}; what she was invited by holds no more")


def _link(address: str, invited: Invited) -> str:
    return f"{address.rstrip('/')}/in/{invited.token}"


def _card(seen: SeenRun, invited: Invited, address: str, *, qr: bool, practice: bool) -> str:
    member = seen.itinerary.members.get(invited.person)
    name = invited.person if member is None else f"{member.name} ({invited.person})"
    lines = [
        f"{seen.mode} {seen.name}: {name}",
        f"  link  {_link(address, invited)}",
        f"  code  {invited.code}  at {address.rstrip('/')}/sign-in",
        f"  works once, until {invited.until.astimezone(seen.zone):%Y-%m-%d %H:%M %Z}",
    ]
    if practice:
        lines += trying.LINES
    if qr:
        lines.append(_drawn(_link(address, invited)))
    return "\n".join(lines)


def _drawn(link: str) -> str:
    """A QR code out of block characters, for paper and terminals."""
    import io

    try:
        import segno
    except ModuleNotFoundError as missing:
        raise EnvironmentFailed(
            "web-extra",
            "a QR code needs segno, which is not installed",
            hint="install the extra 'web', or leave --qr out",
        ) from missing
    drawn = io.StringIO()
    segno.make(link, micro=False).terminal(drawn, compact=True)
    return drawn.getvalue().rstrip("\n")
