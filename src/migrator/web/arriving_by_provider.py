"""The pages of signing in by a provider: going there, and coming back.

What a browser needs to come back stands in a cookie of its own, so that nothing is kept for whoever
only goes there. `provider.py` says whether an answer holds; the store takes each answer once. Who
comes back is held against people.yaml. What must never happen: that an answer signs in any other
browser than the one that asked.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from migrator.conductor.clock import wall_now
from migrator.store.sessions import Session
from migrator.web.device_names import device_name
from migrator.web.doors import (
    SEE_OTHER,
    WRONG_MINUTES,
    Entry,
    note,
    session_token,
    sign_in_page,
    signed_in,
)
from migrator.web.following import Following
from migrator.web.id_token import TokenRefused
from migrator.web.pages import missing
from migrator.web.provider import BACK, Arrived, Provider, ProviderAway, Started
from migrator.web.refusing import Kind
from migrator.web.visitors import AUDITOR

AWAY_MINUTES: Final = 10
"""Between going to the provider and coming back: a password, perhaps a telephone."""
ANSWER_MAX: Final = 8_192
"""Signs of an answer that are read; codes have some hundred."""

router = APIRouter(include_in_schema=False)


@router.get("/sign-in/provider")
async def go_there(request: Request) -> Response:
    """Send a browser to the provider, with what it needs to come back."""
    entry: Entry = request.app.state.entry
    if entry.provider is None:
        return missing(request, None)
    try:
        there, started = await entry.provider.begin(wall_now())
    except ProviderAway as error:
        return _turned_away(request, Kind.PROVIDER_AWAY, str(error))
    answer = RedirectResponse(there, SEE_OTHER)
    answer.set_cookie(
        _cookie(entry), started.kept(), max_age=60 * AWAY_MINUTES, path="/", secure=entry.secure,
        httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


@router.get(BACK)
async def come_back(request: Request) -> Response:
    """Sign in whom the provider's answer names."""
    entry: Entry = request.app.state.entry
    if entry.provider is None:
        return missing(request, None)
    answer = await _come_back(request, entry, entry.provider)
    # Whatever came of it, this browser's question has been answered.
    answer.delete_cookie(_cookie(entry), path="/", secure=entry.secure, httponly=True)
    return answer


async def _come_back(request: Request, entry: Entry, provider: Provider) -> Response:
    started = Started.read(request.cookies.get(_cookie(entry), ""))
    if started is None or len(request.url.query) > ANSWER_MAX:
        return _turned_away(request, Kind.PROVIDER_ANSWER, "nobody here had asked for it")
    address, now = entry.guesser(request), wall_now()
    if entry.provider_patience.spent(address, now):
        note(request, Kind.TOO_OFTEN)
        page = sign_in_page(request, "slow", 429)
        page.headers["retry-after"] = str(60 * WRONG_MINUTES)
        return page
    said = dict(request.query_params)
    if "error" in said and said.get("state") == started.state:
        note(request, Kind.PROVIDER_ANSWER)
        return _told("provider-no")
    # Each wrong answer asks the provider something: strangers shall not ask it without end.
    entry.provider_patience.note(address, now)
    try:
        found = await provider.finish(started, said, now)
    except TokenRefused as error:
        return _turned_away(request, Kind.PROVIDER_ANSWER, str(error))
    except ProviderAway as error:
        entry.provider_patience.forgive(address, now)
        return _turned_away(request, Kind.PROVIDER_AWAY, str(error))
    entry.provider_patience.forgive(address, now)
    if not _is_known(request, found):
        note(request, Kind.PROVIDER_STRANGER)
        return _told("provider-stranger")
    until = now + timedelta(hours=provider.settings.hours)
    session = Session(found.person, until, "provider", found.roles)
    device = device_name(request.headers.get("user-agent", ""))
    token = await asyncio.to_thread(entry.sign_in.admit, session, device, started.state, now)
    if token is None:
        return _turned_away(request, Kind.PROVIDER_ANSWER, "it was taken before")
    if before := session_token(request):
        await asyncio.to_thread(entry.sign_in.leave, before, now)
    return signed_in(entry, token, until, now)


def _is_known(request: Request, found: Arrived) -> bool:
    """Tell whether the plan names somebody; an auditor may come from elsewhere, and only looks."""
    following: Following = request.app.state.following
    members = following.seen.itinerary.members
    return found.person in members or (bool(found.person) and AUDITOR in found.roles)


def _turned_away(request: Request, kind: Kind, why: str) -> Response:
    """Say what a person can do; why, in full, is for whoever runs the pages."""
    note(request, kind)
    sys.stderr.write(f"serve: sign-in by the provider: {why[:500]!a}\n")
    return _told("provider-away" if kind is Kind.PROVIDER_AWAY else "provider-answer")


def _told(what: str) -> Response:
    """Away from the answer's own address, which holds a code."""
    return RedirectResponse(f"/sign-in?told={what}", SEE_OTHER)


def _cookie(entry: Entry) -> str:
    return f"{entry.cookie}-arriving"
