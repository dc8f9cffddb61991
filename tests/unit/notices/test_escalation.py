"""Who is called, when and why: first who is asked, then deputies, then who decides."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from calls import NOW, ZONE, Desk, a_policy, a_thing, contacts
from itineraries import an_itinerary
from migrator.engine.run import new_run
from migrator.errors import PermanentError
from migrator.notices.book import Answer, Book, answer_to_data
from migrator.notices.escalation import Contact, contacts_of, due
from migrator.notices.model import Kind
from migrator.notices.policy import Limits, Quiet

NIGHT = Quiet(time(22), time(6))


def test_whoever_is_asked_is_called_first_and_once() -> None:
    desk, thing = Desk(), a_thing()
    assert desk.step(thing) == [("lena", "first")]
    assert desk.step(thing, minutes=4) == []


def test_nobody_answers_so_the_deputy_is_called_after_five_minutes() -> None:
    desk, thing = Desk(), a_thing()
    desk.step(thing)
    assert desk.step(thing, minutes=4.9) == []
    assert desk.step(thing, minutes=0.1) == [("dora", "deputy")]


def test_and_the_decision_makers_after_ten() -> None:
    desk, thing = Desk(), a_thing()
    desk.step(thing)
    desk.step(thing, minutes=5)
    assert desk.step(thing, minutes=4.9) == []
    assert desk.step(thing, minutes=0.1) == [("bo", "maker")]


def test_whoever_has_it_in_hand_keeps_it_from_everybody_else() -> None:
    desk, thing = Desk(), a_thing()
    desk.step(thing)
    answer(desk, thing.call, "lena")
    assert desk.step(thing, minutes=12) == []


def test_another_state_of_the_same_thing_is_another_call() -> None:
    desk, thing = Desk(), a_thing()
    desk.step(thing)
    answer(desk, thing.call, "lena")
    assert desk.step(a_thing(state="a clock runs"), minutes=1) == [("lena", "first")]


def test_where_nobody_is_named_the_decision_makers_are_called_at_once() -> None:
    assert Desk().step(a_thing(people=())) == [("bo", "maker")]


def test_where_somebody_has_no_address_the_deputy_is_called_at_once() -> None:
    desk = Desk(contacts=contacts(Contact("lena", (), "dora")))
    assert desk.step(a_thing()) == [("dora", "deputy")]


def test_where_somebody_is_off_shift_they_and_their_deputy_are_called() -> None:
    gone = ((NOW - timedelta(hours=9), NOW - timedelta(hours=1)),)
    desk = Desk(contacts=contacts(Contact("lena", ("mail",), "dora", None, gone)))
    assert desk.step(a_thing()) == [("dora", "deputy"), ("lena", "first")]


def test_where_no_letter_arrives_the_next_one_is_called_at_once() -> None:
    desk, thing = Desk(), a_thing()
    desk.post.fails = PermanentError("notice-refused", "no such mailbox", hint="none")
    desk.post.only = "lena"
    desk.step(thing)
    desk.step(thing)
    assert [letter.person for letter in desk.post.letters] == ["dora"]


@pytest.mark.parametrize("kind", [Kind.GATE, Kind.HOLD, Kind.VETO, Kind.STUCK, Kind.TURN_BACK])
def test_quiet_hours_never_silence_a_hold_a_clock_or_a_gate(kind: Kind) -> None:
    desk = Desk(contacts=contacts(Contact("lena", ("mail",), None, NIGHT)))
    assert desk.step(a_thing(kind)) == [("lena", "first")]


def test_quiet_hours_silence_what_can_wait_and_the_deputy_is_called_instead() -> None:
    desk = Desk(contacts=contacts(Contact("lena", ("mail",), "dora", NIGHT)))
    assert desk.step(a_thing(Kind.TASK)) == [("dora", "deputy")]
    assert desk.step(a_thing(Kind.TASK), minutes=4 * 60 - 1) != []


def test_what_wants_no_answer_waits_for_the_morning_and_goes_to_nobody_else() -> None:
    desk = Desk(contacts=contacts(Contact("lena", ("mail",), "dora", NIGHT)))
    thing = a_thing(Kind.COMMIT)
    assert desk.step(thing) == []
    assert desk.step(thing, minutes=2.9 * 60) == []
    assert desk.step(thing, minutes=0.2 * 60) == [("lena", "first")]
    assert desk.step(thing, minutes=60) == []


def test_the_last_ones_are_called_whatever_the_hour() -> None:
    asleep = contacts(
        Contact("lena", ("mail",), None, NIGHT), Contact("bo", ("mail",), None, NIGHT)
    )
    assert Desk(contacts=asleep).step(a_thing(Kind.TASK)) == [("bo", "maker")]


def test_what_still_waits_is_said_again_seldom_and_not_for_ever() -> None:
    desk, thing = Desk(limits=Limits(settle=timedelta(), reminders_max=2)), a_thing()
    desk.step(thing)
    answer(desk, thing.call, "lena")
    told = [desk.step(thing, minutes=1) for _ in range(200)]
    minutes = [n for n, found in enumerate(told, 1) if found]
    assert minutes == [30, 60]
    assert all(found == [("lena", "reminder")] for found in told if found)


def test_without_an_answer_everybody_who_knows_of_it_is_reminded() -> None:
    desk, thing = Desk(), a_thing()
    for minutes in (0, 5, 5):
        desk.step(thing, minutes=minutes)
    assert [person for person, _ in desk.step(thing, minutes=30)] == ["bo", "dora", "lena"]


def test_what_begins_together_is_one_message() -> None:
    desk = Desk()
    assert desk.step(a_thing(), a_thing(Kind.STUCK)) == [("lena", "first first")]


def test_what_is_over_is_told_to_nobody_else() -> None:
    desk = Desk()
    desk.step(a_thing())
    assert desk.step(minutes=30) == []


def test_an_answer_before_the_first_call_is_enough() -> None:
    thing = a_thing()
    book = Book(answers={thing.call: Answer(thing.call, "lena", NOW, "page")})
    assert due([thing], book, contacts(), Limits(), NOW) == ()


def test_contacts_follow_the_file_and_the_people_of_the_run() -> None:
    found = contacts_of(new_run(an_itinerary()), a_policy())
    assert found.makers == ("anna", "bo")
    assert found.of("anna").channels == ("mail", "ops")
    assert found.of("anna").deputy == "dora"
    assert found.of("dora").channels == ("mail",)
    assert found.of("hanna").channels == ()
    assert found.of("lena").quiet == NIGHT
    assert found.of("nobody").channels == ()
    assert found.zone == ZONE


def test_quiet_hours_may_span_midnight_or_not() -> None:
    assert NIGHT.holds(NOW, ZONE)
    assert not NIGHT.holds(NOW + timedelta(hours=3), ZONE)
    assert Quiet(time(1), time(5)).holds(NOW, ZONE)
    assert not Quiet(time(4), time(5)).holds(NOW, ZONE)


def answer(desk: Desk, call: str, person: str) -> None:
    """Somebody says that they have it in hand."""
    data = answer_to_data(Answer(call, person, desk.now, "page"))
    desk.kept.put_facts(f"call-answer/{call}", data)
