"""The book of calls: read back as it was written, and what a name stands for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from calls import NOW
from migrator.notices.book import (
    ANSWERED,
    SENT,
    Answer,
    Item,
    Message,
    State,
    Why,
    answer_to_data,
    book_of,
    message_id,
    message_to_data,
)

ITEM = Item("c1", "k", "hold", "w1", "a/copy", "step_failed", "unwind", NOW, None, Why.FIRST)
MESSAGE = Message(
    "m1", "lena", "mail", (ITEM,), NOW, NOW, State.QUEUED, 2, NOW + timedelta(seconds=5), "away"
)


def test_a_message_and_an_answer_are_read_as_they_were_written() -> None:
    answer = Answer("c1", "lena", NOW, "page")
    book = book_of(
        {
            SENT + "m1": message_to_data(MESSAGE),
            ANSWERED + "c1": answer_to_data(answer),
            "clock": {"run_time": "x"},
            "called": "something else",
        }
    )
    assert book.messages == (MESSAGE,)
    assert book.answers == {"c1": answer}


def test_messages_come_in_the_order_in_which_they_were_queued() -> None:
    later = replace(MESSAGE, id="a0", queued=NOW + timedelta(seconds=1))
    facts = {SENT + m.id: message_to_data(m) for m in (later, MESSAGE)}
    assert [m.id for m in book_of(facts).messages] == ["m1", "a0"]


def test_a_call_is_found_in_every_message_that_holds_it() -> None:
    other = replace(MESSAGE, id="m2", items=(replace(ITEM, call="c2"), ITEM))
    facts = {SENT + m.id: message_to_data(m) for m in (MESSAGE, other)}
    book = book_of(facts)
    assert [m.id for m in book.of("c1")] == ["m1", "m2"]
    assert [m.id for m in book.of("c2")] == ["m2"]
    assert book.of("c3") == ()


def test_a_name_stands_for_what_is_said_to_whom_by_which_way_and_why() -> None:
    two = (ITEM, replace(ITEM, call="c2"))
    name = message_id("night-1", "lena", "mail", two)
    assert name == message_id("night-1", "lena", "mail", two[::-1])
    others = [
        message_id("night-2", "lena", "mail", two),
        message_id("night-1", "bo", "mail", two),
        message_id("night-1", "lena", "ops", two),
        message_id("night-1", "lena", "mail", two[:1]),
        message_id("night-1", "lena", "mail", (ITEM, replace(two[1], why=Why.DEPUTY))),
        message_id("night-1", "lena", "mail", (ITEM, replace(two[1], nth=1))),
        message_id("night-1", "lena", "mail", two, test=True),
    ]
    assert len({name, *others}) == 1 + len(others)
