"""A world of a page, to hold the engine against: sides, authority, rows and traffic.

Written apart from the simulated platform on purpose: what one of the two gets wrong, the other
does not repeat. Acts take effect by name, once for a token, whole, half or not at all. Work comes
in all the time; what nobody may ever see is kept as a sentence in `broken`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from migrator.plan.model import Itinerary, StepKind


@dataclass(slots=True)
class SideOf:
    """One side of a subsystem. Traffic does not count here: see `SmallWorld.live`."""

    runs: bool
    granted: bool
    fenced: bool = False
    quiet: bool = False
    rows: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Subsystem:
    """Both sides of a subsystem, and what the world has promised to keep."""

    name: str
    keeps_rows: bool
    old: SideOf
    new: SideOf
    recipe: str = ""
    traffic: str = "old"
    prepared: bool = False
    turned: set[str] = field(default_factory=set)  # tasks that were done and not taken back
    retired: bool = False
    written: set[int] = field(default_factory=set)

    def side(self, name: str) -> SideOf:
        """The side called old or new."""
        return self.old if name == "old" else self.new

    def live(self, name: str) -> bool:
        """Tell whether work that is admitted on this side would take effect."""
        side = self.side(name)
        able = side.runs and not side.fenced and not side.quiet
        return able and (side.granted if self.keeps_rows else self.traffic == name)

    @property
    def authority(self) -> str:
        """Old, none or new, as the world enforces it."""
        if not self.keeps_rows:
            return self.traffic
        if self.old.granted:
            return "old"
        return "new" if self.new.granted else "none"


class Refused(Exception):
    """What a good platform answers to an act that would break a promise."""


class SmallWorld:
    """Every subsystem of an itinerary, all of them on the old side at first."""

    def __init__(self, itinerary: Itinerary) -> None:
        """Nothing has happened."""
        self.broken: list[str] = []
        self.effects: dict[str, str] = {}  # token -> the act that took effect with it
        self.times: Counter[str] = Counter()  # token -> how often somebody performed it
        self.subsystems: dict[str, Subsystem] = {}
        self.admit(itinerary)
        self._taken_back = {
            (recipe.name, undo.key): {s.key for s in recipe.steps if undo.key in s.undo}
            for recipe in itinerary.recipes.values()
            for undo in recipe.unwind
        }
        self._tasks = {
            (recipe.name, step.key): bool(step.undo)
            for recipe in itinerary.recipes.values()
            for step in recipe.steps
            if step.kind is StepKind.TASK
        }

    def admit(self, itinerary: Itinerary) -> None:
        """Know every subsystem of a plan: one that was not there before is on the old side."""
        for name, leg in itinerary.legs.items():
            if name not in self.subsystems:
                self.subsystems[name] = Subsystem(
                    name,
                    leg.recipe != "stateless",
                    old=SideOf(runs=True, granted=True, rows={0}),
                    new=SideOf(runs=False, granted=False),
                    written={0},
                )
            self.subsystems[name].recipe = leg.recipe

    def work(self) -> None:
        """Somebody writes a row to every side that takes it, everywhere."""
        for each in self.subsystems.values():
            sides = [name for name in ("old", "new") if each.live(name)]
            if len(sides) > 1:
                self.broken.append(f"{each.name} is live on both sides")
            if each.keeps_rows and sides:
                row = max(each.written, default=0) + 1
                each.written.add(row)
                each.side(sides[0]).rows.add(row)
            if not each.written <= each.old.rows | each.new.rows and each.keeps_rows:
                self.broken.append(f"{each.name} has lost rows")

    def take_effect(self, subsystem: str, act: str, token: str) -> None:
        """Do an act once for its token. Raises Refused where a promise would be broken."""
        self.times[token] += 1
        if token in self.effects:
            assert self.effects[token] == f"{subsystem}/{act}", "one token for two acts"
            return
        each = self.subsystems[subsystem]
        _refuse(each, act)
        _EFFECTS[act](each) if act in _EFFECTS else None
        if self._tasks.get((each.recipe, act)):
            each.turned.add(act)
        each.turned -= self._taken_back.get((each.recipe, act), set())
        self.effects[token] = f"{subsystem}/{act}"

    def half(self, subsystem: str, act: str) -> None:
        """Leave an act half done: what can be half done is, and has no token."""
        each = self.subsystems[subsystem]
        if act in {"copy", "final-copy"}:
            each.new.rows |= set(sorted(each.old.rows)[::2])
        elif act == "start":
            each.new.runs = True
        elif act == "prepare":
            each.prepared = True
        elif act == "quiesce":
            each.old.quiet = True
        elif act == "stop-target" and each.traffic == "old" and not each.new.granted:
            each.new.runs = False

    def whole(self, subsystem: str) -> str:
        """On which side a subsystem is whole: with traffic, authority and every row; or none."""
        each = self.subsystems[subsystem]
        for name in ("old", "new"):
            rows = not each.keeps_rows or each.side(name).rows >= each.written
            if each.live(name) and each.traffic == name and rows:
                return name
        return "none"


def authority_by(subsystem: Subsystem, act: str) -> str | None:
    """The side to which an act that is done gave authority; None where it moves none."""
    if not subsystem.keeps_rows:
        return {"switch": "new", "switch-back": "old"}.get(act)
    known = {"fence": "none", "grant": "new", "fence-target": "none", "grant-source": "old"}
    return known.get(act)


def _refuse(each: Subsystem, act: str) -> None:
    """What a good platform does not do, whoever asks."""
    reasons = {
        "final-copy": not each.old.fenced,
        "probe": not each.new.runs,
        "grant": each.live("old") or not each.new.rows >= each.written,
        "bring-back": not each.new.fenced,
        "grant-source": each.live("new") or not each.old.rows >= each.written,
        "discard-copy": each.live("new") or not each.old.rows >= each.written,
        "finalise": each.traffic != "new",
        "retire": each.traffic != "new",
    }
    if each.keeps_rows and reasons.get(act, False):
        raise Refused(f"{each.name}/{act} would break a promise")


def _quiesce(each: Subsystem) -> None:
    each.old.quiet = True


def _fence(each: Subsystem) -> None:
    each.old.fenced = True
    each.old.runs = False
    each.old.granted = each.old.granted and not each.keeps_rows


def _start(each: Subsystem) -> None:
    each.new.runs = True
    each.new.fenced = False


def _copy(each: Subsystem) -> None:
    each.new.rows |= each.old.rows


def _grant(each: Subsystem) -> None:
    each.new.granted = True


def _switch(each: Subsystem) -> None:
    each.traffic = "new"


def _retire(each: Subsystem) -> None:
    each.old.runs = False
    each.old.rows.clear()
    each.retired = True


def _fence_target(each: Subsystem) -> None:
    each.new.fenced = True
    each.new.granted = False


def _bring_back(each: Subsystem) -> None:
    each.old.rows |= each.new.rows


def _start_source(each: Subsystem) -> None:
    each.old.runs = True
    each.old.fenced = each.old.quiet = False


def _grant_source(each: Subsystem) -> None:
    each.old.granted = True


def _switch_back(each: Subsystem) -> None:
    each.traffic = "old"


def _stop_target(each: Subsystem) -> None:
    each.new.runs = each.new.granted = False


def _discard(each: Subsystem) -> None:
    each.new.rows.clear()


def _prepare(each: Subsystem) -> None:
    each.prepared = True


def _remove(each: Subsystem) -> None:
    each.prepared = each.new.runs = False


_EFFECTS = {
    "prepare": _prepare,
    "copy": _copy,
    "quiesce": _quiesce,
    "fence": _fence,
    "final-copy": _copy,
    "start": _start,
    "grant": _grant,
    "switch": _switch,
    "retire": _retire,
    "fence-target": _fence_target,
    "bring-back": _bring_back,
    "start-source": _start_source,
    "grant-source": _grant_source,
    "switch-back": _switch_back,
    "stop-target": _stop_target,
    "discard-copy": _discard,
    "remove": _remove,
}
"""What is not here only looks, or waits."""
