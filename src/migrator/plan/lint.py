"""Is this plan fit to be run with this inventory? All findings at once, independent of the planner.

Called by `migrator lint`, `migrator dry-run` and whoever is about to run a plan that people may
have edited. It never stops at the first finding, it changes nothing, and it shares no code with
the planner's decoder: it is the check that stands when the planner, or a person, was wrong.
Each part looks at one matter: `lint_recipes`, `lint_means`, `lint_policy`, `lint_waves`,
`lint_times`, `lint_capacity`. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from migrator.inventory.model import Inventory
from migrator.links.table import Pair
from migrator.plan.findings import Finding, Severity, error
from migrator.plan.lint_capacity import lint_capacity
from migrator.plan.lint_means import lint_means
from migrator.plan.lint_policy import lint_constraints, lint_policy
from migrator.plan.lint_recipes import lint_recipe
from migrator.plan.lint_times import lint_times
from migrator.plan.lint_waves import lint_waves
from migrator.plan.model import Plan

ANOTHER_INVENTORY: Final = "plan-for-another-inventory"
"""The rule, and the page, for a plan whose digests are not those of what it is checked against."""


def lint_plan(
    plan: Plan,
    inventory: Inventory,
    pairs: Iterable[Pair],
    links_digest: str | None = None,
) -> tuple[Finding, ...]:
    """Everything that does not hold: errors first, then warnings, each in the file's order.

    `links_digest` is that of the LinkTable the pairs were made of; None leaves it unchecked.
    """
    found = [
        *_inputs(plan, inventory, links_digest),
        *lint_policy(plan),
        *lint_constraints(plan, inventory),
        *_recipes(plan, inventory),
        *lint_waves(plan, inventory),
        *lint_times(plan, inventory),
        *lint_capacity(plan, inventory, pairs),
    ]
    # Python's sort keeps the order in which the parts found things.
    return tuple(sorted(found, key=lambda finding: finding.severity is Severity.WARNING))


def _recipes(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    for _, recipe in sorted(plan.recipes.items()):
        yield from lint_recipe(recipe)
        yield from lint_means(recipe, inventory)


def _inputs(plan: Plan, inventory: Inventory, links_digest: str | None) -> Iterator[Finding]:
    made_from = plan.inventory
    if made_from.digest != inventory.digest:
        message = (
            f"the plan was made from another inventory: {made_from.name} {made_from.digest[:12]}, "
            f"and this is {inventory.name} {inventory.digest[:12]}"
        )
        hint = "plan anew from this inventory, or name the right one with --inventory"
        yield error(ANOTHER_INVENTORY, ("inventory", "digest"), message, hint)
    if links_digest is not None and made_from.links_digest != links_digest:
        message = (
            f"the plan was made from other links: {made_from.links_digest[:12] or 'none'}, "
            f"and these are {links_digest[:12]}"
        )
        hint = "plan anew: other links make other waves cheap"
        yield error(ANOTHER_INVENTORY, ("inventory", "links_digest"), message, hint)
