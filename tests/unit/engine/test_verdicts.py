"""Ticks and their withdrawal: early, late, twice, by the wrong person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from itineraries import a_check, an_itinerary
from migrator.engine.states import CheckState, WaveState
from migrator.ids import PersonId
from migrator.plan.verifying import Verifying
from playing import Play

F1 = "f1@w1"


def ready(**changes: object) -> Play:
    play = Play(an_itinerary(**{"waves": ("a",), **changes}))  # type: ignore[arg-type]  # a test's own data
    play.go_on(lambda run: F1 in run.checks, ticks=False)
    play.settle()
    return play


def test_a_tick_on_an_unknown_check_is_answered_with_the_nearest() -> None:
    assert ready().refusal("tick", "f1@w2", "hanna", verdict="works") == (
        "there is no check 'f1@w2'; f1@w1?"
    )
    assert ready().refusal("tick", "zzz", "hanna", verdict="works") == "there is no check 'zzz'"


def test_an_early_tick_says_what_it_waits_for() -> None:
    assert Play(an_itinerary(waves=("a",))).refusal("tick", F1, "hanna", verdict="works") == (
        "f1@w1 cannot be verified yet: what it exercises has not switched"
    )


def test_a_late_tick_is_not_needed_any_more() -> None:
    play = ready()
    play.say("tick", F1, "hanna", verdict="works")
    assert play.refusal("tick", F1, "hugo", verdict="works") == (
        "f1@w1 is passed, so no verdict is taken; if something does not work, stop the wave: "
        "migrator hold RUN w1 --reason ..."
    )


def test_a_verdict_is_one_of_four_and_comes_from_somebody_who_may() -> None:
    play = ready()
    assert play.refusal("tick", F1, "hanna", verdict="great") == (
        "a verdict is works, works_but, does_not_work or cannot_judge"
    )
    assert play.refusal("tick", F1, "lena", verdict="works") == (
        "lena may not verify f1@w1; hanna, heidi, hugo may"
    )


def test_nobody_says_the_same_twice_and_a_note_is_kept_by_its_digest() -> None:
    checks = (replace(an_itinerary(waves=("a",)).checks[0], quorum=2),)
    play = ready(checks=checks)
    play.say("tick", F1, "hanna", verdict="works", note_digest="n1")
    assert play.run.checks[F1].note_digest == "n1"
    assert play.refusal("tick", F1, "hanna", verdict="works") == "hanna has said works already"


def test_a_tick_of_an_earlier_attempt_does_not_count() -> None:
    play = ready()
    play.say("tick", F1, "hanna", verdict="works")
    play.go_on("a/soak")
    play.say("unwind", "w1")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)
    play.say("retry", "w1")
    assert "cannot be verified yet" in play.refusal("tick", F1, "hanna", verdict="works")


def test_a_verdict_may_be_withdrawn_until_the_wave_has_gone_on_from_it() -> None:
    play = ready()
    assert play.refusal("withdraw", F1, "hanna") == "hanna has given no verdict on f1@w1"
    assert "no verdict on f9@w1" in play.refusal("withdraw", "f9@w1", "hanna")
    play.say("tick", F1, "hanna", verdict="works")
    assert play.refusal("withdraw", F1, "hanna").startswith("too late: w1 is verified on it")


def test_a_tick_that_a_move_has_gone_on_from_is_not_withdrawn() -> None:
    checks = (a_check("f1", 1, "a"), a_check("f2", 1, "b"))
    play = Play(an_itinerary(waves=("ab",), checks=checks))
    play.go_on(lambda run: F1 in run.checks, but=["b/baseline"], ticks=False)
    play.settle()
    play.say("tick", F1, "hanna", verdict="works")
    assert play.run.waves["w1"].verified is False
    assert play.refusal("withdraw", F1, "hanna").startswith("too late: w1 has gone on from it")


def test_one_of_two_ticks_may_be_withdrawn() -> None:
    checks = (replace(an_itinerary(waves=("a",)).checks[0], quorum=2),)
    play = ready(checks=checks)
    play.say("tick", F1, "hanna", verdict="works")
    play.say("withdraw", F1, "hanna")

    assert play.run.checks[F1].ticks == {}
    assert play.wave() is WaveState.MOVING


def test_a_tick_that_passed_a_check_may_be_withdrawn_while_another_check_is_open() -> None:
    checks = (a_check("f1", 1, "a"), a_check("f2", 1, "a"))
    play = ready(checks=checks)
    play.say("tick", F1, "hanna", verdict="works")
    assert play.check(F1) is CheckState.PASSED
    play.say("withdraw", F1, "hanna")

    assert play.run.checks[F1].ticks == {}
    play.say("tick", "f2@w1", "heidi", verdict="works")
    assert play.wave() is WaveState.MOVING
    assert "a/soak" not in play.under_way


def test_a_verdict_on_a_check_that_nobody_has_now_is_not_taken_back() -> None:
    play = ready(checks=(a_check("f1", 1, "a", eligible=(PersonId("hanna"),)),))
    play.say("tick", F1, "hanna", verdict="cannot_judge")
    assert play.check(F1) is CheckState.OPEN
    assert play.refusal("withdraw", F1, "hanna") == (
        "f1@w1 is open, so no verdict is taken back; if something does not work, stop the wave: "
        "migrator hold RUN w1 --reason ..."
    )


def test_a_verdict_is_taken_back_for_five_minutes_and_no_longer() -> None:
    checks = (replace(an_itinerary(waves=("a",)).checks[0], quorum=2),)
    play = ready(checks=checks)
    play.say("tick", F1, "hanna", verdict="works")
    play.wait(5)
    play.say("withdraw", F1, "hanna")
    assert play.run.checks[F1].ticks == {}
    play.say("tick", F1, "hanna", verdict="works")
    play.wait(5.1)

    assert play.refusal("withdraw", F1, "hanna") == (
        "too late: a verdict can be taken back for 5 min; if something does not work, stop the "
        "wave: migrator hold RUN w1 --reason ..."
    )


def test_a_refusal_is_taken_back_for_as_long_as_the_plan_says() -> None:
    play = ready(policy={"verifying": Verifying(withdraw_minutes=12)})
    play.say("tick", F1, "hanna", verdict="does_not_work")
    play.wait(12)
    play.say("withdraw", F1, "hanna")
    assert play.wave() is WaveState.MOVING
    play.say("tick", F1, "hanna", verdict="does_not_work")
    play.wait(12.1)

    assert play.refusal("withdraw", F1, "hanna").startswith("too late")


def test_whoever_answers_anew_has_time_for_it() -> None:
    play = ready(policy={"verifying": Verifying(withdraw_minutes=60)})
    play.wait(40)
    play.say("tick", F1, "hanna", verdict="does_not_work")
    play.wait(4)
    play.say("withdraw", F1, "hanna")

    limit = play.run.checks[F1].limit_at
    assert limit is not None
    assert limit >= play.now + timedelta(minutes=45)


def test_who_said_that_it_works_may_say_that_it_does_not_and_nothing_else() -> None:
    checks = (replace(an_itinerary(waves=("a",)).checks[0], quorum=2),)
    play = ready(checks=checks)
    play.say("tick", F1, "hanna", verdict="works")
    for other in ("works", "works_but", "cannot_judge"):
        assert play.refusal("tick", F1, "hanna", verdict=other) == "hanna has said works already"
    play.say("tick", F1, "hanna", verdict="does_not_work")

    assert play.wave() is WaveState.HELD
    play.say("withdraw", F1, "hanna")
    assert play.run.checks[F1].ticks == {"hanna": "works"}


def test_what_a_test_leaves_behind_is_kept_by_its_reference() -> None:
    play = ready()
    play.say("tick", F1, "hanna", verdict="works", left_behind=" T-4711 ")

    (left,) = play.run.left_behind
    assert (left.check, left.wave, left.person, left.reference) == (F1, "w1", "hanna", "T-4711")


def test_a_personal_number_never_enters_the_journal_as_a_reference() -> None:
    play = ready()
    why = play.refusal("tick", F1, "hanna", verdict="works", left_behind="19121212-1212")

    assert "personal number" in why
    assert "1212" not in why
    assert play.run.left_behind == []
    assert play.run.checks[F1].ticks == {}
