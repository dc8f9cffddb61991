"""What a forecast means to a run: what is kept, what is held before it is too late, advice."""

from __future__ import annotations

from datetime import timedelta

from forecasts import a_forecast
from itineraries import after, an_itinerary
from migrator.engine import events as ev
from migrator.engine.foresight import (
    TURN_BACK,
    WORDS,
    advice,
    at_stake,
    expected,
    forward_only,
    no_return,
)
from migrator.engine.policy import FORECAST
from migrator.engine.states import WaveState
from migrator.engine.waits import Wait, waits
from migrator.plan.foresight import Foresight
from migrator.plan.model import Act, Reaction, Trouble
from playing import Play

SAYS_NO = "speaks against a go"


def play_of(
    *, waves: tuple[str, ...] = ("a", "b"), rules: Foresight | None = None, **on: Reaction
) -> Play:
    policy = {"ahead_of_gate": (), "forecast": rules or Foresight()}
    answers = {Trouble(name): answer for name, answer in on.items()}
    return Play(an_itinerary(waves=waves, policy=policy, on=answers))


def told(play: Play, **changes: object) -> None:
    """Let a forecast be kept; then settle."""
    play.note(a_forecast(knows=play.run.seq, made=play.now, **changes))
    play.settle()


def moving(**changes: object) -> Play:
    """The first wave moves: its first subsystem is being fenced."""
    play = play_of(**changes)  # type: ignore[arg-type]  # a test's own data
    play.go_on("a/fence")
    return play


def sign(play: Play, minutes: float, by: str = "anna") -> tuple[ev.Event, ...]:
    until = (play.now + timedelta(minutes=minutes)).isoformat()
    return play.say("sign", WORDS, by, until=until)


def asked(play: Play) -> list[Wait]:
    return [wait for wait in waits(play.run, play.now) if wait.subject == TURN_BACK]


# --- the hour of no return ------------------------------------------------------------------------


def test_what_is_only_prepared_or_committed_is_not_at_stake() -> None:
    play = Play(an_itinerary(waves=("a", "b")))
    assert play.under_way == {"a/prepare"}
    assert at_stake(play.run) == ()
    play.go_on("a/fence")
    assert at_stake(play.run) == ("a",)
    play.go_on(lambda run: run.waves["w2"].state is WaveState.ACCEPTED)
    assert at_stake(play.run) == ("a", "b")
    play.say("commit", "w1")
    assert at_stake(play.run) == ("b",)


def test_a_run_holds_before_turning_back_is_too_late() -> None:
    play = moving()
    told(play, limit=play.now + timedelta(minutes=60))
    assert play.wave() is WaveState.MOVING
    assert play.wake_at() == play.now + timedelta(minutes=45)
    play.wait(44)
    assert play.wave() is WaveState.MOVING
    play.wait(1)
    held = play.last(ev.WaveHeld)
    assert (held.wave, held.trouble, held.subject) == ("w1", "turn_back", TURN_BACK)
    assert held.unwind_at is None
    assert "nobody has signed" in held.cause
    assert play.folded() == play.run


def test_an_hour_that_has_passed_already_holds_at_once() -> None:
    play = moving()
    told(play, limit=play.now - timedelta(minutes=30))
    assert play.wave() is WaveState.HELD


def test_nothing_is_held_while_there_is_nothing_to_take_back() -> None:
    play = play_of()
    told(play, limit=play.now)
    assert play.wave() is WaveState.DECIDING
    assert no_return(play.run, play.now) is None


def test_a_gate_is_held_and_gets_its_time_back_once_it_is_signed() -> None:
    play = play_of()
    play.go_on(lambda run: run.waves["w2"].state is WaveState.DECIDING)
    before = play.run.waves["w2"].gate_deadline
    assert before is not None
    told(play, limit=play.now + timedelta(minutes=5))
    assert play.wave("w2") is WaveState.HELD
    play.wait(4)
    sign(play, 1)
    assert play.wave("w2") is WaveState.DECIDING
    assert play.run.waves["w2"].gate_deadline == before + timedelta(minutes=4)
    assert play.folded() == play.run


def test_a_wave_that_is_held_for_something_else_is_held_for_this_too() -> None:
    play = moving()
    play.say("hold", "w1")
    told(play, limit=play.now)
    assert [hold.subject for hold in play.run.waves["w1"].holds] == ["w1", TURN_BACK]
    assert "a decision maker signs it" in play.refusal("release", "w1")
    sign(play, 5)
    assert [hold.subject for hold in play.run.waves["w1"].holds] == ["w1"]


def test_whoever_signs_in_time_is_never_held() -> None:
    play = moving()
    told(play, limit=play.now + timedelta(minutes=60))
    sign(play, 60)
    assert no_return(play.run, play.now) is None
    assert forward_only(play.run, play.now) == play.run.signed[WORDS]
    play.wait(90)
    assert play.wave() is WaveState.MOVING


