"""Everything that waits says for what, on whom, since when, until when, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from by_hand import a_task, carried_out, clock, hand, recipe
from itineraries import a_check, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import WaveState
from migrator.engine.waits import Wait, waits
from playing import Play


def of(play: Play, subject: str) -> Wait:
    (found,) = [wait for wait in waits(play.run, play.now) if wait.subject == subject]
    return found


def test_a_gate_waits_for_its_deciders_by_name() -> None:
    play = Play(an_itinerary(waves=("ab",)))
    gate = of(play, "w1")

    assert (gate.on_whom, gate.human) == ("Anna, Bo", True)
    assert (gate.since, gate.until, gate.then) == (after(0), after(60), "it becomes a no-go")
    assert [line.split()[0] for line, _ in gate.choices] == ["go", "no-go", "postpone"]
    waiting = Play(an_itinerary(waves=("ab",), policy={"gate_default": "wait"}))
    assert of(waiting, "w1").then == "it goes on waiting"


def test_an_act_waits_for_the_platform_until_its_limit() -> None:
    act = of(Play(an_itinerary(waves=("a",))), "a/prepare")

    assert (act.on_whom, act.human, act.until) == ("blue", False, after(120))


def test_what_needs_a_human_comes_first_then_what_ends_first() -> None:
    play = Play(an_itinerary(waves=("ab",)))
    found = waits(play.run, play.now)

    assert [wait.human for wait in found] == sorted((w.human for w in found), reverse=True)


def test_a_paused_run_waits_for_somebody() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.say("pause", "run")

    assert of(play, "run").choices[0][0] == "resume RUN --reason ..."


def test_a_hold_says_whether_a_clock_runs() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/start")
    play.fail("a/start")
    play.say("hold", "w1", by="lena")
    clocked, plain = of(play, "a/start"), of(play, "w1")

    assert clocked.until == play.now + timedelta(minutes=15)
    assert clocked.then == "the wave is unwound by itself"
    assert [line.split()[0] for line, _ in clocked.choices] == [
        "veto", "retry", "force-done", "skip", "unwind",
    ]  # fmt: skip
    assert (plain.until, plain.then, plain.choices) == (
        None, "", (("unwind RUN w1", "what the wave moved goes back to the old side"),),
    )  # fmt: skip
    assert plain.on_whom == "Lena"


def test_a_check_waits_for_its_person_and_an_open_one_for_anybody() -> None:
    checks = tuple(a_check(f"f{n}", 1, "a") for n in range(1, 5))
    play = Play(an_itinerary(waves=("a",), checks=checks))
    play.go_on(lambda run: len(run.checks) == 4, ticks=False)
    play.settle()

    assert of(play, "f1@w1").on_whom == "Hanna"
    assert of(play, "f1@w1").until == play.now + timedelta(minutes=45)
    assert of(play, "f4@w1").on_whom == "Hanna, Heidi, Hugo"
    assert not of(play, "f4@w1").human
    play.say("tick", "f1@w1", "hanna", verdict="works")
    assert not [wait for wait in waits(play.run, play.now) if wait.subject == "f1@w1"]


def test_of_many_who_may_verify_three_are_named() -> None:
    many = tuple(f"p{n}" for n in range(5))
    play = Play(an_itinerary(waves=("a",), checks=(a_check("f1", 1, "a", eligible=many),)))
    play.go_on(lambda run: "f1@w1" in run.checks, ticks=False)

    assert of(play, "f1@w1").on_whom == "p0, p1, p2 ..."


def test_a_check_of_an_earlier_attempt_waits_for_nobody() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(lambda run: "f1@w1" in run.checks, ticks=False)
    play.run.checks["f1@w1"].attempt = 0

    assert not [wait for wait in waits(play.run, play.now) if wait.subject == "f1@w1"]


def test_a_stuck_wave_names_four_ways_out() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.note(
        ev.UnwindBegun("w1", 1, (), (), False, "anna", "x"),
        ev.WaveStuck("w1", "a/remove", "a/remove failed"),
    )
    stuck = of(play, "a/remove")

    assert [line.split()[0] for line, _ in stuck.choices] == [
        "retry", "force-done", "skip", "abandon",
    ]  # fmt: skip
    assert stuck.human


def test_a_doubtful_act_waits_for_the_world_and_an_unknown_one_for_a_human() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.note(ev.StepDoubted("a", "prepare", 1))
    assert (of(play, "a/prepare").waits_for, of(play, "a/prepare").choices) == (
        "the world's answer", (),
    )  # fmt: skip
    play.note(ev.StepSettled("a", "prepare", 1, "unknown", ""))
    assert of(play, "a/prepare").waits_for == "a human"
    assert len(of(play, "a/prepare").choices) == 2


def test_an_unknown_act_is_told_once_when_its_wave_is_held_for_it() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.note(ev.StepDoubted("a", "prepare", 1), ev.StepSettled("a", "prepare", 1, "unknown", ""))
    play.settle()

    assert play.wave() is WaveState.HELD
    told = [wait for wait in waits(play.run, after(0)) if wait.subject == "a/prepare"]
    assert [wait.waits_for for wait in told] == ["a decision"]


def test_an_accepted_wave_waits_for_a_signature() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    sign = of(play, "w1")

    assert (sign.waits_for, sign.on_whom, sign.since) == ("a signature", "Anna, Bo", play.now)
    nobody = Play(an_itinerary(waves=("a",), members={}, checks=()))
    nobody.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    assert of(nobody, "w1").on_whom == "anybody"


def test_a_wave_that_is_back_may_be_tried_again_until_the_run_ends() -> None:
    play = Play(an_itinerary(waves=("a",), policy={"ahead_of_gate": ()}))
    play.say("no-go", "w1", reason="not today")
    again = of(play, "w1")

    assert again.what == "w1 is declined: not today"
    assert again.choices[0][0] == "retry RUN w1"
    assert not again.human


# --- every way out that is shown is one -----------------------------------------------------------


def stuck_on(undo: str) -> Play:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/probe-links")
    play.end("a/probe-links")
    play.say("unwind", "w1")
    play.go_on(f"a/{undo}")
    play.fail(f"a/{undo}")
    return play


def held_for(step: str) -> Play:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(f"a/{step}")
    play.fail(f"a/{step}")
    return play


def regressed(*names: str, count: int = 0) -> Play:
    """A wave that is held because a look has named links that stopped working."""
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/probe-links")
    for _ in range(9):
        if "a/probe-links" in play.under_way:
            number = count or len(names)
            play.note(ev.LinksJudged("a", 1, "probe-links", 9, 0, 0, number, 0, names))
            play.end("a/probe-links", outcome="failed")
        play.wait(1)
    return play


def test_each_regressed_link_that_is_named_can_be_waived_until_none_is_left() -> None:
    play = regressed("l1", "l2")
    shown = dict(of(play, "a/probe-links").choices)
    assert shown["waive RUN l1 --reason ..."] == (
        "let be as an exception; 1 more regressed link to decide on"
    )
    play.say("waive", "l1")
    shown = dict(of(play, "a/probe-links").choices)
    assert "waive RUN l1 --reason ..." not in shown
    assert shown["waive RUN l2 --reason ..."] == "let be as an exception; it is the last one"


def test_a_look_that_has_not_named_all_shows_no_way_out_that_leads_nowhere() -> None:
    shown = dict(of(regressed("l1", "l2", count=3), "a/probe-links").choices)
    assert not any(line.startswith("waive") for line in shown)


def refused() -> Play:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(lambda run: "f1@w1" in run.checks, ticks=False)
    play.settle()
    play.say("tick", "f1@w1", play.run.checks["f1@w1"].person, verdict="does_not_work")
    return play


def unanswered() -> Play:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on(lambda run: "f1@w1" in run.checks, ticks=False)
    play.wait(600)
    return play


def held_by_hand() -> Play:
    play = Play(an_itinerary(waves=("a",), policy={"ahead_of_gate": ()}))
    play.say("go", "w1")
    play.end("a/prepare")
    play.say("hold", "w1")
    for act in sorted(play.under_way):
        play.end(act)
    return play


SITUATIONS: dict[str, Callable[[], Play]] = {
    "gate": lambda: Play(an_itinerary(waves=("a",), policy={"ahead_of_gate": ()})),
    **{f"failed {step}": partial(held_for, step) for step in (
        "start", "fence", "final-copy", "grant", "switch", "probe", "probe-links",
    )},
    **{f"stuck on {undo}": partial(stuck_on, undo) for undo in (
        "fence-target", "bring-back", "start-source", "grant-source", "switch-back",
        "stop-target", "discard-copy", "remove",
    )},
    "links regressed": partial(regressed, "l1", "l2"),
    "refused": refused,
    "unanswered": unanswered,
    "held by hand": held_by_hand,
}  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_way_out_that_is_shown_is_refused(situation: str) -> None:
    play = SITUATIONS[situation]()
    shown = [
        (wait.subject, line)
        for wait in waits(play.run, play.now)
        if wait.human
        for line, _ in wait.choices
    ]
    assert shown
    for subject, line in shown:
        play = SITUATIONS[situation]()
        words = line.replace("--reason ...", "").replace("--note ...", "").split()
        if words[0] in {"close", "staff"}:
            said_of = {"close": {"cause": "a bug"}, "staff": {"members": "lena,dora"}}
            answered = play.say(words[0], words[2], "lena", **said_of[words[0]])
            assert isinstance(answered[0], ev.CommandTaken), f"{line}: {answered[0]}"
            continue
        verb, target = words[0], words[2]
        said = {"until": after(90).isoformat()}
        by = "anna"
        if verb == "tick":
            said, by = {"verdict": words[3]}, play.run.checks[subject].person
        if verb == "withdraw":
            by = next(iter(play.run.checks[subject].ticks))
        answered = play.say(verb, target, by, **said)
        assert isinstance(answered[0], ev.CommandTaken), f"{line}: {answered[0]}"


# --- tasks and waits -----------------------------------------------------------------------------


def with_task(**changes: object) -> Play:
    task = a_task("key", hand("anna", "bo"), **changes)  # type: ignore[arg-type]  # a test's own data
    play = Play(carried_out(recipe(tasks=[("copy", task)]), policy={"ahead_of_gate": ()}))
    play.go_on("a/key")
    return play


def verbs(wait: Wait) -> list[str]:
    return [line.split()[0] for line, _ in wait.choices]


def test_a_task_says_what_is_to_be_done_and_who_may() -> None:
    play = with_task(looks=True)
    task = of(play, "a/key")

    assert task.what == "the task a/key: turn the key"
    assert (task.on_whom, task.human, task.waits_for) == ("Anna, Bo, Dora", True, "a person's tick")
    assert task.since is not None
    assert (task.until, task.then) == (task.since + timedelta(minutes=45), "the wave is held")
    assert verbs(task) == ["tick", "tick"]


def test_a_task_of_a_team_that_nobody_is_named_in_waits_for_the_team() -> None:
    play = Play(carried_out(recipe(means={"prepare": hand()}), policy={"ahead_of_gate": ()}))
    play.go_on("a/prepare")
    assert of(play, "a/prepare").on_whom == "blue"


def test_a_wait_says_its_hour_and_needs_nobody() -> None:
    made = recipe(tasks=[("copy", a_task("pause", clock(until=after(300))))])
    play = Play(carried_out(made, policy={"ahead_of_gate": ()}))
    play.go_on("a/pause")
    wait = of(play, "a/pause")
    assert (wait.on_whom, wait.human, wait.until) == ("nobody", False, after(300))
    assert (wait.waits_for, wait.then, wait.choices) == ("its time", "it goes on", ())


def test_an_unanswered_task_is_told_once_with_what_would_not_be_refused() -> None:
    play = with_task(looks=True)
    play.wait(45)
    held = of(play, "a/key")  # exactly one
    assert held.what.startswith("w1 is held: nobody has ticked the task a/key")
    assert verbs(held) == ["release", "tick", "tick", "unwind"]


def test_a_looking_task_that_failed_is_answered_for_by_two() -> None:
    play = with_task(looks=True)
    play.say("tick", "a/key", verdict="does_not_work")
    play.wait(1)
    play.say("tick", "a/key", verdict="does_not_work")
    assert verbs(of(play, "a/key")) == ["veto", "retry", "override", "unwind"]


def test_a_task_is_asked_of_those_who_are_not_off_it_for_a_disturbance() -> None:
    play = with_task()
    assert "Anna, Bo" in of(play, "a/key").on_whom
    play.say("disturb", "a", "lena", reason="odd sums")
    play.say("staff", "D1", "lena", members="anna")
    assert "Anna" not in of(play, "a/key").on_whom
    play.say("staff", "D1", "lena", members="anna,bo,dora,lena")
    assert "Anna" in of(play, "a/key").on_whom  # nobody else may
