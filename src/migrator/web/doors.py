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

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from migrator.conductor.clock import wall_now
from migrator.errors import MigratorError
from migrator.reports.texts import LANGUAGES
from migrator.store.sessions import Coming, Session
from migrator.store.sign_in import SignIn
from migrator.web.device_names import device_name
from migrator.web.following import Following
from migrator.web.provider import Provider
from migrator.web.refusing import Kind, Refusing
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
TOLD: Final = {
    "provider-answer": 403,
    "provider-no": 403,
    "provider-stranger": 403,
    "provider-away": 503,
}
"""What can come of the provider beside a session, and with which status the page says so."""
FORM_MAX: Final = 128

Spend = Callable[[datetime, datetime, str], tuple[str, Session] | None]
"""How a secret is spent: now, until when the session holds at most, on what device."""

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
    refusing: Refusing
    cookie: str  # its name
    secure: bool
    proxied: bool = False  # a proxy in front says whose question it is
    provider: Provider | None = None  # None: by invitation only
    public: bool = False  # whoever is not signed in sees a plain page of how it stands
    # Of its own: who guesses six digits shuts out nobody who types an invitation's code.
    device_patience: Patience = field(default_factory=Patience)
    provider_patience: Patience = field(default_factory=Patience)

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
        entry.refusing.note(Kind.SESSION_OVER)
        return None
    following: Following = request.app.state.following
    request.state.person = session.person
    members = following.seen.itinerary.members
    return visitor(session.person, members, form_token(token), session.roles)


def note(request: Request, kind: Kind) -> None:
    """Count a refusal, for the person whom `who` has found."""
    entry: Entry = request.app.state.entry
    entry.refusing.note(kind, getattr(request.state, "person", ""))


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
    """Tell whether a form comes from a page of this very session; it is counted if not."""
    expected = _sealed(session_token(request), form[:SALT_LENGTH])
    own = hmac.compare_digest(form.encode(errors="replace"), expected.encode(errors="replace"))
    if not own:
        note(request, Kind.FORGED_FORM)
    return own


def _sealed(token: str, salt: str) -> str:
    told = hmac.new(token.encode(), f"form/{salt}".encode(errors="replace"), hashlib.sha256)
    return salt + told.hexdigest()


