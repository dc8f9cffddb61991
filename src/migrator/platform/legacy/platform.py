"""The legacy platform: each act by the means that its recipe declares, else by another platform.

Made by `wiring` for live runs, with everything it needs to know of the run as arguments. It settles
an act whose end was lost by the means' own policy, and takes nothing as brought back that its
proof does not prove. It knows no recipe and decides nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from migrator.engine.events import StepStarted, UndoStarted
from migrator.engine.ports import ActResult, Platform
from migrator.errors import PermanentError, TransientError
from migrator.plan.means import InDoubt, Means
from migrator.platform.legacy.calls import Calls
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import OLD_SIDE_ACTS, ActFacts, LostEnd
from migrator.platform.legacy.patience import Patience
from migrator.platform.legacy.proof import prove

Intent = StepStarted | UndoStarted


def _nowhere(_move: str, _act: str) -> str:
    """No machine: the run does not say where an act was begun."""
    return ""


def side_of(_move: str, act: str) -> str:
    """The side that a typed act is about."""
    return "old" if act in OLD_SIDE_ACTS else "new"


@dataclass(frozen=True, slots=True)
class LegacyPlatform:
    """Performs acts by command and by call.

    `authority` says which side holds authority once an act is done, None where it moves none.
    `began_on` says on which machine an act in doubt was begun, empty where nobody knows;
    `identity` tells runs of the same name apart (`ActFacts`).
    """

    run: str
    means_of: Callable[[str, str], Means | None]
    wave_of: Callable[[str], str]
    epoch: Callable[[], int]
    authority: Callable[[str, str], str | None]
    commands: Commands
    calls: Calls
    otherwise: Platform | None = None
    patience: Patience = field(default_factory=Patience)
    side_of: Callable[[str, str], str] = side_of
    began_on: Callable[[str, str], str] = _nowhere
    identity: str = ""

    async def perform(self, intent: Intent) -> ActResult:
        """Do the act. Raises TransientError or PermanentError."""
        act = self._facts(intent)
        means = self._means(act)
        if means is None:
            return await self._otherwise(act).perform(intent)

        async def once() -> ActResult:
            try:
                return await self._do(act, means)
            except LostEnd as lost:
                return await self._settle(act, means, lost)

        result = await self.patience.perform(once)
        return self._with_authority(act, await self._proved(act, means, result))

    async def observe(self, intent: Intent) -> ActResult:
        """Say whether the act took effect: outcome done, not_done or unknown."""
        act = self._facts(intent)
        means = self._means(act)
        if means is None:
            return await self._otherwise(act).observe(intent)
        result = await self._proved(act, means, await self._look(act, means))
        if result.outcome == "failed":
            # Done, but not all of it: only a person can say whether once more would help.
            result = replace(result, outcome="unknown")
        return self._with_authority(act, result)

    async def _do(self, act: ActFacts, means: Means) -> ActResult:
        if means.command is not None:
            return await self.commands.perform(act, means.command)
        if means.call is not None:
            return await self.calls.perform(act, means.call)
        raise AssertionError(f"{means.kind} is ended by the engine, not by a platform")

    async def _look(self, act: ActFacts, means: Means) -> ActResult:
        if means.observe is not None:
            return await self.commands.observe(act, means)
        if means.observe_call is not None:
            return await self.calls.observe(act, means.observe_call)
        return ActResult("unknown", "nothing is declared that could look at it")

    async def _settle(self, act: ActFacts, means: Means, lost: LostEnd) -> ActResult:
        """Settle a lost end as the act's policy says; what nobody can settle stays an error."""
        if means.in_doubt is InDoubt.REPEAT:
            raise TransientError(lost.reference, lost.message, hint=lost.hint) from lost
        if means.in_doubt is InDoubt.ASK:
            raise lost
        found = await self._look(act, means)
        if found.outcome == "done":
            return replace(found, detail=f"its end was lost; observed: {found.detail}")
        if found.outcome == "not_done":
            message = f"{lost.message}; observed: not done"
            raise TransientError(lost.reference, message, hint="it is tried again") from lost
        raise LostEnd(f"{lost.message}; observed: {found.detail}") from lost

    async def _proved(self, act: ActFacts, means: Means, result: ActResult) -> ActResult:
        """A done act with a proof is done when its proof holds."""
        if means.proof is None or result.outcome != "done":
            return result
        proved = await prove(self.commands, act, means.proof)
        return replace(proved, detail=f"{proved.detail}\n{result.detail}")

    def _with_authority(self, act: ActFacts, result: ActResult) -> ActResult:
        if result.outcome != "done":
            return result
        return replace(result, authority=self.authority(act.move, act.act))

    def _facts(self, intent: Intent) -> ActFacts:
        name = intent.step if isinstance(intent, StepStarted) else intent.undo
        return ActFacts(
            run=self.run,
            wave=self.wave_of(intent.move),
            move=intent.move,
            act=name,
            attempt=intent.attempt,
            nth=intent.nth,
            token=intent.token,
            epoch=self.epoch(),
            side=self.side_of(intent.move, name),
            began_on=self.began_on(intent.move, name),
            identity=self.identity,
        )

    def _means(self, act: ActFacts) -> Means | None:
        return self.means_of(act.move, act.act)

    def _otherwise(self, act: ActFacts) -> Platform:
        if self.otherwise is None:
            raise PermanentError(
                "platform-has-no-means",
                f"the plan does not say how {act.act} of {act.move} is performed",
                hint="declare its means in the plan's recipe: command, http, manual or wait-until",
            )
        return self.otherwise
