"""A call in words: what it must say, in both languages, and what must never be in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from calls import NOW, ZONE, a_thing
from itineraries import an_itinerary
from migrator.notices.book import Item, Message, Why
from migrator.notices.escalation import Contact, Contacts, Due, messages
from migrator.notices.model import Kind, Thing
from migrator.notices.things import things
from migrator.reports.calls import (
    CONSEQUENCES,
    REASONS,
    TITLES,
    Setting,
    facts_of,
    page_of,
    title,
    words_of,
)
from migrator.reports.texts import texts
from playing import Play

PAGES = "https://weekend.example.org"
SETTING = Setting("night-1", practice=False, pages=PAGES, itinerary=an_itinerary())
SV, EN = texts("sv", "Europe/Stockholm"), texts("en", "Europe/Stockholm")


def a_message(*dues: Due) -> Message:
    people = Contacts({"lena": Contact("lena", ("mail",))}, (), ZONE)
    (message,) = messages("night-1", dues, people, NOW, NOW)
    return message


def a_due(kind: Kind = Kind.VETO, why: Why = Why.FIRST, nth: int = 0, **changes: object) -> Due:
    until = NOW + timedelta(minutes=15)
    thing: Thing = replace(a_thing(kind, until=until, then="unwind"), **changes)  # type: ignore[arg-type]
    return Due("lena", thing, why, nth)


def test_a_message_says_what_why_until_when_and_where_one_decides() -> None:
    due = a_due()
    words = words_of(a_message(due), SETTING, EN)
    assert words.subject == "Wave w1 (Wave 1) is held and is about to be taken back"
    for said in (
        "A step failed: a/switch",
        "Since 2023-10-14 03:00 CEST (Europe/Stockholm)",
        "Until 2023-10-14 03:15 CEST (Europe/Stockholm); then the wave is taken back by itself",
        f"{PAGES}/decide",
        f"{PAGES}/calls/{due.thing.call}",
        "LIVE: cluster (night-1)",
    ):
        assert said in words.text, said


def test_the_same_in_swedish() -> None:
    words = words_of(a_message(a_due()), SETTING, SV)
    assert words.subject.startswith("Våg w1")
    assert "Senast 2023-10-14 03:15 CEST" in words.text
    assert "Säg att du tar hand om det" in words.text


def test_the_hour_that_happens_twice_is_told_apart() -> None:
    first = NOW.replace(month=10, day=29, hour=0, minute=30)
    due = a_due(since=first, until=first + timedelta(hours=1))
    text = words_of(a_message(due), SETTING, EN).text
    assert "02:30 CEST" in text
    assert "02:30 CET " in text


def test_a_deputy_and_a_decision_maker_are_told_why_they_are_called() -> None:
    for why, said in (
        (Why.DEPUTY, "as a deputy: nobody has said yet"),
        (Why.MAKER, "as a decision maker: nobody has said yet"),
        (Why.REMINDER, "This is reminder 2"),
    ):
        assert why in REASONS
        assert said in words_of(a_message(a_due(why=why, nth=2)), SETTING, EN).text


def test_test_and_practice_stand_in_the_subject_and_in_the_text() -> None:
    words = words_of(a_message(a_due()), replace(SETTING, test=True, practice=True), EN)
    assert words.subject.startswith("[TEST] [PRACTICE] ")
    assert "TEST: this would have gone to Lena by mail." in words.text
    assert "PRACTICE: nothing real is moved" in words.text


def test_several_things_are_one_message_with_a_link_each() -> None:
    one, two = a_due(), a_due(Kind.GATE, key="gate/w2", wave="w2", then="no-go")
    words = words_of(a_message(one, two), SETTING, EN)
    assert words.subject.endswith("and 1 more")
    for due in (one, two):
        assert f"/calls/{due.thing.call}" in words.text


def test_news_that_want_no_answer_ask_for_none() -> None:
    assert "/calls/" not in words_of(a_message(a_due(Kind.COMMIT)), SETTING, EN).text


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_its_words_and_its_page(kind: Kind) -> None:
    assert kind in TITLES
    (item,) = a_message(a_due(kind, cause="red")).items
    for t in (SV, EN):
        assert title(item, SETTING.itinerary, t)
    assert page_of(item, PAGES).startswith(f"{PAGES}/")


def test_what_comes_of_it_has_words_wherever_a_thing_says_so() -> None:
    assert {"unwind", "no-go", "wait", "held", "red"} <= set(CONSEQUENCES)


def test_no_word_that_anybody_typed_or_a_program_said_goes_into_a_message() -> None:
    play = Play(an_itinerary(waves=("a", "b")))
    play.go_on("a/switch")
    play.fail("a/switch")  # whose output is "it broke"
    play.say("hold", "w1", "anna", reason="Berit's case is lost")
    play.say("disturb", "w1", "lena", reason="Sven cannot log in")
    play.say("pause", reason="Gunnar is ill")
    found = things(play.run, play.now)
    assert {Kind.VETO, Kind.HOLD, Kind.DISTURBANCE, Kind.PAUSED} <= {each.kind for each in found}
    dues = tuple(Due("lena", thing, Why.FIRST) for thing in found)
    message = a_message(*dues)
    setting = replace(SETTING, itinerary=play.run.itinerary)
    said = repr((words_of(message, setting, EN), facts_of(message, setting)))
    for word in ("broke", "Berit", "Sven", "Gunnar"):
        assert word not in said, word


def test_the_facts_say_the_same_to_programs() -> None:
    due = a_due()
    facts = facts_of(a_message(due), SETTING)
    assert facts["run"] == "night-1"
    calls = facts["calls"]
    assert isinstance(calls, list)
    assert calls[0]["answer"] == f"{PAGES}/calls/{due.thing.call}"
    assert calls[0]["until"] == "2023-10-14T01:15:00+00:00"


def test_a_check_is_named_and_led_to() -> None:
    itinerary = SETTING.itinerary
    check = itinerary.checks[0]
    item: Item = replace(a_message(a_due(Kind.CHECK)).items[0], subject=check.id)
    assert title(item, itinerary, SV) == f"Ett svar väntas: {check.name['sv']}"
    assert page_of(item, PAGES) == f"{PAGES}/checks/{check.id}"
