"""A forecaster beside the loop: one question at a time, the newest state wins, nothing waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from forecasts import FakeForecaster, a_forecast
from itineraries import after, an_itinerary
from migrator.conductor.foreseeing import FACT, Foreseeing
from migrator.engine import events as ev
from migrator.engine.foresight import TURN_BACK, WORDS
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run
from migrator.engine.states import RunState
from migrator.errors import EnvironmentFailed
from playing import Play
from stage import Stage

ONE = an_itinerary(waves=("a", "b"))
BROKEN = EnvironmentFailed("child-failed", "it ended", hint="see why")


@dataclass
class Desk:
    """Foreseeing by hand: what is asked is begun when the test lets it."""

    fake: FakeForecaster
    facts: dict[str, object] = field(default_factory=dict)
    begun: list[Coroutine[object, object, None]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.foreseeing = Foreseeing(self.fake, self.facts.__setitem__)

    def consider(self, play: Play) -> bool:
        def spawn(work: Coroutine[object, object, None], _name: str) -> None:
            self.begun.append(work)

        return self.foreseeing.consider(play.run, play.now, spawn, self.changed)

    def answer(self, play: Play) -> tuple[ev.ForecastMade, ...]:
        """Let the question be answered, and take its facts."""
        asyncio.run(self._run())
        facts = self.foreseeing.hear(play.run, play.now)
        play.note(*facts)
        return facts

    async def _run(self) -> None:
        for work in self.begun:
            await work
        self.begun.clear()

    def told(self) -> dict[str, object]:
        found = self.facts[FACT]
        assert isinstance(found, dict)
        return found


def bad(knows: int, now: datetime) -> ev.ForecastMade:
    return a_forecast(knows=knows, made=now, fits=0.1)


def test_it_is_asked_about_the_newest_line_at_the_hour_of_the_run() -> None:
    play, desk = Play(ONE), Desk(FakeForecaster())
    assert desk.consider(play)
    (made,) = desk.answer(play)
    assert desk.fake.asked == [(made.knows, play.now)]
    assert play.run.forecast == made
    assert desk.told()["forecast"] == ev.event_to_data(made)
    assert desk.told()["trouble"] == ""


def test_one_question_is_asked_at_a_time_and_the_newest_state_is_the_next() -> None:
    play, desk = Play(ONE), Desk(FakeForecaster())
    desk.consider(play)
    first = play.run.seq
    play.go_on("a/fence")
    assert not desk.consider(play), "somebody is reckoning"
    desk.answer(play)
    assert desk.consider(play)
    desk.answer(play)
    assert [knows for knows, _ in desk.fake.asked] == [first, play.run.seq]


def test_its_own_facts_are_no_news() -> None:
    play, desk = Play(ONE), Desk(FakeForecaster())
    desk.consider(play)
    assert desk.answer(play)
    assert not desk.consider(play)


def test_time_that_passes_is_news() -> None:
    play, desk = Play(ONE), Desk(FakeForecaster())
    desk.consider(play)
    desk.answer(play)
    play.now += timedelta(minutes=1)
    assert not desk.consider(play)
    play.now += timedelta(minutes=1)
    assert desk.consider(play)
    assert desk.answer(play) == (), "and it says nothing new"
    told = desk.told()["forecast"]
    assert isinstance(told, dict)
    assert told["made"] == play.now.isoformat(), "but it is younger"


def test_who_fails_is_left_alone_for_a_while_and_the_last_answer_stands() -> None:
    play, desk = Play(ONE), Desk(FakeForecaster())
    desk.consider(play)
    (made,) = desk.answer(play)
    desk.fake.fails = BROKEN
    play.go_on("a/fence")
    desk.consider(play)
    assert desk.answer(play) == ()
    assert desk.told()["trouble"] == "child-failed: it ended"
    assert desk.told()["forecast"] == ev.event_to_data(made)
    play.end("a/fence")
    assert not desk.consider(play)
    play.now += timedelta(minutes=1)
    assert desk.consider(play)
    desk.answer(play)


def test_a_bug_in_a_forecaster_is_trouble_and_no_end_of_a_run() -> None:
    def breaks(_knows: int, _now: datetime) -> ev.ForecastMade:
        raise ZeroDivisionError("no weekends")

    play, desk = Play(ONE), Desk(FakeForecaster(says=breaks))
    desk.consider(play)
    assert desk.answer(play) == ()
    assert desk.told()["trouble"] == "it broke: ZeroDivisionError: no weekends"


def test_who_never_answers_is_given_up() -> None:
    play, desk = Play(ONE), Desk(FakeForecaster(slow=True))
    desk.foreseeing.first_seconds_max = 0.01
    desk.consider(play)
    desk.answer(play)
    assert "no answer in 0.01 s" in str(desk.told()["trouble"])


def test_the_first_answer_is_waited_for_longer_than_the_others() -> None:
    play, desk = Play(ONE), Desk(FakeForecaster())
    desk.foreseeing.first_seconds_max, desk.foreseeing.ask_seconds_max = 60.0, 0.01
    desk.consider(play)
    assert desk.answer(play)
    desk.fake.slow = True
    play.go_on("a/fence")
    desk.consider(play)
    desk.answer(play)
    assert "no answer in 0.01 s" in str(desk.told()["trouble"])


def test_an_answer_that_knows_less_than_the_last_one_is_thrown_away() -> None:
    play, desk = Play(ONE), Desk(FakeForecaster(says=lambda _k, now: bad(1, now)))
    play.note(a_forecast(knows=2))
    desk.consider(play)
    assert desk.answer(play) == ()
    assert FACT not in desk.facts


# --- on a stage -----------------------------------------------------------------------------------


def on_stage(fake: FakeForecaster, *, people: bool = True) -> tuple[Stage, dict[str, object]]:
    stage, facts = Stage(ONE, people=people), dict[str, object]()
    stage.conductor.foreseeing = Foreseeing(fake, facts.__setitem__, again=None, when_quiet=True)
    stage.clock.quiet = stage.conductor.foresee
    return stage, facts


def events(stage: Stage) -> list[ev.Event]:
    return [line.event for line in stage.lines]


def test_a_run_is_forecast_after_its_events_and_ends_as_it_would_without() -> None:
    fake = FakeForecaster()
    stage, _ = on_stage(fake)
    run = stage.play()
    assert run.outcome == "completed"
    assert len(fake.asked) > 10
    assert [knows for knows, _ in fake.asked] == sorted({knows for knows, _ in fake.asked})
    assert sum(isinstance(event, ev.ForecastMade) for event in events(stage)) == 1

    plain = Stage(ONE)
    plain.play()
    assert stage.end_state() == plain.end_state()


def test_the_same_forecasts_give_the_same_journal() -> None:
    def says(knows: int, now: datetime) -> ev.ForecastMade:
        return a_forecast(knows=knows, made=now, fits=(knows % 10) / 10)

    first, _ = on_stage(FakeForecaster(says=says))
    second, _ = on_stage(FakeForecaster(says=says))
    first.play()
    second.play()
    assert first.journal.head == second.journal.head
    assert sum(isinstance(event, ev.ForecastMade) for event in events(first)) > 5


def at_limit(hour: datetime) -> Callable[[int, datetime], ev.ForecastMade]:
    return lambda knows, now: a_forecast(knows=knows, made=now, limit=hour)


def test_a_run_holds_before_it_is_too_late_and_goes_on_when_it_is_signed() -> None:
    stage, _ = on_stage(FakeForecaster(says=at_limit(after(60))))
    run = stage.play()
    held = [each for each in events(stage) if isinstance(each, ev.WaveHeld)]
    assert {each.subject for each in held} == {TURN_BACK}
    assert WORDS in run.signed
    assert run.outcome == "completed"


def test_without_anybody_to_sign_it_stands_and_says_for_whom() -> None:
    from migrator.engine.waits import waits

    stage, _ = on_stage(FakeForecaster(says=at_limit(after(60))), people=False)
    stage.submit(command("go", "w1"))
    run = stage.play()
    assert run.state is RunState.RUNNING
    assert [hold.subject for hold in run.waves["w1"].holds][:1] == [TURN_BACK]
    assert any(wait.subject == TURN_BACK for wait in waits(run, stage.clock.now()))


def test_a_forecaster_that_always_fails_changes_nothing() -> None:
    stage, facts = on_stage(FakeForecaster(fails=BROKEN))
    run: Run = stage.play()
    assert run.outcome == "completed"
    assert run.forecast is None
    assert FACT in facts


def command(verb: str, target: str) -> OperatorCommand:
    return OperatorCommand(verb, verb, "anna", True, target, "so be it", 0)
