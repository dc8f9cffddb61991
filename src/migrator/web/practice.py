"""The practice check: before the weekend each handler tries her own device once, with her function.

It looks and works as a real check does, and nothing of it touches the run: no command, no line of
the journal, no note. Kept is only who has tried, and on which kind of device, for the roster.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from migrator.conductor.clock import wall_now
from migrator.engine.run import Run
from migrator.plan.model import CheckLeg
from migrator.store.practised import COMPUTER, TELEPHONE, Practised
from migrator.verification.verdict import is_verdict
from migrator.web.checking import NOTE_MAX, Filled
from migrator.web.deeds import wrong
from migrator.web.doors import FORM_MAX, SEE_OTHER, own_form, who
from migrator.web.following import Following
from migrator.web.pages import admitted, refused, signed_out
from migrator.web.rendering import render, words
from migrator.web.tasks_view import name_of
from migrator.web.visitors import Page, Visitor

HANDHELD: Final = ("Mobi", "Android", "iPhone", "iPad")
"""Words by which the browsers of telephones and tablets say what they are."""
LOOKED_AT: Final = 400

router = APIRouter(include_in_schema=False)


def device_of(request: Request) -> str:
    """The kind of device that asks."""
    said = request.headers.get("user-agent", "")[:LOOKED_AT]
    return TELEPHONE if any(word in said for word in HANDHELD) else COMPUTER


def own_check(run: Run, person: str) -> CheckLeg | None:
    """A check of the person's own function, the first in the plan; None where there is none."""
    return next((each for each in run.itinerary.checks if person in each.eligible), None)


def practised(request: Request) -> Practised:
    """Who has tried the pages of this run."""
    following: Following = request.app.state.following
    seen = following.seen
    return Practised(seen.store.database, seen.name)


async def to_be_tried(request: Request, known: Visitor) -> bool:
    """Tell whether somebody who verifies has not yet tried the pages on this kind of device."""
    following: Following = request.app.state.following
    if own_check(following.seen.run, known.person) is None or not known.may("tick"):
        return False
    return not await asyncio.to_thread(practised(request).has, known.person, device_of(request))


@router.get("/practice")
async def practice_check(request: Request) -> Response:
    """The practice check."""
    known = await admitted(request, Page.CHECKS)
    if isinstance(known, Response):
        return known
    return _page(request, known, Filled(), "")


@router.post("/practice")
async def practice_verdict(
    request: Request,
    form: Annotated[str, Form(max_length=FORM_MAX)],
    said: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=2 * NOTE_MAX)] = "",
) -> Response:
    """An answer to the practice check. What was said is not kept."""
    known = await who(request)
    if known is None:
        return signed_out(request)
    if not own_form(request, form):
        return await wrong(request, "form")
    if not known.may("tick"):
        return refused(request, known)
    if not is_verdict(said):
        return _page(request, known, Filled(said, note=note), "verdict", 422)
    if said in {"works_but", "does_not_work"} and not note.strip():
        return _page(request, known, Filled(said), "note", 422)
    await asyncio.to_thread(practised(request).tick, known.person, device_of(request), wall_now())
    return RedirectResponse("/practice/done", SEE_OTHER)


@router.get("/practice/done")
async def practice_done(request: Request) -> Response:
    """What a receipt looks like, and which device is still to be tried."""
    known = await admitted(request, Page.CHECKS)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    found = await asyncio.to_thread(practised(request).by_person)
    return render(
        request,
        "practised.html.jinja",
        following=following,
        visitor=known,
        tried=frozenset(found.get(known.person, {})),
    )


def _page(
    request: Request, known: Visitor, filled: Filled, fault: str, status: int = 200
) -> Response:
    following: Following = request.app.state.following
    t = words(request, following)
    leg = own_check(following.seen.run, known.person)
    return render(
        request,
        "practice.html.jinja",
        following=following,
        visitor=known,
        status=status,
        name="" if leg is None else name_of(leg, t),
        text="" if leg is None else t.text(leg.text),
        filled=filled,
        fault=fault,
    )
