"""The caller of one run: works out who is due, keeps the book, has letters sent, tries again.

Made by `wiring/calling.py`. `look` is called on the conductor's loop and only takes a picture of
what waits; everything else happens in a daemon thread of its own, and each send in another one. So
neither a mail server that hangs nor a store that is slow ever stops the run, nor its end. What must
never happen: a message that is sent before it stands in the book.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from migrator.engine.run import Run
from migrator.errors import MigratorError, PermanentError
from migrator.notices.book import (
    ANSWERED,
    SENT,
    Book,
    Message,
    State,
    answer_from_data,
    book_of,
    message_to_data,
)
from migrator.notices.escalation import Contacts, contacts_of, due, messages
from migrator.notices.letter import Channel, Letter
from migrator.notices.model import Thing
from migrator.notices.policy import Mode, Policy
from migrator.notices.things import things

TRIES_MAX: Final = 8
AGAIN_FIRST: Final = timedelta(seconds=5)
AGAIN_MAX: Final = timedelta(minutes=5)
"""Five seconds, ten, twenty ...: eight tries take about ten minutes."""

SEND_SECONDS_MAX: Final = 60.0
"""A send that takes longer hangs: it is counted as failed, and its thread is left to itself."""

HANGING_MAX: Final = 8
"""So many sends of one channel may hang; until one of them ends, the channel is not tried."""

ABREAST_MAX: Final = 4
"""Sends at once: a mail server that gets a hundred connections at once refuses some of them."""

STEP_SECONDS: Final = 0.5

ANEW_SECONDS: Final = 5.0
"""Working out what waits takes tens of milliseconds for 1,000 subsystems, on the conductor's loop.
Where nothing happens only hours pass, and what they make of a check may be told this much later."""


class Facts(Protocol):
    """What is needed of a run's journal: the facts beside it."""

    def put_facts(self, key: str, data: object) -> None:
        """Keep plain data under a key."""

    def facts_under(self, prefix: str) -> dict[str, object]:
        """What was kept under the keys that begin so."""


Compose = Callable[[Message], Letter]
"""Puts a message into its reader's words; called again for each try."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What waits, at one moment."""

    things: tuple[Thing, ...]
    contacts: Contacts
    now: datetime


@dataclass(slots=True)
class _Sending:
    """A send under way. The thread writes `outcome` last, and nothing else."""

    message: Message
    began: float
    outcome: tuple[State | None, str] | None = None  # None as state: it may be tried again
    counted: bool = False  # it was given up
    thread: threading.Thread | None = None


