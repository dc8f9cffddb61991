"""The forms about disturbances: open one, give it people, write into its log, close it.

Each becomes a command as in `deeds`, and the engine answers. What somebody types becomes one line:
a journal keeps sentences and no paragraphs.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from migrator.engine.disturbing import EVERYTHING, MEMBERS_MAX, ROOM_MAX
from migrator.web.asking import Deed
from migrator.web.deeds import Hidden, done, wrong
from migrator.web.disturbances_view import target_named
from migrator.web.following import Following

WORDS_MAX: Final = 500
NAME_MAX: Final = 200

router = APIRouter(include_in_schema=False)

Line = Annotated[str, Form(max_length=WORDS_MAX)]
Short = Annotated[str, Form(max_length=ROOM_MAX)]


@router.post("/disturbances")
async def disturb(
    request: Request,
    hidden: Hidden,
    about: Annotated[str, Form(max_length=NAME_MAX)] = "",
    reason: Line = "",
) -> Response:
    """Somebody says that something is wrong."""
    if not reason.strip():
        return await wrong(request, "reason")
    following: Following = request.app.state.following
    target = target_named(following.seen.run, about)
    # Two reports about one subsystem are one disturbance; two about everything are probably not.
    key = () if target not in {"", EVERYTHING} else (("key", f"page:{hidden.command}"),)
    deed = Deed(hidden.command, "disturb", target, hidden.saw, _line(reason), key)
    return await done(request, hidden, deed)


@router.post("/disturbances/people")
async def staff(
    request: Request,
    hidden: Hidden,
    owner: Annotated[str, Form(max_length=NAME_MAX)] = "",
    members: Annotated[list[str] | None, Form(max_length=MEMBERS_MAX)] = None,
    room: Short = "",
    link: Short = "",
) -> Response:
    """Whose it is, who helps, and where they meet."""
    details = (
        *((("owner", owner),) if owner else ()),
        ("members", ",".join(members or ())),
        ("room", _line(room)),
        ("link", _line(link)),
    )
    deed = Deed(hidden.command, "staff", hidden.target, hidden.saw, details=details)
    return await done(request, hidden, deed)


@router.post("/disturbances/log")
async def log(request: Request, hidden: Hidden, text: Line = "") -> Response:
    """A line for its log."""
    if not text.strip():
        return await wrong(request, "reason")
    deed = Deed(hidden.command, "log", hidden.target, hidden.saw, _line(text))
    return await done(request, hidden, deed)


@router.post("/disturbances/close")
async def close(request: Request, hidden: Hidden, cause: Line = "", reason: Line = "") -> Response:
    """It is over: what it was, and what was done."""
    if not cause.strip() or not reason.strip():
        return await wrong(request, "reason")
    details = (("cause", _line(cause)),)
    deed = Deed(hidden.command, "close", hidden.target, hidden.saw, _line(reason), details)
    return await done(request, hidden, deed)


def _line(text: str) -> str:
    return " ".join(text.split())
