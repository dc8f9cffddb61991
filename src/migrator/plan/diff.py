"""Two plans, and in words what changed from the first to the second, and what that costs.

Called by `migrator diff` for the people who review a plan, and by `approval.py`, which must name
what changed since somebody said yes. Changes are told the way an engineer would tell them: who
moved to which wave, who is new, what happens earlier or later, which rule is another one. A wave
with the same members under another id is a renamed wave, and not a dozen moved moves. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from migrator.ids import SubsystemId, WaveId
from migrator.inventory.duration import format_minutes
from migrator.inventory.model import Inventory
from migrator.inventory.times import zone as zone_named
from migrator.links.table import Pair
from migrator.plan.costs import Costs, costs
from migrator.plan.diff_policy import policy_changes
from migrator.plan.digest import plan_digest
from migrator.plan.findings import clock
from migrator.plan.model import (
    Constraints,
    Plan,
    PlannedMove,
    PlannedWave,
    Recipe,
    RecipeStep,
    RecipeUndo,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed. `kind` is a stable word for programs, `subject` what it is about."""

    kind: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Diff:
    """The changes in the order in which people ask about them, and the costs before and after."""

    changes: tuple[Change, ...]
    before: Costs
    after: Costs
    digests: tuple[str, str]

    @property
    def same(self) -> bool:
        """Tell whether the two plans mean the same."""
        return self.digests[0] == self.digests[1]


def diff_plans(
    a: Plan,
    b: Plan,
    names: Mapping[SubsystemId, str] | None = None,
    pairs: Iterable[Pair] | None = None,
    inventory: Inventory | None = None,
) -> Diff:
    """What changed from `a` to `b`.

    `names` and `pairs` are those of the inventory, which also gives the criticalities. Without
    them ids stand alone, and what cannot be reckoned is None in the costs.
    """
    rows = None if pairs is None else tuple(pairs)
    changes = (
        *_moves(a, b, names or {}),
        *_waves(a, b),
        *_window(a, b),
        *_stays(a, b, names or {}),
        *_constraints(a.constraints, b.constraints),
        *(Change("policy", key, text) for key, text in policy_changes(a.policy, b.policy)),
        *_recipes(a.recipes, b.recipes),
        *_rest(a, b),
    )
    digests = (plan_digest(a), plan_digest(b))
    before = _under_new_ids(costs(a, inventory, rows), _renamed(a, b))
    return Diff(changes, before, costs(b, inventory, rows), digests)


def cost_lines(diff: Diff) -> tuple[str, ...]:
    """What the change costs, in sentences; only what is another figure than before."""
    before, after = diff.before, diff.after
    lines: list[str] = []
    for word, old, new in (
        ("exposure", before.exposure_hours, after.exposure_hours),
        ("makespan", before.makespan_hours, after.makespan_hours),
    ):
        if old is not None and new is not None and round(new - old, 2):
            share = f", {100 * (new - old) / old:+.0f} %" if old else ""
            lines.append(f"{word} {old:.2f} h -> {new:.2f} h ({new - old:+.2f} h{share})")
    for what, olds, news in (
        ("moves", before.moves, after.moves),
        ("of criticality 5", before.critical, after.critical),
    ):
        for wave in [*(olds or {}), *(wave for wave in news or {} if wave not in (olds or {}))]:
            was, now = (olds or {}).get(wave, 0), (news or {}).get(wave, 0)
            if was != now:
                lines.append(f"wave {wave}: {was} -> {now} {what}")
    return tuple(lines)


# --- moves and waves -----------------------------------------------------------------------------


def _placed(plan: Plan) -> dict[SubsystemId, tuple[WaveId, PlannedMove]]:
    found: dict[SubsystemId, tuple[WaveId, PlannedMove]] = {}
    for wave in plan.waves:
        for move in wave.moves:
            found.setdefault(move.subsystem, (wave.id, move))
    return found


def _moves(a: Plan, b: Plan, names: Mapping[SubsystemId, str]) -> Iterator[Change]:
    old, new, called = _placed(a), _placed(b), _renamed(a, b)
    zone = zone_named(b.window.time_zone)
    for subsystem in sorted({*old, *new}):
        who = _called(subsystem, names)
        if subsystem not in new:
            text = f"{who} is gone from wave {old[subsystem][0]}"
            yield Change("move-gone", subsystem, text)
        elif subsystem not in old:
            wave, move = new[subsystem]
            text = f"{who} is new, in wave {wave}, switching {clock(move.switch, zone)}"
            yield Change("move-new", subsystem, text)
        else:
            wave, move = old[subsystem]
            yield from _move(subsystem, who, (called.get(wave, wave), move), new[subsystem])


