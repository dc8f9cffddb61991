"""The forms that do something: a verdict that is taken back, a decision; `checking.py` has more.

Each becomes a command on the run's desk and ends with a receipt; nothing is decided here. A form
says which line of the journal its page knew, so the engine can tell who decided on what.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from migrator.errors import MigratorError
from migrator.web.asking import Deed, ask, is_id
from migrator.web.doors import FORM_MAX, SEE_OTHER, own_form, who
from migrator.web.following import Following
from migrator.web.pages import refused, signed_out
from migrator.web.rendering import render
from migrator.web.visitors import DOES

REASON_MAX: Final = 2000
TARGET_MAX: Final = 200
SAW_MAX: Final = 2**63 - 1
"""No database counts further."""
MINE: Final = frozenset({"claim", "hand-over", "arrive", "leave"})
"""What people say of themselves and of the checks that they have."""

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """What every form carries."""

    form: str  # the session's token
    command: str
    saw: int
    target: str


def sent(
    form: Annotated[str, Form(max_length=FORM_MAX)],
    command: Annotated[str, Form(max_length=64)],
    saw: Annotated[int, Form(ge=0, le=SAW_MAX)],
    target: Annotated[str, Form(max_length=TARGET_MAX)],
) -> Sent:
    """Read what every form carries."""
    return Sent(form, command, saw, target)


Hidden = Annotated[Sent, Depends(sent)]


@router.post("/withdrawals")
async def withdrawal(request: Request, hidden: Hidden) -> Response:
    """A verdict is taken back."""
    return await done(request, hidden, Deed(hidden.command, "withdraw", hidden.target, hidden.saw))


@router.post("/mine")
async def mine(
    request: Request,
    hidden: Hidden,
    verb: Annotated[str, Form(max_length=40)],
    reason: Annotated[str, Form(max_length=REASON_MAX)] = "",
    to: Annotated[str, Form(max_length=TARGET_MAX)] = "",
) -> Response:
    """A check is taken or handed over; somebody says that they are there, or leave."""
    if verb not in MINE:
        return await wrong(request, "verb")
    if verb == "hand-over" and not reason.strip():
        return await wrong(request, "reason")
    details = (("to", to),) if to else ()
    deed = Deed(hidden.command, verb, hidden.target, hidden.saw, reason.strip(), details)
    return await done(request, hidden, deed)


@router.post("/decisions")
async def decision(
    request: Request,
    hidden: Hidden,
    verb: Annotated[str, Form(max_length=40)],
    reason: Annotated[str, Form(max_length=REASON_MAX)] = "",
) -> Response:
    """A decision about a wave or the run."""
    if verb not in DOES:
        return await wrong(request, "verb")
    if verb != "go" and not reason.strip():
        return await wrong(request, "reason")
    deed = Deed(hidden.command, verb, hidden.target, hidden.saw, reason.strip())
    return await done(request, hidden, deed)


async def done(request: Request, hidden: Sent, deed: Deed) -> Response:
    """Check who asks, put the deed on the desk, and show the receipt."""
    known = await who(request)
    if known is None:
        return signed_out(request)
    following: Following = request.app.state.following
    if not own_form(request, hidden.form) or not is_id(deed.id):
        return await wrong(request, "form")
    if not known.may(deed.verb):
        return refused(request, known)
    try:
        await asyncio.to_thread(ask, following.seen, known, deed)
    except MigratorError as error:
        if error.reference == "command-text":
            return await wrong(request, "form")
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
        return signed_out(request)
    following: Following = request.app.state.following
    return render(
        request, "message.html.jinja", following=following, visitor=known, what=what, why="",
        status=422,
    )  # fmt: skip
