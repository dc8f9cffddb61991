"""Taking a call in hand: who may, and that the first answer stands, whoever comes second."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calls import NOW, Kept
from itineraries import an_itinerary
from migrator.engine.run import new_run
from migrator.errors import RefusedError
from migrator.notices.answering import acknowledge, item_of, leads, read_book, was_called
from migrator.notices.book import SENT, Item, Message, State, Why, message_to_data


@pytest.fixture
def kept() -> Kept:
    item = Item("c1", "k", "gate", "w1", "w1", "", "no-go", NOW, NOW, Why.FIRST)
    message = Message("m1", "hanna", "mail", (item,), NOW, NOW, State.SENT)
    return Kept({SENT + "m1": message_to_data(message)})


def test_whoever_was_called_takes_it_and_it_stays_hers(kept: Kept) -> None:
    first = acknowledge(kept, "c1", "hanna", NOW, how="page", leading=False)
    later = NOW + timedelta(minutes=1)
    second = acknowledge(kept, "c1", "anna", later, how="terminal", leading=True)
    assert first == second == read_book(kept).answers["c1"]
    assert (first.person, first.at, first.how) == ("hanna", NOW, "page")


def test_whoever_leads_may_take_what_others_were_called_for(kept: Kept) -> None:
    assert acknowledge(kept, "c1", "lena", NOW, how="page", leading=True).person == "lena"


@pytest.mark.parametrize(("call", "reference"), [("c1", "call-not-yours"), ("c2", "call-unknown")])
def test_nobody_else_does_and_nothing_is_kept(kept: Kept, call: str, reference: str) -> None:
    with pytest.raises(RefusedError) as raised:
        acknowledge(kept, call, "hugo", NOW, how="page", leading=False)
    assert raised.value.reference == reference
    assert read_book(kept).answers == {}


def test_a_call_is_known_by_its_name_and_to_whom_it_went(kept: Kept) -> None:
    book = read_book(kept)
    item = item_of(book, "c1")
    assert item is not None
    assert item.wave == "w1"
    assert item_of(book, "c2") is None
    assert was_called(book, "c1", "hanna")
    assert not was_called(book, "c1", "hugo")


def test_wave_leads_and_decision_makers_lead_and_where_nobody_is_named_all_do() -> None:
    run = new_run(an_itinerary())
    assert [who for who in ("anna", "lena", "hanna", "nobody") if leads(run, who)] == [
        "anna",
        "lena",
    ]
    assert leads(new_run(an_itinerary(members={})), "nobody")
