"""A process may die between a forecast, the hold that follows from it, and its signature.

The forecast is lost with the process until somebody reckons anew; what was journalled of it is not.
Wherever it died, the run never passes the hour of no return unsigned, and ends where it would have.
"""

from __future__ import annotations

from datetime import datetime

import pytest

from forecasts import FakeForecaster, a_forecast
from itineraries import after, an_itinerary
from migrator.conductor.foreseeing import Foreseeing
from migrator.engine import events as ev
from migrator.engine.foresight import TURN_BACK, WORDS
from migrator.plan.foresight import Foresight
from migrator.plan.model import Act, Reaction, Trouble
from stage import Moment, Stage

HOUR = after(75)
SIGNED = an_itinerary(waves=("a", "b"), stateless="b")
TAKEN_BACK = an_itinerary(
    waves=("a", "b"),
    stateless="b",
    on={Trouble.TURN_BACK: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=15)},
)
SHORT = an_itinerary(waves=("a", "b"), policy={"forecast": Foresight(hold=True)})


def says(knows: int, now: datetime) -> ev.ForecastMade:
    """By the hour alone, so that whoever begins anew says the same."""
    short = after(40) <= now < after(60)
    return a_forecast(
        knows=knows, made=now, limit=HOUR, forward_first=0.2 if short else 0.9,
        fits=0.6 if short else 0.9,
    )  # fmt: skip


def on_stage(itinerary_of: str, moment: Moment | None = None, *, keep: bool = False) -> Stage:
    itinerary = {"signed": SIGNED, "taken back": TAKEN_BACK, "short": SHORT}[itinerary_of]
    stage = Stage(itinerary, moment=moment, keep_moments=keep)
    facts = dict[str, object]()
    stage.conductor.foreseeing = Foreseeing(
        FakeForecaster(says=says), facts.__setitem__, again=None, when_quiet=True
    )
    stage.clock.quiet = stage.conductor.foresee
    return stage


def begun_in_silence(stage: Stage) -> list[str]:
    """The steps that were begun after the hour of no return and before anybody signed it."""
    signed = [line.at for line in stage.lines if isinstance(line.event, ev.Signed)]
    until = min(signed, default=stage.clock.now())
    return [
        f"{line.event.move}/{line.event.step} at {line.at}"
        for line in stage.lines
        if isinstance(line.event, ev.StepStarted) and HOUR <= line.at < until
        and line.event.step not in {"prepare", "copy"}  # ahead of their gate
    ]  # fmt: skip


@pytest.mark.parametrize("case", ["signed", "taken back", "short"])
def test_no_crash_takes_a_run_past_the_hour_in_silence(case: str) -> None:
    undisturbed = on_stage(case, keep=True)
    run = undisturbed.play()
    subjects = [e.event.subject for e in undisturbed.lines if isinstance(e.event, ev.WaveHeld)]
    assert subjects[0] == ("forecast" if case == "short" else TURN_BACK)
    assert (WORDS in run.signed) is (case != "taken back")
    assert begun_in_silence(undisturbed) == []
    assert len(undisturbed.moments) > 40

    for moment in undisturbed.moments:
        again = on_stage(case, moment)
        again.play()
        assert again.ledger().violations == [], f"died at {moment.why}"
        assert again.end_state() == undisturbed.end_state(), f"died at {moment.why}"
        assert begun_in_silence(again) == [], f"died at {moment.why}"
        assert again.lines[: len(moment.lines)] == moment.lines
