"""Who has a check: claimed, handed over; and a defect that is taken for a refusal."""

from __future__ import annotations

from dataclasses import replace

from itineraries import a_check, a_member, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import CheckState, WaveState
from migrator.engine.waits_checks import may_be_raised
from migrator.ids import PersonId
from migrator.plan.model import CheckLeg, Member
from playing import Play

F1, F2 = "f1@w1", "f2@w1"


def opened(*checks: CheckLeg, **changes: object) -> Play:
    """A play whose only move is probed: its checks are given, nobody has ticked."""
    given = checks or (a_check("f1", 1, "a"),)
    play = Play(an_itinerary(waves=("a",), checks=given, **changes))  # type: ignore[arg-type]  # a test's own data
    play.go_on("a/probe-links", ticks=False)
    play.end("a/probe-links")
    return play


def handlers(**shifts: tuple[float, float]) -> dict[str, Member]:
    found = [
        a_member(name, "handler", shifts=((after(start), after(end)),))
        for name, (start, end) in shifts.items()
    ]
    leads = (a_member("anna", "decision_maker"), a_member("lena", "wave_lead"))
    return {member.id: member for member in (*leads, *found)}


def test_an_open_check_is_taken_by_somebody_who_may() -> None:
    play = opened(members=handlers(hanna=(300, 500), heidi=(400, 500)))
    assert play.check(F1) is CheckState.OPEN
    play.say("claim", F1, "heidi")

    found = play.last(ev.CheckAssigned)
    assert (found.person, found.claimed, found.limit_at) == (
        "heidi",
        True,
        after(play_minutes(play) + 45),
    )
    assert play.run.checks[F1].claimed
    play.say("tick", F1, "heidi", verdict="works")
    assert play.check(F1) is CheckState.PASSED


def play_minutes(play: Play) -> float:
    return (play.now - after(0)).total_seconds() / 60


def test_what_somebody_else_has_is_not_taken_until_it_is_overdue() -> None:
    play = opened()
    assert play.refusal("claim", F1, "heidi") == (
        "hanna has f1@w1; it can be handed over: migrator hand-over RUN f1@w1"
    )
    assert play.refusal("claim", F1, "hanna") == "hanna has f1@w1 already"
    play.wait(45)
    play.say("claim", F1, "heidi")

    assert play.run.checks[F1].person == "heidi"


def test_who_may_not_verify_a_check_does_not_take_it() -> None:
    play = opened()

    assert "may not verify" in play.refusal("claim", F1, "lena")
    assert play.refusal("claim", "f9@w1", "hanna").startswith("there is no check")


def test_one_person_has_one_check_at_a_time() -> None:
    play = opened(a_check("f1", 1, "a"), a_check("f2", 1, "a", eligible=("hanna",)))
    assert play.check(F2) is CheckState.OPEN  # hanna has the first

    assert play.refusal("claim", F2, "hanna") == (
        "hanna has f1@w1; answer it first, or hand it over"
    )


def test_four_eyes_are_two_people_whoever_claims() -> None:
    play = opened(a_check("f1", 1, "a", quorum=2, eligible=("hanna", "heidi")))
    play.say("tick", F1, "hanna", verdict="works")
    assert play.refusal("claim", F1, "hanna") == (
        "hanna has said works already; another person must"
    )
    assert play.refusal("hand-over", F1, "heidi", to="hanna") == (
        "hanna has said works already; another person must"
    )
    assert play.refusal("tick", F1, "hanna", verdict="works") == "hanna has said works already"
    assert play.check(F1) is CheckState.ASSIGNED
    play.say("tick", F1, "heidi", verdict="works")
    assert play.check(F1) is CheckState.PASSED


def test_a_check_is_handed_to_a_named_person_with_fresh_time() -> None:
    play = opened()
    play.wait(20)
    play.say("hand-over", F1, "hanna", reason="she knows the case", to="hugo")

    found = play.last(ev.CheckHandedOver)
    assert (found.was, found.to, found.by, found.reason) == (
        "hanna", "hugo", "hanna", "she knows the case",
    )  # fmt: skip
    check = play.run.checks[F1]
    assert (check.state, check.person) == (CheckState.ASSIGNED, "hugo")
    assert check.limit_at == after(play_minutes(play) + 45)