def _move(
    subsystem: SubsystemId,
    who: str,
    old: tuple[WaveId, PlannedMove],
    new: tuple[WaveId, PlannedMove],
) -> Iterator[Change]:
    (wave, was), (other, now) = old, new
    shifts = [
        (verb, _shift(before, after))
        for verb, before, after in (
            ("starts", was.start, now.start),
            ("switches", was.switch, now.switch),
            ("ends", was.end, now.end),
        )
        if before != after
    ]
    times = [f"{verb} {shift}" for verb, shift in shifts]
    if len(shifts) == 3 and len({shift for _, shift in shifts}) == 1:
        times = [f"is {shifts[0][1]} as a whole"]
    together = f", {_joined(times)}" if times else ""
    if wave != other:
        text = f"{who} moved from wave {wave} to wave {other}{together}"
        yield Change("move-wave", subsystem, text)
    elif times:
        yield Change("move-time", subsystem, f"{who} {_joined(times)}")
    for key, before_word, after_word in (
        ("recipe", was.recipe, now.recipe),
        ("team", was.team, now.team),
    ):
        if before_word != after_word:
            text = f"{who}: {key} {before_word} -> {after_word}"
            yield Change(f"move-{key}", subsystem, text)
    if was.pinned != now.pinned:
        text = f"{who} is {'now pinned' if now.pinned else 'no longer pinned'} to its wave"
        yield Change("move-pinned", subsystem, text)


def _renamed(a: Plan, b: Plan) -> dict[WaveId, WaveId]:
    """Waves of `a` that are in `b` under another id: known by having the very same members."""
    kept = {wave.id for wave in a.waves} & {wave.id for wave in b.waves}
    new = {_subsystems(wave): wave.id for wave in b.waves if wave.moves and wave.id not in kept}
    gone = [wave for wave in a.waves if wave.id not in kept]
    return {wave.id: new[_subsystems(wave)] for wave in gone if _subsystems(wave) in new}


def _under_new_ids(before: Costs, called: Mapping[WaveId, WaveId]) -> Costs:
    """The costs by wave under the waves' present ids, so that like is compared with like."""
    critical = before.critical
    return replace(
        before,
        moves={called.get(wave, wave): number for wave, number in before.moves.items()},
        critical=critical and {called.get(wave, wave): n for wave, n in critical.items()},
    )


def _subsystems(wave: PlannedWave) -> frozenset[SubsystemId]:
    return frozenset(move.subsystem for move in wave.moves)


def _waves(a: Plan, b: Plan) -> Iterator[Change]:
    called = _renamed(a, b)
    old = {called.get(wave.id, wave.id): wave for wave in a.waves}
    new = {wave.id: wave for wave in b.waves}
    for wave in a.waves:
        if wave.id in called:
            text = f"wave {wave.id} has the id {called[wave.id]} now"
            yield Change("wave-id", called[wave.id], text)
        elif wave.id not in new:
            yield Change("wave-gone", wave.id, f"wave {wave.id} ({wave.name}) is gone")
    for wave in b.waves:
        if wave.id not in old:
            text = f"wave {wave.id} ({wave.name}) is new"
            yield Change("wave-new", wave.id, text)
        else:
            yield from _wave(old[wave.id], wave)
    kept_a = [wave for wave in old if wave in new]
    kept_b = [wave.id for wave in b.waves if wave.id in old]
    if kept_a != kept_b:
        text = f"the waves' order is {', '.join(kept_b)}; it was {', '.join(kept_a)}"
        yield Change("wave-order", "waves", text)


def _wave(was: PlannedWave, now: PlannedWave) -> Iterator[Change]:
    if was.name != now.name:
        text = f"wave {now.id} is called '{now.name}'; it was '{was.name}'"
        yield Change("wave-name", now.id, text)
    if was.pilot != now.pilot:
        text = f"wave {now.id} is {'now a pilot' if now.pilot else 'no pilot any more'}"
        yield Change("wave-pilot", now.id, text)
    if was.gate.at != now.gate.at:
        text = f"the gate of wave {now.id} is {_shift(was.gate.at, now.gate.at)}"
        yield Change("gate-time", now.id, text)
    if was.gate.deciders != now.gate.deciders:
        text = (
            f"wave {now.id} is decided by {_people(now.gate.deciders)}; "
            f"it was {_people(was.gate.deciders)}"
        )
        yield Change("gate-deciders", now.id, text)
    if was.lead != now.lead:
        text = f"wave {now.id} is led by {now.lead or 'nobody'}; it was {was.lead or 'nobody'}"
        yield Change("wave-lead", now.id, text)


# --- the rest of the document --------------------------------------------------------------------


def _window(a: Plan, b: Plan) -> Iterator[Change]:
    was, now = a.window, b.window
    zone = zone_named(now.time_zone)
    for key, before, after in (("start", was.start, now.start), ("end", was.end, now.end)):
        if before != after:
            text = (
                f"the window's {key} is {_shift(before, after)}: "
                f"{clock(after, zone)}; it was {clock(before, zone)}"
            )
            yield Change("window", key, text)
    if was.time_zone != now.time_zone:
        text = f"the time zone is {now.time_zone}; it was {was.time_zone}"
        yield Change("window", "time_zone", text)


