"""What a forecast rests on, in sentences, and what its crews are called.

Called by `forecasting.py`. A forecast that does not say what it assumed is believed too much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from migrator.inventory.model import Inventory
from migrator.planner.problem import Problem as Facts
from migrator.schedule.problem import Function, Rows

_ASSUMED: Final[Mapping[str, str]] = {
    "durations.move": "how long the move takes",
    "durations.verify": "how long its engineers verify",
    "durations.unwind": "how long going back takes",
    "failure_probability": "how probable it is that it has to be taken back",
}


def standing_notes(inventory: Inventory, rows: Rows, learned: Sequence[str]) -> tuple[str, ...]:
    """What is known before any weekend is played."""
    return (*learned, *_assumed(inventory), *_coarse(rows))


def played_notes(*, compiled: bool) -> tuple[str, ...]:
    """How the weekends were played, where that matters."""
    if compiled:
        return ()
    return ("played in plain Python, because numba is not installed: it took longer",)


def _assumed(inventory: Inventory) -> list[str]:
    """What nobody gave, as far as it is a duration or a chance."""
    counts: dict[str, int] = {}
    for subsystem in inventory.moving:
        for name in subsystem.assumed:
            if name in _ASSUMED:
                counts[name] = counts.get(name, 0) + 1
    total = len(inventory.moving)
    return [
        f"assumed for {count} of {total} subsystems: {_ASSUMED[name]}"
        for name, count in sorted(counts.items())
    ]


def _coarse(rows: Rows) -> list[str]:
    """What the forecast does not know."""
    found = [
        "pools of handlers count heads: whoever may verify for two pools counts in both",
        "work that was taken back is in nobody's hours, nor its split links in the exposure",
    ]
    if rows.rules.attempts_max > 1 and any(move.failure for move in rows.moves):
        found.append(
            "a move that fails is taken to need its whole wave taken back, which is then tried"
            f" again, {rows.rules.attempts_max} times at most"
        )
    if not any(move.incident for move in rows.moves):
        found.append("incidents that take handlers away are not in it: the inventory knows of none")
    return found


def team_names(inventory: Inventory, facts: Facts) -> list[str]:
    """By team of the rows."""
    names = {team.id: team.name for team in inventory.people.teams}
    return [names.get(team, str(team)) for team in facts.teams]


def pool_names(
    inventory: Inventory, facts: Facts, functions: Sequence[Function], pools: int
) -> list[str]:
    """By pool of the rows. A pool is a set of handlers; it is called by what they are asked for:
    the competences of its functions, or the team that checks its own.
    """
    by_id = {function.id: function for function in inventory.functions}
    teams = {team.id: team.name for team in inventory.people.teams}
    words: list[set[str]] = [set() for _ in range(pools)]
    for check, function in zip(facts.checks, functions, strict=True):
        if check.function is None:
            (only,) = check.core
            team = inventory.by_id[facts.ids[only]].team
            words[function.pool].add(teams.get(team, str(team)))
        else:
            words[function.pool].add(by_id[check.function].competence)
    return [", ".join(sorted(each)) for each in words]