def test_a_check_goes_back_to_all_and_not_to_who_handed_it_over() -> None:
    play = opened()
    play.say("hand-over", F1, "hanna")
    assert play.last(ev.CheckAssigned).person == "heidi"
    play.say("hand-over", F1, "heidi")
    assert play.last(ev.CheckAssigned).person == "hugo"
    play.say("hand-over", F1, "hugo")
    assert play.check(F1) is CheckState.OPEN  # nobody is left: after a while that is said
    play.wait(30)
    assert play.last(ev.Stalled).on_whom == "hanna, heidi, hugo"
    play.say("claim", F1, "hanna")  # who gave it away may take it back

    assert play.run.checks[F1].person == "hanna"
    assert play.run.checks[F1].passed_on == ("heidi", "hugo")


def test_only_who_has_a_check_or_leads_its_wave_hands_it_over_and_says_why() -> None:
    play = opened()

    assert "heidi may not decide this" in play.refusal("hand-over", F1, "heidi", to="heidi")
    assert play.refusal("hand-over", F1, "hanna", reason="") == "say why it is handed over"
    assert "may not verify" in play.refusal("hand-over", F1, "hanna", to="bo")
    assert play.refusal("hand-over", F1, "hanna", to="hanna") == "hanna has f1@w1 already"
    play.say("hand-over", F1, "anna", to="hugo")
    assert play.run.checks[F1].person == "hugo"


def test_a_check_is_not_handed_to_somebody_who_is_not_there() -> None:
    play = opened(members=handlers(hanna=(0, 500), heidi=(400, 500)))

    assert play.refusal("hand-over", F1, "hanna", to="heidi") == (
        "Heidi is not there now; hand it to somebody who is"
    )


def test_what_nobody_has_is_not_handed_over() -> None:
    play = opened(a_check("f1", 1, "a", quorum=2, eligible=("hanna",)))
    play.say("tick", F1, "hanna", verdict="works")

    assert play.refusal("hand-over", F1, "anna") == (
        "nobody has f1@w1 now, so nobody can hand it over"
    )


# --- defects --------------------------------------------------------------------------------------


def with_a_defect(*checks: CheckLeg) -> Play:
    play = opened(*checks)
    play.say("tick", F1, "hanna", verdict="works_but", note_digest="n1")
    return play


def test_works_but_counts_and_files_a_defect_of_function_and_wave() -> None:
    play = with_a_defect()

    assert play.check(F1) is CheckState.PASSED
    assert play.wave() is WaveState.MOVING
    assert play.last(ev.DefectFiled) == ev.DefectFiled("F1", F1, 1, "f1", "w1", "hanna", "n1")


def test_a_defect_that_is_raised_holds_the_wave_and_takes_it_back_like_a_refusal() -> None:
    play = with_a_defect()
    play.say("raise", "F1", "anna", reason="wrong on every letter")
    held = play.last(ev.WaveHeld)

    assert play.check(F1) is CheckState.REFUSED
    assert (held.trouble, held.subject) == ("refused", F1)
    assert held.cause == "Anna takes a defect of try f1 for a refusal"
    play.wait(15)
    assert play.wave() is WaveState.UNWINDING


def test_who_raised_a_defect_can_take_that_back_and_it_stands_as_before() -> None:
    play = with_a_defect()
    play.say("raise", F1, "anna")  # by its check, which has only one
    play.wait(5)
    play.say("withdraw", F1, "anna")

    assert play.wave() is WaveState.MOVING
    assert play.check(F1) is CheckState.PASSED
    assert play.run.checks[F1].ticks == {"hanna": "works_but"}
    assert (play.run.defects["F1"].raised_by, play.run.defects["F1"].withdrawn) == ("", False)


def test_only_who_leads_the_wave_raises_a_defect_and_says_why() -> None:
    play = with_a_defect()

    assert "hugo may not decide this" in play.refusal("raise", "F1", "hugo")
    assert play.refusal("raise", "F1", "anna", reason="") == "say why the defect is no small one"
    assert play.refusal("raise", "F9", "anna") == "there is no defect 'F9'; known are F1"
    play.say("raise", "F1", "anna")
    assert play.refusal("raise", "F1", "bo") == "f1@w1 is refused already"


