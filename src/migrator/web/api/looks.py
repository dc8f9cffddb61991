"""What can be looked at through the API: a run and all its parts, as the pages show them.

Nothing is changed here. Each route says by its caller's kind which page it belongs to.
"""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from migrator.conductor.clock import wall_now
from migrator.store import presence
from migrator.store.chain import Written
from migrator.web.api import shapes, telling
from migrator.web.api.answers import LOOKING, NAMED
from migrator.web.api.callers import (
    Asking,
    SeesChecks,
    SeesDecisions,
    SeesJournal,
    SeesWeekend,
    sees_journal,
    sees_roster,
    sees_weekend,
)
from migrator.web.api.problems import Problem
from migrator.web.doors import Entry, form_token, session_token
from migrator.web.following import Following
from migrator.web.rendering import words
from migrator.web.roster_view import Doors
from migrator.web.seen import SeenRun
from migrator.web.visitors import Page

LINES_MAX: Final = 1000
BESIDE: Final = ("clock", "forecast", "cluster-trouble")
PROGRESS: Final = "progress/"

router = APIRouter(tags=["looking"])
Name = Annotated[str, Path(max_length=200)]
Wave = Annotated[str, Query(max_length=200, description="only of this wave")]


@router.get("/me", responses=LOOKING)
async def me(request: Request, asking: Asking) -> shapes.Me:
    """Who asks, what they see, and which verbs they may give."""
    found = telling.me(asking.visitor)
    if asking.token:
        return found
    return found.model_copy(update={"form_token": form_token(session_token(request))})


@router.get("/run", responses=LOOKING, dependencies=[Depends(sees_weekend)])
async def the_run(request: Request) -> shapes.RunDocument:
    """Where the run stands."""
    following = _following(request)
    return telling.run(following.seen, words(request, following))


@router.get("/waves", responses=LOOKING, dependencies=[Depends(sees_weekend)])
async def the_waves(request: Request) -> list[shapes.WaveDocument]:
    """Every wave, in the plan's order."""
    following = _following(request)
    return telling.waves(following.seen, words(request, following))


@router.get("/waves/{wave}", responses=NAMED, dependencies=[Depends(sees_weekend)])
async def one_wave(request: Request, wave: Name) -> shapes.WaveDocument:
    """One wave."""
    following = _following(request)
    rows = telling.waves(following.seen, words(request, following))
    found = next((row for row in rows if row.id == wave), None)
    if found is None:
        raise Problem("missing")
    return found


@router.get("/moves", responses=LOOKING, dependencies=[Depends(sees_weekend)])
async def the_moves(request: Request, wave: Wave = "") -> list[shapes.MoveDocument]:
    """Every subsystem that moves."""
    following = _following(request)
    return telling.moves(following.seen, words(request, following), wave)


@router.get("/moves/{subsystem}", responses=NAMED, dependencies=[Depends(sees_weekend)])
async def one_move(request: Request, subsystem: Name) -> shapes.MoveDocument:
    """One subsystem."""
    following = _following(request)
    if subsystem not in following.seen.itinerary.legs:
        raise Problem("missing")
    return telling.move(following.seen, subsystem, words(request, following))


@router.get("/checks", responses=LOOKING)
async def the_checks(
    request: Request, asking: SeesWeekend, wave: Wave = ""
) -> list[shapes.CheckDocument]:
    """Every check."""
    following = _following(request)
    return telling.checks(following.seen, asking.visitor, words(request, following), wave)


@router.get("/checks/mine", responses=LOOKING)
async def my_checks(request: Request, asking: SeesChecks) -> shapes.MyChecks:
    """What the caller is asked to verify, now and later."""
    following = _following(request)
    return telling.my_checks(following.seen, asking.visitor, words(request, following))


@router.get("/decisions", responses=LOOKING)
async def the_decisions(request: Request, asking: SeesDecisions) -> shapes.Decisions:
    """What waits for a person now, and what each choice leads to."""
    following = _following(request)
    return telling.decisions(following.seen, asking.visitor, words(request, following))


@router.get("/disturbances", responses=LOOKING, dependencies=[Depends(sees_weekend)])
async def the_disturbances(request: Request) -> shapes.Disturbances:
    """What is wrong, whose it is, and until when."""
    following = _following(request)
    return telling.disturbances(following.seen, words(request, following))


@router.get("/forecast", responses=LOOKING, dependencies=[Depends(sees_weekend)])
async def the_forecast(request: Request) -> shapes.Forecast:
    """By when one must turn back, and how sure that is."""
    following = _following(request)
    return telling.forecast(following.seen, words(request, following))


@router.get("/roster", responses=LOOKING, dependencies=[Depends(sees_roster)])
async def the_roster(request: Request) -> shapes.Roster:
    """Who is invited, signed in, on shift, and asked."""
    following = _following(request)
    doors = await asyncio.to_thread(_doors, following.seen, request.app.state.entry)
    return telling.people(following.seen, doors, words(request, following))


@router.get("/journal", responses=LOOKING, dependencies=[Depends(sees_journal)])
async def the_journal(
    request: Request,
    after: Annotated[int, Query(ge=0, le=shapes.SEQ_MAX)] = 0,
    count: Annotated[int, Query(ge=1, le=LINES_MAX)] = 200,
) -> shapes.JournalPage:
    """Lines after a line, in order; `data` gives the very JSON that was hashed, keys sorted."""
    following = _following(request)
    t, journal = words(request, following), following.seen.journal
    found = await asyncio.to_thread(journal.written, after, count + 1)
    lines = [_line(each) for each in found[:count]]
    return shapes.JournalPage.model_validate(
        {
            "lines": [telling.line(written, data, t) for written, data in lines],
            "further": len(found) > count,
            "seq": following.seen.run.seq,
        }
    )


@router.get("/itinerary", responses=LOOKING)
async def the_itinerary(request: Request, asking: SeesJournal) -> Response:
    """What the run carries out, whole; telephones are for those who see the roster."""
    following = _following(request)
    blob = await asyncio.to_thread(following.seen.journal.pinned)
    if not asking.visitor.sees(Page.ROSTER):
        blob = _without_telephones(blob)
    return Response(blob, media_type="application/json")


@router.get("/beside", responses=LOOKING, dependencies=[Depends(sees_journal)])
async def beside(request: Request) -> shapes.Beside:
    """What stands beside the journal: the leader's clock, the newest forecast, progress."""
    following = _following(request)
    facts, leader = await asyncio.to_thread(_beside, following.seen)
    return shapes.Beside.model_validate({"facts": facts, "led_by": leader})


def _following(request: Request) -> Following:
    found: Following = request.app.state.following
    return found


def _line(written: Written) -> tuple[Written, object]:
    return written, json.loads(written.data)


def _beside(seen: SeenRun) -> tuple[dict[str, object], str | None]:
    journal = seen.journal
    facts = {key: data for key in BESIDE if (data := journal.facts(key)) is not None}
    return {**facts, **journal.facts_under(PROGRESS)}, journal.leader()


def _without_telephones(blob: bytes) -> bytes:
    """The same itinerary, by which nobody can be called."""

    def plain(found: dict[str, object]) -> dict[str, object]:
        return {**found, "telephone": None} if "telephone" in found else found

    return json.dumps(json.loads(blob, object_hook=plain), ensure_ascii=False).encode()


def _doors(seen: SeenRun, entry: Entry) -> Doors:
    sign_in = entry.sign_in
    here = presence.here(seen.journal, wall_now()) if seen.practice else frozenset()
    return Doors(sign_in.people_invited(), sign_in.first_sessions(), here)
