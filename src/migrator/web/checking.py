"""One check: its text and its form, and the verdict that comes of it, with or without a picture.

A form that cannot be taken comes back as it was sent, with what is missing said above it: nobody
writes a thing twice. Who asks is known before anything of a form is read, because a form with a
picture is large. Nothing is decided here: a verdict becomes a command, as in `deeds.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import RedirectResponse, Response

from migrator.conductor.clock import wall_now
from migrator.engine.editions import edition
from migrator.plan.model import CheckLeg
from migrator.store.pictures import Pictures
from migrator.verification.left_behind import reference_fault
from migrator.verification.verdict import is_verdict
from migrator.web.asking import Deed, fresh_id, is_id
from migrator.web.deeds import Sent, done, wrong
from migrator.web.doors import SEE_OTHER, own_form, who
from migrator.web.following import Following
from migrator.web.having_view import having, may_refuse_late
from migrator.web.images import BYTES_MAX, Unfit, cleaned
from migrator.web.pages import admitted, missing, refused, signed_out
from migrator.web.rendering import render, words
from migrator.web.shield import FORM_BYTES_MAX
from migrator.web.tasks_view import check_state, name_of, wave_name, why_not_yet
from migrator.web.visitors import Page, Visitor

NOTE_MAX: Final = 4000
LEFT_MAX: Final = 200
SHORT_MAX: Final = 200
SAW_DIGITS_MAX: Final = 18
FIELDS_MAX: Final = 16
SIDES: Final = frozenset({"old", "new"})
"""Which side's mark a handler saw on her screen."""

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Filled:
    """What somebody has filled in so far."""

    said: str = ""
    side: str = ""
    note: str = ""
    left: str = ""  # the reference of what the test has left behind, to be cleaned up

    @property
    def empty(self) -> bool:
        """Tell whether nothing would be lost."""
        return self == Filled()


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a check as it came: who may be believed, what it holds, and the chosen file."""

    hidden: Sent
    filled: Filled
    edition: str  # of the words and of what stands where, as the page showed them
    file: UploadFile | None = field(default=None, repr=False)


@router.get("/checks/{check}")
async def one_check(request: Request, check: str) -> Response:
    """One check with its text and its form; or why there is no form."""
    known = await admitted(request, Page.CHECKS)
    if isinstance(known, Response):
        return known
    leg = leg_of(request, check)
    if leg is None:
        return missing(request, known)
    return await check_page(request, known, leg)


@router.post("/verdicts", max_body_size=BYTES_MAX + FORM_BYTES_MAX)
async def verdict(request: Request) -> Response:
    """A handler's verdict on a check."""
    known = await who(request)
    if known is None:
        return signed_out(request)
    async with request.form(max_files=1, max_fields=FIELDS_MAX) as data:
        form = read_form(data)
        if (
            form is None
            or not own_form(request, form.hidden.form)
            or not is_id(form.hidden.command)
        ):
            return await wrong(request, "form")
        if not known.may("tick"):
            return refused(request, known)
        leg = leg_of(request, form.hidden.target)
        if leg is None:
            return await _sent(request, known, None, form)
        fault = await take_picture(request, known, leg, form.file)
        fault = fault or _fault(leg, form.filled)
        if fault:
            return await check_page(request, known, leg, form.filled, fault, status=422)
        return await _sent(request, known, leg, form)


async def _sent(request: Request, known: Visitor, leg: CheckLeg | None, form: Form) -> Response:
    """Put the verdict on the desk, with the picture that waits for it."""
    filled = form.filled
    details = (
        ("verdict", filled.said),
        *((("side", filled.side),) if filled.side in SIDES else ()),
        *((("left_behind", filled.left),) if filled.left else ()),
        *((("edition", form.edition),) if form.edition else ()),
    )
    waits = None if leg is None else await _waiting(request, known, leg)
    deed = Deed(
        form.hidden.command,
        "tick",
        form.hidden.target,
        form.hidden.saw,
        details=details,
        note=filled.note,
        picture="" if waits is None else waits,
    )
    return await done(request, form.hidden, deed)


def _fault(leg: CheckLeg, filled: Filled) -> str:
    """What is missing in a verdict, in one word; empty where nothing is."""
    if not is_verdict(filled.said):
        return "verdict"
    if filled.said in {"works_but", "does_not_work"} and not filled.note:
        return "note"
    if leg.side_mark is not None and filled.said != "cannot_judge" and filled.side not in SIDES:
        return "side"
    # What is left behind goes into the journal, which never forgets.
    return "left" if filled.left and reference_fault(filled.left) else ""


