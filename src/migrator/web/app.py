"""The application: routes, the layer around them, and the task that follows the run.

`create_app` is called by `migrator serve` and by tests. It looks at one run of one store.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from migrator.errors import MigratorError
from migrator.web import (
    arriving_by_provider,
    calls,
    checking,
    deeds,
    devices,
    disturbance_deeds,
    doors,
    looking,
    my_checks,
    pages,
    pictures,
    practice,
    rooms,
)
from migrator.web.api.app import PLACE, Programs, create_api
from migrator.web.api.problems import of_http
from migrator.web.expecting import Outlooks
from migrator.web.following import Following
from migrator.web.guests import Guests
from migrator.web.hub import Hub
from migrator.web.provider import Provider, Settings
from migrator.web.refusing import Kind, Refusing
from migrator.web.rendering import render
from migrator.web.seen import SeenRun
from migrator.web.shield import API, FORM_BYTES_MAX, TAKES_PICTURES, Shield

STATIC: Final = Path(__file__).parent / "static"
STYLES: Final = ("fkui/theme-auto.css", "fkui/fkui.min.css", "migrator.css")
"""In this order; those that were not built are left out, and the last one stands alone then."""
COMPRESSED_FROM: Final = 1000
AWAY_SECONDS: Final = 5
TOO_LARGE: Final = 413


@dataclass(frozen=True, slots=True)
class Served:
    """How the pages are reached. `tls`: by https. `local`: from this machine only.

    `proxied`: through a proxy that says whose question each is. `public`: strangers see how it
    stands. `provider`: who signs people in beside invitations.
    """

    tls: bool = False
    local: bool = True
    proxied: bool = False
    public: bool = False
    provider: Settings | None = None


def create_app(seen: SeenRun, served: Served) -> FastAPI:
    """The pages of one run."""
    hub = Hub()
    following = Following(seen, hub)
    sign_in = seen.store.sign_in(seen.name)
    guests = Guests(sign_in, hub.wake)
    refusing = Refusing(sign_in.refusals)
    programs = Programs(seen, hub.wake)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(following.keep_up(), name="journal"),
            asyncio.create_task(following.tell_presence(), name="presence"),
            asyncio.create_task(guests.look_out(), name="guests"),
            asyncio.create_task(refusing.keep_up(), name="refusals"),
            *(asyncio.create_task(each, name=name) for name, each in programs.tasks()),
        ]
        for task in tasks:
            task.add_done_callback(_never_in_silence)
        try:
            yield
        finally:
            hub.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(
        title="migrator",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # It would name the host that the question named.
        redirect_slashes=False,
        max_body_size=FORM_BYTES_MAX,
        # It would send questions and stack traces to whatever the environment names.
        telemetry={"auto_configure": False, "logs": False},
    )
    app.state.following = following
    app.state.hub = hub
    app.state.guests = guests
    app.state.outlooks = Outlooks()
    app.state.atlas = rooms.Atlas()
    app.state.stylesheets = [name for name in STYLES if (STATIC / name).exists()]
    # A browser keeps a cookie of this name to this host, this path and a safe connection.
    safe = served.tls or served.local
    app.state.entry = doors.Entry(
        sign_in,
        doors.Patience(),
        refusing,
        "__Host-migrator" if safe else "migrator",
        secure=safe,
        proxied=served.proxied,
        provider=None if served.provider is None else Provider(served.provider),
        public=served.public,
    )
    for part in (
        doors,
        arriving_by_provider,
        devices,
        pages,
        my_checks,
        looking,
        rooms,
        calls,
        disturbance_deeds,
        checking,
        pictures,
        practice,
        deeds,
    ):
        app.include_router(part.router)
    app.mount(PLACE, create_api(app.state, programs))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM)
    app.add_middleware(Shield, tls=served.tls, refused=partial(refusing.note, Kind.OTHER_SITE))
    app.add_exception_handler(RequestValidationError, _nonsense)
    app.add_exception_handler(404, _nowhere)
    app.add_exception_handler(405, _nowhere)
    app.add_exception_handler(400, _nonsense)
    app.add_exception_handler(413, _nonsense)
    app.add_exception_handler(MigratorError, _away)
    return app


def _never_in_silence(task: asyncio.Task[None]) -> None:
    """A task that follows the run ended by a defect: pages that stand still are worse than none.

    The process ends as if it were told to, and whoever keeps it begins it anew.
    """
    if task.cancelled() or task.exception() is None:
        return
    sys.stderr.write(f"serve: {task.get_name()}: {task.exception()!r}\n")
    signal.raise_signal(signal.SIGTERM)


async def _nonsense(request: Request, error: Exception) -> Response:
    """A form that none of our pages would send."""
    try:
        known = await doors.who(request)
    except MigratorError as trouble:
        return await _away(request, trouble)
    if known is None:
        return RedirectResponse("/sign-in", doors.SEE_OTHER)
    following: Following = request.app.state.following
    status = error.status_code if isinstance(error, HTTPException) else 422
    large = status == TOO_LARGE and request.url.path in TAKES_PICTURES
    return render(
        request, "message.html.jinja", following=following, visitor=known,
        what="large" if large else "form", why="", status=status,
    )  # fmt: skip


async def _nowhere(request: Request, error: Exception) -> Response:
    """An address that leads nowhere, or at which one can only send a form."""
    if request.url.path.startswith(API):
        return await of_http(request, error)
    try:
        page = pages.missing(request, await doors.who(request))
    except MigratorError as trouble:
        return await _away(request, trouble)
    if isinstance(error, HTTPException):
        page.status_code = error.status_code
        page.headers.update(error.headers or {})
    return page


async def _away(request: Request, _error: Exception) -> Response:
    """The store is away, so nobody can be known; what is done stays done."""
    page = render(
        request, "message.html.jinja", following=request.app.state.following, visitor=None,
        what="away", why="", status=503,
    )  # fmt: skip
    page.headers["retry-after"] = str(AWAY_SECONDS)
    return page
