"""The engine's machine with forecasts: any at any moment, good ones, bad ones, late ones.

Whatever is forecast and whatever people say, nothing moves and no gate waits once turning back is
too late and nobody has signed that. At the end a good forecast is made, as it would be, and
everything must be mendable as without forecasts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from forecasts import a_forecast
from itineraries import an_itinerary
from migrator.engine.foresight import WORDS, why_kept
from migrator.engine.states import RunState, WaveState
from migrator.plan.foresight import Foresight
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from simulation.machine import PLANS, EngineMachine, a_plan, beginnings, makers

WAYS: Final = {
    "a human": Reaction(Act.HOLD),
    "a clock": Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=20),
    "at once": Reaction(Act.UNWIND),
}
LEAD_MINUTES: Final = {"a human": 15, "a clock": 20, "at once": 0}
hours = st.sampled_from([None, -60, -1, 0, 5, 14, 16, 90, 3000])


class ForecastMachine(EngineMachine):
    """Everything that can happen to a run that is forecast."""

    @initialize(
        plan=st.fixed_dictionaries(PLANS), rounds=beginnings, holds=st.booleans(),
        binds=st.booleans(), way=st.sampled_from(list(WAYS)),
    )  # fmt: skip
    def begin(self, plan: dict[str, Any], rounds: int, holds: bool, binds: bool, way: str) -> None:
        rules = Foresight(hold=holds, binding=binds)

        def make(**words: Any) -> Itinerary:  # noqa: ANN401 - as `an_itinerary` takes them
            words["policy"] = {**words["policy"], "forecast": rules}
            words["on"] = {**words["on"], Trouble.TURN_BACK: WAYS[way]}
            return an_itinerary(**words)

        self.lead = timedelta(minutes=LEAD_MINUTES[way])
        self.play(a_plan(**plan, make=make), rounds)

    @rule(fits=st.sampled_from([0.1, 0.79, 0.95]), first=st.sampled_from([0.2, 0.9]), limit=hours,
          knows=st.sampled_from([0, 0, 0, 5]))  # fmt: skip
    def a_forecast_is_made(self, fits: float, first: float, limit: int | None, knows: int) -> None:
        player = self.player
        hour = None if limit is None else player.now + timedelta(minutes=limit)
        made = a_forecast(
            knows=max(0, player.run.seq - knows), made=player.now, fits=fits,
            forward_first=first, limit=hour,
        )  # fmt: skip
        if player.run.state is not RunState.ENDED and why_kept(player.run, made):
            player.note(made)

    @rule(by=makers, minutes=st.sampled_from([1, 15, 90, 3000]))
    def it_is_signed(self, by: str, minutes: int) -> None:
        until = (self.player.now + timedelta(minutes=minutes)).isoformat()
        self.player.say("sign", WORDS, by, until=until)

    @invariant()
    def nothing_passes_the_hour_in_silence(self) -> None:
        if not hasattr(self, "player"):
            return
        run, now = self.player.run, self.player.now
        made, signed = run.forecast, run.signed.get(WORDS)
        if made is None or made.limit is None or signed is not None:
            return
        begun = {
            move.wave for move in run.moves.values()
            if move.touched and not move.returned and run.waves[move.wave].went
        }  # fmt: skip
        at_stake = [
            wave for wave in begun
            if run.waves[wave].state not in {WaveState.COMMITTING, WaveState.COMMITTED}
        ]  # fmt: skip
        if at_stake and now >= made.limit - self.lead and run.state is RunState.RUNNING:
            going = {WaveState.MOVING, WaveState.DECIDING}
            assert [wave.id for wave in run.waves.values() if wave.state in going] == []

    def teardown(self) -> None:
        if hasattr(self, "player") and self.player.run.state is not RunState.ENDED:
            self.player.note(a_forecast(knows=self.player.run.seq, made=self.player.now))
        super().teardown()
