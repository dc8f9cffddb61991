"""Pictures and notes that came with verdicts: added from another device, shown, erased.

They may show what is nobody else's business, so they are seen by those who mend and decide, and by
whoever sent them. They are never kept by a browser, and never shown as anything but a picture. An
erased one leaves who erased it, when and why.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from migrator.conductor.clock import wall_now
from migrator.engine.events import TickGiven, WrongSideSeen
from migrator.engine.ports import Line
from migrator.plan.model import CheckLeg
from migrator.store.pictures import Picture, Tombstone
from migrator.web.asking import fresh_id, is_id
from migrator.web.checking import (
    FIELDS_MAX,
    album,
    back_to,
    check_page,
    leg_of,
    read_form,
    take_picture,
)
from migrator.web.checking import Form as CheckForm
from migrator.web.deeds import REASON_MAX, Hidden, wrong
from migrator.web.doors import SEE_OTHER, own_form, who
from migrator.web.following import Following
from migrator.web.images import BYTES_MAX, MEDIA
from migrator.web.lines_view import look_back
from migrator.web.pages import admitted, missing, refused, signed_out
from migrator.web.rendering import render, words
from migrator.web.shield import FORM_BYTES_MAX, LARGE_PAGE
from migrator.web.tasks_view import name_of, wave_name
from migrator.web.visitors import Page, Visitor

DIGEST_LENGTH: Final = 64
SAID_MAX: Final = 100
"""Verdicts on one check, the newest: more than any check has."""
ENDINGS: Final = {media: kind.lower() for kind, media in MEDIA.items()}
PICTURE_HEADERS: Final = {
    # Whatever a browser takes it for, it is nothing that may act.
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "no-store",
    # Not worth compressing again.
    "content-encoding": "identity",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Said:
    """One verdict of a check with what came along with it."""

    who: str
    verdict: str
    counts: bool  # False: it was said of the old side
    at: datetime
    note: str
    note_digest: str
    picture: Picture | None
    note_stone: Tombstone | None
    picture_stone: Tombstone | None


@router.post("/pictures", max_body_size=BYTES_MAX + FORM_BYTES_MAX)
async def add(request: Request) -> Response:
    """A picture for a verdict that is still to be sent, perhaps from another device."""
    known = await who(request)
    if known is None:
        return signed_out(request)
    async with request.form(max_files=1, max_fields=FIELDS_MAX) as data:
        form = read_form(data)
        leg = None if form is None else leg_of(request, form.hidden.target)
        if form is None or leg is None or not own_form(request, form.hidden.form):
            return await wrong(request, "form")
        if not known.may("tick"):
            return refused(request, known)
        fault = "picture-none" if form.file is None else ""
        fault = fault or await take_picture(request, known, leg, form.file)
    return await _again(request, known, leg, form, fault)


@router.post("/pictures/drop", max_body_size=BYTES_MAX + FORM_BYTES_MAX)
async def drop(request: Request) -> Response:
    """Take away a picture that was added and not sent."""
    known = await who(request)
    if known is None:
        return signed_out(request)
    async with request.form(max_files=1, max_fields=FIELDS_MAX) as data:
        form = read_form(data)
        leg = None if form is None else leg_of(request, form.hidden.target)
        if form is None or leg is None or not own_form(request, form.hidden.form):
            return await wrong(request, "form")
    await asyncio.to_thread(album(request).drop, leg.id, known.person)
    return await _again(request, known, leg, form, "")


async def _again(
    request: Request, known: Visitor, leg: CheckLeg, form: CheckForm, fault: str
) -> Response:
    """The check's page with what was filled in; the person's other devices are told."""
    if not fault:
        _tell(request, known.person)
    if not fault and form.filled.empty:
        return back_to(leg.id)
    status = 422 if fault else 200
    return await check_page(request, known, leg, form.filled, fault, status)


def _tell(request: Request, person: str) -> None:
    """Let this person's pages load anew; those of another process do so a little later."""
    following: Following = request.app.state.following
    seq = following.seen.run.seq
    data = json.dumps({"seq": seq, "people": [person], "waves": []}, separators=(",", ":"))
    following.hub.publish(f"id: {seq}\nevent: run\ndata: {data}\n\n".encode())


