"""Who is to be called now, and why: the state of the run and the book of calls decide. Pure.

Called by `caller.py`. First those whom a thing asks, then their deputies, then the decision
makers; sooner where nobody of a level can answer: no address, quiet hours, off shift, or no channel
that works. What must never happen: an answer that is awaited and is neither acknowledged nor with
the decision makers when their time has come, and the same message twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from migrator.engine.asking import deciders
from migrator.engine.run import Run
from migrator.notices.book import Book, Item, Message, State, Why, message_id
from migrator.notices.model import Thing
from migrator.notices.policy import Limits, Policy, Quiet


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as far as a call needs one."""

    person: str
    channels: tuple[str, ...]
    deputy: str | None = None
    quiet: Quiet | None = None
    shifts: tuple[tuple[datetime, datetime], ...] = ()

    def on_shift(self, now: datetime) -> bool:
        """Tell whether they are at work; somebody without shifts always is."""
        return not self.shifts or any(begin <= now < end for begin, end in self.shifts)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Everybody who can be called, and who decides in the end."""

    people: dict[str, Contact]
    makers: tuple[str, ...]
    zone: ZoneInfo

    def of(self, person: str) -> Contact:
        """The contact of a person; one without any channel where nobody knows them."""
        return self.people.get(person) or Contact(person, ())


@dataclass(frozen=True, slots=True)
class Due:
    """One person is to be told of one thing now."""

    person: str
    thing: Thing
    why: Why
    nth: int = 0


def contacts_of(run: Run, policy: Policy) -> Contacts:
    """The people of a run, as the notices file says they are reached."""
    members = run.itinerary.members
    people = {
        person: Contact(
            person,
            policy.channels_of(person, member.roles),
            member.deputy,
            policy.reached(person).quiet,
            member.shifts,
        )
        for person, member in members.items()
    }
    for person in policy.people:
        people.setdefault(person, Contact(person, policy.channels_of(person, ())))
    return Contacts(people, deciders(run), ZoneInfo(run.itinerary.window.time_zone))


def unreached(run: Run, contacts: Contacts) -> tuple[str, ...]:
    """Who leads a wave or decides, and has no channel: they are passed over when they are meant."""
    meant = [*contacts.makers]
    for leg in run.itinerary.waves:
        meant += [*((leg.lead,) if leg.lead else ()), *leg.deciders]
    return tuple(who for who in dict.fromkeys(meant) if not contacts.of(who).channels)


def due(
    things: Iterable[Thing], book: Book, contacts: Contacts, limits: Limits, now: datetime
) -> tuple[Due, ...]:
    """Everything that is to be told at run time `now` and was not told before."""
    return tuple(each for thing in things for each in _due(thing, book, contacts, limits, now))


def messages(
    run: str,
    told: Sequence[Due],
    contacts: Contacts,
    now: datetime,
    wall: datetime,
    *,
    test: bool = False,
) -> tuple[Message, ...]:
    """One message a person and channel, with everything that they are to be told now."""
    by_person: dict[str, list[Due]] = {}
    for each in told:
        by_person.setdefault(each.person, []).append(each)
    found = []
    for person, mine in by_person.items():
        items = tuple(_item(each) for each in mine)
        for channel in contacts.of(person).channels:
            name = message_id(run, person, channel, items, test=test)
            made = Message(name, person, channel, items, now, wall, again=wall, test=test)
            found.append(made)
    return tuple(found)


def _due(
    thing: Thing, book: Book, contacts: Contacts, limits: Limits, now: datetime
) -> Iterator[Due]:
    sent = book.of(thing.call)
    answer = book.answers.get(thing.call)
    called = {message.person for message in sent}
    begun = min((message.at for message in sent), default=now)
    fresh: list[Due] = []
    waited_for: set[str] = set()
    nobody_answers = False
    for why, people, after in _levels(thing, contacts, limits):
        if why is not Why.FIRST:
            if answer is not None or not thing.wants_answer:
                break
            if now < begun + after and not nobody_answers:
                break
        ready = [
            person
            for person in dict.fromkeys(people)
            if person not in waited_for and _can_be_called(thing, why, person, contacts, now)
        ]
        waited_for.update(ready)
        # Who acknowledged has it in hand: nobody else is disturbed for it.
        if answer is None:
            fresh += [Due(person, thing, why) for person in ready if person not in called]
        nobody_answers = not any(
            contacts.of(person).on_shift(now) and not _given_up(sent, person) for person in ready
        )
    yield from fresh
    if sent and not fresh and thing.wants_answer:
        whom = (answer.person,) if answer is not None else tuple(sorted(called))
        yield from _reminders(thing, sent, whom, contacts, limits, now)


def _levels(
    thing: Thing, contacts: Contacts, limits: Limits
) -> tuple[tuple[Why, tuple[str, ...], timedelta], ...]:
    """Whom to call one after the other, and how long after the first call."""
    deputies = tuple(
        deputy for person in thing.people if (deputy := contacts.of(person).deputy) is not None
    )
    return (
        (Why.FIRST, thing.people, timedelta()),
        (Why.DEPUTY, deputies, limits.deputy),
        (Why.MAKER, contacts.makers, limits.decision_maker),
    )


def _can_be_called(thing: Thing, why: Why, person: str, contacts: Contacts, now: datetime) -> bool:
    """Tell whether a person has a channel, and is not to be left asleep."""
    contact = contacts.of(person)
    if not contact.channels:
        return False
    # The last level is called whatever the hour: behind it there is nobody.
    if thing.pierces or (why is Why.MAKER and thing.wants_answer) or contact.quiet is None:
        return True
    return not contact.quiet.holds(now, contacts.zone)


def _given_up(sent: Sequence[Message], person: str) -> bool:
    """Tell whether no channel reached a person about this."""
    mine = [message for message in sent if message.person == person]
    return bool(mine) and all(message.state is State.FAILED for message in mine)


def _reminders(
    thing: Thing,
    sent: Sequence[Message],
    whom: tuple[str, ...],
    contacts: Contacts,
    limits: Limits,
    now: datetime,
) -> Iterator[Due]:
    """It still stands, long after it was told: those who know of it are told again, seldom."""
    nth = 1 + max(
        (item.nth for message in sent for item in message.items if item.call == thing.call),
        default=0,
    )
    last = max(message.at for message in sent)
    if not limits.remind or nth > limits.reminders_max or now < last + limits.remind:
        return
    for person in whom:
        if _can_be_called(thing, Why.REMINDER, person, contacts, now):
            yield Due(person, thing, Why.REMINDER, nth)


def _item(each: Due) -> Item:
    thing = each.thing
    return Item(
        call=thing.call,
        key=thing.key,
        kind=thing.kind.value,
        wave=thing.wave,
        subject=thing.subject,
        cause=thing.cause,
        then=thing.then,
        since=thing.since,
        until=thing.until,
        why=each.why,
        nth=each.nth,
    )
