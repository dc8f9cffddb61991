"""A plan and the inventory it was made from, small enough to be read in one go.

Four subsystems move in two waves: `web` (stateless) first as the pilot; then `ledger` (stateful)
before `payments` (stateful), and `night` (batch). `cobol` stays, `bank` is a partner's. Tests take
it and change one thing. Nothing in it is faulty or worth a warning.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from migrator.ids import (
    ComponentId,
    FunctionId,
    PersonId,
    PlaceId,
    ShiftId,
    SubsystemId,
    TeamId,
    WaveId,
)
from migrator.inventory.model import (
    Assumptions,
    Blackout,
    Calendar,
    Component,
    Estimate,
    FixedDate,
    Function,
    Inventory,
    Kind,
    Part,
    People,
    Person,
    Place,
    Relation,
    RelationKind,
    Role,
    Shift,
    Subsystem,
    Team,
)
from migrator.plan.model import (
    Constraints,
    Figures,
    Plan,
    PlanInventory,
    PlannedGate,
    PlannedMove,
    PlannedWave,
    Stay,
    Window,
)
from migrator.plan.recipes import DEFAULT_POLICY, RECIPE_OF_KIND, RECIPES

INVENTORY_DIGEST = "1a" * 32
LINKS_DIGEST = "2b" * 32
NAMES = {
    SubsystemId("bank"): "The bank",
    SubsystemId("cobol"): "Old register",
    SubsystemId("ledger"): "General ledger",
    SubsystemId("night"): "Night run",
    SubsystemId("payments"): "Payments",
    SubsystemId("web"): "Web front",
}


def at(text: str) -> datetime:
    """`14 09:30` of October 2023 as the clocks in Stockholm show it (two hours before UTC)."""
    return datetime.fromisoformat(f"2023-10-{text.replace(' ', 'T')}+02:00").astimezone(UTC)


def a_subsystem(name: str, kind: Kind, **changes: object) -> Subsystem:
    """A subsystem of team `blue` with one component; an hour to move, half of it to unwind."""
    subsystem = Subsystem(
        id=SubsystemId(name),
        name=NAMES.get(SubsystemId(name), name),
        team=TeamId("blue"),
        kind=kind,
        criticality=3,
        data_classes=(),
        components=(Component(ComponentId(name), name, "process", None),),
        durations={
            "move": Estimate(60, 80),
            "verify": Estimate(20, 30),
            "unwind": Estimate(30, 45),
        },
        failure_probability=0.02,
        cpu=2,
        memory_gib=4,
        copy_gib=0 if kind is Kind.STATELESS else 10,
        irreversible=None,
        reason="runs on the mainframe" if kind is Kind.STAYS else None,
        review_date=date(2025, 1, 1) if kind is Kind.STAYS else None,
        tags=(),
        assumed=(),
    )
    return replace(subsystem, **changes)  # type: ignore[arg-type]  # a test's own data


def a_person(name: str, *roles: Role, **changes: object) -> Person:
    """Somebody who is there the whole weekend and knows about benefits."""
    person = Person(
        id=PersonId(name),
        name=name.title(),
        telephone="+46 10 000 00 00",
        team=None,
        roles=roles,
        competences=("benefits",),
        shifts=(ShiftId("fri"), ShiftId("sat")),
        deputy=None,
    )
    return replace(person, **changes)  # type: ignore[arg-type]  # a test's own data


def a_function(name: str, *core: str, **changes: object) -> Function:
    """A function with these subsystems at its heart."""
    function = Function(
        id=FunctionId(name),
        name={"sv": name, "en": name},
        exercises={SubsystemId(member): Part.CORE for member in core},
        competence="benefits",
        handlers=(),
        quorum=1,
        minutes=Estimate(15, 20),
        text={"sv": "", "en": ""},
        side_mark=None,
        possible_after=None,
        leaves_behind=None,
    )
    return replace(function, **changes)  # type: ignore[arg-type]  # a test's own data


def an_inventory(**changes: object) -> Inventory:
    """The estate of the small plan."""
    subsystems = (
        a_subsystem("bank", Kind.EXTERNAL),
        a_subsystem("cobol", Kind.STAYS),
        a_subsystem("ledger", Kind.STATEFUL),
        a_subsystem("night", Kind.BATCH),
        a_subsystem("payments", Kind.STATEFUL, criticality=5),
        a_subsystem("web", Kind.STATELESS, criticality=2),
    )
    inventory = Inventory(
        name="small",
        owner="the agency",
        folder=Path("inventories/small"),
        subsystems=subsystems,
        relations=(
            Relation(
                RelationKind.BEFORE,
                (SubsystemId("ledger"), SubsystemId("payments")),
                "finance",
                "books come first",
            ),
            Relation(
                RelationKind.WITH,
                (SubsystemId("ledger"), SubsystemId("night")),
                "finance",
                "one data base",
            ),
        ),
        functions=(
            a_function("pay", "payments", "ledger", "night"),
            a_function("ask", "web"),
        ),
        people=People(
            people=(
                a_person("anna", Role.DECISION_MAKER, Role.WAVE_LEAD),
                a_person("bertil", Role.DECISION_MAKER),
                a_person("cecilia", Role.HANDLER),
                a_person("david", Role.ENGINEER, team=TeamId("blue")),
            ),
            teams=(
                Team(
                    TeamId("blue"), "Blue", {ShiftId("fri"): 2, ShiftId("sat"): 3}, assumed=False
                ),
            ),
            shifts=(
                Shift(ShiftId("fri"), at("13 18:00"), at("14 06:00")),
                Shift(ShiftId("sat"), at("14 06:00"), at("15 18:00")),
            ),
        ),
        calendar=Calendar(
            time_zone="Europe/Stockholm",
            start=at("13 18:00"),
            end=at("15 18:00"),
            blackouts=(
                Blackout("pay-run", at("14 01:00"), at("14 04:00"), (), "the night's payments"),
            ),
            fixed_dates=(
                FixedDate(
                    "swift", SubsystemId("payments"), at("14 08:00"), at("14 12:00"), "the bank"
                ),
            ),
        ),
        places=(
            Place(
                PlaceId("hall"), "Hall", "old", "agency", "SE", "agency", ("SE",),
                None, None, None, None,
            ),
            Place(
                PlaceId("cluster"), "Cluster", "new", "agency", "SE", "agency", ("SE",),
                100, 400, 60, None,
            ),
        ),
        assumptions=Assumptions({}, 0.05, TeamId("blue"), 2, Estimate(20, 30)),
        links_file=None,
        digest=INVENTORY_DIGEST,
    )  # fmt: skip
    changed = replace(inventory, **changes)  # type: ignore[arg-type]  # a test's own data
    return replace(changed, by_id={s.id: s for s in changed.subsystems})


def a_move(
    name: str, kind: Kind, start: str, switch: str, end: str, **changes: object
) -> PlannedMove:
    """A planned move of team `blue`."""
    move = PlannedMove(
        SubsystemId(name), RECIPE_OF_KIND[kind], TeamId("blue"), at(start), at(switch), at(end)
    )
    return replace(move, **changes)  # type: ignore[arg-type]  # a test's own data


def a_plan(**changes: object) -> Plan:
    """The small plan: two waves on the night to Saturday."""
    deciders = (PersonId("anna"), PersonId("bertil"))
    plan = Plan(
        name="small",
        schema_version=1,
        inventory=PlanInventory("../inventories/small", "small", INVENTORY_DIGEST, 4, LINKS_DIGEST),
        window=Window(at("13 18:00"), at("15 18:00"), "Europe/Stockholm"),
        source=PlaceId("hall"),
        target=PlaceId("cluster"),
        policy=DEFAULT_POLICY,
        recipes=dict(RECIPES),
        constraints=Constraints(3, 1, 3, {SubsystemId("payments"): (WaveId("w1"),)}),
        waves=(
            PlannedWave(
                WaveId("w1"),
                "Pilot",
                pilot=True,
                gate=PlannedGate(at("13 18:30"), deciders),
                lead=PersonId("anna"),
                moves=(a_move("web", Kind.STATELESS, "13 18:30", "13 19:10", "13 20:30"),),
            ),
            PlannedWave(
                WaveId("w2"),
                "Money",
                pilot=False,
                gate=PlannedGate(at("14 06:00"), deciders),
                lead=PersonId("anna"),
                moves=(
                    a_move("ledger", Kind.STATEFUL, "14 06:00", "14 07:00", "14 09:00"),
                    a_move("night", Kind.BATCH, "14 06:10", "14 07:10", "14 09:00"),
                    a_move("payments", Kind.STATEFUL, "14 07:30", "14 08:30", "14 10:00"),
                ),
            ),
        ),
        stays=(Stay(SubsystemId("cobol"), "runs on the mainframe", date(2025, 1, 1)),),
        assumed=(),
        figures=Figures(1.25, 16.0, 3.5, 7, 1000),
    )
    return replace(plan, **changes)  # type: ignore[arg-type]  # a test's own data


def with_move(plan: Plan, name: str, /, **changes: object) -> Plan:
    """The plan with one move changed; `wave=` puts it into another wave."""
    wave = changes.pop("wave", None)
    found = next(m for w in plan.waves for m in w.moves if m.subsystem == name)
    move = replace(found, **changes)  # type: ignore[arg-type]  # a test's own data
    waves = []
    for planned in plan.waves:
        moves = tuple(m for m in planned.moves if m.subsystem != name)
        here = planned.id == wave if wave else len(moves) < len(planned.moves)
        kept = (*moves, move) if here else moves
        waves.append(
            replace(planned, moves=tuple(sorted(kept, key=lambda m: (m.start, m.subsystem))))
        )
    return replace(plan, waves=tuple(waves))


def with_wave(plan: Plan, name: str, /, **changes: object) -> Plan:
    """The plan with one wave changed."""
    return replace(
        plan,
        waves=tuple(
            replace(w, **changes) if w.id == name else w  # type: ignore[arg-type]  # test data
            for w in plan.waves
        ),
    )