def test_a_defect_that_was_taken_back_or_whose_wave_went_back_is_not_raised() -> None:
    play = with_a_defect(a_check("f1", 1, "a", quorum=2))
    play.say("withdraw", F1, "hanna")
    assert play.run.defects["F1"].withdrawn
    assert play.refusal("raise", "F1", "anna") == "F1 was taken back by hanna"
    play.say("tick", F1, "hanna", verdict="works_but")
    play.say("unwind", "w1")
    assert play.refusal("raise", "F2", "anna") == "F2 is of what was taken back since"


def test_of_several_defects_one_is_named() -> None:
    play = with_a_defect(a_check("f1", 1, "a", quorum=3))
    play.say("tick", F1, "heidi", verdict="works_but")

    assert play.refusal("raise", F1, "anna") == "f1@w1 has several defects; name one: F1, F2"


def test_who_verified_it_and_leads_its_wave_can_raise_it_too() -> None:
    both = (PersonId("hanna"), PersonId("anna"))
    play = with_a_defect(a_check("f1", 1, "a", quorum=2, eligible=both))
    play.say("tick", F1, "anna", verdict="works")
    play.say("raise", "F1", "anna")
    assert play.run.checks[F1].ticks["anna"] == "does_not_work"


def test_what_one_person_takes_back_leaves_the_defects_of_others() -> None:
    three = a_check("f1", 1, "a", quorum=3)
    play = with_a_defect(three, a_check("f2", 1, "a", eligible=(PersonId("hugo"),), quorum=2))
    play.say("tick", F1, "heidi", verdict="works_but")
    play.say("tick", F2, "hugo", verdict="works_but")
    play.say("withdraw", F1, "hanna")
    assert [each.withdrawn for each in play.run.defects.values()] == [True, False, False]


def test_a_defect_of_a_wave_that_is_being_committed_is_not_raised() -> None:
    play = with_a_defect()
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("commit", "w1", "anna")
    assert "nothing can be refused there any more" in play.refusal("raise", "F1", "anna")
    assert not may_be_raised(play.run, play.run.defects["F1"])


# --- a refusal after all --------------------------------------------------------------------------


def accepted(*checks: CheckLeg) -> Play:
    play = opened(*checks)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    return play


def test_what_does_not_work_after_acceptance_opens_a_disturbance_and_holds_the_commit() -> None:
    play = accepted()
    play.say("tick", F1, "heidi", verdict="does_not_work")

    found = play.last(ev.DisturbanceOpened)
    assert (found.key, found.target) == (F1, "w1")
    assert "after w1 was accepted" in found.reason
    assert play.happened(ev.WaveHeld) == []
    assert play.wave() is WaveState.ACCEPTED
    assert "f1@w1 is refused" in play.refusal("commit", "w1", "anna")
    play.say("unwind", "w1")
    assert play.wave() is WaveState.UNWINDING


def test_two_people_answer_for_a_late_refusal_and_then_it_is_committed() -> None:
    play = accepted()
    play.say("tick", F1, "heidi", verdict="does_not_work")
    play.codes["bo"] = "d"
    play.say("override", F1, "anna", second="bo", code_digest="d")

    assert play.check(F1) is CheckState.PASSED
    assert len(play.run.exceptions) == 1
    play.say("commit", "w1", "anna")
    assert play.wave() is WaveState.COMMITTING


def test_a_late_refusal_is_taken_back_and_the_verdict_before_it_stands() -> None:
    play = accepted()
    play.say("tick", F1, "hanna", verdict="does_not_work")
    play.wait(5)
    play.say("withdraw", F1, "hanna")

    assert play.run.checks[F1].ticks == {"hanna": "works"}
    assert play.check(F1) is CheckState.PASSED


def test_a_defect_that_is_raised_after_acceptance_becomes_a_disturbance() -> None:
    play = opened()
    play.say("tick", F1, "hanna", verdict="works_but")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("raise", "F1", "anna")

    assert play.last(ev.DisturbanceOpened).key == F1
    assert play.check(F1) is CheckState.REFUSED


def test_it_does_not_work_is_taken_from_a_wave_that_goes_on_already() -> None:
    play = opened(replace(a_check("f1", 1, "a"), eligible=(PersonId("hanna"),)))
    play.say("tick", F1, "hanna", verdict="works")
    play.go_on("a/soak")
    play.say("tick", F1, "hanna", verdict="does_not_work")

    assert play.wave() is WaveState.HELD
    assert play.last(ev.WaveHeld).trouble == "refused"
