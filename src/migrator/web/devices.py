"""One's own devices, and what those see who look after the doors: who is in, what was refused.

A person lets a second device in, and ends any of her own. Who leads the weekend ends everybody
else's; an auditor sees who came in by which way, and how often somebody was turned away. Nothing
here touches the run, so nothing of it becomes a command: what was ended, and by whom, stands with
the session.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from migrator.conductor.clock import wall_now
from migrator.engine.states import WaveState
from migrator.reports.texts import N_
from migrator.store.devices import Offered
from migrator.store.sessions import Kept
from migrator.web.doors import (
    FORM_MAX,
    SEE_OTHER,
    Entry,
    own_form,
    session_token,
    who,
)
from migrator.web.following import Following
from migrator.web.pages import admitted, missing, refused
from migrator.web.refusing import WORDS
from migrator.web.rendering import render
from migrator.web.visitors import Page, Visitor
from migrator.web.weekend_view import light

DONE: Final = frozenset({WaveState.ACCEPTED, WaveState.COMMITTING, WaveState.COMMITTED})
OWN_MAX: Final = 40
EVERYBODY_MAX: Final = 500
REFUSALS_MAX: Final = 200
WAYS: Final = {
    "link": N_("by an invitation's link"),
    "code": N_("by an invitation's code"),
    "device": N_("from another device"),
    "provider": N_("by the sign-in service"),
}

router = APIRouter(include_in_schema=False)


@router.get("/devices")
async def my_devices(request: Request) -> Response:
    """Where one is signed in."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    return await _my_devices(request, known, None)


@router.post("/devices/new")
async def let_in(
    request: Request, form: Annotated[str, Form(max_length=FORM_MAX)] = ""
) -> Response:
    """Show six digits and a QR code for another device; they are shown once, here."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    if not own_form(request, form):
        return _old_form(request, known)
    entry: Entry = request.app.state.entry
    offer = entry.sign_in.devices.offer
    offered = await asyncio.to_thread(offer, session_token(request), wall_now())
    if offered is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    return await _my_devices(request, known, offered)


@router.post("/devices/end")
async def end_my_own(
    request: Request,
    session: Annotated[str, Form(max_length=64)],
    form: Annotated[str, Form(max_length=FORM_MAX)] = "",
) -> Response:
    """End one of one's own sessions."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    if not own_form(request, form):
        return _old_form(request, known)
    entry: Entry = request.app.state.entry
    # Ended twice is ended: the list shows what holds.
    end = entry.sign_in.sessions.end
    await asyncio.to_thread(end, known.person, session, known.person, wall_now())
    return RedirectResponse("/devices", SEE_OTHER)


@router.get("/access")
async def access(request: Request) -> Response:
    """Who is signed in and was, and what was refused."""
    known = await admitted(request, Page.ACCESS)
    if isinstance(known, Response):
        return known
    entry: Entry = request.app.state.entry
    following: Following = request.app.state.following
    members = following.seen.itinerary.members
    sessions = await asyncio.to_thread(entry.sign_in.sessions.of, None, EVERYBODY_MAX)
    refusals = await entry.refusing.newest(REFUSALS_MAX)
    people: dict[str, list[Kept]] = {}
    for each in sessions:
        people.setdefault(each.person, []).append(each)

    def name(person: str) -> str:
        return members[person].name if person in members else person

    return render(
        request, "access.html.jinja", following=following, visitor=known,
        people=sorted((name(person), person, kept) for person, kept in people.items()),
        refusals=[(each, _phrase(each.cause.kind), name(each.cause.person)) for each in refusals],
        wall_now=wall_now(), ways=WAYS, may_end=known.may_end,
    )  # fmt: skip


@router.post("/access/end")
async def end_anothers(
    request: Request,
    person: Annotated[str, Form(max_length=200)],
    form: Annotated[str, Form(max_length=FORM_MAX)] = "",
) -> Response:
    """End everything by which a person is in."""
    known = await admitted(request, Page.ACCESS)
    if isinstance(known, Response):
        return known
    if not own_form(request, form):
        return _old_form(request, known)
    if not known.may_end:
        return refused(request, known)
    entry: Entry = request.app.state.entry
    await asyncio.to_thread(entry.sign_in.sessions.end_all, person, known.person, wall_now())
    return RedirectResponse("/access", SEE_OTHER)


@router.get("/status")
async def status(request: Request) -> Response:
    """How it stands, in few words and without names, for whoever asks; if policy allows."""
    entry: Entry = request.app.state.entry
    following: Following = request.app.state.following
    if not entry.public:
        return missing(request, await who(request))
    run = following.seen.run
    waves = [wave.state for wave in run.waves.values()]
    return render(
        request, "status.html.jinja", following=following, light=light(run), waves=len(waves),
        done=sum(state in DONE for state in waves), ended=following.seen.ended,
        begun=any(state is not WaveState.PLANNED for state in waves),
    )  # fmt: skip


async def _my_devices(request: Request, known: Visitor, offered: Offered | None) -> HTMLResponse:
    entry: Entry = request.app.state.entry
    sessions = entry.sign_in.sessions
    now = wall_now()
    kept = await asyncio.to_thread(sessions.of, [known.person], OWN_MAX)
    address = origin(request)
    return render(
        request, "devices.html.jinja", following=request.app.state.following, visitor=known,
        sessions=[each for each in kept if each.holds(now)],
        mine=sessions.here(session_token(request)), ways=WAYS, offered=offered, address=address,
        picture=Markup() if offered is None else _qr(f"{address}/in/{offered.token}"),
    )  # fmt: skip


def origin(request: Request) -> str:
    """Where this very browser reaches the pages, for a link to another device of the same person.

    The layer around the application has held what the browser says of it against the host.
    """
    said = request.headers.get("origin", "")
    host = request.headers.get("host", "")
    if host and said in {f"https://{host}", f"http://{host}"}:
        return said
    return str(request.base_url).rstrip("/")


def _old_form(request: Request, known: Visitor) -> HTMLResponse:
    return render(
        request, "message.html.jinja", following=request.app.state.following, visitor=known,
        what="form", why="", status=422,
    )  # fmt: skip


def _phrase(kind: str) -> str:
    """What was refused, in words; a newer program's kind as it is."""
    return next((words for each, words in WORDS.items() if each.value == kind), kind)


def _qr(link: str) -> Markup:
    """A QR code as a picture that the strict policy lets through: attributes, and no style."""
    # An eighth of a second to load, and only whoever adds a device needs it.
    import segno

    drawn = segno.make(link, micro=False).svg_inline(
        scale=5, dark="#000", light="#fff", omitsize=False, lineclass=None, svgclass="qr"
    )
    return Markup(drawn)  # noqa: S704 - drawn from numbers; the link is not in it
