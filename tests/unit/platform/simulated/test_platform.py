"""The simulated platform's acts, one by one, on its world; tokens, faults and looks at links."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import ESTATE, Bench
from itineraries import START, after
from migrator.engine.events import StepStarted
from migrator.engine.ports import ActResult
from migrator.errors import PermanentError, TransientError
from migrator.inventory.model import Estimate
from migrator.plan.model import StepKind
from migrator.platform.simulated.faults import PlannedFault

TO_GRANT = ("prepare", "baseline", "copy", "quiesce", "fence", "final-copy", "start", "probe")


def test_an_act_takes_its_time_and_then_effect_once() -> None:
    bench = Bench()
    bench.step("a/prepare")

    assert bench.clock.now() == after(5)
    assert bench.a().new.prepared
    again = bench.step("a/prepare", nth=2)
    assert again.changes == ("unchanged prepare/a",)
    assert bench.world.audit(bench.clock.now()).effects_doubled == 0


def test_the_world_is_kept_after_each_effect() -> None:
    bench = Bench()
    bench.steps("a", "prepare", "copy")

    assert bench.kept == [1, 2]


def test_a_stateful_move_goes_forward_and_back() -> None:
    bench = Bench()
    bench.steps("a", *TO_GRANT)
    assert bench.step("a/grant").authority == "new"
    bench.steps("a", "switch", "probe-links")
    place = bench.a()
    assert (place.traffic, place.new.granted, place.old.running) == ("new", True, False)
    assert bench.undo("a/fence-target").authority == "none"
    for name in ("bring-back", "start-source"):
        bench.undo(f"a/{name}")
    assert bench.undo("a/grant-source").authority == "old"
    for name in ("switch-back", "prove-back", "stop-target", "discard-copy"):
        assert bench.undo(f"a/{name}").outcome == "done"
    assert bench.undo("a/remove").remains == ("namespace/a (empty)",)

    place = bench.a()
    assert bench.world.admits(place, "old")
    assert (place.new.rows, place.new.running, place.new.prepared) == (set(), False, False)
    assert bench.world.audit(bench.clock.now()).violations == []


def test_a_stateless_move_moves_authority_with_its_traffic() -> None:
    bench = Bench()
    bench.steps("b", "prepare", "baseline", "start", "probe")
    assert bench.step("b/switch").authority == "new"
    bench.steps("b", "drain", "fence", "probe-links")
    assert bench.step("b/fence", token="other").authority is None
    bench.undo("b/start-source")
    assert bench.undo("b/switch-back").authority == "old"
    assert bench.world.audit(bench.clock.now()).both_live_seconds == 0


def test_a_commit_retires_the_old_side() -> None:
    bench = Bench()
    with pytest.raises(PermanentError, match="traffic is not on the new side"):
        bench.step("a/finalise")
    bench.steps("a", *TO_GRANT, "grant", "switch", "finalise", "retire")

    assert bench.a().retired
    assert bench.a().old.rows == set()


@pytest.mark.parametrize(
    ("done", "act", "why"),
    [
        ((), "a/final-copy", "needs a fenced old side"),
        ((), "a/probe", "does not run on the target"),
        (("prepare", "copy", "start"), "a/grant", "still admits work"),
    ],
)
def test_what_would_break_a_promise_is_refused(done: tuple[str, ...], act: str, why: str) -> None:
    bench = Bench()
    bench.steps("a", *done)
    with pytest.raises(PermanentError, match=why):
        bench.step(act)
    assert not bench.world.took_effect(f"{act}/1")


@pytest.mark.parametrize(
    ("undo", "why"),
    [
        ("a/bring-back", "needs a fenced target"),
        ("a/grant-source", "still admits work"),
        ("a/discard-copy", "while the target runs"),
    ],
)
def test_what_would_break_a_promise_on_the_way_back_is_refused(undo: str, why: str) -> None:
    bench = Bench()
    bench.steps("a", *TO_GRANT, "grant", "switch")
    with pytest.raises(PermanentError, match=why):
        bench.undo(undo)


def test_rows_that_differ_after_the_final_copy_are_refused() -> None:
    bench = Bench()
    bench.steps("a", "prepare", "copy", "quiesce", "fence")
    bench.a().new.rows.add(10**6)
    with pytest.raises(PermanentError, match="differ after the final copy"):
        bench.step("a/final-copy")


def test_going_back_before_anything_moved_gives_and_takes_nothing() -> None:
    bench = Bench()
    assert bench.undo("a/fence-target").authority is None  # the old side had it all the time
    before = bench.a().switched_at
    bench.undo("b/switch-back")
    assert bench.world.places["b"].switched_at == before is None


# --- doubts -------------------------------------------------------------------------------------


def test_the_world_tells_the_truth_about_doubtful_acts() -> None:
    bench = Bench(PlannedFault("step_half_fails", "a", "copy"))
    assert bench.observe("a/fence").outcome == "not_done"
    bench.steps("a", "prepare", "quiesce", "fence")
    assert bench.observe("a/fence") == ActResult(
        "done", "the world has seen this token", authority="none"
    )
    assert bench.observe("a/prepare").authority is None
    with pytest.raises(PermanentError):
        bench.step("a/copy")
    assert "in part" in bench.observe("a/copy").detail
    bench.step("a/copy", nth=2)
    assert bench.observe("a/copy").outcome == "done"


def test_what_took_effect_before_says_so_and_who_holds_authority() -> None:
    bench = Bench()
    bench.steps("a", "prepare", "copy", "quiesce", "fence")
    again = bench.step("a/fence", nth=2)

    assert (again.outcome, again.authority) == ("done", "none")
    assert again.detail == "had taken effect before with the same token"


# --- trouble ------------------------------------------------------------------------------------


def test_an_injected_failure_changes_nothing() -> None:
    bench = Bench(PlannedFault("step_fails", "a", "prepare"))
    with pytest.raises(PermanentError, match="prepare failed"):
        bench.step("a/prepare")
    assert not bench.a().new.prepared
    assert bench.kept == []


@pytest.mark.parametrize("act", ["prepare", "copy", "quiesce", "start", "probe"])
def test_a_half_failure_leaves_half_of_the_act(act: str) -> None:
    bench = Bench(PlannedFault("step_half_fails", "a", act))
    with pytest.raises(PermanentError, match="half-way"):
        bench.step(f"a/{act}")
    place = bench.a()

    assert bench.world.half_done == {f"a/{act}/1"}
    assert (place.new.prepared, len(place.new.rows) > 0, place.old.quiesced, place.new.running) == (
        act == "prepare", act == "copy", act == "quiesce", act == "start",
    )  # fmt: skip
    assert bench.kept == [0]


def test_an_act_that_hangs_answers_after_its_limit() -> None:
    bench = Bench(PlannedFault("step_times_out", "a", "copy"))
    intent = bench.intent("a/copy")
    result = bench.run(bench.platform.perform(intent))

    assert (result.outcome, result.detail) == ("failed", "answered after its limit")
    assert bench.clock.now() > intent.limit_at


def test_an_undo_may_fail_too_and_is_struck_by_no_step_fault() -> None:
    bench = Bench(PlannedFault("undo_fails", "a", "remove"), PlannedFault("step_fails"))
    with pytest.raises(PermanentError, match="remove failed"):
        bench.undo("a/remove")
    assert bench.undo("a/remove", nth=2).outcome == "done"
    assert bench.box.struck() == (1, 0)


def test_a_slow_platform_takes_longer_but_a_soak_is_a_soak() -> None:
    bench = Bench(PlannedFault("platform_slow", factor=4))
    bench.step("a/prepare")
    assert bench.clock.now() == after(20)
    bench.step("a/soak")
    assert bench.clock.now() == after(25)


def test_a_drain_is_cut_at_its_limit() -> None:
    bench = Bench()
    bench.step("b/drain")

    assert bench.clock.now() == after(1)


def test_an_act_without_an_estimate_takes_no_time() -> None:
    bare = replace(ESTATE.legs["a"], step_minutes={}, undo_minutes={})
    bench = Bench(itinerary=replace(ESTATE, legs={**ESTATE.legs, "a": bare}))
    bench.step("a/prepare")
    bench.undo("a/remove")

    assert bench.clock.now() == START


def test_accidents_come_by_the_moves_own_probability_at_one_step_of_it() -> None:
    steps = ("prepare", "copy", "final-copy", "start", "probe", "switch")
    struck = {0.0: 0, 0.3: 0, 1.0: 0}
    lasting = 0
    for probability in struck:
        leg = replace(
            ESTATE.legs["a"],
            failure_probability=probability,
            step_minutes={StepKind(step): Estimate(1, 1) for step in steps},
        )
        itinerary = replace(ESTATE, legs={**ESTATE.legs, "a": leg})
        for seed in range(60):
            platform = Bench(itinerary=itinerary, accidents=True, seed=seed).platform
            hits = [
                step for step in steps
                if platform._accident(leg, _try(step, 1), step)
            ]  # fmt: skip
            assert len(hits) <= 1
            struck[probability] += len(hits)
            lasting += sum(platform._accident(leg, _try(step, 2), step) for step in hits)
    assert struck[0.0] == 0
    assert 8 <= struck[0.3] <= 30
    assert struck[1.0] == 60
    assert 15 <= lasting <= 50


def _try(step: str, nth: int) -> StepStarted:
    return StepStarted("a", step, 1, nth, "t", after(99))


def test_an_accident_is_a_passing_error() -> None:
    leg = replace(ESTATE.legs["a"], failure_probability=1.0)
    bench = Bench(itinerary=replace(ESTATE, legs={**ESTATE.legs, "a": leg}), accidents=True, seed=3)
    hit = next(
        act for act in (*TO_GRANT, "switch") if bench.platform._accident(leg, _try(act, 1), act)
    )
    with pytest.raises(TransientError, match=rf"{hit} failed \(by chance\)"):
        bench.step(f"a/{hit}")


# --- links --------------------------------------------------------------------------------------


def test_a_baseline_counts_what_answers_and_what_did_not_before() -> None:
    judged = Bench().step("a/baseline").judged

    assert judged is not None
    assert judged.same + judged.broken == 1010
    assert 3 <= judged.broken <= 6
    assert (judged.regressed, judged.examples) == (0, ())


def test_after_a_quiet_move_the_same_links_answer() -> None:
    bench = Bench()
    bench.steps("a", *TO_GRANT, "grant", "switch")
    baseline, after_move = bench.step("a/baseline").judged, bench.step("a/probe-links").judged

    assert baseline is not None
    assert after_move is not None
    assert (after_move.same, after_move.regressed) == (baseline.same, 0)


def test_links_that_regress_are_counted_on_the_new_side_and_end_the_look() -> None:
    bench = Bench(PlannedFault("links_regress", "a", share=0.1))
    bench.steps("a", *TO_GRANT, "grant", "switch")
    result = bench.step("a/probe-links")

    assert result.outcome == "failed"
    assert result.judged is not None
    assert 95 <= result.judged.regressed <= 103
    assert 0 < len(result.judged.examples) <= 5
    assert "do not answer now" in result.detail
    assert bench.step("a/probe-links", nth=2).outcome == "failed"  # it does not mend itself
    assert bench.platform.regressed == {0: 0.1, 1: 0.1}
    bench.undo("a/fence-target")
    for undo in ("bring-back", "start-source", "grant-source", "switch-back"):
        bench.undo(f"a/{undo}")
    assert bench.undo("a/prove-back").outcome == "done"
    bench.undo("a/remove")
    assert bench.platform.regressed == {}


def test_a_side_that_does_not_answer_has_lost_all_its_links() -> None:
    bench = Bench()
    bench.steps("a", "quiesce")
    judged = bench.step("a/probe-links").judged

    assert judged is not None
    assert judged.same == 0
    assert judged.regressed > 1000


def test_links_to_what_is_being_moved_are_put_off() -> None:
    bench = Bench()
    bench.steps("c", "quiesce")
    result = bench.step("a/probe-links")

    assert result.outcome == "done"
    assert result.judged is not None
    assert result.judged.deferred == 10
