"""The rare corners of the engine: what a plan seldom has, and two things in one instant."""

from __future__ import annotations

from dataclasses import replace

from itineraries import START, a_check, a_crew, after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.checks import decide_checks
from migrator.engine.draft import Draft
from migrator.engine.states import ActState, CheckState, RunState, WaveState
from migrator.engine.waits import waits
from migrator.ids import TeamId
from migrator.plan.model import Act, Itinerary, Reaction, StepKind, Trouble
from migrator.plan.recipes import RECIPES
from playing import Play


def with_recipe(itinerary: Itinerary, name: str, **changes: object) -> Itinerary:
    recipe = replace(RECIPES[name], **changes)  # type: ignore[arg-type]  # a test's own data
    return replace(itinerary, recipes={**itinerary.recipes, name: recipe})


def test_who_was_given_a_check_that_somebody_else_ticked_is_free_again() -> None:
    checks = (a_check("f1", 1, "a"), a_check("f2", 1, "a", possible_after=after(300)))
    play = Play(an_itinerary(waves=("a",), checks=checks))
    play.go_on(lambda run: "f1@w1" in run.checks, ticks=False)
    play.settle()
    assert play.run.checks["f1@w1"].person == "hanna"
    play.say("tick", "f1@w1", "hugo", verdict="works")
    play.now = after(300)
    play.settle()

    assert play.run.checks["f2@w1"].person == "heidi"  # the others were given one each
    assert play.check("f2@w1") is CheckState.ASSIGNED


def test_a_check_counts_once_for_who_was_given_it_and_ticked_it() -> None:
    later = a_check("f3", 1, "a", possible_after=after(300))
    play = Play(
        an_itinerary(waves=("a",), checks=(*(a_check(f, 1, "a") for f in ("f1", "f2")), later))
    )
    play.go_on(lambda run: "f2@w1" in run.checks, ticks=False)
    play.settle()
    play.say("tick", "f1@w1", "hanna", verdict="works")
    play.say("tick", "f2@w1", "hugo", verdict="works")  # it was given to heidi
    play.now = after(300)
    play.settle()

    assert play.run.checks["f3@w1"].person == "hanna"  # all three had one, and she comes first


def test_a_recipe_of_preparations_alone_is_done_before_its_gate() -> None:
    steps = tuple(s for s in RECIPES["stateless"].steps if s.kind is StepKind.PREPARE)
    play = Play(with_recipe(an_itinerary(waves=("a",), stateless="a"), "stateless", steps=steps))
    play.end("a/prepare")

    assert play.under_way == set()
    assert play.wave() is WaveState.DECIDING


def test_two_moves_without_a_seat_are_one_stall() -> None:
    crew = a_crew((START, after(1), 3))
    play = Play(an_itinerary(waves=("ab",), crews={TeamId("blue"): crew}))
    play.wait(2)
    play.end(*play.under_way)
    play.end(*play.under_way)
    play.say("go", "w1")
    play.wait(30)

    assert len(play.happened(ev.Stalled)) == 1
    assert len(play.happened(ev.WaveHeld)) == 1


def test_a_doubt_holds_its_own_wave_and_no_other() -> None:
    play = Play(an_itinerary(waves=("a", "b")))
    play.go_on("a/fence", but=["b/copy"])
    assert "b/copy" in play.under_way
    play.note(ev.StepDoubted("a", "fence", 1), ev.StepSettled("a", "fence", 1, "unknown", ""))
    play.settle()

    assert play.wave("w1") is WaveState.HELD
    assert play.wave("w2") is WaveState.PLANNED


def test_only_what_was_prepared_is_taken_back_from_a_declined_wave() -> None:
    play = Play(an_itinerary(waves=("ab",), policy={"ahead_of_gate": ()}))
    limit = after(90)
    play.note(ev.StepStarted("a", "prepare", 1, 1, "t", limit))
    play.end("a/prepare")
    play.say("unwind", "a")

    assert play.last(ev.UnwindBegun).moves == ("a",)
    assert not play.last(ev.UnwindBegun).partial


