"""Being called, whatever happens when: nobody is forgotten, and nobody is told the same twice.

Weekends of things that come, change and go, people with and without addresses, deputies, quiet
hours and shifts, answers, channels that fail, and a caller that dies: all at hours that hypothesis
chooses. The book is judged, not the code that wrote it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from calls import NOW, ZONE, a_thing
from migrator.notices.book import (
    Answer,
    Book,
    Message,
    State,
    Why,
    book_of,
    message_from_data,
    message_to_data,
)
from migrator.notices.escalation import Contact, Contacts, due, messages
from migrator.notices.model import Kind, Thing
from migrator.notices.policy import Limits, Quiet

PEOPLE = ("lena", "dora", "bo", "carin")
NIGHT = Quiet(time(22), time(6))
LIMITS = Limits(reminders_max=3)
LOOKS_MAX = 30
ROUNDS_MAX = 10
Look = tuple[float, tuple[Thing, ...], str, bool, bool]
"""Minutes since the last one, what stands, who answers for the first of it, whether what is sent
fails, and whether the caller dies."""


@st.composite
def everybody(draw: st.DrawFn) -> Contacts:
    """People, of whom at least one who decides has an address."""
    shifts = ((), ((NOW - timedelta(hours=8), NOW - timedelta(hours=1)),))
    people = {
        name: Contact(
            name,
            draw(st.sampled_from(((), ("mail",), ("mail", "ops")))),
            draw(st.sampled_from((None, *PEOPLE))),
            draw(st.sampled_from((None, NIGHT))),
            draw(st.sampled_from(shifts)),
        )
        for name in PEOPLE
    }
    people["chief"] = Contact("chief", ("mail",), None, draw(st.sampled_from((None, NIGHT))))
    return Contacts(people, ("chief", *draw(st.sets(st.sampled_from(PEOPLE)))), ZONE)


@st.composite
def weekends(draw: st.DrawFn) -> list[Look]:
    """Looks at a weekend."""
    known = [
        a_thing(
            draw(st.sampled_from(list(Kind))),
            *draw(st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True)),
            key=f"thing/{number}",
            state=f"state {state}",
        )
        for number in range(2)
        for state in range(2)
    ]
    look = st.tuples(
        st.sampled_from((0.02, 0.5, 2.5, 4.0, 7.0, 45.0)),
        st.lists(st.sampled_from(known), max_size=3, unique_by=lambda thing: thing.key).map(tuple),
        st.sampled_from(("", "", "", *PEOPLE)),
        st.booleans(),
        st.booleans(),
    )
    return draw(st.lists(look, min_size=1, max_size=LOOKS_MAX))


@given(weekends(), everybody())
@settings(max_examples=60, deadline=None)
def test_every_awaited_answer_is_given_or_with_those_who_decide_in_ten_minutes(
    looks: list[Look], people: Contacts
) -> None:
    book, now = Book(), NOW
    for minutes, things, answers, fails, dies in looks:
        now += timedelta(minutes=minutes)
        book = _look(book, things, people, now, fails=fails)
        if dies:
            book = _reborn(book)
        for thing in things:
            sent = book.of(thing.call)
            if not thing.wants_answer or thing.call in book.answers:
                continue
            # Who cannot be reached at all is no beginning: then the next ones are called at once.
            assert sent, "somebody is told at the very first look"
            if now >= min(message.at for message in sent) + LIMITS.decision_maker:
                assert "chief" in {message.person for message in sent}
        if answers and things:
            thing = things[0]
            book = Book(
                book.messages,
                {thing.call: Answer(thing.call, answers, now, "page"), **book.answers},
            )


@given(weekends(), everybody())
@settings(max_examples=60, deadline=None)
def test_nobody_is_told_of_the_same_state_twice_unless_a_reminder_is_due(
    looks: list[Look], people: Contacts
) -> None:
    book, now = Book(), NOW
    for minutes, things, _, fails, _ in looks:
        now += timedelta(minutes=minutes)
        book = _look(book, things, people, now, fails=fails)
        assert due(things, book, people, LIMITS, now) == (), "one look says everything"
    told = Counter(
        (message.person, message.channel, item.call, item.nth)
        for message in book.messages
        for item in message.items
    )
    assert [pair for pair, times in told.items() if times > 1] == []
    assert len({message.id for message in book.messages}) == len(book.messages)
    for message in book.messages:
        for item in message.items:
            assert item.nth <= LIMITS.reminders_max
            if item.why is Why.REMINDER:
                earlier = [m.at for m in book.of(item.call) if m.at < message.at]
                assert message.at - max(earlier) >= LIMITS.remind


@given(weekends(), everybody())
@settings(max_examples=60, deadline=None)
def test_quiet_hours_are_kept_for_what_can_wait_and_for_nothing_else(
    looks: list[Look], people: Contacts
) -> None:
    book, now = Book(), NOW
    for minutes, things, _, _, _ in looks:
        now += timedelta(minutes=minutes)
        before = {message.id for message in book.messages}
        book = _look(book, things, people, now, fails=False)
        asleep = {
            name for name, who in people.people.items() if who.quiet and who.quiet.holds(now, ZONE)
        }
        by_call = {thing.call: thing for thing in things}
        for message in book.messages:
            if message.id in before or message.person not in asleep:
                continue
            for item in message.items:
                thing = by_call[item.call]
                assert thing.pierces or item.why is Why.MAKER
        for thing in things:
            if thing.pierces:
                called = {message.person for message in book.of(thing.call)}
                asked = {who for who in thing.people if people.of(who).channels}
                assert asked <= called, "whoever is asked is called, asleep or not"


@given(weekends(), everybody())
@settings(max_examples=20, deadline=None)
def test_a_book_is_read_as_it_was_written(looks: list[Look], people: Contacts) -> None:
    book, now = Book(), NOW
    for minutes, things, _, fails, _ in looks[:8]:
        now += timedelta(minutes=minutes)
        book = _look(book, things, people, now, fails=fails)
    for message in book.messages:
        assert message_from_data(message_to_data(message)) == message


def _look(
    book: Book, things: tuple[Thing, ...], people: Contacts, now: datetime, *, fails: bool
) -> Book:
    """One look: what is due is written into the book, and sent or refused for good."""
    state = State.FAILED if fails else State.SENT
    for _ in range(ROUNDS_MAX):  # who cannot be reached makes the next ones due at once
        told = due(things, book, people, LIMITS, now)
        if not told:
            return book
        made: tuple[Message, ...] = messages("night", told, people, now, now)
        assert made, "who is to be told has a channel"
        fresh = tuple(replace(message, state=state) for message in made)
        book = Book((*book.messages, *fresh), book.answers)
    raise AssertionError("there is always somebody else to be told")


def _reborn(book: Book) -> Book:
    """The book as the next process reads it."""
    facts = {f"call/{m.id}": message_to_data(m) for m in book.messages}
    again = book_of(facts)
    return Book(again.messages, book.answers)