def read_form(data: FormData) -> Form | None:
    """The form of a check; None where it is none that our pages make."""
    texts = {name: value for name, value in data.multi_items() if isinstance(value, str)}
    saw = texts.get("saw", "")
    short = ("form", "command", "target", "said", "side", "left_behind", "edition")
    if (
        not (saw.isascii() and saw.isdecimal() and len(saw) <= SAW_DIGITS_MAX)
        or any(len(texts.get(name, "")) > SHORT_MAX for name in short)
        or len(texts.get("note", "").replace("\r\n", "\n")) > NOTE_MAX
        or not {"form", "command", "target"} <= set(texts)
    ):
        return None
    file = data.get("file")
    return Form(
        Sent(texts["form"], texts["command"], int(saw), texts["target"]),
        Filled(
            texts.get("said", ""),
            texts.get("side", ""),
            texts.get("note", "").replace("\r\n", "\n").strip(),
            " ".join(texts.get("left_behind", "").split()),
        ),
        texts.get("edition", ""),
        file if isinstance(file, UploadFile) and file.size else None,
    )


async def take_picture(
    request: Request, known: Visitor, leg: CheckLeg, file: UploadFile | None
) -> str:
    """Keep the chosen picture until the verdict is sent; else say in one word why it is not.

    Only for a check that this person may answer now: nobody fills the store beside the weekend.
    """
    following: Following = request.app.state.following
    run = following.seen.run
    answerable = check_state(run, leg, known.person) == "open"
    if file is None or not (answerable or may_refuse_late(run, leg, known.person)):
        return ""
    if not run.itinerary.policy.verifying.pictures:
        return "picture-off"
    content = await file.read(BYTES_MAX + 1)
    found = await asyncio.to_thread(cleaned, content)
    if isinstance(found, Unfit):
        return f"picture-{found.why}"
    await asyncio.to_thread(
        album(request).keep, leg.id, known.person, found.media, found.content, wall_now()
    )
    return ""


def album(request: Request) -> Pictures:
    """The run's pictures."""
    following: Following = request.app.state.following
    seen = following.seen
    return Pictures(seen.store.database, seen.name)


def leg_of(request: Request, check: str) -> CheckLeg | None:
    """The check as the plan has it; None where there is none of this name."""
    following: Following = request.app.state.following
    checks = following.seen.run.itinerary.checks
    return next((each for each in checks if each.id == check), None)


async def _waiting(request: Request, known: Visitor, leg: CheckLeg) -> str | None:
    found = await asyncio.to_thread(album(request).waiting, leg.id, known.person)
    return None if found is None else found[0]


async def check_page(
    request: Request,
    known: Visitor,
    leg: CheckLeg,
    filled: Filled = Filled(),
    fault: str = "",
    status: int = 200,
) -> Response:
    """The page of one check, as far as it was filled in."""
    following: Following = request.app.state.following
    run, t = following.seen.run, words(request, following)
    now, record = following.seen.now(), run.checks.get(leg.id)
    pictures = run.itinerary.policy.verifying.pictures
    state = check_state(run, leg, known.person)
    waits = None
    if pictures and known.may("tick"):
        waits = await asyncio.to_thread(album(request).waiting, leg.id, known.person)
    return render(
        request,
        "check.html.jinja",
        following=following,
        visitor=known,
        status=status,
        check=leg,
        record=record,
        state=state,
        late=may_refuse_late(run, leg, known.person),
        having=having(run, leg, known.person, now),
        why_not_yet=why_not_yet(run, leg, now, t),
        edition="" if record is None else edition(record),
        name=name_of(leg, t),
        text=t.text(leg.text),
        wave=wave_name(run, leg.wave),
        fresh_id=fresh_id,
        saw=run.seq,
        filled=filled,
        fault=fault,
        pictures=pictures,
        picture=waits,
        picture_bytes_max=BYTES_MAX,
    )


def back_to(check: str) -> RedirectResponse:
    """The page of a check, anew."""
    from urllib.parse import quote

    return RedirectResponse(f"/checks/{quote(check)}", SEE_OTHER)
