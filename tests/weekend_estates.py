"""Estates of any size for the planner's tests, made of plain facts, and a checker of its plans.

`an_estate` makes subsystems s00, s01, ... of mixed kinds in two teams; a test changes what it is
about. `broken_rules` checks a plan against its inventory minute by minute. It shares no code with
the planner or with lint on purpose: what one of them misreads, another one must not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from builders import a_place, a_subsystem, an_inventory, at, three
from migrator.ids import LinkId, PersonId, ShiftId, SubsystemId, TeamId
from migrator.inventory.model import (
    Calendar,
    Inventory,
    Kind,
    LatencyClass,
    People,
    Person,
    RelationKind,
    Role,
    Shift,
    Subsystem,
    Team,
)
from migrator.links.table import Pair
from migrator.plan.model import Plan, PlannedMove, StepKind

KINDS = (Kind.STATELESS, Kind.STATEFUL, Kind.BATCH)
NIGHT, DAY = ShiftId("night"), ShiftId("day")
MINUTE = timedelta(minutes=1)


def an_estate(count: int, **changes: object) -> Inventory:
    """`count` moving subsystems, no relations, functions, blackouts or appointments."""
    facts: dict[str, object] = {
        "subsystems": tuple(a_mover(number) for number in range(count)),
        "relations": (),
        "functions": (),
        "people": two_teams(2, 3),
        "calendar": Calendar("Europe/Stockholm", at("13 18:00"), at("16 06:00"), (), ()),
        "places": (a_place("cluster", "new"), a_place("hall", "old")),
    }
    return an_inventory(**{**facts, **changes})


def a_mover(number: int, /, **changes: object) -> Subsystem:
    """The nth subsystem of an estate; kind, team, criticality and durations follow the number."""
    kind = KINDS[number % 3]
    facts: dict[str, object] = {
        "team": TeamId(("blue", "green")[number % 2]),
        "criticality": 1 + number % 5,
        "durations": three((20 + 7 * (number % 6), 60 + 7 * (number % 6)), (10, 20), (15, 30)),
        "copy_gib": 0.0 if kind is Kind.STATELESS else 10.0 + number % 7,
        "cpu": 1.0,
        "memory_gib": 2.0,
    }
    return a_subsystem(f"s{number:02d}", kind, **{**facts, **changes})


def two_teams(night: int, day: int, people: Iterable[Person] = ()) -> People:
    """Two teams with so many seats by night (Friday 18:00 on) and by day (Saturday 06:00 on)."""
    return People(
        people=(somebody("dora", Role.DECISION_MAKER), somebody("walt", Role.WAVE_LEAD), *people),
        teams=tuple(
            Team(TeamId(name), name.capitalize(), {NIGHT: night, DAY: day}, assumed=False)
            for name in ("blue", "green")
        ),
        shifts=(
            Shift(DAY, at("14 06:00"), at("16 06:00")),
            Shift(NIGHT, at("13 18:00"), at("14 06:00")),
        ),
    )


def somebody(name: str, role: Role, *shifts: ShiftId, competence: str = "benefits") -> Person:
    """A person who is always there unless shifts are named."""
    return Person(
        PersonId(name), name.capitalize(), None, None, (role,), (competence,), tuple(shifts), None
    )


def pairs_of(*rows: tuple[int, int, int]) -> tuple[Pair, ...]:
    """Pairs of the subsystems with these numbers: source, target, weight."""
    return tuple(
        Pair(
            source=SubsystemId(f"s{source:02d}"),
            target=SubsystemId(f"s{target:02d}"),
            links=1,
            weight=weight,
            calls_per_day=10,
            by_latency={LatencyClass.ASYNC: 1},
            examples=(LinkId(f"l-{source}-{target}"),),
        )
        for source, target, weight in rows
    )


def wave_of(plan: Plan) -> dict[SubsystemId, int]:
    """In which wave (from 0) each subsystem moves."""
    return {m.subsystem: number for number, wave in enumerate(plan.waves) for m in wave.moves}


def exposure_hours(plan: Plan, pairs: Iterable[Pair]) -> float:
    """Mean hours that a unit of link weight is split, from the plan's own switch times."""
    switch = {m.subsystem: m.switch for wave in plan.waves for m in wave.moves}
    split = weight = 0.0
    for pair in pairs:
        if pair.source in switch and pair.target in switch:
            apart = abs(switch[pair.source] - switch[pair.target]) / timedelta(hours=1)
            split += pair.weight * apart
            weight += pair.weight
    return split / weight if weight else 0.0


def broken_rules(plan: Plan, inventory: Inventory) -> list[str]:
    """Everything hard that a plan breaks; empty is good."""
    moves = {m.subsystem: m for wave in plan.waves for m in wave.moves}
    return [
        *_members(plan, inventory),
        *_relations(plan, inventory, moves),
        *_waves(plan, inventory),
        *_clock(plan, inventory, moves),
        *_crowds(plan, inventory, moves),
    ]


def _members(plan: Plan, inventory: Inventory) -> Iterator[str]:
    counts = Counter(m.subsystem for wave in plan.waves for m in wave.moves)
    for subsystem in inventory.subsystems:
        wanted = 1 if subsystem.kind in KINDS else 0
        if counts[subsystem.id] != wanted:
            yield f"{subsystem.id} stands {counts[subsystem.id]} times"


