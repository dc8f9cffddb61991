"""The forms that do something: a verdict, taking it back, a decision.

Each becomes a command on the run's desk and ends with a receipt; nothing is decided here. A form
says which line of the journal its page knew, so the engine can tell who decided on what.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from migrator.errors import MigratorError
from migrator.verification.verdict import is_verdict
from migrator.web.asking import Deed, ask, is_id
from migrator.web.doors import SEE_OTHER, who
from migrator.web.following import Following
from migrator.web.pages import refused
from migrator.web.rendering import render
from migrator.web.visitors import DOES

NOTE_MAX: Final = 4000
REASON_MAX: Final = 2000
TARGET_MAX: Final = 200

router = APIRouter(include_in_schema=False)

FormToken = Annotated[str, Form(alias="form", max_length=64)]
CommandId = Annotated[str, Form(alias="command", max_length=64)]
Saw = Annotated[int, Form(alias="saw", ge=0)]
Target = Annotated[str, Form(alias="target", max_length=TARGET_MAX)]


@router.post("/verdicts")
async def verdict(
    request: Request,
    form: FormToken,
    command: CommandId,
    saw: Saw,
    target: Target,
    said: Annotated[str, Form(max_length=40)] = "",
    note: Annotated[str, Form(max_length=NOTE_MAX)] = "",
) -> Response:
    """A handler's verdict on a check."""
    if not is_verdict(said):
        return await wrong(request, "verdict")
    if said in {"works_but", "does_not_work"} and not note.strip():
        return await wrong(request, "note")
    deed = Deed(command, "tick", target, saw, details=(("verdict", said),), note=note.strip())
    return await done(request, form, deed)


@router.post("/withdrawals")
async def withdrawal(
    request: Request, form: FormToken, command: CommandId, saw: Saw, target: Target
) -> Response:
    """A verdict is taken back."""
    return await done(request, form, Deed(command, "withdraw", target, saw))


@router.post("/decisions")
async def decision(
    request: Request,
    form: FormToken,
    command: CommandId,
    saw: Saw,
    target: Target,
    verb: Annotated[str, Form(max_length=40)],
    reason: Annotated[str, Form(max_length=REASON_MAX)] = "",
) -> Response:
    """A decision about a wave or the run."""
    if verb not in DOES:
        return await wrong(request, "verb")
    if verb != "go" and not reason.strip():
        return await wrong(request, "reason")
    return await done(request, form, Deed(command, verb, target, saw, reason.strip()))


async def done(request: Request, form: str, deed: Deed) -> Response:
    """Check who asks, put the deed on the desk, and show the receipt."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    following: Following = request.app.state.following
    if not hmac.compare_digest(form, known.form_token) or not is_id(deed.id):
        return await wrong(request, "form")
    if not known.may(deed.verb):
        return refused(request, known)
    try:
        await asyncio.to_thread(ask, following.seen, known, deed)
    except MigratorError as error:
        what = "doubled" if error.reference == "command-doubled" else "store"
        return render(
            request, "message.html.jinja", following=following, visitor=known, what=what,
            why=error.message, status=409 if what == "doubled" else 503,
        )  # fmt: skip
    return RedirectResponse(f"/receipts/{deed.id}", SEE_OTHER)


async def wrong(request: Request, what: str) -> Response:
    """A form that cannot be taken as it is: say what is missing, and keep nothing."""
    known = await who(request)
    if known is None:
        return RedirectResponse("/sign-in", SEE_OTHER)
    following: Following = request.app.state.following
    return render(
        request, "message.html.jinja", following=following, visitor=known, what=what, why="",
        status=422,
    )  # fmt: skip
