"""What waits because of checks: late refusals, hours, defects; and no way out that is refused."""

from __future__ import annotations

from itineraries import a_check, after, an_itinerary
from migrator.engine.states import WaveState
from migrator.engine.wait import Wait
from migrator.engine.waits import waits
from migrator.plan.model import CheckLeg
from playing import Play

F1 = "f1@w1"


def opened(*checks: CheckLeg) -> Play:
    play = Play(an_itinerary(waves=("a",), checks=checks or (a_check("f1", 1, "a"),)))
    play.go_on("a/probe-links", ticks=False)
    play.end("a/probe-links")
    return play


def of(play: Play, subject: str) -> list[Wait]:
    return [wait for wait in waits(play.run, play.now) if wait.subject == subject]


def verbs(wait: Wait) -> list[str]:
    return [line.split()[0] for line, _ in wait.choices]


def test_a_check_that_is_possible_only_later_says_from_when() -> None:
    play = opened(a_check("f1", 1, "a", possible_after=after(300)))
    (wait,) = of(play, F1)

    assert (wait.until, wait.on_whom, wait.human) == (after(300), "nobody yet", False)
    assert wait.waits_for == "the hour from which it is possible"


def test_nothing_is_said_of_an_hour_before_all_else_is_there() -> None:
    play = Play(
        an_itinerary(waves=("a",), checks=(a_check("f1", 1, "a", possible_after=after(9)),))
    )

    assert of(play, F1) == []
    play.go_on("a/copy")
    assert of(play, F1) == [], "it moves, and nothing has switched"


def test_a_defect_is_listed_for_who_leads_the_wave_and_waits_for_nobody() -> None:
    play = opened()
    play.say("tick", F1, "hanna", verdict="works_but")
    (wait,) = of(play, "F1")

    assert not wait.human
    assert verbs(wait) == ["raise"]
    assert "Hanna says that try f1 works, but not as it should" in wait.what
    play.say("raise", "F1", "anna")
    assert of(play, "F1") == []


def test_a_late_refusal_waits_for_a_decision_and_nothing_it_offers_is_refused() -> None:
    play = opened()
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    assert verbs(of(play, "w1")[0]) == ["commit", "unwind"]
    play.say("tick", F1, "heidi", verdict="does_not_work")
    (wait,) = of(play, F1)

    assert wait.human
    assert verbs(wait) == ["withdraw", "override", "unwind"]
    assert verbs(of(play, "w1")[0]) == ["unwind"]  # it is not committed like this
    play.wait(6)
    assert verbs(of(play, F1)[0]) == ["override", "unwind"]  # too late to take it back
    play.say("unwind", "w1")
    assert play.wave() is WaveState.UNWINDING
