"""The set that an unwind takes, and the order in which it goes back."""

from __future__ import annotations

from itineraries import an_itinerary
from migrator.plan.model import Itinerary
from migrator.plan.unwind_order import critical_minutes, unwind_arcs, unwind_set


def everything(_move: str) -> bool:
    return True


def arcs(itinerary: Itinerary, members: str, switched: str) -> dict[str, tuple[str, ...]]:
    return unwind_arcs(members, list(switched), itinerary.pairs, itinerary.legs)


def test_the_set_is_what_was_asked_for_and_nothing_that_is_only_linked() -> None:
    itinerary = an_itinerary(waves=("abc",), links=("ab", "bc"))

    assert unwind_set(itinerary.legs, "a", everything) == {"a": "asked for"}


def test_what_moves_together_goes_back_together() -> None:
    itinerary = an_itinerary(waves=("abcd",), with_=("abc",))

    assert unwind_set(itinerary.legs, "b", everything) == {
        "b": "asked for", "a": "moves together with b", "c": "moves together with b",
    }  # fmt: skip


def test_what_was_moved_only_because_of_it_goes_back_too_as_far_as_that_goes() -> None:
    itinerary = an_itinerary(waves=("abc", "de"), before=("ab", "bd"), with_=("de",))

    assert unwind_set(itinerary.legs, "a", everything) == {
        "a": "asked for",
        "b": "was moved because a had moved before it",
        "d": "was moved because b had moved before it",
        "e": "moves together with d",
    }
    assert list(unwind_set(itinerary.legs, "d", everything)) == ["d", "e"]  # never what came before


def test_what_was_never_begun_needs_no_undo_and_leads_no_further() -> None:
    itinerary = an_itinerary(waves=("abc",), before=("ab", "bc"), with_=())

    assert unwind_set(itinerary.legs, "a", lambda move: move != "b") == {"a": "asked for"}
    assert unwind_set(itinerary.legs, "ab", lambda move: move == "b") == {"b": "asked for"}


def test_who_is_asked_for_twice_is_one_member() -> None:
    assert list(unwind_set(an_itinerary().legs, "aba", everything)) == ["a", "b"]


def test_between_linked_moves_the_later_one_goes_back_first() -> None:
    itinerary = an_itinerary(waves=("abc",), links=("ab", "cb"))

    assert arcs(itinerary, "abc", "bac") == {"a": (), "b": ("a", "c"), "c": ()}


def test_moves_that_share_nothing_wait_for_nobody() -> None:
    assert arcs(an_itinerary(waves=("abc",)), "abc", "abc") == {"a": (), "b": (), "c": ()}


def test_relations_order_like_links() -> None:
    itinerary = an_itinerary(waves=("abc",), before=("ab",), with_=("bc",))

    assert arcs(itinerary, "abc", "abc") == {"a": ("b",), "b": ("c",), "c": ()}


def test_what_never_switched_neither_waits_nor_is_waited_for() -> None:
    itinerary = an_itinerary(waves=("abc",), links=("ab", "bc"))

    assert arcs(itinerary, "abc", "ac") == {"a": (), "b": (), "c": ()}


def test_what_is_not_a_member_is_not_waited_for() -> None:
    itinerary = an_itinerary(waves=("abc",), links=("ab", "bc"), before=("bc",))

    assert arcs(itinerary, "ab", "abc") == {"a": ("b",), "b": ()}


def test_a_link_to_itself_is_no_arc() -> None:
    assert arcs(an_itinerary(waves=("a",), links=("aa",)), "a", "a") == {"a": ()}


def test_the_longest_chain_counts_what_follows_and_not_what_runs_beside() -> None:
    chain = {"a": ("b",), "b": ("c",), "c": (), "d": ()}
    minutes = {"a": 10.0, "b": 20.0, "c": 5.0, "d": 33.0}

    assert critical_minutes("abcd", chain, minutes) == 35.0
    assert critical_minutes("abcd", {}, minutes) == 33.0
    assert critical_minutes("", {}, {}) == 0.0
