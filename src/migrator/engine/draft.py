"""What one pass of `decide` has found so far: the facts to append, and when to look again.

Used inside the engine only. It also counts the seats and the copy bandwidth that this very pass
has given away, so that two moves cannot take the last seat in the same instant.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from migrator.engine.events import Event, StepEnded, WaveHeld
from migrator.engine.policy import COPIES, reaction
from migrator.engine.run import MoveRecord, Run
from migrator.engine.states import COMPLETE, WaveState
from migrator.inventory.model import Estimate
from migrator.plan.model import Leg, StepKind, Trouble

NEVER: Final = "nobody of the team comes on shift any more"
_LAST = StepKind.PROBE_LINKS.value
_WORKING = frozenset({WaveState.MOVING, WaveState.HELD, WaveState.UNWINDING, WaveState.STUCK})


class Draft:
    """The facts of one pass, the earliest known time at which more may be decided."""

    def __init__(self, run: Run, now: datetime) -> None:
        """Begin a pass over `run` at run time `now`."""
        self.run = run
        self.now = now
        self.events: list[Event] = []
        self.wake_at: datetime | None = None
        self.unwinds = False  # this pass begins an unwind: nothing else may start in it
        self._seats: Counter[str] | None = None
        self._copying: float | None = None

    def add(self, event: Event) -> None:
        """Note a fact to append."""
        self.events.append(event)

    def wake(self, at: datetime) -> None:
        """Ask to be called again at `at`, if nothing happens before."""
        if self.wake_at is None or at < self.wake_at:
            self.wake_at = at

    def holds(self, wave: str) -> bool:
        """Tell whether this pass holds a wave: nothing begins in it after that."""
        return any(isinstance(event, WaveHeld) and event.wave == wave for event in self.events)

    def ends(self, move: str, step: str) -> bool:
        """Tell whether this pass has ended a step already."""
        return any(
            isinstance(event, StepEnded) and (event.move, event.step) == (move, step)
            for event in self.events
        )

    def token(self, move: str, act: str, attempt: int) -> str:
        """The idempotence token of an act: the same for every try in one attempt."""
        started = self.run.started
        name = started.name if started is not None else ""
        text = f"{name}/{move}/{act}/{attempt}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    # --- capacity ---------------------------------------------------------------------------

    def seat(self, leg: Leg) -> datetime | str | None:
        """Take a seat of the move's team now.

        None: taken. A time: nobody is on shift until then. Text: all seats are in use, or NEVER.
        """
        crew = self.run.itinerary.crews.get(leg.team)
        if crew is None or not crew.seats:
            return None  # nobody said how many they are; the plan lists that as assumed
        seats = sum(count for start, end, count in crew.seats if start <= self.now < end)
        if seats == 0:
            following = [start for start, _, count in crew.seats if start > self.now and count]
            return min(following, default=NEVER)
        if self._seats is None:
            self._seats = self._seats_in_use()
        if self._seats[leg.team] >= seats:
            more = [start for start, _, count in crew.seats if start > self.now and count]
            if more:
                self.wake(min(more))  # a shift that brings another seat is no event of the run
            return f"all {seats} seats of {crew.name} are in use"
        self._seats[leg.team] += 1
        return None

    def _seats_in_use(self) -> Counter[str]:
        used: Counter[str] = Counter()
        run = self.run
        for wave in run.itinerary.waves:
            if run.waves[wave.id].state in _WORKING:
                for move in wave.moves:
                    if hands_on(run, run.moves[move]):
                        used[run.itinerary.legs[move].team] += 1
        return used

    def bandwidth(self, leg: Leg) -> bool:
        """Take the copy bandwidth that a copy of this move needs; False when it is used up.

        A copy that alone exceeds the limit still runs, on its own.
        """
        limit = self.run.itinerary.copy_gib_per_hour
        if limit is None or leg.copy_gib == 0:
            return True
        if self._copying is None:
            self._copying = sum(
                copy_rate(self.run.itinerary.legs[self.run.moves[move].id])
                for move, act in self.run.in_flight
                if act in COPIES
            )
        rate = copy_rate(leg)
        if self._copying and self._copying + rate > limit:
            return False
        self._copying += rate
        return True


def copy_rate(leg: Leg) -> float:
    """GiB per hour that the copy of a move uses while it runs."""
    estimate = leg.step_minutes.get(StepKind.COPY)
    if estimate is None or estimate.p50 <= 0:
        return 0.0
    return leg.copy_gib / (estimate.p50 / 60.0)


def hands_on(run: Run, move: MoveRecord) -> bool:
    """Tell whether engineers sit with the move: from its first step after the gate until its
    links are probed, and again while it is being unwound.
    """
    if move.returned:
        return False
    if move.unwinding:
        return True
    if probed(move):
        return False
    return any(record.nth > 0 and name not in run.seatless for name, record in move.steps.items())


def probed(move: MoveRecord) -> bool:
    """Tell whether its links were probed: what comes after that needs no engineer's seat."""
    last = move.steps.get(_LAST)
    return last is not None and last.state in COMPLETE


def limit_of(draft: Draft, facts: Leg, name: str, estimate: Estimate | None) -> datetime:
    """When an act that begins now counts as overdue; for a wait, when it is over.

    Its own limit, else the policy's, but never less than twice its own P80. A person's task has
    the policy's patience with people.
    """
    policy = draft.run.itinerary.policy
    recipe = draft.run.itinerary.recipes[facts.recipe]
    act = recipe.act(name)
    means = act.means if act is not None else None
    if means is not None and means.wait is not None:
        return means.wait.until or draft.now + timedelta(minutes=means.wait.minutes)
    if act is not None and act.limit_minutes is not None:
        return draft.now + timedelta(minutes=act.limit_minutes)
    patience = policy.step_minutes_max
    if means is not None and means.manual is not None:
        patience = reaction(policy, Trouble.UNANSWERED.value).after_minutes
    return draft.now + timedelta(minutes=max(patience, 2 * estimate.p80 if estimate else 0.0))
