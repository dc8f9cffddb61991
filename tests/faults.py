"""Seeded trouble around any port: slow, wrong, twice, dead. And faults drawn by chance.

The wrappers go around the simulated platform or any other one; the fakes themselves are product
code (`migrator.platform.simulated`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from migrator.engine.events import StepStarted, UndoStarted
from migrator.engine.ports import ActResult, Platform
from migrator.errors import MigratorError, PermanentError
from migrator.plan.model import StepKind, UndoKind
from migrator.platform.simulated.faults import PlannedFault

Intent = StepStarted | UndoStarted


def name_of(intent: Intent) -> str:
    """`a/copy`."""
    name = intent.step if isinstance(intent, StepStarted) else intent.undo
    return f"{intent.move}/{name}"


@dataclass
class Twice:
    """Does every act twice with the same token, as a network that repeats a request."""

    platform: Platform

    async def perform(self, intent: Intent) -> ActResult:
        """The second answer counts."""
        await self.platform.perform(intent)
        return await self.platform.perform(intent)

    async def observe(self, intent: Intent) -> ActResult:
        """The truth."""
        return await self.platform.observe(intent)


@dataclass
class Dead:
    """Fails every act that is named, and cannot even be asked about it."""

    platform: Platform
    acts: frozenset[str]
    error: MigratorError = field(
        default_factory=lambda: PermanentError("dead", "no answer", hint="wait")
    )

    async def perform(self, intent: Intent) -> ActResult:
        """Raise for what is named."""
        if name_of(intent) in self.acts:
            raise self.error
        return await self.platform.perform(intent)

    async def observe(self, intent: Intent) -> ActResult:
        """Raise for what is named."""
        if name_of(intent) in self.acts:
            raise self.error
        return await self.platform.observe(intent)


@dataclass
class Wrong:
    """Answers what the test says instead of acting."""

    platform: Platform
    answer: Callable[[Intent], ActResult | None]

    async def perform(self, intent: Intent) -> ActResult:
        """The test's answer where it has one."""
        given = self.answer(intent)
        return await self.platform.perform(intent) if given is None else given

    async def observe(self, intent: Intent) -> ActResult:
        """The test's answer where it has one."""
        given = self.answer(intent)
        return await self.platform.observe(intent) if given is None else given


def planned_faults(moves: str, functions: Sequence[str]) -> st.SearchStrategy[PlannedFault]:
    """One fault that a rehearsal of these moves and functions can be given."""
    undos = [kind.value for kind in UndoKind]
    acts = sorted({kind.value for kind in StepKind} - {"verify", "accept", "finalise", "retire"})
    times = st.sampled_from([1, 2, 99])
    step = st.builds(
        PlannedFault,
        kind=st.sampled_from(["step_fails", "step_half_fails", "step_times_out"]),
        subsystem=st.sampled_from(moves),
        step=st.sampled_from(acts),
        times=times,
    )
    undo = st.builds(
        PlannedFault,
        kind=st.just("undo_fails"),
        subsystem=st.sampled_from(["", *moves]),
        step=st.sampled_from(undos),
        times=times,
    )
    links = st.builds(
        PlannedFault,
        kind=st.just("links_regress"),
        subsystem=st.sampled_from(moves),
        share=st.sampled_from([0.1, 1.0]),
    )
    people = st.builds(
        PlannedFault,
        kind=st.sampled_from(["handler_says_no", "handler_never_answers"]),
        function=st.sampled_from(functions),
        times=times,
    )
    slow = st.builds(
        PlannedFault, kind=st.just("platform_slow"), factor=st.sampled_from([2.0, 30.0])
    )
    return st.one_of(step, undo, links, people, slow)
