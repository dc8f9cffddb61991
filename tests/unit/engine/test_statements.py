"""The verbs sign and record: words on record, from which nothing follows by itself."""

from __future__ import annotations

import pytest

from itineraries import after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.statements import LIMIT_MAX, TEXT_MAX, personal_number, unfit
from playing import Play

LIMIT = "no full unwind after"


def at_the_gate(**changes: object) -> Play:
    policy = {"ahead_of_gate": ()}
    return Play(an_itinerary(**{"waves": ("a", "b"), "policy": policy, **changes}))  # type: ignore[arg-type]  # a test's own data


def sign(play: Play, minutes: float, **words: str) -> tuple[ev.Event, ...]:
    return play.say("sign", LIMIT, until=after(minutes).isoformat(), **words)


# --- sign ---------------------------------------------------------------------------------------


def test_a_decision_maker_signs_a_limit_and_nothing_else_follows() -> None:
    play = at_the_gate()
    before = play.run.waves["w1"].state
    taken, *rest = sign(play, 600, reason="the payments are out")

    assert isinstance(taken, ev.CommandTaken)
    assert rest == [ev.Signed(LIMIT, after(600), "anna", "the payments are out")]
    assert play.run.signed == {LIMIT: rest[0]}
    assert play.run.waves["w1"].state is before
    assert play.folded() == play.run


def test_a_limit_stops_nobody() -> None:
    play = at_the_gate()
    sign(play, 10)
    play.wait(20)
    assert isinstance(play.say("abort", "run")[1], ev.RunAborted)


def test_the_newer_hour_of_the_same_words_counts() -> None:
    play = at_the_gate()
    sign(play, 600)
    play.say("sign", "No  full unwind AFTER", "bo", until=after(300).isoformat())
    assert [each.until for each in play.run.signed.values()] == [after(300)]
    play.say("sign", "no new wave after", until=after(400).isoformat())
    assert len(play.run.signed) == 2


def test_a_limit_is_signed_once() -> None:
    play = at_the_gate()
    sign(play, 600)
    said = play.refusal("sign", LIMIT, "bo", until=after(600).isoformat())
    assert said == "anna has signed that already, with the same hour"


def test_only_decision_makers_sign() -> None:
    said = at_the_gate().refusal("sign", LIMIT, "lena", until=after(600).isoformat())
    assert said == "lena may not decide this; anna, bo, dora may"


@pytest.mark.parametrize(
    ("limit", "words", "why"),
    [
        (LIMIT, {"until": after(9).isoformat(), "reason": ""}, "a limit needs a reason"),
        (LIMIT, {}, "a limit ends with its hour"),
        (LIMIT, {"until": "tonight"}, "a limit ends with its hour"),
        (LIMIT, {"until": "2023-10-14T18:00"}, "needs an offset"),
        (LIMIT, {"until": after(-1).isoformat()}, "has passed; nothing could be kept by it"),
        (LIMIT, {"until": after(0).isoformat()}, "has passed; nothing could be kept by it"),
        (" ", {"until": after(9).isoformat()}, "the limit is not kept: there are no words in it"),
        ("x" * (LIMIT_MAX + 1), {"until": after(9).isoformat()}, "120 are kept at most"),
        (LIMIT, {"until": after(9).isoformat(), "reason": "x" * 501}, "500 are kept at most"),
    ],
)
def test_a_limit_that_nobody_could_keep_is_refused(
    limit: str, words: dict[str, str], why: str
) -> None:
    assert why in at_the_gate().refusal("sign", limit, **words)


# --- record -------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["run", "w2", "a", "a/start", "a/start-source"])
def test_what_was_done_by_hand_is_on_record_and_changes_nothing(subject: str) -> None:
    play = at_the_gate()
    _, made = play.say("record", subject, "heidi", reason="", text=" restarted it twice ")
    assert made == ev.HandRecorded(subject, "restarted it twice", "heidi", "")
    assert play.run.by_hand == [made]
    assert play.run.exceptions == []
    assert play.folded() == play.run


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("w11", "nothing is called 'w11'; w1?"),
        ("a/strt", "nothing is called 'a/strt'; a/start?"),
        ("a/", "nothing is called 'a/'"),
        ("ruin", "nothing is called 'ruin'; run?"),
        ("zzzzz", "nothing is called 'zzzzz'"),
    ],
)
def test_only_what_is_there_is_recorded_about(subject: str, why: str) -> None:
    assert at_the_gate().refusal("record", subject, text="done").startswith(why)


def test_the_very_same_words_are_recorded_once() -> None:
    play = at_the_gate()
    play.say("record", "a", text="restarted")
    said = play.refusal("record", "a", text="restarted")
    assert said == "anna has recorded these very words for a already"
    assert len(play.say("record", "a", by="bo", text="restarted")) == 2
    assert len(play.say("record", "a", text="restarted again")) == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "the text is not kept: there are no words in it"),
        ({"text": "x" * (TEXT_MAX + 1)}, "it has 501 characters, and 500 are kept at most"),
        ({"text": "called 19121212-1212"}, "looks like a personal identity number"),
        ({"text": "called", "reason": "121212+1212 asked"}, "the reason is not kept"),
    ],
)
def test_what_a_journal_must_not_hold_is_refused(words: dict[str, str], why: str) -> None:
    assert why in at_the_gate().refusal("record", "a", **words)


@pytest.mark.parametrize(
    "text",
    ["19121212-1212", "1212121212", "121212-1212", "(201212121212)", "121272-1212", "121212 - 1212",
     "case of 121212+1212.", "121212\N{EN DASH}1212"],
)  # fmt: skip
def test_a_citizens_number_is_known_in_every_way_that_it_is_written(text: str) -> None:
    assert personal_number(text)


@pytest.mark.parametrize(
    "text",
    ["case 2023-10-14", "port 8443, pid 123456", "12345678901234567", "991399-1234", "12:30, 1212",
     "121232-1212", "l-000001212121212"],
)  # fmt: skip
def test_other_numbers_are_kept(text: str) -> None:
    assert not personal_number(text)
    assert unfit(text) == ""
