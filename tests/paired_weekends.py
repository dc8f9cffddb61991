"""One weekend told twice: by an engine rehearsal and by the kernel, with the same durations.

`a_weekend` draws a small estate with everything that people feel as a wall (few seats, shifts,
handlers who are wanted twice, quorums, a narrow line, blackouts, appointments, declared orders),
plans it, rehearses it without chance or faults, and asks the kernel for its sample -1. Both are
told in minutes after the window's start. Used by the property test and by the benchmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Final

from builders import a_place, at, ids
from migrator.engine import events as ev
from migrator.errors import InputError
from migrator.ids import FunctionId, PersonId, ShiftId, SubsystemId, TeamId
from migrator.inventory.model import (
    Blackout,
    Calendar,
    Estimate,
    FixedDate,
    Function,
    Inventory,
    Kind,
    Part,
    People,
    Person,
    Relation,
    RelationKind,
    Role,
    Shift,
    Subsystem,
    Team,
)
from migrator.links.table import Pair
from migrator.plan.digest import plan_digest
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import Itinerary, Plan, Policy, StepKind
from migrator.plan.recipes import RECIPES
from migrator.planner.build import make_plan
from migrator.planner.problem import build_problem
from migrator.planner.rows import kernel_rows
from migrator.planner.rules import find_rules
from migrator.platform.simulated.chance import Chance
from migrator.schedule import run
from migrator.schedule.problem import Rows, arrays
from migrator.wiring.rehearsing import Rehearsed, rehearsal
from weekend_estates import a_mover, an_estate, pairs_of

START: Final = at("13 18:00")
END: Final = at("16 06:00")
GATE_MINUTES: Final = 4.0
"""What a gate takes the simulated room, at its P50."""

TRIES: Final = 20
"""So many estates are drawn until one can be planned."""

WHAT: Final = ("start", "switch", "verified", "end")

_COMPETENCES: Final = ("benefits", "payments", "archive")


class MedianChance(Chance):
    """Chance that knows no chance: everything takes its P50."""

    def minutes(self, estimate: Estimate, *_key: object) -> float:
        """The P50."""
        return max(0.0, estimate.p50)


@dataclass(frozen=True, slots=True)
class Told:
    """A weekend: by wave the minute of its gate; by move those of `WHAT`. None: never."""

    gates: dict[str, float | None]
    moves: dict[str, tuple[float | None, ...]]
    outcome: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A random plan, and what it was made from."""

    inventory: Inventory
    pairs: tuple[Pair, ...]
    plan: Plan
    itinerary: Itinerary
    refused: int  # estates drawn before that could not be planned


def a_weekend(seed: int) -> Drawn:
    """A random plan; the same for the same seed."""
    for refused in range(TRIES):
        random = Random(f"{seed}/{refused}")
        inventory, pairs = _an_estate(random)
        try:
            plan = make_plan(
                inventory, pairs, seed=seed, evaluations=10, name="paired", path="estate",
                moves_per_wave_max=random.choice((None, None, 2, 4, 6)),
            )  # fmt: skip
        except InputError:
            continue
        plan = replace(plan, policy=_a_policy(random, plan.policy))
        itinerary = make_itinerary(plan, inventory, pairs, plan_digest(plan))
        return Drawn(inventory, pairs, plan, itinerary, refused)
    raise AssertionError(f"no estate of seed {seed} can be planned")


# --- told by the engine --------------------------------------------------------------------------


def rehearsed(drawn: Drawn) -> Rehearsed:
    """The plan carried out by the engine; every duration is its P50, and nothing fails."""
    return rehearsal(drawn.itinerary, seed=1, accidents=False, chance=MedianChance(1))


def told_by_engine(drawn: Drawn) -> Told:
    """What the journal of a rehearsal says."""
    played = rehearsed(drawn)
    itinerary = drawn.itinerary
    gates: dict[str, float | None] = dict.fromkeys((wave.id for wave in itinerary.waves), None)
    found: dict[str, dict[str, float]] = {move: {} for move in itinerary.legs}
    ahead = {kind.value for kind in itinerary.policy.ahead_of_gate}
    for line in played.lines:
        event, t = line.event, (line.at - itinerary.window.start) / timedelta(minutes=1)
        if isinstance(event, ev.GateDecided):
            gates[event.wave] = t
        elif isinstance(event, ev.StepStarted) and event.step not in ahead:
            found[event.move].setdefault("start", t)
        elif isinstance(event, ev.StepEnded):
            named = {"switch": "switch", "verify": "verified", "accept": "end"}.get(event.step)
            if named is not None:
                found[event.move][named] = t
    moves = {move: tuple(times.get(name) for name in WHAT) for move, times in found.items()}
    held = any(isinstance(line.event, ev.WaveHeld) for line in played.lines)
    return Told(gates, moves, "held" if held else played.outcome)


# --- told by the kernel --------------------------------------------------------------------------