def test_a_wave_of_which_nothing_was_begun_is_back_without_an_undo() -> None:
    crew = a_crew((after(500), after(600), 1))
    ahead = {"ahead_of_gate": ()}
    crews = {TeamId("blue"): crew}
    play = Play(an_itinerary(waves=("a",), crews=crews, policy=ahead, stateless="a"))
    play.say("go", "w1")
    assert play.under_way == set()
    play.say("abort", "run")

    assert play.last(ev.UnwindBegun).moves == ()
    assert play.wave() is WaveState.RETURNED
    assert play.state() is RunState.ENDED


def test_an_abort_in_the_instant_of_a_time_out_hears_the_time_out_first() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.now = after(120)
    play.run.waves["w1"].gate_deadline = after(600)
    play.say("abort", "run")

    ended = [at for at, event in play.history if isinstance(event, ev.StepEnded)]
    begun = [at for at, event in play.history if isinstance(event, ev.UnwindBegun)]
    assert ended == begun == [after(120)]
    assert play.last(ev.StepEnded).outcome == "timed_out"


def test_a_recipe_that_begins_with_a_look_leaves_nothing_to_undo() -> None:
    steps = RECIPES["stateless"].steps
    first = tuple(sorted(steps, key=lambda step: step.kind is not StepKind.BASELINE))
    itinerary = an_itinerary(waves=("a",), stateless="a", policy={"ahead_of_gate": ()})
    play = Play(with_recipe(itinerary, "stateless", steps=first))
    play.say("go", "w1")
    assert play.under_way == {"a/baseline"}
    play.say("unwind", "w1")

    assert play.happened(ev.UndoStarted) == []
    assert play.act("a/baseline").state is ActState.FAILED
    assert play.wave() is WaveState.RETURNED


def test_a_recipe_that_switches_nothing_back_keeps_nobody_waiting() -> None:
    recipe = RECIPES["stateless"]
    steps = tuple(replace(s, undo=()) if s.kind is StepKind.SWITCH else s for s in recipe.steps)
    itinerary = an_itinerary(waves=("ab",), links=("ab",), stateless="b")
    play = Play(with_recipe(itinerary, "stateless", steps=steps))
    play.go_on("a/switch", but=["b/probe"])
    play.end("a/switch")
    play.go_on(lambda run: {("a", "soak"), ("b", "soak")} <= run.in_flight.keys())
    assert play.run.switch_order == ["a", "b"]
    play.say("unwind", "w1")

    assert "a/fence-target" in play.under_way


def test_a_wave_without_an_attempt_left_offers_none() -> None:
    policy = {"waves_per_attempt_max": 1, "ahead_of_gate": ()}
    play = Play(an_itinerary(waves=("a", "b"), policy=policy))
    play.say("no-go", "w1")

    assert not [wait for wait in waits(play.run, play.now) if wait.subject == "w1"]


def test_a_passed_check_is_left_alone() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/soak")
    draft = Draft(play.run, play.now)
    decide_checks(draft, play.run.itinerary.waves[0])

    assert draft.events == []


def test_nothing_is_begun_in_the_instant_in_which_it_is_taken_back() -> None:
    play = Play(an_itinerary(waves=("a", "b"), before=("ab",)))
    play.go_on("b/fence", but=["a/soak"])
    play.fail("a/soak")
    play.wait(14)
    play.end("b/fence", outcome="failed")  # its second try and the unwind are due in one instant
    play.wait(1)

    assert play.wave("w2") is WaveState.UNWINDING
    assert play.started().count("b/fence") == 1


def test_after_a_failed_step_nothing_of_its_move_goes_on() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.go_on("a/fence")
    play.end("a/fence", outcome="failed")

    assert play.under_way == set()


def test_nothing_of_a_wave_begins_in_the_instant_in_which_another_move_holds_it() -> None:
    on = {Trouble.STEP_FAILED: Reaction(Act.HOLD)}
    play = Play(an_itinerary(waves=("ab",), policy={"ahead_of_gate": ()}, on=on))
    play.go_on("a/copy")
    assert play.under_way == {"a/copy", "b/copy"}
    play.note(
        ev.StepEnded("a", "copy", 1, "failed", "it broke"), ev.StepEnded("b", "copy", 1, "done", "")
    )
    play.settle()
    assert play.wave() is WaveState.HELD
    assert play.under_way == set()