@router.get("/sign-in")
async def ask_for_code(
    request: Request, told: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """Where one types a code, and where whoever is a stranger is sent.

    `told`: what came of the provider, which is an address of its own, so that another language or
    a page loaded anew says the same.
    """
    entry: Entry = request.app.state.entry
    if entry.provider is None:
        return sign_in_page(request, "")
    if told == "left":
        return sign_in_page(request, "", elsewhere=await entry.provider.goodbye(wall_now()))
    known = told in TOLD
    return sign_in_page(request, told if known else "", TOLD[told] if known else 200)


@router.post("/sign-in")
async def by_code(request: Request, code: Annotated[str, Form(max_length=64)] = "") -> Response:
    """Spend an invitation by its typed code."""
    entry: Entry = request.app.state.entry
    return await patiently(
        request,
        entry.patience,
        lambda now, until, device: entry.sign_in.spend_code(code, now, until, device),
        Kind.WRONG_CODE,
    )


@router.post("/sign-in/device")
async def by_six_digits(
    request: Request,
    person: Annotated[str, Form(max_length=200)] = "",
    digits: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Let a second device in, by the person's id and the six digits that her first one shows."""
    entry: Entry = request.app.state.entry
    named = person.strip().lower()
    return await patiently(
        request,
        entry.device_patience,
        lambda now, until, device: entry.sign_in.devices.spend_code(
            named, digits, Coming("device", device), now, until
        ),
        Kind.WRONG_DEVICE_CODE,
    )


async def patiently(request: Request, patience: Patience, spend: Spend, wrong: Kind) -> Response:
    """Try a short secret, unless too many were wrong of late."""
    entry: Entry = request.app.state.entry
    address, now = entry.guesser(request), wall_now()
    if patience.spent(address, now):
        note(request, Kind.TOO_OFTEN)
        page = sign_in_page(request, "slow", 429)
        page.headers["retry-after"] = str(60 * WRONG_MINUTES)
        return page
    # Before it is tried, not after: a thousand guesses of one instant count, too.
    patience.note(address, now)
    try:
        answer = await _spend(request, spend, now)
    except MigratorError:  # the store is away, and nothing was found out
        patience.forgive(address, now)
        raise
    if answer is None:
        note(request, wrong)
        return sign_in_page(request, "code" if wrong is Kind.WRONG_CODE else "digits", 403)
    patience.forgive(address, now)
    return answer


@router.get("/in/{token}")
async def look_at_invitation(request: Request, token: str) -> HTMLResponse:
    """Show whom a link invites, and the button that spends it."""
    entry: Entry = request.app.state.entry
    following: Following = request.app.state.following
    person = await asyncio.to_thread(_invited, entry.sign_in, token, wall_now())
    if person is None:
        note(request, Kind.WRONG_LINK)
        return sign_in_page(request, "link", 404)
    member = following.seen.itinerary.members.get(person)
    name = person if member is None else member.name
    return render(request, "invited.html.jinja", following=following, name=name, token=token)


@router.post("/in/{token}")
async def by_link(request: Request, token: str) -> Response:
    """Spend an invitation by its link, or the link that a device shows to another one."""
    sign_in: SignIn = request.app.state.entry.sign_in

    def spend(now: datetime, until: datetime, device: str) -> tuple[str, Session] | None:
        return sign_in.spend_link(token, now, until, device) or sign_in.devices.spend_link(
            token, Coming("device", device), now, until
        )

    answer = await _spend(request, spend, wall_now())
    if answer is None:
        note(request, Kind.WRONG_LINK)
    return sign_in_page(request, "link", 403) if answer is None else answer


def _invited(sign_in: SignIn, token: str, now: datetime) -> str | None:
    return sign_in.invited(token, now) or sign_in.devices.offered(token, now)


def sign_in_page(
    request: Request, wrong: str, status: int = 200, elsewhere: str = ""
) -> HTMLResponse:
    """All ways to sign in, and what was wrong with the one that was tried."""
    entry: Entry = request.app.state.entry
    following: Following = request.app.state.following
    by = None if entry.provider is None else entry.provider.name
    return render(
        request, "sign_in.html.jinja", following=following, wrong=wrong, provider=by,
        elsewhere=elsewhere, status=status,
    )  # fmt: skip


@router.post("/sign-out")
async def leave(request: Request, form: Annotated[str, Form(max_length=FORM_MAX)] = "") -> Response:
    """End the session of this device."""
    entry: Entry = request.app.state.entry
    token = session_token(request)
    away = RedirectResponse("/sign-in", SEE_OTHER)
    if token and own_form(request, form):
        session = await asyncio.to_thread(entry.sign_in.session, token, wall_now())
        await asyncio.to_thread(entry.sign_in.leave, token, wall_now())
        if session is not None and session.way == "provider":
            # A form may lead to no other site; a link on the next page may.
            away = RedirectResponse("/sign-in?told=left", SEE_OTHER)
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


def first_page(request: Request) -> str:
    """Where a stranger begins."""
    entry: Entry = request.app.state.entry
    return "/status" if entry.public else "/sign-in"


async def _spend(request: Request, spend: Spend, now: datetime) -> Response | None:
    entry: Entry = request.app.state.entry
    until = now + timedelta(hours=SESSION_HOURS)
    device = device_name(request.headers.get("user-agent", ""))
    spent = await asyncio.to_thread(spend, now, until, device)
    if spent is None:
        return None
    token, session = spent
    # The browser forgets the session that it had, so nobody but a thief could still use it.
    if before := session_token(request):
        await asyncio.to_thread(entry.sign_in.leave, before, now)
    return signed_in(entry, token, session.until, now)


def signed_in(entry: Entry, token: str, until: datetime, now: datetime) -> Response:
    """The answer that gives a browser its session."""
    there = RedirectResponse("/", SEE_OTHER)
    # Lax: the first click in a mail shall find the session that is there.
    there.set_cookie(
        entry.cookie,
        token,
        max_age=max(0, int((until - now).total_seconds())),
        path="/",
        secure=entry.secure,
        httponly=True,
        samesite="lax",
    )
    return there
