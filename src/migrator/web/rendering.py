"""Pages out of templates: one frame, two languages, everything escaped.

Called by the modules that answer; what a page shows is worked out before, by the views.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from migrator.reports.texts import LANGUAGES, N_, Texts, language_of, texts
from migrator.web.following import Following
from migrator.web.visitors import Page, Visitor

LANGUAGE_COOKIE: Final = "language"
QUERY_MAX: Final = 400
"""Longer than any filter that our forms make."""
VERDICT_WORDS: Final = {
    "works": N_("it works"),
    "works_but": N_("it works, but ..."),
    "does_not_work": N_("it does not work"),
    "cannot_judge": N_("I cannot judge it"),
}


def language(request: Request) -> str:
    """What the visitor chose, else what the browser asks for, else Swedish as the agency's own."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        wanted = part.partition(";")[0].strip()
        if wanted and language_of(wanted) == wanted.partition("-")[0].lower():
            return language_of(wanted)
    return LANGUAGES[0]


def render(
    request: Request,
    template: str,
    *,
    following: Following,
    visitor: Visitor | None = None,
    status: int = 200,
    **values: object,
) -> HTMLResponse:
    """A page. `values` are what the template asks for beyond the frame."""
    seen = following.seen
    t = texts(language(request), seen.itinerary.window.time_zone)
    body = (
        _environment(t.language, t.zone.key)
        .get_template(template)
        .render(
            t=t,
            seen=seen,
            now=seen.now(),
            trouble=following.trouble,
            visitor=visitor,
            Page=Page,
            verdict_words=lambda verdict: (
                t._(VERDICT_WORDS[verdict]) if verdict in VERDICT_WORDS else ""
            ),
            path=here(request),
            here=here(request) + _asked(request),
            stylesheets=request.app.state.stylesheets,
            **values,
        )
    )
    return HTMLResponse(body, status)


def here(request: Request) -> str:
    """The page's own path as a link that stays here, whatever was asked for.

    Two slashes at its beginning would name another host, and so would what browsers make of
    backslashes and tabs.
    """
    return quote("/" + request.url.path.lstrip("/\\"), safe="/@:")


def _asked(request: Request) -> str:
    """What a page was asked for, so that another language shows the same; not if it is endless."""
    query = request.url.query
    return f"?{query}" if 0 < len(query) <= QUERY_MAX else ""


def words(request: Request, following: Following) -> Texts:
    """The visitor's language, in the plan's time zone."""
    return texts(language(request), following.seen.itinerary.window.time_zone)


@cache
def _environment(language: str, zone: str) -> Environment:
    t = texts(language, zone)
    env = Environment(
        loader=PackageLoader("migrator.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(  # type: ignore[attr-defined] # added by the extension
        t.catalogue.gettext, t.catalogue.ngettext, newstyle=True
    )
    env.filters["iso"] = _iso
    return env


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