def test_a_signature_lets_go_on_what_was_held_for_it() -> None:
    play = moving()
    told(play, limit=play.now - timedelta(minutes=1))
    signed, *_ = sign(play, 5)[1:]
    assert isinstance(signed, ev.Signed)
    assert play.wave() is WaveState.MOVING
    released = play.last(ev.HoldReleased)
    assert (released.by, released.subject) == ("anna", TURN_BACK)
    play.wait(60)
    assert play.wave() is WaveState.MOVING


def test_only_a_decision_maker_signs_and_other_words_sign_nothing() -> None:
    play = moving()
    told(play, limit=play.now)
    assert "may not decide" in play.refusal(
        "sign", WORDS, "lena", until=(play.now + timedelta(minutes=5)).isoformat()
    )
    play.say("sign", "no new wave after", until=(play.now + timedelta(minutes=5)).isoformat())
    assert play.wave() is WaveState.HELD


def test_a_signature_for_a_later_hour_does_not_cover_an_earlier_one() -> None:
    play = moving()
    told(play, limit=play.now + timedelta(minutes=120))
    sign(play, 130)  # near enough: the next look is in 15 minutes
    assert no_return(play.run, play.now) is None
    told(play, limit=play.now + timedelta(minutes=60))
    assert no_return(play.run, play.now) == play.now + timedelta(minutes=60)
    play.wait(45)
    assert play.wave() is WaveState.HELD
    sign(play, 15)
    assert play.wave() is WaveState.MOVING


def test_a_signature_for_a_later_hour_lets_nobody_go_on() -> None:
    play = moving()
    told(play, limit=play.now + timedelta(minutes=120))
    sign(play, 300)  # people would rely for hours on a way back that there is not
    assert no_return(play.run, play.now) is not None
    play.wait(106)
    assert play.wave() is WaveState.HELD


def test_once_its_hour_has_come_a_signature_covers_whatever_is_forecast() -> None:
    play = moving()
    told(play, limit=play.now + timedelta(minutes=30))
    sign(play, 30)
    play.wait(31)
    told(play, limit=play.now - timedelta(minutes=200))
    assert play.wave() is WaveState.MOVING
    assert advice(play.run, play.now) is not None


def test_one_person_releases_once_the_hour_has_moved_away() -> None:
    play = moving()
    told(play, limit=play.now)
    told(play, limit=play.now + timedelta(hours=3))
    assert play.wave() is WaveState.HELD, "a hold is ended by a person"
    play.say("release", "w1")
    assert play.wave() is WaveState.MOVING


def test_the_policy_may_take_back_by_itself_at_the_hour() -> None:
    play = moving(turn_back=Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=20))
    hour = play.now + timedelta(minutes=60)
    play.end("a/fence")
    told(play, limit=hour)
    play.wait(40)
    held = play.last(ev.WaveHeld)
    assert (held.trouble, held.unwind_at) == ("turn_back", hour)
    play.end(*play.under_way)
    play.wait(20)
    assert play.wave() is WaveState.UNWINDING


def test_the_policy_may_take_back_at_once() -> None:
    play = moving(turn_back=Reaction(Act.UNWIND))
    told(play, limit=play.now + timedelta(minutes=10))
    play.wait(9)
    assert play.wave() is WaveState.MOVING
    play.end(*play.under_way)
    play.wait(1)
    assert play.last(ev.WaveHeld).unwind_at == play.now


def test_an_abort_is_not_held_up() -> None:
    play = moving()
    play.say("abort", "run")
    told(play, limit=play.now)
    assert play.happened(ev.WaveHeld) == []
    assert asked(play) == []


def test_the_signature_is_asked_for_two_hours_ahead_with_its_words() -> None:
    play = moving()
    told(play, limit=after(300))
    assert asked(play) == []
    play.wait(181 - (play.now - after(0)).total_seconds() / 60)
    (wait,) = asked(play)
    assert wait.human
    assert wait.until == after(285)
    assert wait.then == "what moves is held"
    assert wait.on_whom == "Anna, Bo"
    assert wait.choices[0][0] == f'sign RUN "{WORDS} 2023-10-13T23:00+02:00" --reason ...'
    assert wait.choices[1][0] == "unwind RUN everything"


def test_a_hold_says_what_may_be_done_and_nothing_that_would_be_refused() -> None:
    play = moving()
    told(play, limit=play.now)
    (hold,) = [wait for wait in waits(play.run, play.now) if wait.wave == "w1" and wait.choices]
    lines = [line.partition(" RUN")[0] for line, _ in hold.choices]
    assert lines == ["sign", "unwind"]


# --- a plan that holds by itself ------------------------------------------------------------------

HOLDS = Foresight(hold=True)


