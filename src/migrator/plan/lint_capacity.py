"""Does it fit? What the target holds, what the line carries, and how much of it all is assumed.

Called by `lint.py`. Figures that the estate did not give limit nothing (`None` in places.yaml);
figures that nobody gave and that come from assumptions are counted here, so that a plan never
looks more certain than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from migrator.ids import PlaceId, SubsystemId
from migrator.inventory.door import did_you_mean
from migrator.inventory.model import Inventory, Place, Subsystem
from migrator.links.table import Pair
from migrator.plan.findings import Finding, error, warning
from migrator.plan.lint_times import switches
from migrator.plan.model import Plan

ASSUMED_SHARE_MAX: Final = 0.25
"""Below a quarter, assumptions are gaps; above it they are what the plan is made of."""


def lint_capacity(plan: Plan, inventory: Inventory, pairs: Iterable[Pair]) -> Iterator[Finding]:
    """Everything that does not fit, and the share of what is assumed."""
    places = {place.id: place for place in inventory.places}
    yield from _place(plan.source, "source", "old", places)
    yield from _place(plan.target, "target", "new", places)
    switch = switches(plan)
    moving = [inventory.by_id[name] for name in switch if name in inventory.by_id]
    target = places.get(plan.target) if plan.target is not None else None
    if target is not None:
        yield from _target(target, moving)
        yield from _copies(target, moving, switch, plan)
        yield from _bridges(target, pairs, switch)
    yield from _assumed(moving)


def _place(
    name: PlaceId | None, key: str, side: str, places: dict[PlaceId, Place]
) -> Iterator[Finding]:
    if name is None:
        return
    place = places.get(name)
    if place is None:
        message = f"places.yaml has no '{name}'{did_you_mean(name, places)}"
        yield error("unknown-place", (key,), message, "name a place of the inventory")
    elif place.side != side:
        message = f"{name} is on the {place.side} side"
        yield error("wrong-side", (key,), message, f"name a place whose side is {side}")


def _target(target: Place, moving: list[Subsystem]) -> Iterator[Finding]:
    asked = (
        ("cores", target.cpu, sum(s.cpu for s in moving)),
        ("GiB of memory", target.memory_gib, sum(s.memory_gib for s in moving)),
    )
    for unit, there, wanted in asked:
        if there is not None and wanted > there:
            message = f"the moves ask for {wanted:g} {unit}, and {target.id} has {there:g}"
            hint = "raise the capacity in places.yaml, or let less move"
            yield error("target-capacity", ("target",), message, hint)


def _copies(
    target: Place, moving: list[Subsystem], switch: dict[SubsystemId, datetime], plan: Plan
) -> Iterator[Finding]:
    """Everything that switches up to some moment must have come over the line by then."""
    rate, start = target.copy_gib_per_hour, plan.window.start
    if not rate:
        return
    copied = 0.0
    for subsystem in sorted(moving, key=lambda s: (switch[s.id], s.id)):
        copied += subsystem.copy_gib
        needed = timedelta(hours=copied / rate)
        given = switch[subsystem.id] - start
        if subsystem.copy_gib and needed > given:
            message = (
                f"up to the switch of {subsystem.id} {copied:g} GiB are to be copied: "
                f"{needed.total_seconds() / 3600:.1f} hours at {rate:g} GiB per hour, and there "
                f"are {given.total_seconds() / 3600:.1f}"
            )
            hint = "switch it later, copy ahead of the window, or widen the line"
            yield warning("copies-do-not-fit", ("target",), message, hint)
            return  # all later copies wait behind this one


def _bridges(
    target: Place, pairs: Iterable[Pair], switch: dict[SubsystemId, datetime]
) -> Iterator[Finding]:
    """The calls that go between the platforms at the worst moment, against what bridges carry."""
    limit = target.bridge_calls_per_hour
    if limit is None:
        return
    changes: dict[datetime, float] = {}
    for pair in pairs:
        # Who does not move stays on the old platform for good.
        ends = [switch[s] for s in (pair.source, pair.target) if s in switch]
        calls = pair.calls_per_day / 24
        if ends:
            changes[min(ends)] = changes.get(min(ends), 0.0) + calls
        if len(ends) == 2:
            changes[max(ends)] = changes.get(max(ends), 0.0) - calls
    crossing = worst = 0.0
    for moment in sorted(changes):
        crossing += changes[moment]
        worst = max(worst, crossing)
    if worst > limit:
        message = f"at the worst moment {worst:.0f} calls per hour cross the platforms"
        hint = f"bridges carry {limit:.0f} (bridge_calls_per_hour of {target.id})"
        yield warning("bridges-overloaded", ("target",), message, hint)


def _assumed(moving: list[Subsystem]) -> Iterator[Finding]:
    number = sum(
        any(field.startswith("durations") for field in subsystem.assumed) for subsystem in moving
    )
    if moving and number / len(moving) > ASSUMED_SHARE_MAX:
        message = f"{number} of {len(moving)} moves have assumed durations"
        hint = "ask their owners for P50 and P80; until then the plan's times are guesses"
        yield warning("assumed-durations", ("assumed",), message, hint)
