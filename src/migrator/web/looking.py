"""The pages that look closer: a wave, a subsystem, the journal, the roster.

As in `pages`, nothing is changed here. Who said what, and what was written down, is for those who
may read the journal; everybody else sees how it stands.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from migrator.conductor.clock import wall_now
from migrator.reports.noted import defects, suspected
from migrator.store import presence
from migrator.store.practised import Practised
from migrator.web.asking import fresh_id
from migrator.web.disturbances_view import leads, open_about
from migrator.web.doors import Entry
from migrator.web.following import Following
from migrator.web.lines_view import PHRASES, Found, LineRow, Wanted, is_wanted, line_row, look_back
from migrator.web.pages import admitted, missing
from migrator.web.rendering import render, words
from migrator.web.roster_view import Doors, roster
from migrator.web.seen import SeenRun
from migrator.web.visitors import Page, Visitor
from migrator.web.wave_view import subsystem_page, wave_page

HISTORY: Final = 40
LINES: Final = 100
SEQ_MAX: Final = 2**53
"""Beyond every journal, and within what every database holds."""

router = APIRouter(include_in_schema=False)


@router.get("/waves/{wave}")
async def one_wave(request: Request, wave: str) -> Response:
    """A wave: its moves, its checks and what happened to it."""
    known = await admitted(request, Page.WEEKEND)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    run, t = following.seen.run, words(request, following)
    found = wave_page(run, wave, t)
    if found is None:
        return missing(request, known)
    history = await _history(request, known, Wanted(wave=found.id))
    noted = defects(run, t, found.id)
    return render(
        request,
        "wave.html.jinja",
        following=following,
        visitor=known,
        wave=found,
        history=history,
        disturbed=open_about(run, t, wave=found.id),
        suspects=suspected(run, t, found.id),
        defects=noted,
        may_raise=known.may("raise") and leads(run, found.id, known.person),
        commands=[fresh_id() for _ in noted],
        saw=run.seq,
    )


@router.get("/subsystems/{subsystem}")
async def one_subsystem(request: Request, subsystem: str) -> Response:
    """A subsystem: its steps, its links, its checks and what happened to it."""
    known = await admitted(request, Page.WEEKEND)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    run, t = following.seen.run, words(request, following)
    found = subsystem_page(run, subsystem, t)
    if found is None:
        return missing(request, known)
    history = await _history(request, known, Wanted(move=found.id))
    return render(
        request,
        "subsystem.html.jinja",
        following=following,
        visitor=known,
        one=found,
        history=history,
        disturbed=open_about(run, t, subsystem=found.id),
    )


@router.get("/journal")
async def the_journal(
    request: Request,
    wave: Annotated[str, Query(max_length=200)] = "",
    subsystem: Annotated[str, Query(max_length=200)] = "",
    person: Annotated[str, Query(max_length=200)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    before: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """What was written down, the newest first."""
    known = await admitted(request, Page.JOURNAL)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    seen, t = following.seen, words(request, following)
    wanted = Wanted(wave.strip(), subsystem.strip(), person.strip(), kind)
    start = min(int(before), SEQ_MAX) if before.isascii() and before.isdecimal() else None
    found = await asyncio.to_thread(
        _looked_for, seen, wanted, seen.run.seq + 1 if start is None else start, LINES
    )
    asked = {"wave": wanted.wave, "subsystem": wanted.move, "person": wanted.person, "kind": kind}
    return render(
        request,
        "journal.html.jinja",
        following=following,
        visitor=known,
        rows=[line_row(line, seen.itinerary, t) for line in found.lines],
        further=found.further,
        newest=start is None,
        asked=asked,
        query={name: value for name, value in asked.items() if value},
        waves=[leg.id for leg in seen.itinerary.waves],
        people=sorted((member.name, id_) for id_, member in seen.itinerary.members.items()),
        kinds=sorted((t._(phrase), each) for each, phrase in PHRASES.items()),
    )


@router.get("/roster")
async def the_roster(request: Request) -> Response:
    """Who is invited, signed in, on shift, and asked."""
    known = await admitted(request, Page.ROSTER)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    seen = following.seen
    entry: Entry = request.app.state.entry
    doors = await asyncio.to_thread(_doors, seen, entry)
    found = roster(seen.run, seen.now(), doors, words(request, following))
    return render(request, "roster.html.jinja", following=following, visitor=known, roster=found)


async def _history(request: Request, known: Visitor, wanted: Wanted) -> tuple[LineRow, ...] | None:
    """The newest lines of a wave or a subsystem; None for whom the journal is not."""
    if not known.sees(Page.JOURNAL):
        return None
    following: Following = request.app.state.following
    seen, t = following.seen, words(request, following)
    found = await asyncio.to_thread(_looked_for, seen, wanted, seen.run.seq + 1, HISTORY)
    return tuple(line_row(line, seen.itinerary, t) for line in found.lines)


def _looked_for(seen: SeenRun, wanted: Wanted, before: int, count: int) -> Found:
    itinerary = seen.itinerary
    return look_back(
        seen.journal.earlier, lambda line: is_wanted(line, wanted, itinerary), before, count
    )


def _doors(seen: SeenRun, entry: Entry) -> Doors:
    sign_in = entry.sign_in
    # Only practice tells who has a page open.
    here = presence.here(seen.journal, wall_now()) if seen.practice else frozenset()
    tried = Practised(seen.store.database, seen.name).by_person()
    return Doors(sign_in.people_invited(), sign_in.first_sessions(), here, tried)