def rows_of(drawn: Drawn) -> tuple[Rows, list[list[int]]]:
    """The plan as the kernel's rows, and its waves."""
    inventory, policy = drawn.inventory, drawn.plan.policy
    problem = build_problem(inventory, drawn.pairs, find_rules(inventory), policy, RECIPES)
    rows = kernel_rows(inventory, problem, policy, RECIPES, gate_minutes=GATE_MINUTES)
    waves = [[problem.index[move.subsystem] for move in wave.moves] for wave in drawn.plan.waves]
    return rows, waves


def told_by_kernel(drawn: Drawn, *, plainly: bool = False) -> Told:
    """What the kernel says of the same plan."""
    rows, waves = rows_of(drawn)
    found = run.weekends(
        arrays(*rows), run.decision(waves), 1, 1, first=run.PLAN, keep=1, plainly=plainly
    )
    moves = [subsystem.id for subsystem in drawn.inventory.moving]
    return Told(
        {wave.id: float(gate) for wave, gate in zip(drawn.plan.waves, found.gates[0], strict=True)},
        {
            move: tuple(float(t) if t < float("inf") else None for t in found.times[0, i])
            for i, move in enumerate(moves)
        },
        "late" if found.figures[0, 3] else "completed",
    )


def apart(one: Told, other: Told) -> dict[tuple[str, str], float]:
    """By (wave, gate) and by (move, what): by how many minutes the two tell it differently."""
    pairs = {(wave, "gate"): (t, other.gates[wave]) for wave, t in one.gates.items()}
    for move, times in one.moves.items():
        for name, t, also in zip(WHAT, times, other.moves[move], strict=True):
            pairs[move, name] = (t, also)
    return {key: _difference(*both) for key, both in pairs.items()}


def _difference(one: float | None, other: float | None) -> float:
    if one is None or other is None:
        return 0.0 if one is other else float("inf")
    return abs(one - other)


# --- drawing -------------------------------------------------------------------------------------


def _minutes(random: Random, low: float, high: float) -> Estimate:
    """Odd minutes, so that nothing happens in the same instant but what must."""
    p50 = round(random.uniform(low, high), 3)
    return Estimate(p50, round(p50 * random.uniform(1.0, 1.6), 3))


def _an_estate(random: Random) -> tuple[Inventory, tuple[Pair, ...]]:
    count = random.randint(3, 25)
    teams = [TeamId(f"team{number}") for number in range(random.randint(1, 4))]
    shifts = _shifts(random)
    subsystems = tuple(_subsystem(random, number, teams) for number in range(count))
    engineers = [
        _person(random, f"eng{number:02d}", Role.ENGINEER, shifts, random.choice(teams))
        for number in range(random.randint(0, 8))
    ]
    handlers = [
        _person(random, f"han{number:02d}", Role.HANDLER, shifts, None)
        for number in range(random.randint(2, 9))
    ]
    people = People(
        people=tuple(
            sorted([*_deciders(random, shifts), *engineers, *handlers], key=lambda p: p.id)
        ),
        teams=tuple(Team(team, team, _seats(random, shifts), assumed=False) for team in teams),
        shifts=shifts,
    )
    names = [subsystem.id for subsystem in subsystems]
    inventory = an_estate(
        count,
        subsystems=subsystems,
        people=people,
        relations=_relations(random, names),
        functions=tuple(
            _function(random, number, names, handlers) for number in range(random.randint(0, 7))
        ),
        calendar=Calendar(
            "Europe/Stockholm", START, END, _blackouts(random, names), _dates(random, names)
        ),
        places=(
            a_place("cluster", "new", copy_gib_per_hour=random.choice((None, 15.0, 30.0, 60.0))),
            a_place("hall", "old"),
        ),
    )
    ends = [random.sample(range(count), 2) for _ in range(random.randint(0, 3 * count))]
    weights = {(first, second): random.randint(1, 1000) for first, second in ends}
    return inventory, pairs_of(*((*both, weight) for both, weight in weights.items()))


def _subsystem(random: Random, number: int, teams: Sequence[TeamId]) -> Subsystem:
    kind = random.choice((Kind.STATELESS, Kind.STATEFUL, Kind.BATCH))
    durations = {
        "move": _minutes(random, 15, 150),
        "verify": _minutes(random, 4, 25),
        "unwind": _minutes(random, 10, 40),
    }
    for step in ("prepare", "baseline", "start", "switch", "probe-links"):
        if random.random() < 0.1:
            durations[step] = _minutes(random, 1, 30)
    return a_mover(
        number,
        kind=kind,
        team=random.choice(teams),
        criticality=random.randint(1, 5),
        durations=durations,
        copy_gib=0.0 if kind is Kind.STATELESS else round(random.uniform(0.0, 40.0), 2),
    )


_EDGES: Final = ("13 18:00", "14 06:00", "14 18:00", "15 06:00", "15 18:00", "16 06:00")


