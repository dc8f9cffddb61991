"""Who asks: a program with somebody's token, or a browser that is signed in to the pages.

Every route of the API begins here. A browser sends its cookie with whatever another site makes it
ask, so a cookie alone may look and do nothing: it acts only with the form token in a header, which
other sites cannot set. Wrong tokens are counted, as wrong codes are; right ones pass all the same.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, Header, Security
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.requests import Request

from migrator.conductor.clock import wall_now
from migrator.store.tokens import Tokens
from migrator.web.api.problems import SHOWN_MAX, Problem
from migrator.web.doors import Entry, own_form, who
from migrator.web.following import Following
from migrator.web.visitors import Page, Visitor, narrowed, visitor

WRONG_MAX: Final = 20
WRONG_MINUTES: Final = 10
ADDRESSES_MAX: Final = 10_000

BEARER: Final = HTTPBearer(
    auto_error=False, description="A token that `migrator token RUN PERSON` has made."
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
FormToken = Annotated[
    str,
    Header(
        alias="X-Form-Token",
        max_length=128,
        description="Of a browser's session, from GET /me; tokens need none.",
    ),
]


@dataclass
class Wrong:
    """Wrong tokens of late, by address: at most so many are looked at, whoever sends them."""

    late: dict[str, deque[datetime]] = field(default_factory=dict)

    def spent(self, address: str, now: datetime) -> bool:
        """Note one more, and tell whether it is too many."""
        if address not in self.late and len(self.late) >= ADDRESSES_MAX:
            # The oldest goes: a flood from many addresses must not fill the memory.
            del self.late[next(iter(self.late))]
        times = self.late.setdefault(address, deque(maxlen=WRONG_MAX))
        full = len(times) == WRONG_MAX and now - times[0] < timedelta(minutes=WRONG_MINUTES)
        times.append(now)
        return full


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and by what: `secret` is the token's or the session's, for its streams."""

    visitor: Visitor
    token: str  # a program's; empty for a browser
    label: str  # what the token was made for


async def caller(request: Request, given: Credentials) -> Caller:
    """Whoever asks. Raises Problem for a stranger."""
    if given is None:
        if request.headers.get("authorization"):
            raise Problem("no-token")
        known = await who(request)
        if known is None:
            raise Problem("no-token")
        return Caller(known, "", "")
    tokens: Tokens = request.app.state.tokens
    held = await asyncio.to_thread(tokens.held, given.credentials, wall_now())
    if held is None:
        entry: Entry = request.app.state.entry
        wrong: Wrong = request.app.state.wrong_tokens
        too_many = wrong.spent(entry.guesser(request), wall_now())
        raise Problem("too-many-wrong" if too_many else "token-wrong")
    request.state.person = held.person
    following: Following = request.app.state.following
    whole = visitor(held.person, following.seen.itinerary.members, "")
    return Caller(narrowed(whole, held.only), given.credentials, held.label)


Asking = Annotated[Caller, Depends(caller)]


async def acting(request: Request, asking: Asking, form: FormToken = "") -> Caller:
    """Whoever wants something done. A cookie alone is nobody."""
    if not asking.token and not own_form(request, form):
        raise Problem("form-token")
    return asking


Acting = Annotated[Caller, Depends(acting)]


async def _is_json(request: Request) -> None:
    """Programs send JSON: a form of another site could be of no such kind."""
    kind = ",".join(request.headers.getlist("content-type")).partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem("kind")


as_json: Final = Depends(_is_json)


def _filters(dependant: Dependant) -> Iterator[str]:
    """The names of what a route and all that it depends on take behind the question mark."""
    yield from (each.alias for each in dependant.query_params)
    for each in dependant.dependencies:
        yield from _filters(each)


async def as_described(request: Request) -> None:
    """A filter with a typing error would show everything, and somebody would decide by it."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = set(_filters(route.dependant))
    faults = [
        {"where": f"query.{name}", "what": "there is no such filter"}
        for name in sorted(set(request.query_params) - known)[:SHOWN_MAX]
    ]
    if faults:
        raise Problem("nonsense", faults=faults)


def sees(page: Page) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: whoever may see a page."""

    async def looking(asking: Asking) -> Caller:
        if not asking.visitor.sees(page):
            raise Problem("role")
        return asking

    return looking


sees_weekend: Final = sees(Page.WEEKEND)
sees_journal: Final = sees(Page.JOURNAL)
sees_roster: Final = sees(Page.ROSTER)
SeesWeekend = Annotated[Caller, Depends(sees_weekend)]
SeesChecks = Annotated[Caller, Depends(sees(Page.CHECKS))]
SeesDecisions = Annotated[Caller, Depends(sees(Page.DECIDE))]
SeesJournal = Annotated[Caller, Depends(sees_journal)]