def _relations(
    plan: Plan, inventory: Inventory, moves: dict[SubsystemId, PlannedMove]
) -> Iterator[str]:
    waves = wave_of(plan)
    for relation in inventory.relations:
        for first, second in zip(relation.members, relation.members[1:], strict=False):
            if relation.kind is RelationKind.WITH and waves[first] != waves[second]:
                yield f"{first} and {second} are apart"
            if relation.kind is RelationKind.BEFORE and moves[first].switch > moves[second].switch:
                yield f"{second} switches before {first}"


def _waves(plan: Plan, inventory: Inventory) -> Iterator[str]:
    limits = plan.constraints
    for wave in plan.waves:
        levels = [inventory.by_id[m.subsystem].criticality for m in wave.moves]
        if not wave.moves:
            yield f"{wave.id} is empty"
        if len(levels) > limits.moves_per_wave_max:
            yield f"{wave.id} has {len(levels)} moves"
        if levels.count(5) > limits.critical_moves_per_wave_max:
            yield f"{wave.id} has too many critical moves"
        if wave.pilot and (wave is not plan.waves[0] or max(levels) > limits.pilot_criticality_max):
            yield f"{wave.id} is a bad pilot"


def _clock(
    plan: Plan, inventory: Inventory, moves: dict[SubsystemId, PlannedMove]
) -> Iterator[str]:
    verified = plan.window.start
    for wave in plan.waves:
        if wave.gate.at < verified:
            yield f"{wave.id} opens before the wave before it is verified"
        for move in wave.moves:
            times = (wave.gate.at, move.start, move.switch, move.end, plan.window.end)
            if list(times) != sorted(times):
                yield f"{move.subsystem} has its times in no order"
            if any(when.astimezone(UTC).minute % 5 for when in times[:4]):
                yield f"{move.subsystem} is off the grid"
        soak = timedelta(minutes=plan.policy.soak_minutes)
        verified = max((move.end - soak for move in wave.moves), default=verified)
    for slot in inventory.calendar.blackouts:
        for name, move in moves.items():
            cut = _minutes(inventory, plan, move, *_cut_steps(plan, move))
            touched = move.switch > slot.start and move.switch - cut < slot.end
            if touched and (not slot.subsystems or name in slot.subsystems):
                yield f"{name} is cut in {slot.id}"
    for date in inventory.calendar.fixed_dates:
        if not date.start <= moves[date.subsystem].switch <= date.end:
            yield f"{date.subsystem} misses {date.id}"


def _crowds(
    plan: Plan, inventory: Inventory, moves: dict[SubsystemId, PlannedMove]
) -> Iterator[str]:
    """Seats, counted for every minute of the weekend."""
    shifts = {shift.id: shift for shift in inventory.people.shifts}
    for team in inventory.people.teams:
        busy: Counter[datetime] = Counter()
        for move in moves.values():
            if move.team == team.id:
                length = _minutes(inventory, plan, move, *_hands(plan, move))
                busy.update(_each_minute(move.start, move.start + length))
        there: defaultdict[datetime, int] = defaultdict(int)
        for shift, seats in team.seats.items():
            for minute in _each_minute(shifts[shift].start, shifts[shift].end):
                there[minute] += seats
        crowded = [minute for minute, count in busy.items() if count > there[minute]]
        if crowded:
            yield f"team {team.id} has too few seats at {min(crowded)}"


def _each_minute(start: datetime, end: datetime) -> Iterator[datetime]:
    now = start.astimezone(UTC)
    while now < end.astimezone(UTC):
        yield now
        now += MINUTE


def _hands(plan: Plan, move: PlannedMove) -> tuple[StepKind, ...]:
    kinds = [step.kind for step in plan.recipes[move.recipe].steps]
    before = kinds[: kinds.index(StepKind.PROBE_LINKS) + 1]
    return tuple(kind for kind in before if kind not in {StepKind.PREPARE, StepKind.COPY})


def _cut_steps(plan: Plan, move: PlannedMove) -> tuple[StepKind, ...]:
    kinds = [step.kind for step in plan.recipes[move.recipe].steps]
    first = StepKind.QUIESCE if StepKind.QUIESCE in kinds else StepKind.SWITCH
    return tuple(kinds[kinds.index(first) : kinds.index(StepKind.SWITCH) + 1])


def _minutes(inventory: Inventory, plan: Plan, move: PlannedMove, *kinds: StepKind) -> timedelta:
    """P50 of some steps, counted from the recipe's shares and the own estimates."""
    durations = inventory.by_id[move.subsystem].durations
    shares = {step.kind: step.share for step in plan.recipes[move.recipe].steps}
    minutes = [
        durations[kind.value].p50 if kind.value in durations else durations["move"].p50 * share
        for kind, share in shares.items()
        if kind in kinds
    ]
    return timedelta(minutes=sum(minutes))


def a_ring(count: int, groups: int) -> tuple[Pair, ...]:
    """`groups` groups of subsystems, tightly linked inside and lightly to the next group."""
    size = count // groups
    rows = []
    for number in range(groups * size):
        group = number // size
        rows.append((number, group * size + (number + 1) % size, 1000))
        if group + 1 < groups:
            rows.append((number, number + size, 10))
    return pairs_of(*(row for row in rows if row[0] != row[1]))
