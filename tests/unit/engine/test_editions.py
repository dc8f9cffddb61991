"""What a verdict is about: its text and what stands where; what is older does not count."""

from __future__ import annotations

from dataclasses import replace

from itineraries import a_check, an_itinerary
from migrator.engine import events as ev
from migrator.engine.editions import edition, text_digest
from migrator.engine.states import CheckState, WaveState
from migrator.ids import SubsystemId
from migrator.plan.model import CheckLeg
from migrator.plan.verifying import Verifying
from playing import Play

F1 = "f1@w1"
PASSES_B = a_check("f1", 1, "a", passing=(SubsystemId("b"),))


def half_way(*checks: CheckLeg, reopen: str = "passing") -> Play:
    """A wave of two, of which the first is probed and the second still copies."""
    play = Play(
        an_itinerary(
            waves=("ab",),
            checks=checks or (PASSES_B, a_check("f2", 1, "b")),
            policy={"verifying": Verifying(reopen=reopen)},
        )
    )
    play.go_on(lambda run: F1 in run.checks, but=["b/baseline"], ticks=False)
    play.settle()
    return play


def test_a_text_that_says_another_thing_is_another_text() -> None:
    check = a_check("f1", 1, "a", text={"sv": "Öppna", "en": "Open"})

    assert text_digest(check) == text_digest(replace(check))
    for changed in (
        replace(check, text={"sv": "Öppna", "en": "Open it"}),
        replace(check, side_mark=("foot", "A", "B")),
        replace(check, leaves_behind="a test case"),
    ):
        assert text_digest(changed) != text_digest(check)


def test_a_verdict_says_on_which_text_and_estate_it_was_given() -> None:
    play = half_way()
    play.say("tick", F1, "hanna", verdict="works")

    given, was_open = play.last(ev.TickGiven), play.happened(ev.CheckOpened)[0]
    assert (given.text, given.estate) == (was_open.text, was_open.estate)
    assert given.text
    assert given.estate


def test_a_later_move_that_the_function_passes_opens_its_check_again() -> None:
    play = half_way()
    play.say("tick", F1, "hanna", verdict="works")
    assert play.check(F1) is CheckState.PASSED
    play.go_on(lambda run: run.moves["b"].switched, ticks=False)
    play.settle()

    first, second = (each for each in play.happened(ev.CheckOpened) if each.check == F1)
    assert first.estate != second.estate
    assert first.text == second.text
    assert play.check(F1) is CheckState.ASSIGNED
    assert play.run.checks[F1].ticks == {}  # what was said was about another estate
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)


def test_whoever_has_not_answered_yet_keeps_a_check_that_is_opened_again() -> None:
    play = half_way()
    before = play.run.checks[F1]
    play.go_on(lambda run: run.moves["b"].switched, ticks=False)
    play.settle()
    after = play.run.checks[F1]

    assert (after.person, after.limit_at) == (before.person, before.limit_at)
    assert after.estate != before.estate
    assert after.state is CheckState.ASSIGNED


def test_what_was_seen_on_an_older_page_does_not_count_and_says_so() -> None:
    play = half_way()
    seen = edition(play.run.checks[F1])
    play.go_on(lambda run: run.moves["b"].switched, ticks=False)
    play.settle()
    why = play.refusal("tick", F1, "hanna", verdict="works", edition=seen)

    assert "what was seen there does not count; verify it once more" in why
    assert play.run.checks[F1].ticks == {}
    now = edition(play.run.checks[F1])
    play.say("tick", F1, "hanna", verdict="works", edition=now)
    assert play.run.checks[F1].ticks == {"hanna": "works"}


def test_a_plan_that_does_not_ask_for_it_leaves_checks_closed() -> None:
    play = half_way(reopen="core")
    play.say("tick", F1, "hanna", verdict="works")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)

    assert len([each for each in play.happened(ev.CheckOpened) if each.check == F1]) == 1


def across_waves(*, elsewhere: str = "b") -> Play:
    """A function about `a` in the first wave that passes `b` of the second."""
    first = a_check("f1", 1, "a", elsewhere=tuple(SubsystemId(each) for each in elsewhere))
    play = Play(
        an_itinerary(
            waves=("a", "b"),
            checks=(first, a_check("f2", 2, "b")),
            policy={"verifying": Verifying(reopen="passing"), "gate_deadline_minutes": 6000.0},
        )
    )
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.go_on(lambda run: run.moves["b"].switched, ticks=False)
    play.settle()
    return play


def test_an_accepted_wave_is_verified_anew_and_is_not_final_before_that() -> None:
    play = across_waves()
    assert play.wave("w1") is WaveState.ACCEPTED
    assert play.check(F1) is CheckState.ASSIGNED
    assert "f1@w1 is assigned" in play.refusal("commit", "w1", "anna")
    play.wait(60)  # nobody answers: nothing is held, somebody else is asked
    assert play.wave("w1") is WaveState.ACCEPTED
    assert play.run.checks[F1].person != "hanna"
    play.say("tick", F1, "hugo", verdict="works")
    assert play.check(F1) is CheckState.PASSED
    play.say("commit", "w1", "anna")
    assert play.wave("w1") is WaveState.COMMITTING


def test_what_no_function_passes_opens_nothing_again() -> None:
    assert across_waves(elsewhere="").check(F1) is CheckState.PASSED


def test_a_journal_of_a_version_that_did_not_say_it_has_no_edition() -> None:
    play = Play(an_itinerary(waves=("a",), checks=(a_check("f1", 1, "a"),)))
    play.go_on("a/probe-links", ticks=False)
    play.note(ev.StepEnded("a", "probe-links", 1, "done", ""), ev.CheckOpened(F1, 1))
    play.settle()

    assert edition(play.run.checks[F1]) == ""
    play.say("tick", F1, "hanna", verdict="works")
    assert play.check(F1) is CheckState.PASSED
