"""The small plan that is carried out under fire: two wide waves, and what goes wrong in them.

Sixteen moves, eight at a time, of all three kinds; eight checks, two of which need two handlers.
Deadlines are so far away that no slow machine reaches one: what ends a run must be the plan, the
planned failures and the people, never how long somebody was dead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from interruptions.ledger_platform import PlannedFailure
from itineraries import START, a_check, an_itinerary
from migrator.plan.model import Act, Itinerary, Reaction, Trouble, Window

SPEED: Final = 3000.0
"""A minute of run time is 20 ms: the pauses of retries and vetoes pass quickly."""

FAR: Final = 30_000.0
"""Minutes of run time: ten real minutes, in which every run has ended."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What goes wrong. `refused` are the checks whose handlers say that it does not work."""

    name: str
    failures: Mapping[str, PlannedFailure]
    refused: frozenset[str] = frozenset()


SCENARIOS: Final = (
    Scenario(
        "tries fail and answers are lost, and all ends well",
        {
            "a/prepare": PlannedFailure(answers_lost=1),
            "b/copy": PlannedFailure(answers_lost=1),
            "c/quiesce": PlannedFailure(fails=1),
            "e/start": PlannedFailure(fails=1),
            "i/switch": PlannedFailure(fails=1),
        },
    ),
    Scenario(
        "the first wave's links stay broken: it is taken back; the second one goes",
        {
            "d/probe-links": PlannedFailure(fails=99),
            "a/fence-target": PlannedFailure(fails=1),
            "b/remove": PlannedFailure(answers_lost=1),
        },
    ),
    Scenario(
        "a handler of the second wave says no: it is taken back",
        {"k/copy": PlannedFailure(answers_lost=1)},
        frozenset({"f3@w2"}),
    ),
    Scenario(
        "a target never starts, and on the way back an undo fails until somebody tries it again",
        {"l/start": PlannedFailure(fails=99), "j/start-source": PlannedFailure(fails=3)},
    ),
)


def plan() -> Itinerary:
    """The plan of every scenario."""
    checks = tuple(
        a_check(f"f{number}", wave, moves, quorum=2 if number == 1 else 1)
        for wave, halves in ((1, ("ab", "cd", "ef", "gh")), (2, ("ij", "kl", "mn", "op")))
        for number, moves in enumerate(halves, 1)
    )
    return an_itinerary(
        waves=("abcdefgh", "ijklmnop"),
        links=("ab:3", "bc", "ci", "kl:2", "mn", "op"),
        before=("ab", "ij"),
        with_=("cd",),
        stateless="efno",
        batch="gp",
        checks=checks,
        window=Window(START, START + timedelta(days=90), "Europe/Stockholm"),
        policy={
            "step_minutes_max": FAR,
            "gate_deadline_minutes": FAR,
            "waves_per_attempt_max": 1,
        },
        on={
            Trouble.STEP_FAILED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=1, retries=1),
            Trouble.LINKS_REGRESSED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=1, retries=1),
            Trouble.REFUSED: Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=1),
            Trouble.UNDO_FAILED: Reaction(Act.HOLD, retries=1),
            Trouble.UNANSWERED: Reaction(Act.HOLD, after_minutes=FAR),
            Trouble.STALLED: Reaction(Act.HOLD, after_minutes=FAR),
        },
    )
