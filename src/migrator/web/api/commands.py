"""Commands by the API: the same verbs as the pages have, and what became of them.

The caller makes the id, so a question that is asked again after a broken line is one command. What
a form of the pages would not take is not taken here either; everything else the engine answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from migrator.engine.events import CommandRefused, CommandTaken, Event, event_to_data
from migrator.engine.ports import OperatorCommand
from migrator.engine.statements import personal_number
from migrator.store.desk import doubled
from migrator.verification.verdict import is_verdict
from migrator.web.api import shapes
from migrator.web.api.answers import DOING, NAMED
from migrator.web.api.callers import Acting, Asking, as_json
from migrator.web.api.problems import Problem
from migrator.web.asking import NOTE, Deed, ask
from migrator.web.following import Following
from migrator.web.seen import SeenRun
from migrator.web.visitors import DOES, Page, Visitor

WAIT_SECONDS_MAX: Final = 10.0
LOOK_SECONDS: Final = 0.05
"""A leader answers within a tenth of a second."""

TAKES: Final[Mapping[str, frozenset[str]]] = {
    "tick": frozenset({"verdict", "side", "left_behind", "edition"}),
    "extend": frozenset({"until", "minutes"}),
    "postpone": frozenset({"until"}),
    "sign": frozenset({"until"}),
    "record": frozenset({"text"}),
    "unwind": frozenset({"over_capacity"}),
    "disturb": frozenset({"owner"}),
    "staff": frozenset({"owner", "members", "room", "link"}),
    "log": frozenset({"note"}),
    "close": frozenset({"cause"}),
    "hand-over": frozenset({"to"}),
}
"""The details that a verb takes from outside. Others name what only this program may name: the
digest of a note, of what a decider was shown, the source of an alarm."""

NEEDS_REASON: Final = frozenset(DOES) & {
    "abandon", "abort", "close", "commit", "disturb", "extend", "force-done", "hold", "no-go",
    "pause", "postpone", "release", "resume", "retry", "sign", "skip", "unwind", "veto", "waive",
}  # fmt: skip
SIDES: Final = frozenset({"old", "new"})

router = APIRouter(tags=["commands"])


@router.post(
    "/commands",
    responses={**DOING, 202: {"model": shapes.Receipt, "description": "Kept, not answered yet."}},
    dependencies=[as_json],
)
async def give(
    request: Request,
    response: Response,
    acting: Acting,
    given: shapes.CommandGiven,
    wait: Annotated[
        float, Query(ge=0, le=WAIT_SECONDS_MAX, description="seconds to wait for the answer")
    ] = 0.0,
) -> shapes.Receipt:
    """Give a verb. 200: answered, taken or refused. 202: kept for whoever leads the run."""
    following: Following = request.app.state.following
    seen, visitor = following.seen, acting.visitor
    if given.verb not in DOES:
        raise Problem("lacks-verb")
    if not visitor.may(given.verb):
        raise Problem("role")
    lacking = lacks(seen, given)
    if lacking:
        raise Problem(f"lacks-{lacking}")
    await asyncio.to_thread(_asked, seen, visitor, given)
    found = await _receipt(seen, visitor, given.id, wait)
    assert found is not None, "it was put there"
    if found.answer == "waiting":
        response.status_code = 202
    return found


@router.get("/commands/{command}", responses=NAMED)
async def look(
    request: Request,
    asking: Asking,
    command: Annotated[str, Path(max_length=64)],
    wait: Annotated[float, Query(ge=0, le=WAIT_SECONDS_MAX)] = 0.0,
) -> shapes.Receipt:
    """What became of a command that the caller gave."""
    following: Following = request.app.state.following
    if asking.visitor.only:
        raise Problem("role")
    found = await _receipt(following.seen, asking.visitor, command, wait)
    if found is None:
        raise Problem("missing")
    return found


def lacks(seen: SeenRun, given: shapes.CommandGiven) -> str:
    """What a form of the pages would ask for, in one word; empty where nothing is missing."""
    if not given.details.keys() <= TAKES.get(given.verb, frozenset()):
        return "sense"
    if given.note and given.verb != "tick":
        return "sense"
    if given.verb in NEEDS_REASON and not given.reason.strip():
        return "reason"
    return _lacks_of_tick(seen, given) if given.verb == "tick" else ""


def _lacks_of_tick(seen: SeenRun, given: shapes.CommandGiven) -> str:
    verdict, side = given.details.get("verdict", ""), given.details.get("side", "")
    if not is_verdict(verdict):
        return "verdict"
    if verdict in {"works_but", "does_not_work"} and not given.note.strip():
        return "note"
    leg = next((each for each in seen.itinerary.checks if each.id == given.target), None)
    marked = leg is not None and leg.side_mark is not None
    if side not in SIDES and (side or (marked and verdict != "cannot_judge")):
        return "side"
    return "number" if personal_number(given.details.get("left_behind", "")) else ""


def _asked(seen: SeenRun, visitor: Visitor, given: shapes.CommandGiven) -> None:
    """Put it on the desk; blocks on the database. The same words once more change nothing."""
    known = seen.journal.command(given.id)
    if known is not None and not _same_note(seen, known, given.note.strip()):
        raise doubled(known)
    deed = Deed(
        given.id,
        given.verb,
        given.target,
        given.seen,
        given.reason.strip(),
        tuple(sorted(given.details.items())),
        given.note.strip(),
    )
    ask(seen, visitor, deed)


def _same_note(seen: SeenRun, known: OperatorCommand, note: str) -> bool:
    """Tell whether a command had this note; of one that was erased nobody can say."""
    digest = known.detail(NOTE)
    if not digest:
        return not note
    kept = seen.store.note(digest)
    return kept is None or kept == note


async def _receipt(seen: SeenRun, visitor: Visitor, id_: str, wait: float) -> shapes.Receipt | None:
    """What became of it by now, or after a while; None where the visitor gave none such."""
    known = await asyncio.to_thread(seen.journal.command, id_)
    if known is None or known.actor != visitor.person:
        return None
    loop = asyncio.get_running_loop()
    until = loop.time() + wait
    while True:
        events = await asyncio.to_thread(seen.journal.answer_of, id_)
        if events is not None or loop.time() >= until:
            break
        await asyncio.sleep(LOOK_SECONDS)
    return told(seen, visitor, known, events)


def told(
    seen: SeenRun, visitor: Visitor, known: OperatorCommand, events: tuple[Event, ...] | None
) -> shapes.Receipt:
    """The receipt. What followed is a part of the journal, for those who may read it."""
    refused = events[0] if events and isinstance(events[0], CommandRefused) else None
    follows = [] if refused is not None or not visitor.sees(Page.JOURNAL) else events or ()
    return shapes.Receipt.model_validate(
        {
            "id": known.id,
            "verb": known.verb,
            "target": known.target,
            "answer": "waiting" if events is None else "refused" if refused else "taken",
            "why": refused.why if refused is not None else "",
            "followed": [
                {"kind": type(event).__name__, "data": event_to_data(event)}
                for event in follows
                if not isinstance(event, CommandTaken)
            ],
            "led_by": seen.leader,
            "seq": seen.run.seq,
        }
    )
