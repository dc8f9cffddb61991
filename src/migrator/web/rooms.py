"""The pages of the operations room: the wall, disturbances, the graph, the links.

As in `looking`, nothing is changed here: a view is laid out for whoever it is for.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from migrator.plan.model import Itinerary
from migrator.web.asking import fresh_id
from migrator.web.disturbances_view import disturbance_page, disturbances
from migrator.web.following import Following
from migrator.web.graph_picture import drawing
from migrator.web.graph_view import Arcs, arcs_of, found_page, graph_page
from migrator.web.links_view import links_page
from migrator.web.outlook_view import turn_back_clock
from migrator.web.pages import admitted, missing
from migrator.web.rendering import render, words
from migrator.web.visitors import Page
from migrator.web.wall_view import NAMED_MAX, around
from migrator.web.weekend_view import weekend

router = APIRouter(include_in_schema=False)


class Atlas:
    """The pairs of the estate by their ends, kept until the run follows another plan."""

    def __init__(self) -> None:
        """Nothing is sorted before the first question."""
        self._of: Itinerary | None = None
        self._arcs = Arcs({}, {})

    def arcs(self, itinerary: Itinerary) -> Arcs:
        """The pairs of this itinerary."""
        if self._of is not itinerary:
            self._of, self._arcs = itinerary, arcs_of(itinerary)
        return self._arcs


@router.get("/weekend")
async def the_weekend(
    request: Request, dense: Annotated[str, Query(max_length=2)] = ""
) -> Response:
    """The wall of the operations room."""
    known = await admitted(request, Page.WEEKEND)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    seen = following.seen
    now, t = seen.now(), words(request, following)
    wall = weekend(seen.run, now, t)
    clock = turn_back_clock(seen.run, seen.expected, now, t)
    wanted = {"1": True, "0": False}.get(dense)
    return render(
        request,
        "weekend.html.jinja",
        following=following,
        visitor=known,
        wall=wall,
        clock=clock,
        around=around(seen.run, wall, clock, t, dense=wanted),
        named_max=NAMED_MAX,
    )


@router.get("/disturbances")
async def the_disturbances(
    request: Request, target: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """What is yellow and red, whose it is, until when; and the form that reports more."""
    known = await admitted(request, Page.DISTURBANCES)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    run = following.seen.run
    return render(
        request,
        "disturbances.html.jinja",
        following=following,
        visitor=known,
        page=disturbances(run, words(request, following)),
        target=target,
        waves=run.itinerary.waves,
        subsystems=sorted((leg.id, leg.name) for leg in run.itinerary.legs.values()),
        command=fresh_id(),
        saw=run.seq,
    )


@router.get("/disturbances/{disturbance}")
async def one_disturbance(request: Request, disturbance: str) -> Response:
    """One disturbance: its people, its clock, its log, and what one may say about it."""
    known = await admitted(request, Page.DISTURBANCES)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    seen = following.seen
    t = words(request, following)
    page = disturbance_page(seen.run, disturbance, known.person, seen.now(), t)
    if page is None:
        return missing(request, known)
    return render(
        request,
        "disturbance.html.jinja",
        following=following,
        visitor=known,
        page=page,
        commands=[fresh_id() for _ in range(3)],
        saw=seen.run.seq,
    )


@router.get("/graph")
async def the_graph(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Find a subsystem in the graph."""
    known = await admitted(request, Page.GRAPH)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    run = following.seen.run
    arcs = _atlas(request).arcs(run.itinerary)
    page = found_page(run, arcs, q.strip(), words(request, following))
    return render(request, "graph.html.jinja", following=following, visitor=known, page=page)


@router.get("/graph/{subsystem}")
async def neighbourhood(
    request: Request, subsystem: str, steps: Annotated[str, Query(max_length=2)] = "1"
) -> Response:
    """One subsystem with those around it."""
    known = await admitted(request, Page.GRAPH)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    run, t = following.seen.run, words(request, following)
    arcs = _atlas(request).arcs(run.itinerary)
    far = 2 if steps == "2" else 1
    page = graph_page(run, arcs, subsystem, t, steps=far)
    if page is None:
        return missing(request, known)
    return render(
        request,
        "around.html.jinja",
        following=following,
        visitor=known,
        page=page,
        picture=drawing(run, arcs, subsystem, t, steps=far),
        steps=far,
    )


@router.get("/links")
async def the_links(request: Request, wave: Annotated[str, Query(max_length=200)] = "") -> Response:
    """What is known of the links, and what is worse than before."""
    known = await admitted(request, Page.LINKS)
    if isinstance(known, Response):
        return known
    following: Following = request.app.state.following
    run = following.seen.run
    every = [leg.id for leg in run.itinerary.waves]
    wanted = wave if wave in every else ""
    return render(
        request,
        "links.html.jinja",
        following=following,
        visitor=known,
        page=links_page(run, words(request, following), wanted),
        all_waves=every,
        wave=wanted,
    )


def _atlas(request: Request) -> Atlas:
    found: Atlas = request.app.state.atlas
    return found
