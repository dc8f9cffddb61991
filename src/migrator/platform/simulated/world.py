"""The simulated world: processes, rows, connections and who admits work, with a ledger of its own.

Touched only by `platform.py`, whose acts change it, and read by rehearsals and tests, which judge
by it and never by the journal: what was lost, what was done twice, where both sides were live.
Work comes in all the time; it is admitted wherever a side is really able to admit it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from migrator.errors import PermanentError
from migrator.plan.model import Itinerary

ROWS_PER_HOUR: Final = 12.0
"""Rows that citizens and batches write to each stateful subsystem; enough that a forgotten
quarter of an hour shows, and few enough that a weekend of 1,000 subsystems fits into memory."""

ROWS_BEFORE: Final = 20
"""Rows that a stateful subsystem has when the weekend begins."""

_STALE_SHARE: Final = 4


@dataclass(slots=True)
class SideState:
    """One side of one subsystem, as the world knows it."""

    running: bool = False
    quiesced: bool = False  # runs, takes no new work
    fenced: bool = False
    granted: bool = False  # stateful: may write; stateless: not used
    rows: set[int] = field(default_factory=set)
    prepared: bool = False


@dataclass(slots=True)
class Place:
    """One subsystem on its two sides."""

    id: str
    stateful: bool
    old: SideState
    new: SideState
    traffic: str = "old"
    switched_at: datetime | None = None
    written: int = 0  # rows that were acknowledged to somebody, numbered 1..written
    arrears: float = 0.0  # part of a row that has come in and is not whole yet
    seen: datetime | None = None  # up to here the ledger is written
    both_live_seconds: float = 0.0
    drained_seconds: float = 0.0
    refused_seconds: float = 0.0  # work came in and nobody admitted it
    drained: bool = False  # nothing is left on the side that lost its traffic
    drain_armed: bool = False  # the switch set a timer that cuts what is left at the limit
    retired: bool = False

    def side(self, name: str) -> SideState:
        """The side by its name, old or new."""
        return self.old if name == "old" else self.new


@dataclass(slots=True)
class Ledger:
    """What the world says about a run when it is over."""

    both_live_seconds: float
    rows_written: int
    rows_lost: int
    effects: int
    effects_doubled: int
    refused_seconds: float
    drained_seconds: float
    violations: list[str]


class World:
    """All subsystems that move, from the start of the window on."""

    def __init__(self, itinerary: Itinerary, start: datetime) -> None:
        """Everything lives on the old side, with all its rows."""
        self.drain = timedelta(minutes=itinerary.policy.drain_minutes_max)
        self.places: dict[str, Place] = {}
        self.effects: dict[str, int] = {}  # token -> how often it took effect
        self.half_done: set[str] = set()  # tokens whose act took effect in part
        self.violations: list[str] = []
        self.joined_by(itinerary, start)

    def joined_by(self, itinerary: Itinerary, now: datetime) -> None:
        """What is planned to move and was not lives on the old side; nobody leaves this world."""
        for leg in itinerary.legs.values():
            stateful = itinerary.recipes[leg.recipe].stateful
            known = self.places.get(leg.id)
            if known is not None and known.stateful == stateful:
                continue
            old = SideState(running=True, granted=True)
            if stateful:
                old.rows = set(range(1, ROWS_BEFORE + 1))
            place = Place(leg.id, stateful, old, SideState(), seen=now)
            place.written = ROWS_BEFORE if stateful else 0
            self.places[leg.id] = place

    # --- what the world sees ----------------------------------------------------------------

    def admits(self, place: Place, name: str) -> bool:
        """Tell whether work that reaches this side would take effect.

        Stateful: it runs, is not quiesced, not fenced, and may write. Stateless: it runs, is not
        fenced, and traffic points to it, or it drains what reached it before the switch.
        """
        side = place.side(name)
        if not side.running or side.fenced or side.quiesced:
            return False
        if place.stateful:
            return side.granted
        return place.traffic == name or self._drains(place, name)

    def _drains(self, place: Place, name: str) -> bool:
        """A stateless side without traffic still ends what it has, until it is drained."""
        return place.switched_at is not None and place.traffic != name and not place.drained

    def look(self, subsystem: str, now: datetime) -> Place:
        """The subsystem's place, with its ledger written up to `now`."""
        place = self.places[subsystem]
        assert place.seen is not None, "every place is seen from the start on"
        seconds = (now - place.seen).total_seconds()
        if seconds <= 0:
            return place
        old, new = self.admits(place, "old"), self.admits(place, "new")
        if place.stateful:
            if old and new:
                place.both_live_seconds += seconds
            self._write(place, seconds)
        elif old and new:
            self._drain(place, now, seconds)
        if not self.admits(place, place.traffic):
            place.refused_seconds += seconds
        place.seen = now
        return place

    def _drain(self, place: Place, now: datetime, seconds: float) -> None:
        """Up to its limit a side drains; then the switch's own timer has cut what was left.

        Where no timer was armed, what goes on beyond the limit counts as both sides live.
        """
        assert place.switched_at is not None, "a side drains only after a switch"
        over = (now - (place.switched_at + self.drain)).total_seconds()
        late = min(max(0.0, over), seconds)
        place.drained_seconds += seconds - late
        if place.drain_armed:
            place.drained = over >= 0
        else:
            place.both_live_seconds += late

    def _write(self, place: Place, seconds: float) -> None:
        """Citizens write to every side that admits them; each row is promised to somebody."""
        place.arrears += seconds / 3600 * ROWS_PER_HOUR
        whole = int(place.arrears)
        place.arrears -= whole
        other = "new" if place.traffic == "old" else "old"
        reached = [name for name in (place.traffic, other) if self.admits(place, name)]
        if not reached:
            return
        for row in range(place.written + 1, place.written + whole + 1):
            # Connections that were opened before a switch stay where they are: where the other
            # side admits work too, every fourth row still reaches it.
            name = reached[-1] if row % _STALE_SHARE == 0 else reached[0]
            place.side(name).rows.add(row)
        place.written += whole

    # --- effects ----------------------------------------------------------------------------

    def took_effect(self, token: str) -> bool:
        """Tell whether an act with this token has taken effect already."""
        return self.effects.get(token, 0) > 0

    def effect(self, token: str) -> None:
        """Count that an act takes effect: a second time with one token is a doubled effect."""
        self.effects[token] = self.effects.get(token, 0) + 1

    def require(self, *, holds: bool, what: str) -> None:
        """A platform of its own refuses what would make both sides live. Raises PermanentError."""
        if not holds:
            raise PermanentError(
                "platform-refused",
                what,
                hint="the act would have broken a promise; look at the recipe's order",
            )

    def answers(self, subsystem: str) -> bool:
        """Tell whether a caller reaches the subsystem where its traffic points."""
        place = self.places.get(subsystem)
        if place is None:
            return True  # it stays, or it is a partner's: nothing of it changes
        side = place.side(place.traffic)
        if not side.running or side.fenced or side.quiesced:
            return False
        return side.granted or not place.stateful

    # --- the verdict ------------------------------------------------------------------------

    def audit(self, now: datetime) -> Ledger:
        """Close the ledger at `now`."""
        lost = 0
        for subsystem in self.places:
            place = self.look(subsystem, now)
            if place.stateful:
                live = place.side(place.traffic).rows
                lost += place.written - len(live.intersection(range(1, place.written + 1)))
        places = self.places.values()
        doubled = sum(count - 1 for count in self.effects.values() if count > 1)
        both = sum(place.both_live_seconds for place in places)
        violations = [*self.violations]
        violations += [
            f"{place.id}: both sides were live for {place.both_live_seconds:.0f} s"
            for place in places
            if place.both_live_seconds > 0
        ]
        return Ledger(
            both_live_seconds=both,
            rows_written=sum(place.written for place in places),
            rows_lost=lost,
            effects=sum(self.effects.values()),
            effects_doubled=doubled,
            refused_seconds=sum(place.refused_seconds for place in places),
            drained_seconds=sum(place.drained_seconds for place in places),
            violations=violations,
        )
