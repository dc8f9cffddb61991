"""How far a sweep is: done, total, rate and what remains, for each vantage point and in all. Pure.

Written by `sweep.py` as results come, read by screens. The vantage points look at the same time, so
what remains is the time of the slowest. It is a guess from what was seen last, never a promise, and
None where nothing was seen yet: no number is better than one that is made up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

WINDOW_SECONDS: Final = 10.0
"""Long enough to be steady, short enough to see that a target has slowed everything down."""


class State(Enum):
    """What a vantage point is doing."""

    WAITING = "waiting"  # nothing was heard of it yet
    LOOKING = "looking"
    AGAIN = "again"  # it was lost and is being tried again
    DONE = "done"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class PlaceProgress:
    """One vantage point. `rate` is looks a second, lately; `said` is why it is lost or tried."""

    name: str
    state: State
    done: int
    total: int
    rate: float
    remaining_seconds: float | None
    said: str = ""

    def __str__(self) -> str:
        """Write it as one line of a log."""
        text = f"{self.name}: {self.done} of {self.total}, {self.state.value}"
        text += f", {self.rate:.0f} a second" if self.state is State.LOOKING else ""
        if self.remaining_seconds:
            text += f", {spoken(self.remaining_seconds)} left"
        return f"{text} ({self.said})" if self.said else text


@dataclass(frozen=True, slots=True)
class Progress:
    """All vantage points of a sweep."""

    places: tuple[PlaceProgress, ...]

    @property
    def done(self) -> int:
        """Looks with a result that proves something, those of an earlier try included."""
        return sum(each.done for each in self.places)

    @property
    def total(self) -> int:
        """All looks of the sweep."""
        return sum(each.total for each in self.places)

    @property
    def rate(self) -> float:
        """Looks a second, lately."""
        return sum(each.rate for each in self.places)

    @property
    def remaining_seconds(self) -> float | None:
        """Until the last one is through; None while that cannot be told."""
        going = [each for each in self.places if each.state not in {State.DONE, State.LOST}]
        left = [each.remaining_seconds for each in going]
        known = [each for each in left if each is not None]
        if len(known) < len(left):
            return None
        return max(known, default=0.0)

    def __str__(self) -> str:
        """Write it as one line of a log."""
        left = self.remaining_seconds
        ending = "" if left is None else f", {spoken(left)} left"
        return f"{self.done} of {self.total} looks, {self.rate:.0f} a second{ending}"


@dataclass(slots=True)
class _Place:
    total: int
    done: int
    state: State = State.WAITING
    said: str = ""
    seen: deque[tuple[float, int]] = field(default_factory=deque)  # when, and how much was done


class Meter:
    """Takes down what happens; `now` is seconds of any steady clock."""

    def __init__(self, totals: Mapping[str, int]) -> None:
        """Nothing is done yet."""
        self._places = {name: _Place(total, 0) for name, total in totals.items()}

    def begin(self, name: str, done: int, now: float) -> None:
        """A vantage point begins, with what an earlier try of this sweep has done."""
        place = self._places[name]
        place.done, place.state, place.said = done, State.LOOKING, ""
        place.seen.clear()
        place.seen.append((now, done))

    def more(self, name: str, count: int, now: float) -> None:
        """So many looks more are done."""
        place = self._places[name]
        place.done += count
        # A point for each moment would be a million of them: ten a second are enough.
        if len(place.seen) > 1 and now - place.seen[-2][0] < 0.1:
            place.seen[-1] = (now, place.done)
        else:
            place.seen.append((now, place.done))
        while len(place.seen) > 2 and now - place.seen[1][0] > WINDOW_SECONDS:
            place.seen.popleft()

    def state(self, name: str, state: State, said: str = "") -> None:
        """It is lost, or tried again, or through."""
        self._places[name].state, self._places[name].said = state, said

    def progress(self, now: float) -> Progress:
        """As it is now."""
        return Progress(tuple(_as_it_is(name, each, now) for name, each in self._places.items()))


def _as_it_is(name: str, place: _Place, now: float) -> PlaceProgress:
    rate = 0.0
    if place.state is State.LOOKING and place.seen:
        began, before = place.seen[0]
        rate = (place.done - before) / (now - began) if now > began else 0.0
    left = place.total - place.done
    remaining = None
    if left == 0 or place.state in {State.DONE, State.LOST}:
        remaining = 0.0
    elif rate > 0:
        remaining = left / rate
    return PlaceProgress(name, place.state, place.done, place.total, rate, remaining, place.said)


def spoken(seconds: float) -> str:
    """A length of time as people say it, rounded up: what is left should not grow."""
    whole = -int(-seconds // 1)
    if whole < 60:
        return f"{whole} s"
    minutes = -(-whole // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
