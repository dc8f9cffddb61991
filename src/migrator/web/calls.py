"""The page of a call, on which somebody says that they have it in hand; and the handover note.

The link of a message leads here. Opening it changes nothing, because mail scanners and previews
open every link: only the button does. The page is its own receipt. Whoever is called decides on
the page that it names, not here.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from migrator.conductor.clock import wall_now
from migrator.errors import RefusedError
from migrator.inventory.duration import parse_minutes
from migrator.notices.answering import acknowledge, item_of, read_book, was_called
from migrator.reports.calls import cause_words, deadline_words, page_of, title
from migrator.reports.shift_note import SHIFT, Note, shift_note
from migrator.reports.texts import Texts
from migrator.web.asking import fresh_id, is_id
from migrator.web.deeds import wrong
from migrator.web.doors import FORM_MAX, SEE_OTHER, own_form, who
from migrator.web.following import Following
from migrator.web.pages import admitted, missing, refused
from migrator.web.rendering import render, words
from migrator.web.seen import SeenRun
from migrator.web.visitors import Page

HOURS_MAX: Final = 96

router = APIRouter(include_in_schema=False)


@router.get("/calls/{call}")
async def one_call(request: Request, call: str) -> Response:
    """What a call is about, and who has it in hand."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    following: Following = request.app.state.following
    seen, t = following.seen, words(request, following)
    book = await asyncio.to_thread(read_book, seen.journal)
    item = item_of(book, call)
    called = was_called(book, call, known.person)
    # Whom it does not concern learns not even whether there is such a call.
    if item is None or not known.sees_call(called=called):
        return missing(request, known)
    answer = book.answers.get(call)
    members = seen.itinerary.members
    people = list(dict.fromkeys(message.person for message in book.of(call)))
    return render(
        request,
        "call.html.jinja",
        following=following,
        visitor=known,
        call=call,
        title=title(item, seen.itinerary, t),
        cause=cause_words(item, seen.itinerary, t),
        deadline=deadline_words(item, t),
        page=page_of(item, ""),
        people=[members[each].name if each in members else each for each in people],
        answer=answer,
        answered_by=""
        if answer is None
        else members[answer.person].name
        if answer.person in members
        else answer.person,
        may=answer is None and known.answers_call(called=called),
        command=fresh_id(),
        saw=seen.run.seq,
    )


@router.post("/calls/{call}")
async def in_hand(
    request: Request,
    call: str,
    form: Annotated[str, Form(max_length=FORM_MAX)],
    command: Annotated[str, Form(max_length=64)],
) -> Response:
    """Somebody has it in hand; the first one to say so stands."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    if not own_form(request, form) or not is_id(command):
        return await wrong(request, "form")
    following: Following = request.app.state.following
    journal = following.seen.journal

    def keep() -> bool:
        called = was_called(read_book(journal), call, known.person)
        if not known.answers_call(called=called):
            return False
        acknowledge(journal, call, known.person, wall_now(), how="page", leading=True)
        return True

    try:
        kept = await asyncio.to_thread(keep)
    except RefusedError:
        return missing(request, known)
    return RedirectResponse(f"/calls/{call}", SEE_OTHER) if kept else refused(request, known)


@router.get("/handover")
async def the_note(request: Request, hours: Annotated[str, Query(max_length=10)] = "") -> Response:
    """The note that one shift reads to the next."""
    known = await admitted(request, Page.DECIDE)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    t = words(request, following)
    note = await asyncio.to_thread(_note, following.seen, _hours(hours), t)
    return render(request, "handover.html.jinja", following=following, visitor=known, note=note)


def _hours(text: str) -> float:
    shift = SHIFT.total_seconds() / 3600
    try:
        hours = parse_minutes(f"{text}h") / 60 if text else shift
    except ValueError:
        return shift
    return min(max(hours, 0.25), HOURS_MAX)


def _note(seen: SeenRun, hours: float, t: Texts) -> Note:
    lines = tuple(seen.journal.lines())
    now = seen.now()
    itinerary = seen.journal.itinerary()
    return shift_note(itinerary, lines, seen.run, now - timedelta(hours=hours), now, t)
