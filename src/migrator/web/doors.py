"""Coming in and going out: invitations by link or typed code, sessions by cookie.

A link is opened by GET as often as anybody likes, mail scanners too; only the button's POST spends
it. A typed code is short, so wrong ones are slowed down, per address and for the whole process.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from migrator.conductor.clock import wall_now
from migrator.errors import MigratorError
from migrator.reports.texts import LANGUAGES
from migrator.store.sign_in import Session, SignIn
from migrator.web.following import Following
from migrator.web.rendering import LANGUAGE_COOKIE, render
from migrator.web.visitors import Page, Visitor, visitor

SESSION_HOURS: Final = 72
"""A weekend and its eve: nobody should have to find an invitation again at 03:00."""
WRONG_PER_ADDRESS: Final = 5
WRONG_IN_ALL: Final = 200
"""Wrong codes in ten minutes: from one address, and in this process. Forty bits then hold for
longer than any weekend."""
WRONG_MINUTES: Final = 10
ADDRESSES_MAX: Final = 10_000
ONES_OWN_BITS: Final = 64
"""Of an IPv6 address, what somebody else gives out: whoever has one has all that begin so."""
SALT_LENGTH: Final = 32
SEE_OTHER: Final = 303
FORM_MAX: Final = 128

router = APIRouter(include_in_schema=False)


@dataclass
class Patience:
    """Wrong codes of late, by address."""

    wrong: dict[str, list[datetime]] = field(default_factory=dict)

    def spent(self, address: str, now: datetime) -> bool:
        """Tell whether this address, or everybody together, has guessed too often."""
        since = now - timedelta(minutes=WRONG_MINUTES)
        self.wrong = {
            each: late
            for each, times in self.wrong.items()
            if (late := [time for time in times if time > since])
        }
        everybody = sum(map(len, self.wrong.values()))
        return len(self.wrong.get(address, ())) >= WRONG_PER_ADDRESS or everybody >= WRONG_IN_ALL

    def note(self, address: str, now: datetime) -> None:
        """A wrong code was typed."""
        if len(self.wrong) < ADDRESSES_MAX:
            self.wrong.setdefault(address, []).append(now)

    def forgive(self, address: str, now: datetime) -> None:
        """What was noted turned out to be right."""
        if now in (times := self.wrong.get(address, [])):
            times.remove(now)


def network(address: str) -> str:
    """By what a guesser is known: an IPv4 address, or the IPv6 network that is one person's."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, ONES_OWN_BITS), strict=False))


@dataclass(frozen=True, slots=True)
class Entry:
    """What the doors need of the application."""

    sign_in: SignIn
    patience: Patience
    cookie: str  # its name
    secure: bool
    proxied: bool = False  # a proxy in front says whose question it is

    def guesser(self, request: Request) -> str:
        """Whose question it is, as far as guesses are counted.

        Only the last address was written by the proxy itself; what stands before it, anybody could.
        """
        said = request.headers.getlist("x-forwarded-for") if self.proxied else ()
        last = said[-1].rpartition(",")[2].strip() if said else ""
        peer = request.client.host if request.client is not None else ""
        return network(last or peer)


async def who(request: Request) -> Visitor | None:
    """Who is signed in; None for a stranger."""
    entry: Entry = request.app.state.entry
    token = session_token(request)
    if not token:
        return None
    session = await asyncio.to_thread(entry.sign_in.session, token, wall_now())
    if session is None:
        return None
    following: Following = request.app.state.following
    return visitor(session.person, following.seen.itinerary.members, form_token(token))


def session_token(request: Request) -> str:
    """The secret of the visitor's session; empty where the browser sent none."""
    entry: Entry = request.app.state.entry
    return request.cookies.get(entry.cookie, "")