def _stays(a: Plan, b: Plan, names: Mapping[SubsystemId, str]) -> Iterator[Change]:
    old, new = {s.subsystem: s for s in a.stays}, {s.subsystem: s for s in b.stays}
    for subsystem in sorted({*old, *new}):
        who = _called(subsystem, names)
        if subsystem not in new:
            yield Change("stay-gone", subsystem, f"{who} is no longer listed as staying")
        elif subsystem not in old:
            yield Change("stay-new", subsystem, f"{who} stays: {new[subsystem].reason}")
        elif old[subsystem] != new[subsystem]:
            yield Change("stay", subsystem, f"{who} stays for another reason or until another day")


def _constraints(was: Constraints, now: Constraints) -> Iterator[Change]:
    for field in fields(Constraints):
        before, after = getattr(was, field.name), getattr(now, field.name)
        if field.name != "forbidden_waves" and before != after:
            yield Change("constraint", field.name, f"{field.name} {before} -> {after}")
    for subsystem in sorted({*was.forbidden_waves, *now.forbidden_waves}):
        old, new = was.forbidden_waves.get(subsystem, ()), now.forbidden_waves.get(subsystem, ())
        if old != new:
            text = f"{subsystem} is forbidden in {_waves_in(new)}; it was in {_waves_in(old)}"
            yield Change("constraint", subsystem, text)


def _recipes(was: Mapping[str, Recipe], now: Mapping[str, Recipe]) -> Iterator[Change]:
    for name in sorted({*was, *now}):
        if name not in now:
            yield Change("recipe-gone", name, f"the recipe {name} is gone")
        elif name not in was:
            yield Change("recipe-new", name, f"the recipe {name} is new")
        else:
            yield from _recipe(was[name], now[name])


_Acts = tuple[RecipeStep, ...] | tuple[RecipeUndo, ...]


def _recipe(was: Recipe, now: Recipe) -> Iterator[Change]:
    """The order of acts is what matters for safety, so it is told in full."""
    parts: tuple[tuple[str, _Acts, _Acts], ...] = (
        ("steps", was.steps, now.steps),
        ("unwind", was.unwind, now.unwind),
        ("commit", was.commit, now.commit),
    )
    for key, old, new in parts:
        if old == new:
            continue
        before = " ".join(act.key for act in old)
        after = " ".join(act.key for act in new)
        if before != after:
            text = f"recipe {now.name}: its {key} are {after}; they were {before}"
        else:
            text = f"recipe {now.name}: other shares or undos in its {key}"
            was_by = {act.key: act.means for act in old}
            differ = [act.key for act in new if act.means != was_by[act.key]]
            if differ:
                text = f"recipe {now.name}: performed otherwise in its {key}: {', '.join(differ)}"
        yield Change("recipe", now.name, text)


def _rest(a: Plan, b: Plan) -> Iterator[Change]:
    for key, before, after in (
        ("name", a.name, b.name),
        ("source", a.source, b.source),
        ("target", a.target, b.target),
        ("inventory path", a.inventory.path, b.inventory.path),
        ("inventory name", a.inventory.name, b.inventory.name),
        ("links", a.inventory.links, b.inventory.links),
    ):
        if before != after:
            yield Change("document", key, f"{key} {before} -> {after}")
    for key, before, after in (
        ("inventory", a.inventory.digest, b.inventory.digest),
        ("links", a.inventory.links_digest, b.inventory.links_digest),
    ):
        if before != after:
            yield Change(f"{key}-digest", key, f"the plans were made from different {key}")
    if a.assumed != b.assumed:
        gone, new = len({*a.assumed} - {*b.assumed}), len({*b.assumed} - {*a.assumed})
        text = f"{new} more figures are assumed, {gone} no longer"
        yield Change("assumed", "assumed", text)
    if a.figures != b.figures:
        text = "the planner's own figures differ (they are not reckoned anew after an edit)"
        yield Change("figures", "figures", text)


# --- words ---------------------------------------------------------------------------------------


def _called(subsystem: SubsystemId, names: Mapping[SubsystemId, str]) -> str:
    name = names.get(subsystem)
    return f"{subsystem} ({name})" if name and name != subsystem else subsystem


def _shift(before: datetime, after: datetime) -> str:
    """`40m later`, `1h30m earlier`."""
    span = abs(after - before)
    word = "later" if after > before else "earlier"
    return f"{format_minutes(span / timedelta(minutes=1))} {word}"


def _joined(parts: Sequence[str]) -> str:
    """`starts 1h later, switches and ends 40m later` would be shorter, and harder to read."""
    return " and ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _people(ids: Sequence[str]) -> str:
    return ", ".join(ids) or "nobody"


def _waves_in(ids: Sequence[WaveId]) -> str:
    return ", ".join(ids) or "no wave"
