"""Whom a run that was played would have called: its journal, looked at minute by minute. Pure.

Called by `migrator call FILE --of RUN`, mostly for rehearsals: who is woken how often, and what
they would read, is known before the weekend. Nobody of a rehearsal takes a call in hand, so what
stands long enough goes all the way to those who decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from migrator.engine.fold import apply
from migrator.engine.ports import Line
from migrator.engine.run import new_run
from migrator.notices.book import Book, Message, State
from migrator.notices.escalation import contacts_of, due, messages
from migrator.notices.model import Kind, Thing
from migrator.notices.policy import Policy
from migrator.notices.things import things
from migrator.plan.model import Itinerary

STEP: Final = timedelta(minutes=1)
EVER: Final = timedelta(days=400)
"""Asked for so long before its time is over, every check that somebody has is a thing."""


def would_call(
    run_name: str, itinerary: Itinerary, lines: Sequence[Line], policy: Policy
) -> tuple[Message, ...]:
    """The messages of a run that was played, in their order, as if each had been taken at once."""
    run, book = new_run(itinerary), Book()
    limits = policy.limits
    seen: dict[str, datetime] = {}
    for line, following in pairwise([*lines, None]):
        assert line is not None, "only the last one is none"
        apply(run, line.at, line.event)
        if following is None or following.at <= line.at:
            continue
        found = things(run, line.at, EVER)
        seen = {each.call: seen.get(each.call, line.at) for each in found}
        contacts = contacts_of(run, policy)
        for now in _looks(line.at, following.at, limits.settle, waits=bool(found)):
            standing = [
                each
                for each in found
                if now >= seen[each.call] + limits.settle
                and _its_time(each, now, limits.check_before)
            ]
            told = due(standing, book, contacts, limits, now)
            made = messages(run_name, told, contacts, now, now)
            sent = tuple(replace(each, state=State.SENT, ended=now) for each in made)
            book = Book((*book.messages, *sent))
    return book.messages


def _looks(begin: datetime, end: datetime, settle: timedelta, *, waits: bool) -> Iterator[datetime]:
    """The hours between two lines at which it is looked, where anything waits at all."""
    now = begin + settle
    while waits and now < end:
        yield now
        now += STEP


def _its_time(thing: Thing, now: datetime, before: timedelta) -> bool:
    return thing.kind is not Kind.CHECK or (thing.until is not None and now >= thing.until - before)
