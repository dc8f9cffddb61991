"""Acknowledging a call: who may, what is kept, and what is said when it is too late.

Called by `migrator ack` and by the page of a call, so that both ways mean the same. Looking at a
call never acknowledges it: mail scanners and previews open every link. The first answer stands.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from migrator.engine.run import Run
from migrator.errors import RefusedError
from migrator.notices.book import (
    ANSWERED,
    SENT,
    Answer,
    Book,
    Item,
    Message,
    answer_to_data,
    book_of,
)
from migrator.notices.caller import Facts

_LEADING: Final = frozenset({"wave_lead", "decision_maker"})


def read_book(facts: Facts) -> Book:
    """The book of calls of a run, as it is kept."""
    return book_of({**facts.facts_under(SENT), **facts.facts_under(ANSWERED)})


def item_of(book: Book, call: str) -> Item | None:
    """What a call is about; None where nobody was called by that name."""
    found: tuple[Message, ...] = book.of(call)
    items = [item for message in found for item in message.items if item.call == call]
    return items[0] if items else None


def was_called(book: Book, call: str, person: str) -> bool:
    """Tell whether a person was called for this."""
    return any(message.person == person for message in book.of(call))


def leads(run: Run, person: str) -> bool:
    """Tell whether a person leads waves or decides; where the estate names nobody, all do."""
    members = run.itinerary.members
    if not members:
        return True
    member = members.get(person)
    return member is not None and bool(_LEADING.intersection(member.roles))


def acknowledge(
    facts: Facts, call: str, person: str, at: datetime, *, how: str, leading: bool
) -> Answer:
    """Keep that a person has a call in hand; the answer that stands, which may be an earlier one.

    `leading` says that they may answer whomever was called.

    Raises RefusedError for a call that nobody got, and from somebody whom it does not concern.
    """
    book = read_book(facts)
    if item_of(book, call) is None:
        raise RefusedError(
            "call-unknown",
            f"nobody was called by the name {call!r} in this run",
            hint="`migrator notices RUN` lists the calls; the name is the last part of their link",
        )
    if not (leading or was_called(book, call, person)):
        raise RefusedError(
            "call-not-yours",
            f"{person} was not called for this, and neither leads a wave nor decides",
            hint="let whoever was called answer, or a wave lead or decision maker",
        )
    known = book.answers.get(call)
    if known is not None:
        return known
    answer = Answer(call, person, at, how)
    facts.put_facts(ANSWERED + call, answer_to_data(answer))
    return answer