@dataclass(slots=True)
class Caller:
    """Calls people for one run. `wall` and `seconds` are clocks of this machine."""

    run_name: str
    facts: Facts
    policy: Policy
    channels: Mapping[str, Channel]
    compose: Compose
    wall: Callable[[], datetime]
    seconds: Callable[[], float]
    send_seconds_max: float = SEND_SECONDS_MAX
    trouble: str = ""  # why the last step failed; empty when it did not
    _book: dict[str, Message] | None = None
    _last: tuple[int, float, Picture] | None = None  # the journal's line, when it was looked at
    _seen: dict[str, datetime] = field(default_factory=dict)  # since when a call stands
    _sendings: list[_Sending] = field(default_factory=list)
    _pictures: deque[Picture] = field(default_factory=lambda: deque(maxlen=1))
    _wake: threading.Event = field(default_factory=threading.Event)
    _closing: bool = False
    _thread: threading.Thread | None = None

    # --- on the loop ----------------------------------------------------------------------------

    def look(self, run: Run, now: datetime) -> None:
        """Take a picture of what waits at run time `now`; it blocks nobody.

        Where nothing was committed since, what waited still waits, and only the hour is another.
        """
        last, moment = self._last, self.seconds()
        if last is None or run.seq != last[0] or moment - last[1] >= ANEW_SECONDS:
            found = things(run, now, self.policy.limits.check_before)
            self._last = last = (
                run.seq,
                moment,
                Picture(found, contacts_of(run, self.policy), now),
            )
        self._pictures.append(replace(last[2], now=now))
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._keep, name="calling", daemon=True)
            self._thread.start()
        self._wake.set()

    def close(self, seconds_max: float = 2.0) -> None:
        """Stop; what is on its way has a moment left, and what is not is sent by the next one."""
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds_max)

    # --- in the thread --------------------------------------------------------------------------

    def _keep(self) -> None:
        picture: Picture | None = None
        while not self._closing:
            self._wake.wait(STEP_SECONDS)
            self._wake.clear()
            if self._pictures:
                picture = self._pictures.popleft()
            if picture is None or self._closing:
                continue
            # What is no error of ours is a defect: it ends this thread, and the next look begins
            # another one, so that a defect shows again and again and stops nothing else.
            self.trouble = "it broke: the process that leads the run says where"
            try:
                self.step(picture)
                self.trouble = ""
            except MigratorError as error:  # the store is away; the picture stays
                self.trouble = f"{error.reference}: {error.message}"
        with contextlib.suppress(MigratorError):
            self._hear()

    def step(self, picture: Picture) -> None:
        """One round: hear what was sent, queue what is due, send what is to be sent."""
        self._hear()
        book = self.book()
        fresh = self._due(picture, book)
        for message in fresh:
            self._put(message)
        self._send({thing.call for thing in picture.things})

    def book(self) -> Book:
        """The book as it stands. Messages are ours alone and read once; answers are others'."""
        if self._book is None:
            known = book_of(self.facts.facts_under(SENT))
            # What went to the address of a test has called nobody.
            self._book = {
                message.id: message
                for message in known.messages
                if message.test is self._only_tests
            }
        answers = [
            answer_from_data(data)
            for data in self.facts.facts_under(ANSWERED).values()
            if isinstance(data, dict)
        ]
        return Book(tuple(self._book.values()), {answer.call: answer for answer in answers})

    @property
    def _only_tests(self) -> bool:
        return self.policy.mode is Mode.TEST

    def threads(self, *, given_up: bool = False) -> tuple[threading.Thread, ...]:
        """The sends that are on their way, or those that hang and were given up."""
        found = (each.thread for each in self._sendings if each.counted is given_up)
        return tuple(thread for thread in found if thread is not None)

    def _due(self, picture: Picture, book: Book) -> tuple[Message, ...]:
        calls = {thing.call for thing in picture.things}
        self._seen = {call: at for call, at in self._seen.items() if call in calls}
        for call in calls:
            self._seen.setdefault(call, picture.now)
        limits = self.policy.limits
        settled = [
            thing
            for thing in picture.things
            if picture.now >= self._seen[thing.call] + limits.settle
        ]
        told = due(settled, book, picture.contacts, limits, picture.now)
        made = messages(
            self.run_name, told, picture.contacts, picture.now, self.wall(), test=self._only_tests
        )
        return tuple(message for message in made if message.id not in (self._book or {}))

    def _put(self, message: Message) -> None:
        self.facts.put_facts(SENT + message.id, message_to_data(message))
        assert self._book is not None, "it is read before anything is written"
        self._book[message.id] = message

    def _send(self, standing: set[str]) -> None:
        """Begin the sends whose time has come."""
        assert self._book is not None, "it is read first"
        now = self.wall()
        under_way = {each.message.id for each in self._sendings if not each.counted}
        for message in [*self._book.values()]:
            if message.state is not State.QUEUED or message.id in under_way:
                continue
            if message.again is not None and now < message.again:
                continue
            if message.tries and not any(item.call in standing for item in message.items):
                self._put(replace(message, state=State.LAPSED, again=None, ended=now))
                continue
            if len(under_way) >= ABREAST_MAX:
                break
            if self._hanging(message.channel) >= HANGING_MAX:
                self._tried(message, None, "earlier sends hang")
                continue
            under_way.add(message.id)
            self._begin(message)

    def _hanging(self, channel: str) -> int:
        return sum(each.counted and each.message.channel == channel for each in self._sendings)

    def _begin(self, message: Message) -> None:
        channel = self.channels.get(message.channel)
        if channel is None:  # the file was changed since
            self._tried(message, State.FAILED, f"there is no channel {message.channel} any more")
            return
        sending = _Sending(message, self.seconds())
        self._sendings.append(sending)

        def send() -> None:
            outcome: tuple[State | None, str] = (None, "it broke: a defect of the program")
            try:
                outcome = (State.SENT, channel.send(self.compose(message)))
            except PermanentError as error:
                outcome = (State.FAILED, error.message)
            except MigratorError as error:
                outcome = (None, error.message)
            finally:
                sending.outcome = outcome
                self._wake.set()

        sending.thread = threading.Thread(target=send, name=f"send {message.id}", daemon=True)
        sending.thread.start()

    def _hear(self) -> None:
        """Write down what became of the sends; give up those that hang."""
        for sending in [*self._sendings]:
            if sending.outcome is not None:
                # Written first: where the store is away, it is written the next time.
                if not sending.counted:
                    self._tried(sending.message, *sending.outcome)
                elif sending.outcome[0] is State.SENT:
                    self._late(sending.message, sending.outcome[1])
                self._sendings.remove(sending)
            elif not sending.counted and self.seconds() - sending.began > self.send_seconds_max:
                sending.counted = True
                self._tried(sending.message, None, f"no end in {self.send_seconds_max:g} s")

    def _late(self, message: Message, said: str) -> None:
        """A send that was given up has ended well after all: it need not be sent again."""
        known = (self._book or {}).get(message.id)
        if known is not None and known.state is State.QUEUED:
            self._put(replace(known, state=State.SENT, again=None, told=said, ended=self.wall()))

    def _tried(self, message: Message, state: State | None, said: str) -> None:
        tries, now = message.tries + 1, self.wall()
        if state is None and tries >= TRIES_MAX:
            state = State.FAILED
        if state is not None:
            self._put(replace(message, state=state, tries=tries, again=None, told=said, ended=now))
            return
        again = now + min(AGAIN_MAX, AGAIN_FIRST * 2**message.tries)
        self._put(replace(message, tries=tries, again=again, told=said))