def test_a_plan_that_asks_for_it_holds_when_the_forecast_falls_short() -> None:
    play = moving(rules=HOLDS)
    told(play, limit=after(900), forward_first=0.51)
    assert play.wave() is WaveState.MOVING
    told(play, limit=after(900), forward_first=0.49)
    held = play.last(ev.WaveHeld)
    assert (held.trouble, held.subject, held.unwind_at) == (FORECAST, FORECAST, None)
    assert "49 %" in held.cause
    assert "50 %" in held.cause


def test_a_plan_that_does_not_ask_for_it_is_not_held() -> None:
    play = moving()
    told(play, limit=after(900), forward_first=0.01)
    assert play.wave() is WaveState.MOVING


def test_whoever_releases_answers_for_it_until_it_was_good_again() -> None:
    play = moving(rules=HOLDS)
    told(play, limit=after(900), forward_first=0.4)
    play.say("release", "w1")
    assert play.wave() is WaveState.MOVING
    told(play, limit=after(900), forward_first=0.3)
    assert play.wave() is WaveState.MOVING
    told(play, limit=after(900), forward_first=0.6)
    told(play, limit=after(900), forward_first=0.4)
    assert play.wave() is WaveState.HELD
    assert play.folded() == play.run


def test_forward_only_is_not_held_for_falling_short_of_a_way_back() -> None:
    play = moving(rules=HOLDS)
    told(play, limit=play.now + timedelta(minutes=60))
    sign(play, 60)
    told(play, limit=play.now + timedelta(minutes=60), forward_first=0.1)
    assert play.wave() is WaveState.MOVING


def test_whoever_signs_that_it_goes_forward_only_ends_that_hold_too() -> None:
    play = moving(rules=HOLDS)
    told(play, limit=play.now, forward_first=0.1)
    assert [hold.subject for hold in play.run.waves["w1"].holds] == [TURN_BACK, FORECAST]
    sign(play, 5)
    assert play.wave() is WaveState.MOVING


# --- advice ---------------------------------------------------------------------------------------


def at_the_second_gate(rules: Foresight | None = None) -> Play:
    play = play_of(rules=rules)
    play.go_on(lambda run: run.waves["w2"].state is WaveState.DECIDING)
    return play


def test_without_a_forecast_there_is_no_advice() -> None:
    assert advice(play_of().run, after(0)) is None


def test_a_good_forecast_speaks_for_a_go() -> None:
    play = at_the_second_gate()
    told(play, limit=after(900))
    found = advice(play.run, play.now)
    assert found is not None
    assert found.go
    assert found.reasons == (
        "the weekend ends inside its window in 93 % of the sampled ones",
        "turning back is possible until Sat 09:00",
    )


def test_a_forecast_is_told_in_one_line_with_or_without_an_hour() -> None:
    play = moving()
    clock = "{:%a %H:%M}".format
    told(play, limit=after(900), end_p80=after(600))
    assert play.run.forecast is not None
    assert expected(play.run.forecast, clock) == (
        "fits the window in 93 % of the sampled weekends, four in five end by "
        f"{clock(after(600))}; turn back by {clock(after(900))}"
    )
    without = a_forecast(limit=None, end_p80=None)
    assert expected(without, clock) == (
        "fits the window in 93 % of the sampled weekends; turning back is possible at any time"
    )


def test_a_weekend_that_does_not_fit_speaks_against_it() -> None:
    play = at_the_second_gate()
    told(play, fits=0.62)
    found = advice(play.run, play.now)
    assert found is not None
    assert not found.go
    assert "62 %" in found.reasons[0]
    assert "80 %" in found.reasons[0]


def test_an_hour_before_the_next_look_speaks_against_it_unless_it_is_signed() -> None:
    play = at_the_second_gate(Foresight(decision_minutes=15))
    told(play, limit=play.now + timedelta(minutes=16))
    found = advice(play.run, play.now)
    assert found is not None
    assert found.go
    told(play, limit=play.now + timedelta(minutes=15))
    found = advice(play.run, play.now)
    assert found is not None
    assert not found.go
    assert "nobody has signed" in found.reasons[0]
    sign(play, 15)
    found = advice(play.run, play.now)
    assert found is not None
    assert found.go
    assert "anna has signed" in found.reasons[1]


def test_advice_binds_only_where_the_plan_says_so() -> None:
    free = at_the_second_gate()
    told(free, fits=0.3)
    free.say("go", "w2")
    assert free.wave("w2") is WaveState.MOVING

    bound = at_the_second_gate(Foresight(binding=True))
    told(bound, fits=0.3)
    assert SAYS_NO in bound.refusal("go", "w2")
    assert bound.wave("w2") is WaveState.DECIDING
    told(bound, fits=0.9)
    bound.say("go", "w2")
    assert bound.wave("w2") is WaveState.MOVING


def test_a_silent_forecaster_never_shuts_a_bound_gate() -> None:
    play = at_the_second_gate(Foresight(binding=True))
    play.say("go", "w2")
    assert play.wave("w2") is WaveState.MOVING
