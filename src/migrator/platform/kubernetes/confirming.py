"""Has the traffic moved? Every vantage point looks until it has seen the wanted side often enough.

Called by the steps switch, switch-back and prove-stopped with the fronts of a move. It never trusts
the API's answer to a write and never waits a fixed time: it looks, from several places at once,
until all of them agree or time is up. A place that cannot be asked is named and not counted.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from migrator.errors import MigratorError, PermanentError, TransientError
from migrator.platform.kubernetes.arrived import Seen, fits, other, seen
from migrator.platform.kubernetes.looking import Answered, Look, Vantage, VantageLost

IN_A_ROW: Final = 3
SECONDS_MAX: Final = 10.0
PAUSE_SECONDS: Final = 0.05
LOST_TRIES: Final = 3
"""A vantage point is given up after so many tries, but only once all others are sure."""
LOST_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class FrontSeen:
    """What one vantage point saw at one front, counted; `errors` are words for looks in vain."""

    front: str
    old: int
    new: int
    unknown: int
    none: int
    errors: tuple[str, ...]
    mixed: int  # answers of the other side after the first of the wanted side

    def __str__(self) -> str:
        """Write it as a person reads it: the counts without the zeros, the errors by name."""
        counted = ((self.old, "old"), (self.new, "new"), (self.unknown, "of neither side"))
        words = [f"{number} {word}" for number, word in counted if number]
        words += [f"{self.none} none ({', '.join(self.errors)})"] if self.none else []
        return f"{self.front}: {', '.join(words) or 'nothing'}"


@dataclass(frozen=True, slots=True)
class Witness:
    """A vantage point that has seen the wanted side at every front often enough in a row.

    `arrived_milliseconds` is the time until the last front's unbroken row began, the other until
    the vantage point was sure; both from the beginning of `confirm`, or from `since`.
    """

    name: str
    arrived_milliseconds: float
    sure_milliseconds: float
    fronts: tuple[FrontSeen, ...]

    @property
    def mixed(self) -> int:
        """Answers of the other side after the first one of the wanted side, at any front."""
        return sum(front.mixed for front in self.fronts)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A vantage point that was not counted, and why."""

    name: str
    why: str

    def __str__(self) -> str:
        """Write it as one line of a list."""
        return f"{self.name}: {self.why}"


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Every vantage point that could be asked has seen the side."""

    side: str
    witnesses: tuple[Witness, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def arrived_milliseconds(self) -> float:
        """Until the last vantage point saw the side."""
        return max(each.arrived_milliseconds for each in self.witnesses)

    @property
    def mixed(self) -> int:
        """Answers of the other side after one of the wanted side from the same vantage point."""
        return sum(each.mixed for each in self.witnesses)


async def confirm(
    looks: Sequence[Look],
    side: str,
    vantages: Sequence[Vantage],
    *,
    in_a_row: int = IN_A_ROW,
    seconds_max: float = SECONDS_MAX,
    pause_seconds: float = PAUSE_SECONDS,
    since: float | None = None,
) -> Confirmed:
    """Look until every vantage point has seen `side` at every front `in_a_row` times in a row.

    `since` is the loop's time of the write, where milliseconds are to be counted from it. Raises
    TransientError (not seen in time, nobody could be asked) and PermanentError (somebody answers
    everywhere, and it is neither side: the identity that was declared does not fit).
    """
    assert looks, "nothing to look at confirms nothing"
    assert in_a_row > 0, "no answer at all confirms nothing"
    began = asyncio.get_running_loop().time() if since is None else since
    watchers = [_Watcher(each, looks, side, in_a_row, began) for each in vantages]
    changed = asyncio.Event()
    try:
        async with asyncio.timeout(seconds_max), asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.watch(pause_seconds, changed)) for each in watchers]
            while watchers and not _is_over(watchers):
                changed.clear()
                await changed.wait()
            for task in tasks:
                task.cancel()
    except TimeoutError:
        pass  # what was seen until now is judged below, and in the same way
    return _judged(watchers, looks, side, seconds_max)


class _Watcher:
    """One vantage point and what it has seen until now."""

    def __init__(
        self, vantage: Vantage, looks: Sequence[Look], side: str, in_a_row: int, began: float
    ) -> None:
        self.vantage = vantage
        self.lost_in_a_row = 0
        self.why_lost = ""
        self.sure_at: float | None = None
        self.met = vantage.inside  # whether this place has a way there at all
        self._looks = {look.id: look for look in looks}
        assert len(self._looks) == len(looks), "each look needs an id of its own"
        self._side, self._in_a_row, self._began = side, in_a_row, began
        self._counted: dict[str, Counter[Seen]] = {name: Counter() for name in self._looks}
        self._errors: dict[str, set[str]] = {name: set() for name in self._looks}
        self._row: dict[str, int] = dict.fromkeys(self._looks, 0)
        self._row_from: dict[str, float] = dict.fromkeys(self._looks, began)
        self._mixed: Counter[str] = Counter()

    async def watch(self, pause_seconds: float, changed: asyncio.Event) -> None:
        """Look until sure; for ever otherwise."""
        batch = tuple(self._looks.values())
        # One more than needed: the first look after a write is often a moment too early.
        rounds = self._in_a_row + 1
        while self.sure_at is None:
            try:
                found = await self.vantage.look(batch, rounds=rounds, pause_seconds=pause_seconds)
            except VantageLost as lost:
                self.lost_in_a_row += 1
                self.why_lost = str(lost)
                changed.set()
                await asyncio.sleep(LOST_PAUSE_SECONDS)
                continue
            self.lost_in_a_row = 0
            for each in found:
                self._take(each)
            changed.set()
            if self.sure_at is None:
                await asyncio.sleep(pause_seconds)

    def _take(self, answer: Answered) -> None:
        name = answer.look
        identity = self._looks[name].identity
        self.met = self.met or not answer.pathless
        found = seen(identity, connected=answer.connected, error=answer.error, text=answer.text)
        self._counted[name][found] += 1
        if found is Seen.NONE:
            self._errors[name].add(answer.error)
        wanted_before = self._counted[name][Seen(self._side)] > 0
        if found is other(self._side) and wanted_before:
            self._mixed[name] += 1
        if not fits(found, identity, self._side):
            self._row[name] = 0
            return
        if self._row[name] == 0:
            self._row_from[name] = answer.at_seconds
        self._row[name] += 1
        if self.sure_at is None and all(row >= self._in_a_row for row in self._row.values()):
            self.sure_at = answer.at_seconds

    @property
    def fronts(self) -> tuple[FrontSeen, ...]:
        return tuple(
            FrontSeen(
                name,
                old=counted[Seen.OLD],
                new=counted[Seen.NEW],
                unknown=counted[Seen.UNKNOWN],
                none=counted[Seen.NONE],
                errors=tuple(sorted(self._errors[name])),
                mixed=self._mixed[name],
            )
            for name, counted in self._counted.items()
        )

    @property
    def unknown_only(self) -> bool:
        """Whether some front answers, every time, with what is neither side's."""
        return any(
            front.unknown and not (front.old or front.new or front.none) for front in self.fronts
        )

    @property
    def not_yet(self) -> bool:
        """Whether some front answers as before the write, every time, and none fails."""
        late = [front for front in self.fronts if self._row[front.front] < self._in_a_row]
        return all(
            {Seen.OLD: front.old, Seen.NEW: front.new}[other(self._side)]
            and not (front.unknown or front.none or front.mixed)
            for front in late
        )

    def witness(self) -> Witness:
        assert self.sure_at is not None
        return Witness(
            self.vantage.name,
            _milliseconds(max(self._row_from.values()) - self._began),
            _milliseconds(self.sure_at - self._began),
            self.fronts,
        )

    def left_out(self) -> LeftOut | None:
        """Why this one is not counted; None where it is."""
        if self.sure_at is not None:
            return None
        if self.lost_in_a_row:
            return LeftOut(self.vantage.name, f"could not be asked: {self.why_lost}")
        if not self.met:
            return LeftOut(self.vantage.name, "has no way to the fronts")
        return None


