"""The verbs that steer a single act, a wave's next attempt, and what goes back or is signed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import WaveState
from playing import Play

LINKS = "a/probe-links"


def at_the_gate(**changes: object) -> Play:
    policy = {"ahead_of_gate": ()}
    return Play(an_itinerary(**{"waves": ("a", "b"), "policy": policy, **changes}))  # type: ignore[arg-type]  # a test's own data


def moving(until: str | Callable[..., bool] = "a/fence", **changes: object) -> Play:
    play = Play(an_itinerary(**{"waves": ("a",), **changes}))  # type: ignore[arg-type]  # a test's own data
    play.go_on(until)
    return play


def refused_links() -> Play:
    """A wave that is held because links regressed, and what was under way has ended."""
    play = moving("a/probe-links")
    play.fail("a/probe-links")
    return play


def accepted() -> Play:
    return moving(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)


# --- single acts --------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["retry", "skip", "force-done", "abandon"])
def test_a_verb_for_an_act_names_a_subsystem_and_a_step(verb: str) -> None:
    play = moving()
    assert play.refusal(verb, "a") == "'a' is not a step: write it as subsystem/step"
    assert play.refusal(verb, "x/copy") == "'x/copy' is not a step: write it as subsystem/step"
    assert play.refusal(verb, "a/dance").startswith("a has no step 'dance'; it has prepare, ")


@pytest.mark.parametrize("verb", ["retry", "skip", "force-done"])
def test_only_a_failed_act_is_tried_again_or_given_up(verb: str) -> None:
    assert "a/probe is waiting" in moving().refusal(verb, "a/probe")


def test_what_keeps_both_sides_from_being_live_is_never_skipped() -> None:
    for step in ("fence", "final-copy", "grant", "switch"):
        play = moving(f"a/{step}")
        play.fail(f"a/{step}")
        assert f"{step} is never skipped" in play.refusal("skip", f"a/{step}")


def taken_back_to(undo: str, **changes: object) -> Play:
    """A wave that is stuck on an undo."""
    play = moving("a/probe-links", **changes)
    play.end("a/probe-links")
    play.say("unwind", "w1")
    play.go_on(f"a/{undo}")
    play.fail(f"a/{undo}")
    assert play.wave() is WaveState.STUCK
    return play


@pytest.mark.parametrize("undo", ["fence-target", "bring-back", "grant-source", "switch-back"])
def test_what_brings_authority_users_and_rows_back_is_never_skipped(undo: str) -> None:
    play = taken_back_to(undo)
    said = play.refusal("skip", f"a/{undo}")
    assert said.startswith(f"{undo} is never skipped")
    assert said.endswith("force-done it when it was done by hand")


@pytest.mark.parametrize("undo", ["fence-target", "bring-back"])
def test_the_old_side_goes_on_neither_over_an_open_new_side_nor_without_its_rows(undo: str) -> None:
    play = taken_back_to(undo)
    assert play.refusal("abandon", f"a/{undo}").startswith(f"{undo} is never given up")


def test_a_fence_that_a_person_set_by_hand_lets_the_unwind_go_on() -> None:
    play = taken_back_to("fence-target")
    play.say("force-done", "a/fence-target", reason="by hand, in the machine room")
    assert play.wave() is WaveState.UNWINDING


def test_nobody_alone_says_that_all_rows_are_back() -> None:
    play = taken_back_to("bring-back")

    refused = play.refusal("force-done", "a/bring-back", reason="I counted them")
    assert refused.startswith("nobody alone says that all rows are back")
    assert play.wave() is WaveState.STUCK


def test_two_named_people_let_an_unwind_go_on_with_what_is_lost() -> None:
    play = taken_back_to("bring-back")
    play.say("retry", "a/bring-back")
    unproven = ev.UndoEnded("a", "bring-back", 1, "failed", "unproven", lost=("7 rows of A",))
    play.note(unproven)
    play.settle()
    play.say("override", "a/bring-back", reason="written off", os_user="one")
    assert play.wave() is WaveState.STUCK
    play.say("override", "a/bring-back", "bo", reason="written off", os_user="two")

    assert play.wave() is WaveState.UNWINDING
    assert play.run.losses == {"a": ("7 rows of A",)}
    assert any("unwound with loss (7 rows of A)" in note for note in play.run.exceptions)


def test_nobody_alone_goes_on_without_the_proof_that_every_row_came_back() -> None:
    play = taken_back_to("bring-back")
    why = play.refusal("force-done", "a/bring-back")
    assert why.startswith("nobody alone says that all rows are back")
    play.say("override", "a/bring-back", "anna", os_user="u1")
    assert play.wave() is WaveState.STUCK
    assert "has asked already" in play.refusal("override", "a/bring-back", "anna", os_user="u2")
    play.say("override", "a/bring-back", "bo", os_user="u2", reason="the till holds a copy")

    loss = play.last(ev.LossAccepted)
    assert (loss.by, loss.second, loss.reason) == ("bo", "anna", "the till holds a copy")
    assert play.wave() is WaveState.UNWINDING
    assert play.run.exceptions[0].startswith("a: unwound with loss (nobody can tell what); bo and")


def test_a_held_wave_is_not_told_to_be_held() -> None:
    play = moving("a/fence")
    assert play.refusal("unwind", "w1") == (
        "a/fence is under way; hold the wave, and unwind when it has ended"
    )
    play.say("hold", "w1")
    assert play.refusal("unwind", "w1") == "a/fence is under way; unwind when it has ended"


@pytest.mark.parametrize("verb", ["skip", "force-done"])
def test_evidence_is_neither_skipped_nor_forced_by_one_person(verb: str) -> None:
    said = refused_links().refusal(verb, LINKS)
    assert said.startswith("probe-links is evidence; two people may answer for it")


@pytest.mark.parametrize("verb", ["skip", "force-done"])
def test_giving_an_act_up_needs_a_reason(verb: str) -> None:
    play = moving("a/start")
    play.fail("a/start")
    assert play.refusal(verb, "a/start", reason="") == (
        f"{verb} needs a reason; it is listed in the report"
    )


def test_a_step_is_not_abandoned() -> None:
    play = moving("a/start")
    play.fail("a/start")
    assert play.refusal("abandon", "a/start") == "start is a step; skip or retry it, or unwind a"


def test_what_is_skipped_releases_its_own_hold_and_no_other() -> None:
    play = moving("a/start")
    play.fail("a/start")
    play.say("hold", "w1", by="lena")
    play.say("skip", "a/start", by="bo")
    assert [hold.subject for hold in play.run.waves["w1"].holds] == ["w1"]
    play.say("release", "w1")
    assert "a/probe" in play.under_way


@pytest.mark.parametrize(("step", "side"), [("fence", "none"), ("grant", "new")])
def test_what_was_done_by_hand_moves_authority_as_the_act_would_have(step: str, side: str) -> None:
    play = moving(f"a/{step}")
    play.fail(f"a/{step}")
    play.say("force-done", f"a/{step}")

    assert play.run.authority["a"].value == side


def test_a_switch_that_was_done_by_hand_is_undone_like_any_other() -> None:
    play = moving("a/switch", stateless="a")
    play.fail("a/switch")
    play.say("force-done", "a/switch")
    assert play.run.authority["a"].value == "new"
    assert play.run.switch_order == ["a"]


# --- waves again --------------------------------------------------------------------------------


def test_a_wave_is_tried_again_when_it_is_back_and_has_attempts_left() -> None:
    play = at_the_gate(policy={"waves_per_attempt_max": 2, "ahead_of_gate": ()}, waves=("a",))
    assert play.refusal("retry", "w1") == "w1 is deciding; a returned wave can be tried again"
    play.say("no-go", "w1")
    play.say("retry", "w1", by="hanna")
    assert play.last(ev.AttemptOpened) == ev.AttemptOpened("w1", 2, "hanna")
    assert play.wave() is WaveState.DECIDING


def test_a_wave_that_had_its_attempts_is_not_tried_again() -> None:
    play = at_the_gate(policy={"waves_per_attempt_max": 1, "ahead_of_gate": ()})
    play.say("no-go", "w1")
    assert play.refusal("retry", "w1") == "w1 had its 1 attempts; the policy allows no more"


def test_a_wave_that_did_not_come_back_is_not_tried_again() -> None:
    play = moving("a/probe-links")
    play.say("unwind", "w1")
    play.go_on("a/grant-source")
    for _ in range(3):
        play.end("a/grant-source", outcome="failed")
        if play.wave() is WaveState.UNWINDING:
            play.wait_until_woken()
    play.say("abandon", "a/grant-source", by="lena")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)

    assert play.refusal("retry", "w1") == "a did not come back to the old side; mend that first"
    play.wait(60)
    assert play.run.outcome == "stuck"


# --- taking back and committing -----------------------------------------------------------------


def test_an_unwind_names_a_wave_a_move_a_step_or_everything() -> None:
    for target in ("w1", "a", "a/switch", "everything"):
        play = moving("a/probe-links")
        play.say("unwind", target)
        assert play.last(ev.UnwindBegun).moves == ("a",)
        assert play.last(ev.UnwindBegun).by == "anna"


def test_an_unwind_without_a_reason_says_that_an_operator_wanted_it() -> None:
    play = moving("a/probe-links")
    play.say("unwind", "w1", reason="")
    assert play.last(ev.UnwindBegun).cause == "an operator's unwind"


def test_an_unwind_of_nothing_says_so() -> None:
    assert at_the_gate().refusal("unwind", "w1") == (
        "nothing of it was begun, or all of it is back already"
    )
    assert at_the_gate().refusal("unwind", "w12") == "nothing is called 'w12'; w2?"
    assert at_the_gate().refusal("unwind", "xyz") == "nothing is called 'xyz'"


def test_an_unwind_waits_for_what_is_under_way() -> None:
    assert moving().refusal("unwind", "w1") == (
        "a/fence is under way; hold the wave, and unwind when it has ended"
    )


def test_an_accepted_wave_may_be_unwound_and_a_committed_one_never() -> None:
    play = accepted()
    play.say("unwind", "w1")
    assert play.wave() is WaveState.UNWINDING
    play = accepted()
    play.say("commit", "w1", by="bo")
    for target in ("w1", "a"):
        assert "never unwound" in play.refusal("unwind", target)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.COMMITTED)
    assert play.happened(ev.UnwindBegun) == []


def test_everything_leaves_out_what_is_committed() -> None:
    play = Play(an_itinerary(waves=("a", "b"), policy={"next_wave_when": "accepted"}))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("commit", "w1")
    play.go_on("b/probe-links")
    play.say("unwind", "everything")

    assert play.last(ev.UnwindBegun).moves == ("b",)


def test_only_an_accepted_wave_is_committed_and_only_by_a_decision_maker() -> None:
    assert moving().refusal("commit", "w1") == "w1 is moving; only an accepted wave is committed"
    assert "may not decide this" in accepted().refusal("commit", "w1", "hanna")
    play = accepted()
    play.say("commit", "w1", by="dora")
    assert play.last(ev.CommitBegun).by == "dora"
    assert "w1 is committing" in play.refusal("commit", "w1")


def test_in_a_run_that_is_taken_back_no_wave_is_tried_again() -> None:
    play = moving("a/copy", waves=("a", "b"), policy={"ahead_of_gate": ()})
    play.say("hold", "w1")
    play.end("a/copy")
    play.say("unwind", "w1")
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)
    play.go_on("b/copy")
    play.say("abort")
    assert play.refusal("retry", "w1") == "the run is being aborted; w1 is not tried again"


@pytest.mark.parametrize("verb", ["retry", "skip", "force-done"])
def test_nothing_is_done_about_a_step_of_a_move_that_goes_back(verb: str) -> None:
    play = moving("a/start", waves=("a",))
    play.fail("a/start")
    play.say("unwind", "w1")
    assert play.refusal(verb, "a/start") == (
        "a is being taken back; nothing is done about its start any more"
    )
    play.go_on(lambda run: run.waves["w1"].state is WaveState.RETURNED)
    assert "a is back on the old side; nothing is done" in play.refusal(verb, "a/start")
