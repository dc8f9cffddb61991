"""What a plan declares about an act: who performs it, who ticks it, what a doubt about it means.

Read by the witness and the player, from the plan alone and in words of its own, so that a mistake
of the engine's tables is not repeated here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from migrator.plan.means import Means
from migrator.plan.model import Itinerary, RecipeStep, RecipeUndo, Trouble

LOOKS: Final = frozenset({"baseline", "probe", "probe-links", "soak"})
OWN: Final = frozenset({"verify", "accept"})
"""Steps of the engine's own: nothing in the world belongs to them."""

REPEATED: Final = frozenset(
    {"prepare", "baseline", "copy", "probe", "probe-links", "soak"}
    | {"discard-copy", "remove", "prove-back"}
)
"""Acts of the platform that are simply done again when nobody knows their end; nobody is asked."""


class Declared:
    """One plan, asked about single acts."""

    def __init__(self, itinerary: Itinerary) -> None:
        """Read every recipe once."""
        self.itinerary = itinerary
        self._legs = {str(leg.id): leg for leg in itinerary.legs.values()}
        self._parts: dict[tuple[str, str], RecipeStep | RecipeUndo] = {}
        for recipe in itinerary.recipes.values():
            acts: list[RecipeStep | RecipeUndo] = [*recipe.steps, *recipe.commit, *recipe.unwind]
            self._parts |= {(recipe.name, act.key): act for act in acts}

    def part(self, move: str, act: str) -> RecipeStep | RecipeUndo | None:
        """The step or undo as the recipe of the move has it."""
        leg = self._legs.get(move)
        return None if leg is None else self._parts.get((leg.recipe, act))

    def means(self, move: str, act: str) -> Means | None:
        """Who performs it; None for the platform, for the engine's own, and for what is no act."""
        part = self.part(move, act)
        return None if part is None else part.means

    def by_hand(self, move: str, act: str) -> bool:
        """A person does it, and says so."""
        means = self.means(move, act)
        return means is not None and means.manual is not None

    def by_clock(self, move: str, act: str) -> bool:
        """It is over when its time is."""
        means = self.means(move, act)
        return means is not None and means.wait is not None

    def changes(self, move: str, act: str) -> bool:
        """It may be changing the world while it is under way."""
        part = self.part(move, act)
        looks = isinstance(part, RecipeStep) and part.looks
        return not looks and act not in LOOKS | OWN and not self.by_clock(move, act)

    def looks(self, move: str, act: str) -> bool:
        """It is evidence and no change: its kind says so, its step does, or it only waits."""
        part = self.part(move, act)
        declared = isinstance(part, RecipeStep) and part.looks
        return declared or act in LOOKS or self.by_clock(move, act)

    def doubt(self, move: str, act: str) -> str:
        """What is done when nobody knows its end: repeat, observe or ask."""
        means = self.means(move, act)
        if means is not None:
            return means.in_doubt.value
        return "repeat" if act in REPEATED else "observe"

    def may_tick(self, move: str, act: str, person: str) -> bool:
        """Whoever it names and their deputies, else the team; the wave's lead in any case."""
        means = self.means(move, act)
        if means is None or means.manual is None or person not in self.itinerary.members:
            return False
        members = self.itinerary.members.values()
        named = {str(who) for who in means.manual.persons}
        if named:
            named |= {str(m.deputy) for m in members if str(m.id) in named and m.deputy}
        else:
            team = self._legs[move].team
            named = {str(member.id) for member in members if member.team == team}
        leads = {str(wave.lead) for wave in self.itinerary.waves if move in wave.moves}
        return not named or person in named | leads

    def over_at(self, move: str, act: str, began: datetime) -> datetime:
        """When a wait that began then is over, or a task is overdue."""
        part = self.part(move, act)
        assert part is not None, "it was begun"
        assert part.means is not None, "somebody performs it"
        if part.means.wait is not None:
            return part.means.wait.until or began + timedelta(minutes=part.means.wait.minutes)
        return began + timedelta(minutes=part.limit_minutes or self.patience)

    @property
    def patience(self) -> float:
        """With people, in minutes."""
        return self.itinerary.policy.on[Trouble.UNANSWERED].after_minutes

    def files(self, move: str, act: str) -> tuple[str, ...]:
        """The files of the commands of an act."""
        means = self.means(move, act)
        if means is None:
            return ()
        return tuple({name: None for each in means.commands for name in each.files})