def _is_over(watchers: Sequence[_Watcher]) -> bool:
    """Whether more looks cannot change anything.

    A place outside that has met nobody is not waited for, once another place is sure.
    """
    if not any(each.sure_at is not None for each in watchers):
        return False
    return all(
        each.sure_at is not None or each.lost_in_a_row >= LOST_TRIES or not each.met
        for each in watchers
    )


def _judged(
    watchers: Sequence[_Watcher], looks: Sequence[Look], side: str, seconds_max: float
) -> Confirmed:
    left_out = tuple(found for each in watchers if (found := each.left_out()) is not None)
    counted = [each for each in watchers if each.left_out() is None]
    if not counted:
        raise TransientError(
            "no-vantage-point",
            f"nobody could look whether {_names(looks)} answers from the {side} side: "
            f"{'; '.join(map(str, left_out)) or 'there is no vantage point'}",
            hint="look at the prober's pods in migrator-system; the switch is not taken for done",
        )
    unsure = [each for each in counted if each.sure_at is None]
    if unsure:
        raise _not_seen(unsure, side, seconds_max)
    return Confirmed(side, tuple(each.witness() for each in counted), left_out)


def _not_seen(unsure: Sequence[_Watcher], side: str, seconds_max: float) -> MigratorError:
    what = "; ".join(
        f"{each.vantage.name} saw {', '.join(map(str, each.fronts))}" for each in unsure
    )
    if all(each.unknown_only for each in unsure):
        return PermanentError(
            "side-not-recognised",
            f"somebody answers, and by its answer it is neither side: {what}",
            hint="compare the answer with identity in the subsystem's cutover.yaml",
        )
    if all(each.not_yet for each in unsure):
        return TransientError(
            "data-plane-late",
            f"after {seconds_max:g} s the {other(side).value} side still answers everywhere that "
            f"was looked at, and nothing fails: {what}",
            hint="the data plane has not followed the write yet; look at kube-proxy on the nodes",
        )
    return TransientError(
        "side-not-seen",
        f"the {side} side was not seen everywhere within {seconds_max:g} s: {what}",
        hint="look at the Service's EndpointSlices, at kube-proxy on the named nodes and at the "
        "listener itself",
    )


def _names(looks: Iterable[Look]) -> str:
    return ", ".join(look.id for look in looks)


def _milliseconds(seconds: float) -> float:
    return round(max(seconds, 0.0) * 1000, 1)