def _shifts(random: Random) -> tuple[Shift, ...]:
    """Nights and days that touch or overlap, and not always at a round hour."""
    minutes = random.choice((0, 0, 30, 47))
    found = []
    for number in range(len(_EDGES) - 1):
        start, end = at(_EDGES[number]), at(_EDGES[number + 1])
        early = timedelta(minutes=minutes if number else 0)
        late = timedelta(minutes=random.choice((0, 0, 13)))
        found.append(Shift(ShiftId(f"shift{number}"), start - early, end + late))
    return tuple(found)


def _person(
    random: Random, name: str, role: Role, shifts: Sequence[Shift], team: TeamId | None
) -> Person:
    """Somebody with one to three competences, always there or on about half of the shifts."""
    there = () if random.random() < 0.3 else random.sample(shifts, random.randint(1, 4))
    competences = random.sample(_COMPETENCES, random.randint(1, 3))
    return Person(
        PersonId(name), name.capitalize(), None, team, (role,), tuple(sorted(competences)),
        tuple(sorted(shift.id for shift in there)), None,
    )  # fmt: skip


def _deciders(random: Random, shifts: Sequence[Shift]) -> list[Person]:
    """Somebody may decide at any hour: who is called at home in a rehearsal is not on a shift."""
    halves = [shifts[::2], shifts[1::2]] if random.random() < 0.5 else [()]
    return [
        Person(
            PersonId(f"dec{number}"), f"Dec{number}", None, None, (Role.DECISION_MAKER,), (),
            tuple(shift.id for shift in half), None,
        )
        for number, half in enumerate(halves)
    ]  # fmt: skip


def _seats(random: Random, shifts: Sequence[Shift]) -> dict[ShiftId, int]:
    most = random.choice((1, 2, 3))
    return {shift.id: random.choice((most, most, max(0, most - 1))) for shift in shifts}


def _relations(random: Random, names: Sequence[SubsystemId]) -> tuple[Relation, ...]:
    """Orders go from lower to higher numbers, so that they never contradict each other."""
    found = []
    for _ in range(random.randint(0, len(names) // 4)):
        members = tuple(sorted(random.sample(names, random.randint(2, min(3, len(names))))))
        kind = random.choice((RelationKind.BEFORE, RelationKind.BEFORE, RelationKind.WITH))
        found.append(Relation(kind, members, "owner", "reason"))
    return tuple(found)


def _function(
    random: Random, number: int, names: Sequence[SubsystemId], handlers: Sequence[Person]
) -> Function:
    core = random.sample(names, random.randint(1, min(4, len(names))))
    passing = [name for name in random.sample(names, min(2, len(names))) if name not in core]
    competence = random.choice(_COMPETENCES)
    named: list[PersonId] = []
    if random.random() < 0.4:
        named = [p.id for p in random.sample(list(handlers), random.randint(1, len(handlers)))]
    able = len(named) or sum(competence in person.competences for person in handlers)
    hour = random.choice((None, None, None, random.uniform(1.0, 20.0)))
    return Function(
        id=FunctionId(random.choice(("pay", "verify", "apply", "check")) + str(number)),
        name={"sv": f"Funktion {number}", "en": f"Function {number}"},
        exercises={
            **dict.fromkeys(core, Part.CORE), **dict.fromkeys(passing, Part.PASSING)
        },
        competence=competence,
        handlers=tuple(sorted(named)),
        quorum=random.randint(1, max(1, min(3, able))),
        minutes=_minutes(random, 4, 45),
        text={"sv": "", "en": ""},
        side_mark=None,
        possible_after=None if hour is None else START + timedelta(minutes=round(60 * hour)),
        leaves_behind=None,
    )  # fmt: skip


def _blackouts(random: Random, names: Sequence[SubsystemId]) -> tuple[Blackout, ...]:
    found = []
    for number in range(random.choice((0, 0, 1, 2, 3))):
        start = START + timedelta(minutes=random.randint(30, 2400))
        whom = ids(*sorted(random.sample(names, random.randint(0, len(names) // 2))))
        end = start + timedelta(minutes=random.randint(20, 240))
        found.append(Blackout(f"slot{number}", start, end, whom, "batch"))
    return tuple(found)


def _dates(random: Random, names: Sequence[SubsystemId]) -> tuple[FixedDate, ...]:
    if random.random() < 0.75:
        return ()
    start = START + timedelta(minutes=random.randint(60, 2400))
    end = start + timedelta(minutes=random.randint(120, 600))
    return (FixedDate("date", random.choice(names), start, end, "partner"),)


def _a_policy(random: Random, policy: Policy) -> Policy:
    """The default policy, or one that differs in what a weekend's times hang on."""
    return replace(
        policy,
        soak_minutes=random.choice((policy.soak_minutes, 0.0, 47.5)),
        next_wave_when=random.choice(("verified", "verified", "accepted")),
        ahead_of_gate=random.choice(
            (policy.ahead_of_gate, policy.ahead_of_gate, (StepKind.PREPARE,), ())
        ),
    )
