"""The pages that look: my checks, one check, the weekend, what waits for a decision, receipts.

Each asks who is there, whether the page is for them, and lays a view out. Nothing is changed here.
"""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from migrator.reports.consequences import consequence
from migrator.web.asking import answered, fresh_id, is_id
from migrator.web.doors import SEE_OTHER, first_page, home, note, session_token, who
from migrator.web.following import Following
from migrator.web.guests import Guests
from migrator.web.having_view import may_refuse_late
from migrator.web.refusing import Kind
from migrator.web.rendering import render, words
from migrator.web.stream import streamed
from migrator.web.tasks_view import name_of, tasks
from migrator.web.visitors import Page, Visitor
from migrator.web.weekend_view import weekend
from migrator.web.why_refused import why_refused

DIGITS_MAX: Final = 18
"""Of a journal's line; a number of thousands of digits would only be an error."""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def begin(request: Request) -> Response:
    """Go where this visitor begins."""
    known = await who(request)
    return RedirectResponse(first_page(request) if known is None else home(known), SEE_OTHER)


@router.get("/decide")
async def decisions(request: Request) -> Response:
    """What waits for a person now, with the consequences of each choice."""
    known = await admitted(request, Page.DECIDE)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    seen = following.seen
    now = seen.now()
    wall = weekend(seen.run, now, words(request, following))
    rows = [
        {
            "wait": wait,
            "choices": [
                {
                    "line": line,
                    "verb": line.split()[0],
                    "may": known.may(line.split()[0]),
                    "then": consequence(seen.run, now, wait, (line, said), seen.clock),
                    "command": fresh_id(),
                }
                for line, said in wait.choices
            ],
        }
        for wait in wall.waits
    ]
    return render(
        request,
        "decide.html.jinja",
        following=following,
        visitor=known,
        rows=rows,
        saw=seen.run.seq,
    )


@router.get("/receipts/{command}")
async def receipt(request: Request, command: str) -> Response:
    """What became of a form: kept, taken or refused; a page that can be printed."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    following: Following = request.app.state.following
    journal = following.seen.journal
    given = await asyncio.to_thread(journal.command, command) if is_id(command) else None
    if given is None or given.actor != known.person:
        return missing(request, known)
    found = await asyncio.to_thread(answered, following.seen, command)
    run, t = following.seen.run, words(request, following)
    leg = next((each for each in run.itinerary.checks if each.id == given.target), None)
    about = given.target if leg is None else name_of(leg, t)
    own = given.verb in {"arrive", "leave"}
    mine = tasks(run, known.person, following.seen.now(), t)
    return render(
        request,
        "receipt.html.jinja",
        following=following,
        visitor=known,
        given=given,
        answer=found,
        name=known.name if own else about,
        check=leg,
        understood=why_refused(run, given, found.why, t),
        late=leg is not None and may_refuse_late(run, leg, known.person),
        withdraw_minutes=t.lasting(run.itinerary.policy.verifying.withdraw_minutes),
        withdrawable=next((g for g in mine.given if g.id == given.target and g.may_withdraw), None),
        following_one=mine.asked[0] if mine.asked else None,
        command=fresh_id(),
        saw=run.seq,
    )


@router.get("/stream")
async def stream(request: Request) -> Response:
    """What happens, as it happens."""
    known = await who(request)
    if known is None:
        return Response(status_code=401)
    following: Following = request.app.state.following
    guests: Guests = request.app.state.guests
    token = session_token(request)
    if not guests.has_room(token):
        return Response(status_code=429)
    # A browser says the last event by itself only when it comes back; at first the page says it.
    last = request.headers.get("last-event-id") or request.query_params.get("since", "")
    return streamed(
        following.hub,
        int(last) if last.isdecimal() and len(last) <= DIGITS_MAX else None,
        following.seen.run.seq,
        guests.listening(token),
        following.at_a_page(known.person),
    )


async def admitted(request: Request, page: Page) -> Visitor | Response:
    """The visitor, if the page is for them; else the answer that says what to do."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    if not known.sees(page):
        return refused(request, known)
    return known


def refused(request: Request, known: Visitor) -> HTMLResponse:
    """Say that a page or a deed is not for this person."""
    note(request, Kind.NO_RIGHT)
    following: Following = request.app.state.following
    return render(
        request, "message.html.jinja", following=following, visitor=known, what="role", why="",
        status=403,
    )  # fmt: skip


def signed_out(request: Request) -> HTMLResponse:
    """Say to whoever has sent a form that the session has ended, and that nothing was done."""
    following: Following = request.app.state.following
    return render(
        request, "message.html.jinja", following=following, visitor=None, what="signed-out", why="",
        status=403,
    )  # fmt: skip


def missing(request: Request, known: Visitor | None) -> HTMLResponse:
    """Say that there is no such page."""
    following: Following = request.app.state.following
    return render(
        request, "message.html.jinja", following=following, visitor=known, what="missing", why="",
        status=404,
    )  # fmt: skip
