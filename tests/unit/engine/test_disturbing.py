"""The verbs of disturbances: opened with a reason, staffed, logged, closed with cause and note."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itineraries import a_member, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.commands import answer
from migrator.engine.disturbing import OPEN_MAX
from migrator.engine.ports import OperatorCommand
from migrator.engine.states import RunState
from migrator.incidents.model import Level
from playing import Play


def at_the_gate(**changes: object) -> Play:
    policy = {"ahead_of_gate": (), "gate_default": "wait"}
    return Play(an_itinerary(**{"waves": ("a", "b"), "policy": policy, **changes}))  # type: ignore[arg-type]  # a test's own data


def with_one() -> Play:
    play = at_the_gate()
    play.say("disturb", "a", "bo", "odd sums")
    return play


def refused(play: Play, verb: str, target: str, by: str = "anna", **words: str) -> str:
    said = play.refusal(verb, target, by, **words)
    assert play.folded() == play.run
    return said


# --- disturb --------------------------------------------------------------------------------------


def test_a_named_person_opens_one_with_a_reason_and_owns_it() -> None:
    play = at_the_gate()
    taken, opened = play.say("disturb", "a", "bo", "odd sums")
    assert isinstance(taken, ev.CommandTaken)
    assert opened == ev.DisturbanceOpened(
        "D1", "person:a", "a", "person", "odd sums", "bo", "bo", after(240), "policy"
    )
    known = play.run.disturbances["D1"]
    assert (known.wave, known.subsystem, known.level) == ("w1", "a", Level.YELLOW)


@pytest.mark.parametrize(("target", "wave"), [("w2", "w2"), ("", ""), ("run", "")])
def test_one_is_about_a_wave_or_the_whole(target: str, wave: str) -> None:
    play = at_the_gate()
    play.say("disturb", target)
    known = play.run.disturbances["D1"]
    assert (known.wave, known.subsystem) == (wave, "")
    assert known.target == wave


def test_somebody_else_may_be_named_as_owner() -> None:
    play = at_the_gate()
    play.say("disturb", "a", owner="lena")
    assert play.run.disturbances["D1"].owner == "lena"
    assert "nobody called 'lenaa'" in refused(play, "disturb", "b", owner="lenaa")


@pytest.mark.parametrize(
    ("target", "by", "words", "why"),
    [
        ("zz", "anna", {}, "no subsystem and no wave is called 'zz'"),
        ("w11", "anna", {}, "w1?"),
        ("a", "mallory", {}, "nobody called 'mallory'"),
        ("a", "anna", {"reason": " "}, "a disturbance is not kept: there are no words in it"),
        ("a", "anna", {"reason": "x" * 501}, "500 are kept at most"),
        ("a", "anna", {"reason": "ring 19121212-1212"}, "a personal identity number"),
        ("a", "anna", {"key": "k" * 201}, "200 characters at most"),
        ("a", "anna", {"times": "0"}, "a count of reports is a number"),
        ("a", "anna", {"times": "-3"}, "a count of reports is a number"),
        ("a", "anna", {"times": "9999999999"}, "a count of reports is a number"),
    ],
)
def test_what_is_not_opened_says_why(target: str, by: str, words: dict[str, str], why: str) -> None:
    assert why in refused(at_the_gate(), "disturb", target, by, **words)


def test_the_same_key_adds_to_the_open_one_and_opens_no_second() -> None:
    play = with_one()
    play.say("disturb", "a", "lena", "I see it too")
    play.say("disturb", "b", "lena", "there, too", key="person:a", times="7")
    known = play.run.disturbances["D1"]
    assert list(play.run.disturbances) == ["D1"]
    assert known.times == 9
    assert [(line.by, line.text, line.times) for line in known.log] == [
        ("lena", "I see it too", 2), ("lena", "there, too", 9),
    ]  # fmt: skip


def test_a_flood_of_the_same_words_is_one_line_with_a_count() -> None:
    play = with_one()
    for _ in range(50):
        play.say("disturb", "a", "lena", "I see it too")
    known = play.run.disturbances["D1"]
    assert (len(known.log), known.log[0].times, known.times) == (1, 51, 51)


def test_once_it_is_closed_the_same_key_opens_another() -> None:
    play = with_one()
    play.say("close", "D1", cause="a bug")
    play.say("disturb", "a", "bo", "odd sums again")
    assert list(play.run.unsettled) == ["D2"]


def test_the_same_command_twice_opens_one() -> None:
    play = at_the_gate()
    command = OperatorCommand("x1", "disturb", "anna", True, "a", "odd", 0)
    play.note(*answer(play.run, command, play.now, {}))
    assert answer(play.run, command, play.now, {}) == ()
    assert len(play.run.disturbances) == 1


def test_a_program_reports_under_its_own_name_and_the_wave_lead_owns_it() -> None:
    play = at_the_gate()
    _, opened = play.say("disturb", "a", "source.alerts", "5xx above 2 %", key="fp-1")
    assert isinstance(opened, ev.DisturbanceOpened)
    assert (opened.source, opened.by, opened.owner) == ("alerts", "source.alerts", "lena")
    play.say("log", "D1", "source.alerts", note="resolved")
    assert play.run.disturbances["D1"].log[-1].text == "resolved"


@pytest.mark.parametrize("verb", ["close", "staff", "go", "hold", "pause", "tick", "unwind"])
def test_a_program_decides_nothing(verb: str) -> None:
    play = with_one()
    why = refused(play, verb, "D1", "source.alerts", cause="x", members="lena")
    assert "nobody called 'source.alerts'" in why


def test_there_is_an_end_to_what_is_open() -> None:
    play = at_the_gate()
    for number in range(OPEN_MAX):
        play.say("disturb", "a", key=f"k{number}")
    assert "200 disturbances are open already" in refused(play, "disturb", "a", key="k-more")
    play.say("disturb", "a", key="k7")
    assert play.run.disturbances["D8"].times == 2


# --- staff ----------------------------------------------------------------------------------------


def test_its_people_and_their_room_are_said_and_what_is_not_named_stays() -> None:
    play = with_one()
    play.say("staff", "D1", "bo", members="lena, hanna", room="R 4", link="https://meet/x")
    play.say("staff", "d1", "lena", owner="lena")
    known = play.run.disturbances["D1"]
    assert (known.owner, known.members) == ("lena", ("lena", "hanna"))
    assert (known.room, known.link) == ("R 4", "https://meet/x")
    play.say("staff", "D1", "lena", members="")
    assert play.run.disturbances["D1"].members == ()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "staff names an owner, members, a room or a link"),
        ({"members": "lena, nobody"}, "nobody called 'nobody'"),
        ({"members": "lena, lena"}, "lena is named twice"),
        ({"owner": ""}, "D1 stays somebody's"),
        ({"owner": "bob"}, "nobody called 'bob' is named in this run; bo?"),
        ({"link": "javascript:alert(1)"}, "begins with https://"),
        ({"link": "http://meet/x"}, "begins with https://"),
        ({"link": " data:text/html,x"}, "begins with https://"),
        ({"room": "x" * 201}, "200 are kept at most"),
        ({"owner": "bo"}, "D1 is staffed so already: owner bo, with nobody else, no room"),
    ],
)
def test_what_cannot_be_staffed_says_why(words: dict[str, str], why: str) -> None:
    assert why in refused(with_one(), "staff", "D1", "bo", **words)


def test_a_link_may_be_plain_text() -> None:
    play = with_one()
    play.say("staff", "D1", "bo", link="Bridge: dial 4711, code 12")
    assert play.run.disturbances["D1"].link.startswith("Bridge")


def test_only_those_whose_it_is_or_who_lead_staff_and_close_it() -> None:
    play = with_one()
    for verb, words in (("staff", {"members": "hanna"}), ("close", {"cause": "a bug"})):
        why = refused(play, verb, "D1", "hanna", **words)
        assert why == "hanna may not decide this; anna, bo, dora, lena may"
    play.say("staff", "D1", "dora", members="hanna")  # anna's deputy
    play.say("close", "D1", "hanna", cause="a bug")  # who works on it may
    assert not play.run.unsettled


def test_one_about_a_wave_that_was_planned_away_is_closed_by_who_decides() -> None:
    play = at_the_gate()
    play.say("disturb", "w2", "hanna")
    waves = play.run.itinerary.waves[:1]
    play.run.itinerary = replace(play.run.itinerary, waves=waves)
    del play.run.waves["w2"]
    play.say("close", "D1", "dora", cause="its wave is gone")
    assert not play.run.unsettled


def test_somebody_works_on_one_at_a_time() -> None:
    play = with_one()
    play.say("disturb", "b", "bo")
    play.say("staff", "D1", members="lena")
    assert refused(play, "staff", "D2", members="lena") == (
        "lena works on D1 already; take them off it first"
    )


def test_of_two_people_at_once_the_second_is_told_what_the_first_has_said() -> None:
    play = with_one()
    saw = play.run.seq
    play.say("staff", "D1", "anna", members="lena")
    late = OperatorCommand("x2", "staff", "bo", True, "D1", "", saw, (("members", "hanna"),))
    (refusal,) = answer(play.run, late, play.now, {})
    assert isinstance(refusal, ev.CommandRefused)
    assert refusal.why.startswith("anna has staffed D1 since you looked: owner bo, with lena")


# --- log ------------------------------------------------------------------------------------------


def test_anybody_who_is_named_writes_into_the_log() -> None:
    play = with_one()
    play.say("log", "D1", "hanna", note="the old list has them")
    play.say("log", "D1", "hugo", reason="so has mine")
    assert [(line.by, line.text, line.times) for line in play.run.disturbances["D1"].log] == [
        ("hanna", "the old list has them", 0), ("hugo", "so has mine", 0),
    ]  # fmt: skip
    assert play.run.disturbances["D1"].times == 1


@pytest.mark.parametrize(
    ("target", "note", "why"),
    [
        ("D9", "x", "there is no disturbance 'D9'; open are: D1"),
        ("D1", "", "there are no words in it"),
        ("D1", "x" * 501, "500 are kept at most"),
        ("D1", "19121212-1212", "a personal identity number"),
    ],
)
def test_what_is_not_logged_says_why(target: str, note: str, why: str) -> None:
    assert why in refused(with_one(), "log", target, reason="", note=note)


def test_the_same_words_are_logged_once() -> None:
    play = with_one()
    play.say("log", "D1", note="seen")
    assert "the last line of D1 already" in refused(play, "log", "D1", note="seen")


# --- close ----------------------------------------------------------------------------------------


def test_back_to_green_needs_a_cause_and_a_note() -> None:
    play = with_one()
    assert "closed with its cause" in refused(play, "close", "D1")
    assert "closed with a note" in refused(play, "close", "D1", cause="a bug", reason="")
    play.say("close", "D1", cause="a bug", reason="rolled back, sums are right")
    known = play.run.disturbances["D1"]
    assert (known.level, known.cause, known.note) == (
        Level.GREEN, "a bug", "rolled back, sums are right",
    )  # fmt: skip
    assert (known.closed, known.closed_by) == (play.now, "anna")
    assert play.folded() == play.run


@pytest.mark.parametrize("verb", ["close", "log", "staff"])
def test_what_is_closed_stays_closed_and_says_by_whom(verb: str) -> None:
    play = with_one()
    play.say("close", "D1", cause="a bug")
    why = refused(play, verb, "D1", cause="x", note="x", members="lena")
    assert why.startswith("D1 was closed by anna (a bug)")


def test_nothing_is_said_of_a_run_that_is_over() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.say("abort", "run")
    while play.run.state is not RunState.ENDED:
        play.end(*sorted(play.under_way)) if play.under_way else play.wait_until_woken()
    assert "the run has ended" in refused(play, "disturb", "a")


def test_an_estate_that_names_nobody_lets_anybody() -> None:
    play = at_the_gate(members={})
    play.say("disturb", "a", "team.blue")
    play.say("staff", "D1", "x", owner="")
    assert play.run.disturbances["D1"].owner == ""
    play.say("close", "D1", "y", cause="a bug")
    assert not play.run.unsettled


def test_more_people_than_can_work_on_one_are_refused() -> None:
    people = {f"p{n}": a_member(f"p{n}", "handler") for n in range(51)}
    leads = {name: a_member(name, "decision_maker") for name in ("anna", "bo")}
    play = at_the_gate(members={**leads, **people})
    play.say("disturb", "a", "bo", "odd sums")
    assert "50 people at most" in refused(play, "staff", "D1", "bo", members=",".join(people))


def test_a_room_and_a_link_can_be_taken_away_again() -> None:
    play = with_one()
    play.say("staff", "D1", "bo", room="B 12", link="https://meet.example/1")
    play.say("staff", "D1", "bo", room="", link="")
    known = play.run.disturbances["D1"]
    assert (known.room, known.link) == ("", "")


def test_what_a_program_reports_where_nobody_decides_is_nobodys_yet() -> None:
    play = at_the_gate(members={})
    play.say("disturb", "", "source.alarms", "high load")
    assert play.run.disturbances["D1"].owner == ""
