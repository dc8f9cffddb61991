"""The page *my checks*: what a handler verifies now, when the next one comes, what she has done.

Nothing is changed here.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import Response

from migrator.web.asking import fresh_id
from migrator.web.expecting import Outlooks, expected, said
from migrator.web.following import Following
from migrator.web.having_view import attending
from migrator.web.pages import admitted
from migrator.web.practice import to_be_tried
from migrator.web.rendering import render, words
from migrator.web.tasks_view import tasks
from migrator.web.visitors import Page

router = APIRouter(include_in_schema=False)


@router.get("/checks")
async def my_checks(request: Request) -> Response:
    """What a handler verifies now, later, and has verified."""
    known = await admitted(request, Page.CHECKS)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    outlooks: Outlooks = request.app.state.outlooks
    seen, t = following.seen, words(request, following)
    now = seen.now()
    found = tasks(seen.run, known.person, now, t)
    nothing_now = not found.asked
    soon = ""
    if nothing_now and found.coming:
        moves = await asyncio.to_thread(outlooks.moves, seen)
        soon = said(expected(seen.run, known.person, now, moves), now, t)
    return render(
        request,
        "checks.html.jinja",
        following=following,
        visitor=known,
        tasks=found,
        soon=soon,
        to_be_tried=nothing_now and await to_be_tried(request, known),
        attending=attending(seen.run, known.person, now),
        command=fresh_id(),
        saw=seen.run.seq,
    )
