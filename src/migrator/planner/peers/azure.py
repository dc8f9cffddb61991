"""Azure Migrate's automatic wave planning, as its published pages describe it.

Called by `compare.py`. The pages, both of 1 September 2026 and of a preview, in our own words:

- "Automatic wave planning in Azure Migrate (preview)",
  https://learn.microsoft.com/azure/migrate/automatic-wave-planning-architecture
- "Wave planning - common questions",
  https://learn.microsoft.com/azure/migrate/common-questions-wave-planning

Five phases run one after the other, without chance. 1 (`azure_groups.py`): workloads of one
application form a group, and so do those with strong two-way dependencies. 2: the eight conditions
(`azure_conditions.py` lists them in their rank) are held against the waves; a violated critical one
restructures them where that is possible, an advisory one is only flagged. 3 (`azure_score.py`):
each group gets a priority score from complexity, criticality, readiness, effort and value; a higher
one goes earlier. 4 (`azure_waves.py`): the ranked groups are put in waves, with an eye to even
sizes, to dependent groups in the same or in adjacent waves, and to how much a team can do at once.
5 (here): every wave is told with how much data it was planned (confidence) and how well it keeps
the conditions (risk).

What the pages leave open, and how it is read here, which is kindly:

- How strong a strong two-way tie is: none, a twentieth, a quarter and all of the two-way pairs are
  tried. The plan that turns out best counts; the product cannot know which that is.
- Which conditions are critical besides the first two: with condition 3 enforced and with it
  flagged only, both are tried. 4 and 5 are always enforced.
- How far phase 4 may depart from the ranking, which is said to determine waves and order: by one
  wave. Without a bound it counts as a peer of its own, kinder than the text (`compare.py`).
- What phase 4 lowers: ties across waves, each times the number of waves between, which is the very
  thing that exposure grows with. It goes on until nothing helps, and swaps where waves are full.
- How ties of the score are broken: by name, and in as many random ways as the other peers get.
- Weights and scales of the score: equal weights, each factor from the estate's least to its most.
- What the earliest waves are: a tenth of them. What high criticality is: 5 of 5 only. What high
  complexity is: the tenth with the most parts and neighbours.
- What an inventory does not have (savings, end of support): the cores that are freed.
- The range of a wave's size: ours, and so are all hard limits, the number of waves, appointments
  and seats, of which the pages know nothing. A pilot that its groups would make impossible gets
  one. An estate that names no environments counts as production, as the pages have it.
- Parallel waves: none, as for everybody here; the decoder runs what fits beside each other.
- When each wave begins: as early as the decoder lets it. Its own waves count as they come, and once
  more with our gates laid over their order (`compare.py`); the better of the two is the peer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random

from migrator.inventory.model import Inventory
from migrator.planner.peers.azure_conditions import Amounts, Board, earliest
from migrator.planner.peers.azure_groups import groups
from migrator.planner.peers.azure_score import facts
from migrator.planner.peers.azure_waves import Reading, even_out, fill, rank
from migrator.planner.peers.coarse import Groups, coarsened, spread
from migrator.planner.problem import Problem
from migrator.planner.seeds import Waves
from migrator.planner.waves import Limits


class Level(Enum):
    """The labels that the pages use."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Label:
    """What phase 5 says of a wave. `broken` are the numbers of the conditions that it breaks."""

    confidence: Level
    risk: Level
    broken: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WavePlan:
    """The five phases' result; `groups` are of atoms, `of_groups` and `waves` are the waves."""

    groups: Groups
    of_groups: Waves
    waves: Waves
    amounts: Amounts  # what is left that breaks conditions 3 to 8, and the ties across waves
    labels: tuple[Label, ...]


def wave_plan(
    problem: Problem,
    limits: Limits,
    inventory: Inventory,
    count: int,
    reading: Reading,
    chance: Random | None = None,
) -> WavePlan | None:
    """Plan about `count` waves; None where forbidden waves and pins leave none for some group."""
    together = groups(problem, limits, inventory, reading.strong_share)
    coarse, numbers = coarsened(problem, limits, together)
    known = facts(coarse, inventory)
    order = rank(coarse, known, reading, chance)
    filled = fill(coarse, numbers, known, order, count)
    if not filled:
        return None
    board = Board.of(coarse, numbers, known, filled)
    even_out(board, reading, order)
    places = [0] * len(order)
    for place, group in enumerate(order):
        places[group] = place
    found = board.waves(places)
    return WavePlan(
        together,
        found,
        spread(together, found),
        board.amounts(),
        _labels(board, inventory, found),
    )


def _labels(board: Board, inventory: Inventory, waves: Waves) -> tuple[Label, ...]:
    """Phase 5. Conditions 1 and 2 hold by the groups; 3, 4 and 5 are critical, 6 to 8 advisory."""
    found = []
    early = earliest(board.count)
    for number, wave in enumerate(waves):
        broken = _broken(board, number, wave, early=number < early)
        confidence = _confidence(board, inventory, wave)
        if any(condition <= 5 for condition in broken):
            risk = Level.HIGH
        elif broken or confidence is not Level.HIGH:
            risk = Level.MEDIUM
        else:
            risk = Level.LOW
        found.append(Label(confidence, risk, broken))
    return tuple(found)


def _broken(board: Board, number: int, wave: list[int], *, early: bool) -> tuple[int, ...]:
    facts = board.facts
    later = [group for group, where in enumerate(board.wave_of) if where > number]
    live = any(not facts[group].testing for group in wave)
    tests = {
        3: any(board.wave_of[other] > number for group in wave for other, _ in board.calls[group]),
        4: live and any(facts[group].testing for group in later),
        5: live and any(facts[group].testing for group in wave),
        6: early and any(facts[group].high for group in wave),
        7: early and any(facts[group].complex for group in wave),
        8: board.limits.shortfall(number, board.size[number]) > 0,
    }
    return tuple(condition for condition, holds in tests.items() if holds)


def _confidence(board: Board, inventory: Inventory, wave: list[int]) -> Level:
    """How many kinds of data are whole for a wave: the inventory, dependencies, applications."""
    moving = inventory.moving
    members = [moving[i] for group in wave for i in board.problem.atoms[group]]
    missing = [
        any(subsystem.assumed for subsystem in members),
        any(not board.calls[group] and not board.callers[group] for group in wave),
        any(not subsystem.components for subsystem in members),
    ]
    return (Level.HIGH, Level.MEDIUM, Level.LOW, Level.LOW)[sum(missing)]
