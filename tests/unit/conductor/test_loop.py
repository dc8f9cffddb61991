"""The loop: every fact before its act, late answers dropped, doubts settled, bugs loud."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from faults import Dead, Intent, Twice, Wrong, name_of
from itineraries import an_itinerary
from migrator.conductor import loop
from migrator.conductor.loop import outcome_events
from migrator.engine import events as ev
from migrator.engine.policy import IN_DOUBT
from migrator.engine.ports import ActResult, Line, OperatorCommand, Platform
from migrator.engine.run import Run
from migrator.engine.states import ActState, RunState, WaveState
from migrator.errors import TransientError
from migrator.plan.means import InDoubt
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from migrator.platform.simulated.faults import PlannedFault
from stage import Moment, Stage

ONE = an_itinerary(waves=("a",))
TWO = an_itinerary(waves=("ab",))
INTENT = ev.StepStarted("a", "copy", 1, 1, "t", ONE.window.end)


def events(stage: Stage) -> list[ev.Event]:
    return [line.event for line in stage.lines]


def played(
    itinerary: Itinerary = ONE,
    *faults: PlannedFault,
    wrap: Callable[[Platform], Platform] | None = None,
) -> Stage:
    stage = Stage(itinerary, faults, wrap=wrap)
    stage.play()
    return stage


def test_every_act_is_journalled_before_it_takes_effect() -> None:
    stage = Stage(ONE, keep_moments=True)
    stage.play()
    effects = [moment for moment in stage.moments if moment.why.startswith("effect")]
    assert len(effects) > 10

    for moment in effects:
        started = {
            line.event.token
            for line in moment.lines
            if isinstance(line.event, ev.StepStarted | ev.UndoStarted)
        }
        assert set(moment.world.effects) <= started


def test_an_act_that_is_done_twice_with_one_token_takes_effect_once() -> None:
    stage = played(an_itinerary(waves=("ab",), stateless="b"), wrap=Twice)

    assert stage.run.state is RunState.ENDED
    assert stage.ledger().violations == []


def test_a_commit_is_told_to_every_listener_in_their_order() -> None:
    stage = Stage(ONE)
    heard: list[tuple[str, int]] = []
    for name in ("first", "second"):

        def listen(run: Run, lines: Sequence[Line], name: str = name) -> None:
            heard.append((name, lines[-1].seq))
            assert run.seq == lines[-1].seq

        stage.conductor.listeners.append(listen)
    stage.play()

    assert heard[::2] == [("first", seq) for _, seq in heard[::2]]
    assert [seq for _, seq in heard[::2]] == [seq for _, seq in heard[1::2]]


def test_a_known_error_is_a_failed_step() -> None:
    on = {Trouble.STEP_FAILED: Reaction(Act.UNWIND)}
    broken = TransientError("out-of-disk", "the disk is full", hint="empty it")
    stage = played(
        an_itinerary(waves=("a",), on=on),
        wrap=lambda platform: Dead(platform, frozenset({"a/copy"}), broken),
    )
    failed = next(e for e in events(stage) if isinstance(e, ev.StepEnded) and e.step == "copy")

    assert (failed.outcome, failed.detail) == ("failed", "out-of-disk: the disk is full")
    assert stage.run.waves["w1"].state is WaveState.RETURNED


@pytest.mark.parametrize("act", ["a/copy", "a/start-source"])
def test_a_bug_in_a_performer_ends_the_loop_loudly(act: str) -> None:
    def bug(intent: Intent) -> ActResult | None:
        if name_of(intent) == act:
            raise ZeroDivisionError("a bug")
        return None

    faults = (PlannedFault("step_fails", "a", "start", times=9),)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        played(TWO, *faults, wrap=lambda platform: Wrong(platform, bug))


def test_an_act_that_has_timed_out_is_ended_and_its_late_answer_dropped() -> None:
    stage = played(ONE, PlannedFault("step_times_out", "a", "quiesce"))
    ends = [e for e in events(stage) if isinstance(e, ev.StepEnded) and e.step == "quiesce"]

    assert [end.outcome for end in ends] == ["timed_out"]
    assert not stage.run.in_flight
    assert stage.run.waves["w1"].state is WaveState.RETURNED


def test_an_act_that_has_timed_out_takes_no_effect_later() -> None:
    class Late:
        """Begins to act when the limit has passed, and before the wave goes back."""

        def __init__(self, platform: Platform) -> None:
            self.platform, self.observe = platform, platform.observe

        async def perform(self, intent: Intent) -> ActResult:
            if name_of(intent) == "a/quiesce":
                minutes = (intent.limit_at - stage.clock.now()).total_seconds() / 60
                await stage.clock.sleep(minutes + 5, "late")
            return await self.platform.perform(intent)

    stage = Stage(ONE, wrap=Late)
    stage.play()
    begun = [each for each in events(stage) if isinstance(each, ev.StepStarted)]
    (quiesce,) = [each.token for each in begun if each.step == "quiesce"]

    assert stage.run.waves["w1"].state is WaveState.RETURNED
    assert not stage.world.took_effect(quiesce)


def test_an_answer_that_comes_in_the_same_instant_as_the_limit_is_heard_once() -> None:
    """The act ends exactly at its limit: whichever is first, there is one end."""
    itinerary = an_itinerary(waves=("a",), policy={"step_minutes_max": 5.0})
    stage = played(itinerary)
    for step in ("prepare", "copy"):
        ends = [e for e in events(stage) if isinstance(e, ev.StepEnded) and e.step == step]
        assert len(ends) == 1


def test_everything_that_was_heard_of_one_act_is_one_commit() -> None:
    judged = ev.LinksJudged("a", 1, "probe-links", 1, 0, 0, 0, 0, ())
    result = ActResult("done", "fine", ("created x",), "new", judged, ())

    assert outcome_events(INTENT, result) == [
        judged,
        ev.StepEnded("a", "copy", 1, "done", "fine", ("created x",)),
        ev.AuthorityMoved("a", "new"),
    ]


def test_an_act_that_failed_moves_no_authority() -> None:
    undo = ev.UndoStarted("a", "remove", 1, 1, "t", ONE.window.end)

    assert outcome_events(undo, ActResult("failed", "no", authority="old", remains=("x",))) == [
        ev.UndoEnded("a", "remove", 1, "failed", "no", (), ("x",))
    ]


def test_a_loop_that_is_asked_to_stop_lets_what_is_under_way_end() -> None:
    stage = Stage(ONE)

    def stop(_run: Run, lines: Sequence[Line]) -> None:
        if any(isinstance(line.event, ev.GateDecided) for line in lines):
            stage.conductor.stopping = True

    stage.conductor.listeners.append(stop)
    stage.play()

    assert stage.run.state is RunState.RUNNING
    assert stage.run.in_flight == {} or not stage.conductor._tasks
    assert not any(isinstance(e, ev.StepStarted) and e.step == "quiesce" for e in events(stage))


def test_what_waits_is_told_before_each_wait() -> None:
    stage = Stage(ONE)
    seen: list[int] = []
    stage.conductor.before_waiting = lambda run: seen.append(run.seq)
    stage.play()

    assert seen == sorted(seen)
    assert len(seen) > 10
    assert not stage.conductor.busy or stage.run.state is RunState.ENDED


def test_a_command_that_waits_is_answered_once_and_by_its_actor() -> None:
    stage = Stage(ONE)
    command = OperatorCommand("c1", "hold", "hanna", True, "w1", "smoke", 0)
    stage.submit(command)
    stage.play()

    (taken,) = [line for line in stage.lines if getattr(line.event, "command", "") == "c1"]
    assert (taken.actor, type(taken.event)) == ("hanna", ev.CommandTaken)


def test_a_command_that_was_answered_before_a_death_is_not_answered_again() -> None:
    stage = Stage(ONE, keep_moments=True)
    command = OperatorCommand("c1", "hold", "hanna", True, "w1", "smoke", 0)
    stage.submit(command)
    stage.play()
    moment = next(m for m in stage.moments if isinstance(m.lines[-1].event, ev.WaveHeld))
    again = Stage(ONE, moment=replace(moment, desk=(command,)))
    again.play()

    answers = [e for e in events(again) if getattr(e, "command", "") == "c1"]
    assert len(answers) == 1


def test_a_decision_that_never_settles_is_a_bug_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Chatter:
        events = (ev.OverrideAsked("w1", "x", "anna", "u", ""),)
        wake_at = None

    monkeypatch.setattr(loop, "PASSES_MAX", 5)
    monkeypatch.setattr(loop, "decide", lambda _run, _now: Chatter)
    with pytest.raises(AssertionError, match="something new 5 times at one instant"):
        played()


# --- doubts -------------------------------------------------------------------------------------


def a_death_in(act: str, *faults: PlannedFault) -> Moment:
    """The last moment in which an act is under way and has had no effect."""
    stage = Stage(ONE, faults, keep_moments=True)
    stage.play()
    move, _, name = act.partition("/")
    for moment in reversed(stage.moments):
        last = moment.lines[-1].event
        if isinstance(last, Intent) and name_of(last) == act and moment.why.startswith("line"):
            return moment
    raise AssertionError(f"{move} never did {name}")


def after_death(
    moment: Moment,
    *faults: PlannedFault,
    wrap: Callable[[Platform], Platform] | None = None,
    people: bool = True,
) -> tuple[Stage, list[ev.Event]]:
    stage = Stage(ONE, faults, moment=moment, wrap=wrap, people=people)
    stage.play()
    return stage, events(stage)[len(moment.lines) :]


def test_what_may_be_repeated_is_repeated_with_its_token() -> None:
    moment = a_death_in("a/copy")
    _, following = after_death(moment)

    assert following[0] == ev.StepDoubted("a", "copy", 1)
    assert following[1] == ev.StepSettled(
        "a", "copy", 1, "not_done", "it may be repeated with the same token"
    )
    again = next(e for e in following if isinstance(e, ev.StepStarted))
    first = moment.lines[-1].event
    assert isinstance(first, ev.StepStarted)
    assert (again.step, again.nth, again.token) == ("copy", 2, first.token)


def test_what_must_be_observed_is_asked_for() -> None:
    _, following = after_death(a_death_in("a/fence"))

    assert following[1] == ev.StepSettled(
        "a", "fence", 1, "not_done", "the world has not seen this token"
    )


def test_what_turned_out_to_be_done_moves_authority_and_is_not_done_again() -> None:
    stage = Stage(ONE, keep_moments=True)
    stage.play()
    moment = next(
        m
        for m in stage.moments
        if m.why.startswith("effect")
        and isinstance(last := m.lines[-1].event, ev.StepStarted)
        and last.step == "fence"
    )
    again, following = after_death(moment)

    assert following[1:3] == [
        ev.StepSettled("a", "fence", 1, "done", "the world has seen this token"),
        ev.AuthorityMoved("a", "none"),
    ]
    assert not any(isinstance(e, ev.StepStarted) and e.step == "fence" for e in following)
    assert again.ledger().violations == []


def test_a_world_that_cannot_be_asked_means_a_human() -> None:
    stage, following = after_death(
        a_death_in("a/fence"),
        wrap=lambda platform: Dead(platform, frozenset({"a/fence"})),
        people=False,
    )

    assert following[1] == ev.StepSettled("a", "fence", 1, "unknown", "dead: no answer")
    assert stage.run.waves["w1"].state is WaveState.HELD
    assert stage.run.moves["a"].steps["fence"].state is ActState.UNKNOWN


def test_what_only_a_person_can_tell_is_asked_of_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = a_death_in("a/fence")
    monkeypatch.setitem(IN_DOUBT, "fence", InDoubt.ASK)
    _, following = after_death(moment, people=False)

    assert following[1] == ev.StepSettled("a", "fence", 1, "unknown", "only a person can tell")


def test_a_bug_in_an_observation_ends_the_loop_loudly() -> None:
    moment = a_death_in("a/fence")

    def bug(_intent: Intent) -> ActResult | None:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        after_death(moment, wrap=lambda platform: Wrong(platform, bug))


def test_an_undo_in_doubt_is_settled_like_a_step() -> None:
    faults = (PlannedFault("step_fails", "a", "start", times=9),)
    moment = a_death_in("a/fence-target", *faults)
    stage, following = after_death(moment, *faults)

    assert following[0] == ev.UndoDoubted("a", "fence-target", 1)
    assert isinstance(following[1], ev.UndoSettled)
    assert stage.run.waves["w1"].state is WaveState.RETURNED


def test_a_doubt_that_was_journalled_before_a_second_death_is_not_doubted_again() -> None:
    moment = a_death_in("a/fence")
    first = Stage(ONE, moment=moment, keep_moments=True)
    first.play()
    doubted = next(m for m in first.moments if isinstance(m.lines[-1].event, ev.StepDoubted))
    _, following = after_death(doubted)

    assert not any(isinstance(e, ev.StepDoubted) for e in following)
    assert isinstance(following[0], ev.StepSettled)


def test_the_engines_own_steps_are_in_no_doubt() -> None:
    stage = Stage(ONE, keep_moments=True)
    stage.play()
    verifying = next(
        m
        for m in stage.moments
        if isinstance(last := m.lines[-1].event, ev.CheckAssigned) and last.check == "f1@w1"
    )
    again, following = after_death(verifying)

    assert not any(isinstance(e, ev.StepDoubted) for e in following)
    assert again.run.waves["w1"].state is WaveState.COMMITTED