@router.get("/pictures/{digest}")
async def show(request: Request, digest: str) -> Response:
    """A picture, for those who may see it."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    found = None
    if len(digest) == DIGEST_LENGTH and digest.isalnum():
        found = await asyncio.to_thread(album(request).read, digest)
    # To everybody else there is none.
    if found is None or not (known.sees(Page.JOURNAL) or found.person == known.person):
        return missing(request, known)
    if found.content is None:
        following: Following = request.app.state.following
        return render(
            request, "message.html.jinja", following=following, visitor=known, what="erased",
            why="", status=410,
        )  # fmt: skip
    name = f"{digest[:8]}.{ENDINGS[found.media]}"
    headers = {**PICTURE_HEADERS, "content-disposition": f'inline; filename="{name}"'}
    return Response(found.content, media_type=found.media, headers=headers)


@router.get("/checks/{check}/said")
async def what_was_said(request: Request, check: str) -> Response:
    """Every verdict on a check with its note and its picture."""
    known = await admitted(request, Page.JOURNAL)
    if isinstance(known, Response):
        return known
    leg = leg_of(request, check)
    if leg is None:
        return missing(request, known)
    following: Following = request.app.state.following
    run, t = following.seen.run, words(request, following)
    return render(
        request,
        "said.html.jinja",
        following=following,
        visitor=known,
        check=leg,
        name=name_of(leg, t),
        wave=wave_name(run, leg.wave),
        person_name=lambda person: _name(following, person),
        fresh_id=fresh_id,
        rows=await asyncio.to_thread(_said, request, leg.id),
        saw=run.seq,
    )


def _name(following: Following, person: str) -> str:
    member = following.seen.itinerary.members.get(person)
    return person if member is None else member.name


def _said(request: Request, check: str) -> tuple[Said, ...]:
    """What was said of a check, also what did not count; blocks on the database."""
    following: Following = request.app.state.following
    seen = following.seen

    def of_it(line: Line) -> bool:
        return isinstance(line.event, TickGiven | WrongSideSeen) and line.event.check == check

    found = look_back(seen.journal.earlier, of_it, seen.run.seq + 1, SAID_MAX)
    given = [(line.at, line.event) for line in found.lines]
    ticks = [(at, event) for at, event in given if isinstance(event, TickGiven | WrongSideSeen)]
    kept = album(request)
    stones = kept.tombstones({each.note_digest for _, each in ticks})
    stones = {**stones, **kept.tombstones({each.picture_digest for _, each in ticks})}
    rows = []
    for at, event in ticks:
        note, picture = event.note_digest, event.picture_digest
        rows.append(
            Said(
                _name(following, event.person),
                event.verdict,
                isinstance(event, TickGiven),
                at,
                (seen.store.note(note) or "") if note else "",
                note,
                kept.read(picture) if picture else None,
                stones.get(note),
                stones.get(picture),
            )
        )
    return tuple(rows)


@router.post("/erasures")
async def erase(
    request: Request,
    hidden: Hidden,
    reason: Annotated[str, Form(max_length=REASON_MAX)] = "",
) -> Response:
    """Erase a note or a picture for good."""
    known = await who(request)
    if known is None:
        return signed_out(request)
    if not own_form(request, hidden.form) or not is_id(hidden.command):
        return await wrong(request, "form")
    if not known.may_erase:
        return refused(request, known)
    if not reason.strip():
        return await wrong(request, "reason")
    await asyncio.to_thread(
        album(request).erase, hidden.target, known.person, reason.strip(), wall_now()
    )
    following: Following = request.app.state.following
    return render(
        request, "message.html.jinja", following=following, visitor=known, what="erased", why=""
    )


# With less, the framework would put two plain words in the page's place. Nothing is read here.
@router.get(LARGE_PAGE, max_body_size=sys.maxsize)
async def too_large(request: Request) -> Response:
    """What somebody sees who sent more than is taken; `shield.py` leads here."""
    following: Following = request.app.state.following
    return render(
        request, "message.html.jinja", following=following, visitor=await who(request),
        what="large", why="", status=413,
    )  # fmt: skip
