"""The book of calls: what was sent to whom, what became of it, who acknowledged. Pure.

Kept beside the journal as plain facts, one key for each message, written by whoever leads the run
and by nobody else; and one key for each acknowledgement, written by whoever acknowledges. So no
fact has two writers. A message is in the book before it is sent: after a crash it is sent again
with the same id, and whoever reads it can tell that it is the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, cast

SENT: Final = "call/"
ANSWERED: Final = "call-answer/"
ID_LENGTH: Final = 20


class Why(StrEnum):
    """Why somebody is called."""

    FIRST = "first"
    DEPUTY = "deputy"
    MAKER = "maker"
    REMINDER = "reminder"


class State(StrEnum):
    """What became of a message."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    LAPSED = "lapsed"  # not sent in time, and nothing waits for it any more


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a message, as it stood when it was queued."""

    call: str
    key: str
    kind: str
    wave: str
    subject: str
    cause: str
    then: str
    since: datetime | None
    until: datetime | None
    why: Why
    nth: int = 0  # of the reminders


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person by one channel. `at` is run time, the others are wall time."""

    id: str
    person: str
    channel: str
    items: tuple[Item, ...]
    at: datetime
    queued: datetime
    state: State = State.QUEUED
    tries: int = 0
    again: datetime | None = None  # when it is tried next
    told: str = ""  # what the channel said last
    ended: datetime | None = None  # sent, given up or lapsed
    test: bool = False  # it went to the address of the test, and nobody was called by it


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody acknowledged a call. `at` is wall time; `how` is page or terminal."""

    call: str
    person: str
    at: datetime
    how: str


@dataclass(frozen=True, slots=True)
class Book:
    """Everything that was sent and answered."""

    messages: tuple[Message, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)

    def of(self, call: str) -> tuple[Message, ...]:
        """The messages that hold a call, the oldest first."""
        return tuple(m for m in self.messages if any(item.call == call for item in m.items))


def message_id(
    run: str, person: str, channel: str, items: tuple[Item, ...], *, test: bool = False
) -> str:
    """The name of a message: the same things for the same reasons are the same message."""
    said = "\n".join(sorted(f"{item.call} {item.why} {item.nth}" for item in items))
    how = f"{channel} test" if test else channel
    made = hashlib.sha256(f"{run}\n{person}\n{how}\n{said}".encode())
    return made.hexdigest()[:ID_LENGTH]


def message_to_data(message: Message) -> dict[str, object]:
    """Plain data, as the store keeps it."""
    data = asdict(message)
    data["items"] = [
        {**asdict(item), "since": _text(item.since), "until": _text(item.until)}
        for item in message.items
    ]
    for name in ("at", "queued", "again", "ended"):
        data[name] = _text(data[name])
    return data


def message_from_data(data: Mapping[str, object]) -> Message:
    """The message that plain data tells of."""
    items = cast("list[dict[str, object]]", data["items"])
    made = Message(**{**data, "items": ()})  # type: ignore[arg-type] # its own words, read back
    return replace(
        made,
        items=tuple(_item(item) for item in items),
        at=_moment(data["at"]) or made.at,
        queued=_moment(data["queued"]) or made.queued,
        state=State(str(data["state"])),
        again=_moment(data["again"]),
        ended=_moment(data["ended"]),
    )


def book_of(facts: Mapping[str, object]) -> Book:
    """The book, out of the facts of a run; other facts are passed over."""
    messages = []
    answers = {}
    for key, data in facts.items():
        if not isinstance(data, dict):
            continue
        if key.startswith(SENT):
            messages.append(message_from_data(data))
        elif key.startswith(ANSWERED):
            answer = answer_from_data(data)
            answers[answer.call] = answer
    return Book(tuple(sorted(messages, key=lambda m: (m.queued, m.at, m.id))), answers)


def answer_to_data(answer: Answer) -> dict[str, object]:
    """Plain data, as the store keeps it."""
    return {**asdict(answer), "at": answer.at.isoformat()}


def answer_from_data(data: Mapping[str, object]) -> Answer:
    """The answer that plain data tells of."""
    moment = _moment(data["at"])
    assert moment is not None, "an answer has its time"
    return Answer(str(data["call"]), str(data["person"]), moment, str(data["how"]))


def _item(data: Mapping[str, object]) -> Item:
    made = Item(**data)  # type: ignore[arg-type] # its own words, read back
    return replace(
        made, since=_moment(data["since"]), until=_moment(data["until"]), why=Why(str(data["why"]))
    )


def _text(moment: object) -> str | None:
    return moment.isoformat() if isinstance(moment, datetime) else None


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
