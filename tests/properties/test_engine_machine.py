"""The engine keeps its promises whatever is said and whatever fails (see `simulation/machine.py`).

Two machines play it: one through acts of the platform, one through acts of programs, persons and
clocks, with files that are amended and plans that are made anew. Chance seldom comes to some
places; the way there is walked once each.

The long form: `MIGRATOR_HYPOTHESIS=soak`, or the tests that are marked so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test as run_machine

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.replanning import plan_anew
from migrator.engine.states import WaveState
from migrator.plan.means import InDoubt
from simulation.machine import CODES, LOOKS_BACK, EngineMachine, held
from simulation.machine_of_means import MeansMachine, by_means
from simulation.player import Player
from simulation.playing_well import adrift, mend, step_well


def test_every_promise_is_kept_when_a_regressed_link_is_waived() -> None:
    """Chance seldom comes so far: the way there is walked once."""
    player = Player(an_itinerary(waves=("a", "bc")), dict(CODES))
    while not any(act in LOOKS_BACK for _, act in player.tasks):
        step_well(player)
    ((move, look),) = (key for key in player.tasks if key[1] in LOOKS_BACK)
    while not held(player, move):
        if (move, look) in player.tasks:
            player.end((move, look), "failed")
        else:
            player.wake()
    player.say("waive", f"l-{move}", "anna")
    assert not held(player, move)
    mend(player)
    assert [*player.wrong(), *adrift(player)] == []
    assert player.run.exceptions[0].startswith(f"{move}/{look}: link l-{move} waived by anna")


# --- programs, persons, clocks, and what two people change ----------------------------------------

PLAN: Final[dict[str, Any]] = {
    "waves": ("a", "bc"), "before": "", "stateless": "", "links": (), "quorum": 1,
    "reaction": "a human", "next_when": "verified", "after_unwind": "continue",
    "gate_default": "wait", "in_doubt": InDoubt.OBSERVE, "by_hand": "the tasks",
    "key": "bo's and lena's", "wait": "two hours",
}  # fmt: skip


def until(holds: Callable[[Player], object], **changes: object) -> Player:
    """A run by programs, persons and clocks that goes well up to the place that is meant."""
    player = Player(by_means({**PLAN, **changes}), dict(CODES))
    while not holds(player):
        assert step_well(player)
    assert player.wrong() == []
    return player


def kept(player: Player) -> None:
    """No promise was broken, nor is any while everything is mended."""
    assert player.wrong() == []
    mend(player)
    assert [*player.wrong(), *adrift(player)] == []


def happened(player: Player, kind: type[ev.Event]) -> int:
    """How often."""
    return sum(isinstance(event, kind) for _, event in player.history)


@pytest.mark.parametrize("there", [True, False])
def test_every_promise_is_kept_when_a_wait_ends_while_somebody_leads_and_while_nobody_does(
    there: bool,
) -> None:
    player = until(lambda player: ("a", "pause") in player.clocks)
    due = player.witness.limits["a", "pause"]
    for moment, over in ((due - timedelta(seconds=1), False), (due, True)):
        minutes = (moment - player.now).total_seconds() / 60
        player.pass_time(minutes) if there else player.die([], minutes)
        assert player.wrong() == []
        assert (("a", "pause") not in player.clocks) is over
    kept(player)


def test_every_promise_is_kept_when_a_task_is_ticked_by_whoever_may_once() -> None:
    player = until(lambda player: player.hands, key="anna's")
    ((move, act),) = player.hands
    player.pass_time(50)  # it is overdue, and waits still
    assert (player.run.waves["w1"].state, len(player.hands)) == (WaveState.HELD, 1)
    for who in ("hanna", "bo", "mallory", "lena", "anna", "lena"):  # the wave's lead always may
        player.say("tick", f"{move}/{act}", who, verdict="works")
        assert player.wrong() == []
        refused = {"hanna", "bo", "mallory"}
        assert ((move, act) in player.hands) is (who in refused)
    told = [event for _, event in player.history if isinstance(event, ev.StepEnded)]
    assert [event.detail for event in told if event.step == act] == ["done by lena: so be it"]
    kept(player)


@pytest.mark.parametrize("fate", ["whole", "none"])
@pytest.mark.parametrize("in_doubt", list(InDoubt))
def test_every_promise_is_kept_when_the_process_dies_over_a_program(
    in_doubt: InDoubt, fate: str
) -> None:
    player = until(lambda player: ("a", "switch") in player.tasks, in_doubt=in_doubt)
    token = player.tasks["a", "switch"].token
    player.die([fate])
    player.settle_doubt(("a", "switch"))

    asked = in_doubt is InDoubt.ASK
    done = in_doubt is InDoubt.OBSERVE and fate == "whole"
    assert (player.run.waves["w1"].state is WaveState.HELD) is asked
    assert (("a", "switch") in player.tasks) is not (asked or done)
    if asked and fate == "whole":
        player.say("force-done", "a/switch", "anna")
    kept(player)
    assert (token in player.world.effects, happened(player, ev.WaveAccepted)) == (True, 2)


def test_every_promise_is_kept_when_two_people_amend_a_file_and_only_that_one() -> None:
    player = until(lambda player: ("a", "call") in player.tasks)

    def amend(by: str, user: str, **words: str) -> int:
        told = {"file": "do.sh", "was": "a" * 64, "now": "c" * 64, "os_user": user, **words}
        player.say("amend", "a/call", by, **told)
        assert player.wrong() == []
        return happened(player, ev.StepAmended)

    assert amend("anna", "u1") == amend("bo", "u2") == 0, "what is under way keeps its bytes"
    while ("a", "call") in player.tasks or player.wake():
        if ("a", "call") in player.tasks:
            player.end(("a", "call"), "failed")
    assert player.run.waves["w1"].state is WaveState.HELD
    assert amend("anna", "u1") == amend("anna", "u2") == amend("bo", "u1") == 0
    # The same bytes for another file are another matter: nobody has asked for them.
    assert amend("bo", "u2", file="both.sh", was="b" * 64) == 0
    assert amend("bo", "u2") == 1
    assert amend("dora", "u3", file="both.sh", was="b" * 64) == 2  # joins what bo has asked for
    player.die([])  # what was amended is in the journal
    player.say("retry", "a/call", "anna")
    assert player.witness.bytes_of(("a", "call")) == dict.fromkeys(
        ("do.sh", "both.sh", "look.sh"), "c" * 64
    ) | {"look.sh": ""}
    assert player.witness.bytes_of(("b", "call"))["do.sh"] == "a" * 64
    kept(player)


def test_every_promise_is_kept_when_the_rest_is_planned_anew_by_two_people() -> None:
    player = until(lambda player: ("a", "copy") in player.tasks, waves=("a", "bc", "de"))
    new = by_means({**PLAN, "waves": ("a", "bc", "e", "fg")})
    player.witness.wanted[new.plan_digest] = new
    made, wrong = plan_anew(player.run, new)
    assert wrong == ()
    words = dict(made.details())
    for by, user in (("anna", "u1"), ("anna", "u2"), ("bo", "u1"), ("bo", "u2")):
        assert happened(player, ev.Replanned) == 0
        player.say("replan", "", by, **words, os_user=user)
        assert player.wrong() == []
    assert happened(player, ev.Replanned) == 1
    assert ("a", "copy") in player.tasks
    kept(player)
    assert list(player.run.moves) == list("abcefg")
    assert happened(player, ev.WaveAccepted) == 4


def test_a_plan_that_would_change_what_was_begun_is_refused() -> None:
    player = until(lambda player: ("a", "copy") in player.tasks)
    for waves in (("c", "a"), ("ab", "c"), ("b",)):
        new = by_means({**PLAN, "waves": waves})
        player.witness.wanted[new.plan_digest] = new
        made, wrong = plan_anew(player.run, new)
        assert wrong
        for by in ("anna", "bo"):
            player.say("replan", "", by, **dict(made.details()), os_user=by)
            assert player.wrong() == []
    assert happened(player, ev.Replanned) == 0
    kept(player)


# --- by chance ------------------------------------------------------------------------------------


def test_every_promise_is_kept_whatever_is_said_and_whatever_fails() -> None:
    run_machine(EngineMachine, settings=settings(max_examples=60, stateful_step_count=25))


def test_every_promise_is_kept_whoever_performs_the_acts_and_whatever_is_changed() -> None:
    run_machine(MeansMachine, settings=settings(max_examples=50, stateful_step_count=25))


@pytest.mark.soak
@pytest.mark.parametrize("machine", [EngineMachine, MeansMachine])
def test_every_promise_is_kept_for_a_long_time(machine: type[EngineMachine]) -> None:
    run_machine(
        machine,
        settings=settings(max_examples=2_000, stateful_step_count=60, derandomize=False),
    )
