"""The caller: what is queued before it is sent, tried again, given up, and found after a crash."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from calls import NOW, Desk, Post, a_thing, contacts
from itineraries import an_itinerary
from migrator.engine.run import new_run
from migrator.errors import PermanentError, TransientError
from migrator.notices.book import SENT, Message, State, book_of
from migrator.notices.caller import HANGING_MAX, TRIES_MAX, Picture
from migrator.notices.letter import Letter
from migrator.notices.model import Kind
from migrator.notices.policy import Limits, MailServer, Mode, Policy, Reached, Security
from playing import Play

AWAY = TransientError("notice-not-sent", "nobody answers", hint="wait")
SECONDS_MAX = 20


def book(desk: Desk) -> list[Message]:
    return list(book_of(desk.kept.facts).messages)


def states(desk: Desk) -> list[State]:
    return [message.state for message in book(desk)]


def test_a_message_stands_in_the_book_before_it_is_sent() -> None:
    desk = Desk()
    seen: list[State] = []

    class Looks(Post):
        def send(self, letter: Letter) -> str:
            seen.extend(states(desk))
            return "taken"

    desk.post = Looks()
    desk.caller = desk.another()
    desk.step(a_thing())
    assert seen == [State.QUEUED]
    assert states(desk) == [State.SENT]


def test_a_store_that_is_away_sends_nothing_and_loses_nothing() -> None:
    desk = Desk()
    desk.kept.away = TransientError("store-unreachable", "away", hint="wait")
    with pytest.raises(TransientError):
        desk.step(a_thing())
    assert desk.post.letters == []
    desk.kept.away = None
    assert desk.step(a_thing()) == [("lena", "first")]


def test_what_was_sent_and_not_written_down_is_sent_again_under_the_same_name() -> None:
    desk, thing = Desk(), a_thing()
    desk.step(thing)
    (message,) = book(desk)
    # As if the process had died between the send and the line in the book.
    desk.kept.facts[SENT + message.id] = {
        **dict(desk.kept.facts[SENT + message.id]),  # type: ignore[call-overload]
        "state": "queued", "tries": 0, "again": None, "ended": None,
    }  # fmt: skip
    desk.caller = desk.another()
    desk.step(thing)
    assert [letter.id for letter in desk.post.letters] == [message.id, message.id]


def test_a_restart_sends_nothing_that_was_sent() -> None:
    desk, thing = Desk(), a_thing()
    desk.step(thing)
    desk.caller = desk.another()
    assert desk.step(thing) == []
    assert desk.step(thing, minutes=5) == [("dora", "deputy")]


def test_what_went_to_the_address_of_a_test_has_called_nobody() -> None:
    desk, thing = Desk(), a_thing()
    desk.caller.policy = replace(desk.caller.policy, mode=Mode.TEST)
    assert desk.step(thing) == [("lena", "first")]
    desk.caller = desk.another()
    assert desk.step(thing) == [("lena", "first")]
    assert len({letter.id for letter in desk.post.letters}) == 2


def test_a_passing_fault_is_tried_again_later_and_later() -> None:
    desk, thing = Desk(contacts=contacts(makers=())), a_thing(Kind.COMMIT)
    desk.post.fails = AWAY
    desk.step(thing)
    waits = []
    for _ in range(3):
        (message,) = book(desk)
        assert message.again is not None
        waits.append((message.again - desk.now).total_seconds())
        desk.step(thing, minutes=waits[-1] / 60)
    assert waits == [5, 10, 20]
    desk.post.fails = None
    assert desk.step(thing, minutes=1) == [("lena", "first")]
    (message,) = book(desk)
    assert (message.state, message.tries) == (State.SENT, 5)


def test_it_is_not_tried_for_ever() -> None:
    desk, thing = Desk(contacts=contacts(makers=())), a_thing(Kind.COMMIT)
    desk.post.fails = AWAY
    for _ in range(TRIES_MAX + 3):
        desk.step(thing, minutes=6)
    (message,) = book(desk)
    assert (message.state, message.tries) == (State.FAILED, TRIES_MAX)
    assert message.told == "nobody answers"


def test_what_is_refused_is_not_tried_again() -> None:
    desk = Desk()
    desk.post.fails = PermanentError("notice-refused", "no such mailbox", hint="none")
    desk.step(a_thing(Kind.COMMIT))
    assert states(desk) == [State.FAILED]


def test_what_is_over_is_not_tried_again() -> None:
    desk = Desk()
    desk.post.fails = AWAY
    desk.step(a_thing(Kind.COMMIT))
    desk.post.fails = None
    assert desk.step(minutes=1) == []
    assert states(desk) == [State.LAPSED]


def test_a_thing_must_stand_for_a_moment_before_anybody_is_called() -> None:
    desk = Desk(limits=Limits(settle=timedelta(seconds=5)))
    assert desk.step(a_thing()) == []
    assert desk.step(a_thing(state="changed at once"), minutes=0.05) == []
    assert desk.step(a_thing(state="changed at once"), minutes=0.1) == [("lena", "first")]


def test_a_channel_that_left_the_file_is_said_to_be_gone() -> None:
    desk = Desk()
    desk.caller.channels = {}
    desk.step(a_thing(Kind.COMMIT))
    (message,) = book(desk)
    assert (message.state, "mail" in message.told) == (State.FAILED, True)


@dataclass
class Hung(Post):
    """A server that takes a connection and says nothing until the test lets it."""

    free: threading.Event = field(default_factory=threading.Event)
    hangs: bool = True

    def send(self, letter: Letter) -> str:
        if self.hangs:
            self.free.wait(SECONDS_MAX)
        return super().send(letter)


def test_a_send_that_hangs_is_given_up_and_others_are_called() -> None:
    desk, thing = Desk(), a_thing()
    post = desk.post = Hung()
    desk.caller = desk.another()
    picture = Picture((thing,), desk.contacts, desk.now)
    desk.caller.step(picture)
    desk.caller.step(picture)
    assert states(desk) == [State.QUEUED]
    desk.seconds += 61
    desk.caller.step(picture)
    (message,) = book(desk)
    assert (message.tries, message.told) == (1, "no end in 60 s")
    post.hangs = False
    assert desk.step(thing, minutes=0.1) == [("lena", "first")]
    post.free.set()


def test_one_that_ends_well_after_it_was_given_up_is_not_sent_again() -> None:
    desk, thing = Desk(), a_thing(Kind.COMMIT)
    post = desk.post = Hung()
    desk.caller = desk.another()
    picture = Picture((thing,), desk.contacts, desk.now)
    desk.caller.step(picture)
    desk.seconds += 61
    desk.caller.step(picture)
    post.free.set()
    for thread in desk.caller.threads(given_up=True):
        thread.join(SECONDS_MAX)
    desk.step(thing)
    assert states(desk) == [State.SENT]
    assert desk.step(thing, minutes=60) == []


def test_a_channel_that_hangs_again_and_again_gets_no_more_threads() -> None:
    desk = Desk(contacts=contacts(makers=()))
    post = desk.post = Hung()
    desk.caller = desk.another()
    for number in range(HANGING_MAX + 6):
        thing = a_thing(Kind.COMMIT, key=f"another/{number}")
        desk.caller.step(Picture((thing,), desk.contacts, desk.now))
        desk.seconds += 61
        desk.now += timedelta(minutes=1)
    hanging = desk.caller.threads(given_up=True)
    assert len(hanging) == HANGING_MAX
    assert not desk.caller.threads()
    post.free.set()
    for thread in hanging:
        thread.join(SECONDS_MAX)


def test_the_thread_calls_for_what_it_is_shown_and_ends_when_it_is_closed() -> None:
    desk = Desk()
    play = Play(an_itinerary(waves=("a",)))
    desk.caller.channels = {"mail": desk.post, "ops": desk.post}
    desk.caller.policy = with_people(desk)
    desk.caller.look(play.run, play.now)
    until(lambda: len(desk.post.letters) == 2)
    assert {letter.person for letter in desk.post.letters} == {"anna", "bo"}
    desk.caller.close(SECONDS_MAX)
    until(lambda: states(desk) == [State.SENT, State.SENT])
    assert "calling" not in {thread.name for thread in threading.enumerate()}


def test_closing_does_not_wait_for_a_server_that_hangs() -> None:
    desk = Desk()
    post = Hung()
    desk.caller.channels = {"mail": post, "ops": post}
    desk.caller.policy = with_people(desk)
    desk.caller.look(new_run(an_itinerary(waves=("a",))), NOW)
    play = Play(an_itinerary(waves=("a",)))
    desk.caller.look(play.run, play.now)
    until(lambda: bool(desk.caller.threads()))
    desk.caller.close(SECONDS_MAX)
    assert all(thread.daemon for thread in desk.caller.threads())
    assert "calling" not in {thread.name for thread in threading.enumerate()}
    post.free.set()


def test_what_waits_is_worked_out_anew_after_a_commit_or_a_while_and_the_hour_at_each_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.caller.policy = with_people(desk)
    play = Play(an_itinerary(waves=("a",)))
    pictures = desk.caller._pictures
    monkeypatch.setattr(threading.Thread, "start", lambda _thread: None)
    seen = []
    for line, passes in ((0, 0.0), (0, 1.0), (1, 1.0), (0, 5.0)):
        desk.seconds += passes
        if line:
            play.say("go", "w1")
        play.now += timedelta(seconds=1)
        desk.caller.look(play.run, play.now)
        assert pictures[-1].now == play.now
        seen.append(pictures[-1].contacts)
    assert seen[0] is seen[1]
    assert seen[1] is not seen[2]
    assert seen[2] is not seen[3]


def test_trouble_is_told_and_goes_away() -> None:
    desk = Desk()
    desk.caller.policy = with_people(desk)
    desk.kept.away = TransientError("store-unreachable", "the store is away", hint="wait")
    play = Play(an_itinerary(waves=("a",)))
    desk.caller.look(play.run, play.now)
    until(lambda: "the store is away" in desk.caller.trouble)
    desk.kept.away = None
    desk.caller.look(play.run, play.now)
    until(lambda: not desk.caller.trouble)
    desk.caller.close(SECONDS_MAX)


def with_people(desk: Desk) -> Policy:
    """A policy by which decision makers have an address."""
    return replace(
        desk.caller.policy,
        mail=MailServer("localhost", 25, Security.NONE, "m@example.org"),
        people={name: Reached(f"{name}@example.org") for name in ("anna", "bo")},
    )


def until(true: Callable[[], bool]) -> None:
    """Wait for what a thread does, however long the machine takes for it."""
    waited = threading.Event()
    for _ in range(SECONDS_MAX * 100):
        if true():
            return
        waited.wait(0.01)
    raise AssertionError("it never came to that")
