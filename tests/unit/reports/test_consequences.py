"""What each choice leads to, and what comes of it when nobody chooses."""

from __future__ import annotations

from datetime import datetime

import pytest

from itineraries import a_check, an_itinerary, carrying
from migrator.engine import events as ev
from migrator.engine.waits import Wait, waits
from migrator.plan.model import Act, Reaction, Trouble
from migrator.reports.consequences import check_text, consequence, unanswered
from playing import Play


def clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def waiting(play: Play, subject: str) -> Wait:
    return next(wait for wait in waits(play.run, play.now) if wait.subject == subject)


def told(play: Play, subject: str, verb: str) -> str:
    wait = waiting(play, subject)
    choice = next(each for each in wait.choices if each[0].startswith(verb))
    return consequence(play.run, play.now, wait, choice, clock)


def test_a_gate_says_how_long_its_wave_takes_and_whom_a_no_go_blocks() -> None:
    play = Play(an_itinerary(waves=("a", "b", "c"), before=("ab",)))
    assert "the window ends at" in told(play, "w1", "go ")
    assert told(play, "w1", "no-go").endswith("; then blocked: w2")
    assert "nobody" not in unanswered(play.run, waiting(play, "w1"), clock)
    assert "a no-go by the plan's rule; then blocked: w2" in unanswered(
        play.run, waiting(play, "w1"), clock
    )


def test_what_a_no_go_is_said_to_block_is_blocked() -> None:
    play = Play(an_itinerary(waves=("a", "b", "c"), before=("ab",)))
    said = told(play, "w1", "no-go")
    play.say("no-go", "w1")
    assert [event.wave for event in play.happened(ev.WaveBlocked)] == ["w2"]
    assert "w2" in said
    assert "w3" not in said


def test_a_gate_that_may_wait_is_never_said_to_become_a_go() -> None:
    play = Play(an_itinerary(waves=("a",), policy={"gate_default": "wait"}))
    assert "it is never a go" in unanswered(play.run, waiting(play, "w1"), clock)


def test_a_hold_names_who_goes_back_and_until_when() -> None:
    play = Play(an_itinerary(waves=("ab",), with_=("ab",)))
    play.go_on("a/start", but=("b/copy",))
    play.fail("a/start")
    said = told(play, "a/start", "unwind")
    assert "back go a, b" in said
    assert "after it w1 can be tried again" in said
    assert told(play, "a/start", "retry").endswith("; if it fails again, the wave is held again")
    assert "the clock stands until" in told(play, "a/start", "veto")
    play.say("veto", "w1", by="anna")
    assert "the clock stands until" not in told(play, "a/start", "veto")


def test_an_unanswered_check_is_never_a_yes() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(lambda run: "f1@w1" in run.checks and bool(run.checks["f1@w1"].person), ticks=False)
    said = unanswered(play.run, waiting(play, "f1@w1"), clock)
    assert "never counts as a yes" in said
    assert "until somebody decides" in said

    sterner = Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=20)
    play = Play(an_itinerary(waves=("a",), on={Trouble.UNANSWERED: sterner}))
    play.go_on(lambda run: "f1@w1" in run.checks and bool(run.checks["f1@w1"].person), ticks=False)
    assert "20 min later it is unwound" in unanswered(play.run, waiting(play, "f1@w1"), clock)


@pytest.mark.parametrize(("quorum", "means"), [(1, "the last check"), (2, "1 more must say so")])
def test_a_verdict_says_whether_it_is_enough(quorum: int, means: str) -> None:
    check = a_check(
        "f1", 1, "a", quorum=quorum,
        text={"en": "1. Open it.\n2. Pay.\n"}, side_mark=("the footer", "VM", "KP"),
        leaves_behind="one krona",
    )  # fmt: skip
    play = Play(an_itinerary(waves=("a",), checks=(check,)))
    play.go_on(lambda run: "f1@w1" in run.checks and bool(run.checks["f1@w1"].person), ticks=False)
    wait = waiting(play, "f1@w1")
    said = [consequence(play.run, play.now, wait, choice, clock) for choice in wait.choices]
    assert said[0].endswith(means)
    assert said[1].endswith(means)
    assert "unless vetoed or withdrawn" in said[2]
    assert check_text(play.run, wait).splitlines() == [
        "1. Open it.", "2. Pay.",
        "The new side shows 'KP', the old one 'VM': the footer.",
        "It leaves behind: one krona",
    ]  # fmt: skip


def a_part_failed(limit: float) -> Play:
    """A soak failed, its policy takes back the move alone, and the bridges carry so much."""
    on = {Trouble.SOAK: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15, scope="move")}
    itinerary = an_itinerary(waves=("ab",), links=("ab:3",), stateless="ab", on=on)
    play = Play(carrying(itinerary, limit))
    play.go_on("a/soak", but=["a/soak", "b/soak"])
    play.fail("a/soak")
    return play


def test_a_clock_says_who_goes_back_by_itself_and_what_bridges_carry_then() -> None:
    play = a_part_failed(30.0)
    said = unanswered(play.run, waiting(play, "a/soak"), clock)
    assert said.endswith(
        "; back goes a; bridges then carry 30 calls per hour of the 30 that they can "
        "(the heaviest again: a to b: 3 links, 30 calls/h)"
    )
    play.wait(15)
    play.wait(15)
    assert play.last(ev.UnwindBegun).moves == ("a",)


def test_a_clock_that_takes_all_of_the_wave_along_says_why() -> None:
    play = a_part_failed(29.0)
    said = unanswered(play.run, waiting(play, "a/soak"), clock)
    assert "; back go a, b; all of the wave, because without the rest of the wave bridges " in said
    assert said.endswith("; bridges then carry 0 calls per hour of the 29 that they can")


def test_the_choice_to_unwind_says_what_bridges_carry_then() -> None:
    said = told(a_part_failed(29.0), "a/soak", "unwind")
    assert "; bridges then carry 0 calls per hour of the 29 that they can;" in said


def test_a_refused_check_whose_clock_runs_is_told_as_an_unwind_and_not_as_unanswered() -> None:
    on = {Trouble.REFUSED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15)}
    play = Play(an_itinerary(waves=("a",), on=on))
    play.go_on(lambda run: "f1@w1" in run.checks and bool(run.checks["f1@w1"].person), ticks=False)
    play.say("tick", "f1@w1", play.run.checks["f1@w1"].person, verdict="does_not_work")
    said = unanswered(play.run, waiting(play, "f1@w1"), clock)
    assert "the wave is unwound by itself; back goes a" in said
    assert "never counts" not in said


def test_a_disturbance_becomes_red_by_its_own_clock_and_not_its_waves() -> None:
    play = Play(an_itinerary(waves=("a", "b")))  # the wave waits at its gate, which has a clock
    play.say("disturb", "a", reason="odd sums")
    said = unanswered(play.run, waiting(play, "D1"), clock)
    assert said == "unanswered at 20:00: it becomes red: all hands, and the run holds"
    assert told(play, "D1", "close").startswith("it is green again")
