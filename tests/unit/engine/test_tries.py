"""A step that fails is tried again, each time later; then its wave is held, or a human called."""

from __future__ import annotations

from datetime import timedelta

import pytest

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.states import WaveState
from migrator.engine.waits import waits
from migrator.ids import TeamId
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from playing import Play

BLUE = TeamId("blue")


def moving(itinerary: Itinerary) -> Play:
    """A play whose first gate has been passed at minute 2, all copies made."""
    play = Play(itinerary)
    play.wait(2)
    play.end(*play.under_way)
    play.end(*play.under_way)
    play.say("go", "w1")
    return play


def test_a_failed_step_is_tried_again_after_a_pause_with_the_same_token() -> None:
    play = Play(an_itinerary(waves=("a",)))
    play.end("a/prepare", outcome="failed")
    assert play.under_way == set()
    assert play.wake_at() == play.now + timedelta(minutes=1)
    play.wait_until_woken()

    first, second = play.happened(ev.StepStarted)
    assert (second.nth, second.token) == (2, first.token)


def test_the_pause_grows_with_the_tries() -> None:
    on = {Trouble.STEP_FAILED: Reaction(Act.HOLD, retries=3)}
    play = Play(an_itinerary(waves=("a",), on=on))
    pauses = []
    for _ in range(3):
        play.end("a/prepare", outcome="failed")
        began = play.now
        play.wait_until_woken()
        pauses.append((play.now - began).total_seconds() / 60)
    assert pauses == [1, 2, 3]


@pytest.mark.parametrize(
    ("act", "outcome", "trouble", "word"),
    [
        ("a/final-copy", "failed", "step_failed", "failed"),
        ("a/final-copy", "timed_out", "timed_out", "timed out"),
        ("a/probe-links", "failed", "links_regressed", "failed"),
        ("a/soak", "failed", "soak", "failed"),
        ("a/soak", "timed_out", "timed_out", "timed out"),
    ],
)
def test_when_the_tries_are_used_up_the_wave_is_held_for_its_class_of_trouble(
    act: str, outcome: str, trouble: str, word: str
) -> None:
    play = moving(an_itinerary(waves=("a",)))
    play.go_on(act)
    play.fail(act, outcome)
    held = play.last(ev.WaveHeld)

    assert (held.trouble, held.subject, held.moves) == (trouble, act, ("a",))
    tries = 1 + play.run.itinerary.policy.on[Trouble(trouble)].retries
    times = "1 try" if tries == 1 else f"{tries} tries"
    assert f"{act} {word} after {times}: it broke" in held.cause
    assert held.unwind_at == play.now + timedelta(minutes=15)
    assert play.under_way == set()


def test_a_commit_step_that_fails_for_good_calls_for_a_human() -> None:
    play = moving(an_itinerary(waves=("a",)))
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    play.say("commit", "w1")
    play.end("a/finalise", outcome="failed", detail="it broke")
    play.wait(3)
    play.end("a/finalise", outcome="failed", detail="it broke")
    play.wait(3)

    assert play.wave("w1") is WaveState.COMMITTING
    assert play.happened(ev.WaveHeld) == []
    (said,) = play.happened(ev.Stalled)
    assert (said.wave, said.subject, said.on_whom) == ("w1", "a/finalise", "blue")
    assert "a/finalise failed after 2 tries: it broke" in said.waits_for
    (waiting,) = [wait for wait in waits(play.run, play.now) if wait.human]
    assert (waiting.subject, waiting.choices[0][0]) == ("a/finalise", "retry RUN a/finalise")
    play.say("retry", "a/finalise")
    assert not any(wait.human for wait in waits(play.run, play.now))
    play.end("a/finalise", outcome="failed", detail="it broke")
    assert len(play.happened(ev.Stalled)) == 2
    play.say("retry", "a/finalise")
    play.end("a/finalise")
    play.end("a/retire")
    assert play.wave("w1") is WaveState.COMMITTED
