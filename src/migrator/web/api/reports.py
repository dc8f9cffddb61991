"""What comes from outside: Alertmanager's webhook, and reports of users and other programs.

Kept durably before it is answered (`store/intake.py`), the same trouble in one row, so a flood of
one alarm costs rows and commits, and never commands: `alarms.py` tells the run of it. Whoever sent
a hundred at once waits for one commit.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request

from migrator.conductor.clock import wall_now
from migrator.engine.statements import personal_number
from migrator.errors import MigratorError
from migrator.store.intake import Arrived, Intake
from migrator.web.api import shapes
from migrator.web.api.answers import SENDING
from migrator.web.api.callers import Acting, Caller, as_json
from migrator.web.api.problems import Problem
from migrator.web.following import Following
from migrator.web.seen import SeenRun

AGAIN: Final = timedelta(minutes=1)
"""So often the run is told, at most, that the same trouble is still reported."""
BATCH_MAX: Final = 1000
TEXT_MAX: Final = 480
"""A little less than the journal keeps of one text."""
WITHHELD: Final = "(a text that holds what looks like a personal identity number is not kept)"
NAMES: Final = ("subsystem", "wave")
"""The labels that say what an alert is about."""

router = APIRouter(tags=["reports"])


class Inbox:
    """What waits for one commit: all that came while the last one was on its way."""

    def __init__(self, intake: Intake) -> None:
        """Nothing waits."""
        self._intake = intake
        self._waiting: list[tuple[Sequence[Arrived], asyncio.Future[frozenset[str]]]] = []
        self._task: asyncio.Task[None] | None = None

    async def keep(self, arrived: Sequence[Arrived]) -> frozenset[str]:
        """Come back when it is durable; the keys that were not kept. Raises MigratorError."""
        answer: asyncio.Future[frozenset[str]] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrived, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._commit())
        return await answer

    async def _commit(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            arrived = [each for some, _ in batch for each in some]
            now = wall_now()
            try:
                left = await asyncio.to_thread(self._intake.keep, arrived, now, now + AGAIN)
            except MigratorError as error:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for some, answer in batch:
                if not answer.done():
                    answer.set_result(left & {each.key for each in some})
        self._task = None


@router.post(
    "/alerts",
    status_code=202,
    responses=SENDING,
    dependencies=[as_json],
)
async def alerts(request: Request, acting: Acting, given: shapes.Alerts) -> shapes.Kept:
    """Alertmanager's webhook, version 4: each alert is a disturbance, or counts as one."""
    source = _sender(acting, "alerts")
    following: Following = request.app.state.following
    arrived = [_alert(following.seen, each, source, acting) for each in given.alerts]
    return await _kept(request, arrived)


@router.post("/reports", status_code=202, responses=SENDING, dependencies=[as_json])
async def reports(request: Request, acting: Acting, given: shapes.Report) -> shapes.Kept:
    """A report in words: the same subject about the same thing is one disturbance."""
    source = _sender(acting, "reports")
    following: Following = request.app.state.following
    subject = " ".join(given.subject.split())
    alike = hashlib.sha256(f"{given.target}/{subject.casefold()}".encode()).hexdigest()[:16]
    target, about = _target(following.seen, given.target)
    text = _text(": ".join(part for part in (subject, given.text.strip()) if part) + about)
    one = Arrived(f"{source}/{alike}", source, target, text, acting.visitor.person)
    return await _kept(request, [one])


def _sender(acting: Caller, what: str) -> str:
    """By which name the run knows the sender: what its token was made for."""
    if not acting.visitor.sends(what):
        raise Problem("role")
    if not acting.visitor.only:
        return "people"
    return re.sub(r"[^a-z0-9]+", "-", acting.label.lower()).strip("-")[:60] or what


def _alert(seen: SeenRun, alert: shapes.Alert, source: str, acting: Caller) -> Arrived:
    labels, notes = alert.labels, alert.annotations
    named = next((labels[name] for name in NAMES if labels.get(name)), "")
    target, about = _target(seen, named)
    words = notes.get("summary") or notes.get("description") or notes.get("message") or ""
    text = ": ".join(part for part in (labels.get("alertname", ""), words) if part)
    return Arrived(
        f"{source}/{alert.fingerprint}",
        source,
        target,
        _text((text or alert.fingerprint) + about),
        acting.visitor.person,
        over=alert.status == "resolved",
    )


def _target(seen: SeenRun, named: str) -> tuple[str, str]:
    """The subsystem or wave that is meant; where the run knows none such, its name in words."""
    if not named or named in seen.run.moves or named in seen.run.waves:
        return named, ""
    return "", f" ({named})"


def _text(text: str) -> str:
    """As a journal may keep it: one line, not too long, and nobody's number."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    short = " ".join(plain.split())
    short = short if len(short) <= TEXT_MAX else f"{short[: TEXT_MAX - 1]}…"
    return WITHHELD if personal_number(short) else short or "(no words)"


async def _kept(request: Request, arrived: Sequence[Arrived]) -> shapes.Kept:
    inbox: Inbox = request.app.state.inbox
    left = await inbox.keep(arrived) if arrived else frozenset()
    if left:
        raise Problem("too-much")
    return shapes.Kept(kept=len(arrived), known=sorted({each.key for each in arrived}))