def form_token(token: str) -> str:
    """What a form of a session carries; it tells nothing about the session's secret.

    Each page has another one: pages are compressed, and the weight of many could else be used to
    find out, letter by letter, what stands in all of them.
    """
    return _sealed(token, secrets.token_hex(SALT_LENGTH // 2))


def own_form(request: Request, form: str) -> bool:
    """Tell whether a form comes from a page of this very session."""
    expected = _sealed(session_token(request), form[:SALT_LENGTH])
    return hmac.compare_digest(form.encode(errors="replace"), expected.encode(errors="replace"))


def _sealed(token: str, salt: str) -> str:
    told = hmac.new(token.encode(), f"form/{salt}".encode(errors="replace"), hashlib.sha256)
    return salt + told.hexdigest()


@router.get("/sign-in")
async def ask_for_code(request: Request) -> HTMLResponse:
    """Where one types a code, and where whoever is a stranger is sent."""
    return render(request, "sign_in.html.jinja", following=request.app.state.following, wrong="")


@router.post("/sign-in")
async def by_code(request: Request, code: Annotated[str, Form(max_length=64)] = "") -> Response:
    """Spend an invitation by its typed code."""
    entry: Entry = request.app.state.entry
    address, now = entry.guesser(request), wall_now()
    following: Following = request.app.state.following
    if entry.patience.spent(address, now):
        page = render(request, "sign_in.html.jinja", following=following, wrong="slow", status=429)
        page.headers["retry-after"] = str(60 * WRONG_MINUTES)
        return page
    # Before it is tried, not after: a thousand guesses of one instant count, too.
    entry.patience.note(address, now)
    try:
        answer = await _spend(request, entry.sign_in.spend_code, code, now)
    except MigratorError:  # the store is away, and nothing was found out
        entry.patience.forgive(address, now)
        raise
    if answer is None:
        return render(request, "sign_in.html.jinja", following=following, wrong="code", status=403)
    entry.patience.forgive(address, now)
    return answer


@router.get("/in/{token}")
async def look_at_invitation(request: Request, token: str) -> HTMLResponse:
    """Show whom a link invites, and the button that spends it."""
    entry: Entry = request.app.state.entry
    following: Following = request.app.state.following
    person = await asyncio.to_thread(entry.sign_in.invited, token, wall_now())
    if person is None:
        return render(request, "sign_in.html.jinja", following=following, wrong="link", status=404)
    member = following.seen.itinerary.members.get(person)
    name = person if member is None else member.name
    return render(request, "invited.html.jinja", following=following, name=name, token=token)


@router.post("/in/{token}")
async def by_link(request: Request, token: str) -> Response:
    """Spend an invitation by its link."""
    answer = await _spend(request, request.app.state.entry.sign_in.spend_link, token, wall_now())
    if answer is not None:
        return answer
    following: Following = request.app.state.following
    return render(request, "sign_in.html.jinja", following=following, wrong="link", status=403)


@router.post("/sign-out")
async def leave(request: Request, form: Annotated[str, Form(max_length=FORM_MAX)] = "") -> Response:
    """End the session of this device."""
    entry: Entry = request.app.state.entry
    token = session_token(request)
    away = RedirectResponse("/sign-in", SEE_OTHER)
    if token and own_form(request, form):
        await asyncio.to_thread(entry.sign_in.leave, token, wall_now())
        away.delete_cookie(entry.cookie, path="/", secure=entry.secure, httponly=True)
    return away


@router.post("/language")
async def choose_language(
    language: Annotated[str, Form(max_length=8)],
    back: Annotated[str, Form(max_length=4096)] = "/",
) -> Response:
    """Remember a language on this device."""
    # Only a path of our own: an address of somebody else's would be a trap.
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    there = RedirectResponse(safe, SEE_OTHER)
    if language in LANGUAGES:
        there.set_cookie(LANGUAGE_COOKIE, language, max_age=31_536_000, samesite="lax")
    return there


def home(known: Visitor) -> str:
    """Where somebody begins."""
    works_at = "handler" in known.roles and not known.sees(Page.DECIDE)
    return "/checks" if works_at else "/weekend"


async def _spend(
    request: Request,
    spend: Callable[[str, datetime, datetime], tuple[str, Session] | None],
    secret: str,
    now: datetime,
) -> Response | None:
    entry: Entry = request.app.state.entry
    until = now + timedelta(hours=SESSION_HOURS)
    spent = await asyncio.to_thread(spend, secret, now, until)
    if spent is None:
        return None
    token, _ = spent
    # The browser forgets the session that it had, so nobody but a thief could still use it.
    if before := session_token(request):
        await asyncio.to_thread(entry.sign_in.leave, before, now)
    there = RedirectResponse("/", SEE_OTHER)
    # Lax: the first click in a mail shall find the session that is there.
    there.set_cookie(
        entry.cookie,
        token,
        max_age=SESSION_HOURS * 3600,
        path="/",
        secure=entry.secure,
        httponly=True,
        samesite="lax",
    )
    return there
