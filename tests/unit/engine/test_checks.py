"""The checks of a moving wave: opened, given, passed, refused, overdue, nobody there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from itineraries import HANDLERS, a_check, a_member, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.checks import _nobody
from migrator.engine.draft import Draft
from migrator.engine.states import ActState, CheckState, WaveState
from migrator.ids import PersonId
from migrator.inventory.model import Estimate
from migrator.plan.model import CheckLeg, Member
from migrator.plan.verifying import Verifying
from playing import Play

F1 = "f1@w1"


def opened(*checks: CheckLeg, waves: tuple[str, ...] = ("a",), **changes: object) -> Play:
    """A play whose first move is probed, its checks given to somebody, no tick yet."""
    given = checks or (a_check("f1", 1, "a"),)
    play = Play(an_itinerary(waves=waves, checks=given, **changes))  # type: ignore[arg-type]  # a test's own data
    play.go_on("a/probe-links", ticks=False)
    play.end("a/probe-links")
    return play


def people(**shifts: tuple[float, float]) -> dict[str, Member]:
    """Deciders without hours, and these handlers with theirs (minutes after the start)."""
    handlers = [
        a_member(name, "handler", shifts=((after(start), after(end)),))
        for name, (start, end) in shifts.items()
    ]
    return {member.id: member for member in (a_member("anna", "decision_maker"), *handlers)}


def test_a_check_opens_when_all_it_exercises_is_switched_and_probed() -> None:
    play = Play(an_itinerary(waves=("ab",), checks=(a_check("f1", 1, "ab"),)))
    play.go_on("a/probe-links", but=["b/baseline"])
    play.end("a/probe-links")
    assert F1 not in play.run.checks
    play.go_on("b/probe-links")
    assert F1 not in play.run.checks
    play.end("b/probe-links")

    assert play.check(F1) is CheckState.ASSIGNED
    assert play.last(ev.CheckAssigned) == ev.CheckAssigned(
        F1, 1, "hanna", play.now + timedelta(minutes=45)
    )


def test_a_check_that_is_possible_only_later_waits_for_its_hour() -> None:
    play = opened(a_check("f1", 1, "a", possible_after=after(300)))
    assert F1 not in play.run.checks
    assert play.wake_at() == after(300)
    play.wait_until_woken()

    assert play.check(F1) is CheckState.ASSIGNED


def test_a_long_check_is_overdue_after_twice_its_own_time() -> None:
    play = opened(a_check("f1", 1, "a", minutes=Estimate(60, 90)))

    assert play.last(ev.CheckAssigned).limit_at == play.now + timedelta(minutes=180)


def test_works_and_works_but_both_count() -> None:
    for verdict in ("works", "works_but"):
        play = opened()
        play.say("tick", F1, "hanna", verdict=verdict)
        assert play.check(F1) is CheckState.PASSED
        assert play.act("a/verify").state is ActState.DONE


def test_a_quorum_of_two_needs_two_different_people() -> None:
    play = opened(a_check("f1", 1, "a", quorum=2))
    play.say("tick", F1, "hanna", verdict="works")
    assert play.check(F1) is CheckState.ASSIGNED
    assert play.last(ev.CheckAssigned).person == "heidi"
    assert play.act("a/verify").state is ActState.STARTED
    play.say("tick", F1, "hugo", verdict="works")  # anybody who may, may

    assert play.check(F1) is CheckState.PASSED


def test_who_cannot_judge_is_not_asked_again() -> None:
    play = opened()
    play.say("tick", F1, "hanna", verdict="cannot_judge")
    assert play.last(ev.CheckAssigned).person == "heidi"
    play.say("tick", F1, "heidi", verdict="cannot_judge")

    assert play.last(ev.CheckAssigned).person == "hugo"


def test_when_nobody_can_judge_the_wave_is_held_as_stalled() -> None:
    play = opened()
    for person in HANDLERS:
        play.say("tick", F1, person, verdict="cannot_judge")
    assert play.check(F1) is CheckState.OPEN
    assert play.wake_at() == play.now + timedelta(minutes=30)
    play.wait(30)

    assert play.last(ev.Stalled).waits_for == "somebody who may verify try f1"
    assert play.last(ev.WaveHeld).trouble == "stalled"


def test_a_refusal_holds_the_wave_at_once_and_takes_it_back_after_the_veto_period() -> None:
    play = opened()
    play.say("tick", F1, "hanna", verdict="does_not_work")
    held = play.last(ev.WaveHeld)

    assert (held.trouble, held.subject, held.moves) == ("refused", F1, ("a",))
    assert held.cause == "Hanna verified try f1 and says that it does not work"
    play.wait(15)
    assert play.wave() is WaveState.UNWINDING
    assert play.check(F1) is CheckState.VOID


def test_a_withdrawn_refusal_lets_the_wave_go_on() -> None:
    play = opened()
    play.say("tick", F1, "hanna", verdict="does_not_work")
    play.say("withdraw", F1, "hanna")

    assert play.wave() is WaveState.MOVING
    play.say("tick", F1, "hanna", verdict="works")
    assert play.check(F1) is CheckState.PASSED


def test_an_unanswered_check_holds_the_wave_and_after_the_release_somebody_else_gets_it() -> None:
    play = opened()
    play.wait(45)
    held = play.last(ev.WaveHeld)
    assert (held.trouble, held.subject, held.unwind_at) == ("unanswered", F1, None)
    assert held.cause == "Hanna has not answered try f1 for 45 min"
    play.wait(30)
    assert play.wave() is WaveState.HELD
    play.say("release", "w1", "lena")

    assert play.last(ev.CheckAssigned).person == "heidi"
    assert play.wave() is WaveState.MOVING


def test_a_tick_that_comes_while_the_wave_is_held_for_it_counts() -> None:
    play = opened()
    play.wait(45)
    play.say("tick", F1, "hanna", verdict="works")
    play.say("release", "w1", "lena")

    assert play.check(F1) is CheckState.PASSED


def test_where_only_one_may_verify_the_same_person_is_asked_again() -> None:
    play = opened(a_check("f1", 1, "a", eligible=HANDLERS[:1]))
    play.wait(45)
    play.say("release", "w1", "lena")

    assert play.last(ev.CheckAssigned).person == "hanna"
    assert play.last(ev.CheckAssigned).limit_at == play.now + timedelta(minutes=45)


def test_checks_go_to_who_has_had_the_fewest() -> None:
    checks = tuple(a_check(f"f{n}", 1, "a") for n in range(1, 5))
    play = opened(*checks)
    given = [event.person for event in play.happened(ev.CheckAssigned)]
    assert given == ["hanna", "heidi", "hugo"]
    assert play.check("f4@w1") is CheckState.OPEN  # all three are busy
    play.say("tick", "f2@w1", "heidi", verdict="works")

    assert play.last(ev.CheckAssigned).check == "f4@w1"
    assert play.last(ev.CheckAssigned).person == "heidi"


def test_a_check_waits_for_the_next_shift_of_somebody_who_may() -> None:
    play = opened(members=people(hanna=(300, 500), heidi=(400, 500)))
    assert play.check(F1) is CheckState.OPEN
    assert play.wake_at() == after(300)
    play.wait_until_woken()

    assert play.last(ev.CheckAssigned).person == "hanna"


def test_while_all_are_busy_the_engine_wakes_with_whoever_comes_next() -> None:
    checks = tuple(a_check(f"f{n}", 1, "a") for n in (1, 2))
    play = opened(*checks, members=people(hanna=(0, 500), heidi=(20, 500)))
    assert play.check("f2@w1") is CheckState.OPEN
    assert play.wake_at() == after(20)
    play.wait_until_woken()

    assert play.last(ev.CheckAssigned).check == "f2@w1"
    assert play.last(ev.CheckAssigned).person == "heidi"


def test_when_the_last_shift_is_over_the_wave_is_held_as_stalled() -> None:
    play = opened(members=people(hanna=(0, 1)))
    play.wait_until_woken()

    assert play.last(ev.Stalled).on_whom == "hanna, heidi, hugo"
    assert play.wave() is WaveState.HELD


def test_a_wave_that_stalls_again_after_a_release_is_held_again() -> None:
    play = opened(members=people(hanna=(0, 1)))
    play.wait_until_woken()
    play.say("release", "w1", "anna")
    assert play.wave() is WaveState.MOVING
    play.wait_until_woken()

    assert play.wave() is WaveState.HELD


def test_where_the_estate_names_nobody_the_owner_team_is_asked() -> None:
    play = opened(a_check("f1", 1, "a", eligible=()))

    assert play.last(ev.CheckAssigned).person == "team.blue"
    play.say("tick", F1, "team.blue", verdict="works")
    assert play.check(F1) is CheckState.PASSED


def test_a_check_of_nothing_that_is_left_is_not_opened_again() -> None:
    checks = (a_check("f1", 1, "a"), a_check("f2", 1, "b"))
    play = opened(*checks, waves=("ab",))
    play.go_on(lambda run: F1 in run.checks and "f2@w1" in run.checks, ticks=False)
    play.say("unwind", "a")
    play.go_on(lambda run: run.moves["a"].returned, ticks=False)
    play.settle()

    assert play.check(F1) is CheckState.VOID
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)


# --- called to mind, and the deputy ---------------------------------------------------------------


def test_an_unanswered_check_is_called_to_mind_once_before_its_limit() -> None:
    play = opened()
    assert play.wake_at() == play.now + timedelta(minutes=35)
    play.wait(34)
    assert play.happened(ev.CheckReminded) == []
    play.wait(1)
    assert play.last(ev.CheckReminded).person == "hanna"
    play.wait(5)

    assert len(play.happened(ev.CheckReminded)) == 1
    assert play.wave() is WaveState.MOVING


def test_a_plan_may_leave_the_reminder_out() -> None:
    play = opened(policy={"verifying": Verifying(remind_minutes=0)})
    play.wait(45)

    assert play.happened(ev.CheckReminded) == []
    assert play.wave() is WaveState.HELD


def deputised(**changes: object) -> dict[str, Member]:
    return {
        member.id: member
        for member in (
            a_member("anna", "decision_maker"),
            a_member("hanna", "handler", deputy=PersonId("dora")),
            a_member("dora", "handler", **changes),
        )
    }


def test_the_deputy_has_an_overdue_check_while_the_wave_is_held() -> None:
    check = a_check("f1", 1, "a", eligible=HANDLERS[:1], deputies=(PersonId("dora"),))
    play = opened(check, members=deputised())
    assert play.last(ev.CheckAssigned).person == "hanna"
    play.wait(45)

    found = play.last(ev.CheckEscalated)
    assert (found.was, found.person) == ("hanna", "dora")
    assert found.limit_at == play.now + timedelta(minutes=45)
    assert play.wave() is WaveState.HELD
    play.say("tick", F1, "dora", verdict="works")
    play.say("release", "w1", "anna")
    assert play.check(F1) is CheckState.PASSED


def test_a_deputy_who_is_not_there_is_not_asked() -> None:
    check = a_check("f1", 1, "a", eligible=HANDLERS[:1], deputies=(PersonId("dora"),))
    play = opened(check, members=deputised(shifts=((after(900), after(999)),)))
    play.wait(45)

    assert play.happened(ev.CheckEscalated) == []


def test_the_deputy_of_somebody_who_is_not_there_gets_the_check() -> None:
    check = a_check("f1", 1, "a", eligible=HANDLERS[:1], deputies=(PersonId("dora"),))
    members = deputised()
    members["hanna"] = replace(members["hanna"], shifts=((after(900), after(999)),))
    play = opened(check, members=members)

    assert play.last(ev.CheckAssigned).person == "dora"
    play.say("tick", F1, "dora", verdict="works")
    assert play.check(F1) is CheckState.PASSED


# --- people who are taken off other work ----------------------------------------------------------


def test_who_is_in_a_disturbance_gets_no_check_and_gives_up_the_one_they_have() -> None:
    play = opened()
    assert play.last(ev.CheckAssigned).person == "hanna"
    play.say("disturb", "a", "anna", reason="odd figures")
    name = next(iter(play.run.disturbances))
    play.say("staff", name, "anna", members="hanna,heidi")

    assert play.run.checks[F1].person == "hugo"


def test_a_check_stays_where_it_is_while_everybody_else_is_in_a_disturbance() -> None:
    play = opened()
    play.say("disturb", "a", "anna", reason="odd figures")
    name = next(iter(play.run.disturbances))
    play.say("staff", name, "anna", members="hanna,heidi,hugo")
    assert play.run.checks[F1].person == "hanna"
    play.wait(45)

    assert play.last(ev.WaveHeld).trouble == "unanswered"


def test_a_refusal_in_a_wave_that_is_held_already_holds_it_too_with_its_own_clock() -> None:
    play = opened()
    play.say("hold", "w1", "lena")
    play.say("tick", F1, "hanna", verdict="does_not_work")

    assert [hold.subject for hold in play.run.waves["w1"].holds] == ["w1", F1]
    assert "held for f1@w1" in play.refusal("release", "w1", "lena")
    play.say("withdraw", F1, "hanna")
    assert [hold.subject for hold in play.run.waves["w1"].holds] == ["w1"]
    play.say("tick", F1, "hanna", verdict="does_not_work")
    play.wait(15)
    assert play.wave() is WaveState.UNWINDING


def test_nobody_is_missed_in_a_wave_that_holds_for_nothing() -> None:
    play = Play(an_itinerary(waves=("a",)))
    draft = Draft(play.run, play.now)
    _nobody(draft, play.run.itinerary.checks[0])
    assert draft.events == []
