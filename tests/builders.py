"""Readable test data for every package: a subsystem, a link, an inventory in memory or as files.

The small estate: `ledger` and `payments` (stateful) are ordered, `web` (stateless) and `night`
(batch) stand free, `bank` is a partner's and `archive` stays. `an_inventory` builds it in memory,
`write_inventory` writes the very same facts as files; a test takes it and changes one thing.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from migrator.ids import (
    ComponentId,
    FunctionId,
    LinkId,
    PersonId,
    PlaceId,
    ShiftId,
    SubsystemId,
    TeamId,
)
from migrator.inventory.assumptions import BUILT_IN
from migrator.inventory.canonical import inventory_digest
from migrator.inventory.model import (
    LINK_COLUMNS,
    Blackout,
    Calendar,
    Component,
    Estimate,
    FixedDate,
    Function,
    Inventory,
    Irreversible,
    Kind,
    LatencyClass,
    Part,
    People,
    Person,
    Place,
    Relation,
    RelationKind,
    Role,
    Shift,
    SideMark,
    Subsystem,
    Team,
)
from migrator.links.table import LinkRow
from small_files import FILES

TEAM: Final = TeamId("blue")


def at(text: str) -> datetime:
    """`14 09:30` of October 2023, as the clocks in Stockholm show it."""
    return datetime.fromisoformat(f"2023-10-{text.replace(' ', 'T')}+02:00")


def a_subsystem(
    name: str = "payments", kind: Kind = Kind.STATEFUL, /, **changes: object
) -> Subsystem:
    """A subsystem with one component and nothing assumed; change what the test is about."""
    moves = kind not in {Kind.EXTERNAL, Kind.STAYS}
    subsystem = Subsystem(
        id=SubsystemId(name),
        name=name.capitalize(),
        team=TEAM,
        kind=kind,
        criticality=3,
        data_classes=(),
        components=(a_component(f"{name}.app"),),
        durations=three((60, 90), (20, 30), (30, 45)) if moves else three((0, 0), (0, 0), (0, 0)),
        failure_probability=0.05 if moves else 0.0,
        cpu=2.0 if moves else 0.0,
        memory_gib=8.0 if moves else 0.0,
        copy_gib=20.0 if kind is Kind.STATEFUL else 0.0,
        irreversible=None,
        reason="runs on the mainframe" if kind is Kind.STAYS else None,
        review_date=date(2025, 1, 15) if kind is Kind.STAYS else None,
        tags=(),
        assumed=(),
    )
    return replace(subsystem, **changes)  # type: ignore[arg-type]  # a test's own data


def a_component(name: str, role: str = "process", /, **changes: object) -> Component:
    """A component that is named like its id."""
    component = Component(ComponentId(name), name, role, None)
    return replace(component, **changes)  # type: ignore[arg-type]  # a test's own data


def three(
    move: tuple[float, float], verify: tuple[float, float], unwind: tuple[float, float]
) -> dict[str, Estimate]:
    """The three durations that every subsystem has."""
    pairs = {"move": move, "verify": verify, "unwind": unwind}
    return {key: Estimate(float(p50), float(p80)) for key, (p50, p80) in pairs.items()}


def a_link(name: str = "l-1", /, **changes: object) -> LinkRow:
    """A link from the web front to payments; `csv_of` makes a file of many."""
    link = LinkRow(
        id=LinkId(name),
        source=ComponentId("web.app"),
        target=ComponentId("payments.app"),
        protocol="https",
        port=443,
        data_class="personal",
        calls_per_day=1200,
        latency_class=LatencyClass.INTERACTIVE,
        criticality=3,
        evidence="firewall log",
    )
    return replace(link, **changes)  # type: ignore[arg-type]  # a test's own data


def csv_of(*links: LinkRow) -> str:
    """The text of links.csv."""
    lines = [",".join(LINK_COLUMNS)]
    for link in links:
        cells = [getattr(link, field.name) for field in fields(link)]
        plain = [cell.value if isinstance(cell, LatencyClass) else cell for cell in cells]
        lines.append(",".join("" if cell is None else str(cell) for cell in plain))
    return "\n".join(lines) + "\n"


def write_inventory(folder: Path, **changes: str | None) -> Path:
    """Write the small estate's files; `people="..."` replaces one, `people=None` leaves it out.

    `links="..."` adds links.csv. The folder is made if it is not there, and given back.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stem, text in {**FILES, **changes}.items():
        if text is not None:
            name = "links.csv" if stem == "links" else f"{stem}.yaml"
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def edited(stem: str, old: str, new: str) -> str:
    """One of the small estate's files with one thing changed, which must be there to be changed."""
    assert FILES[stem].count(old) == 1, f"{old!r} does not stand exactly once in {stem}.yaml"
    return FILES[stem].replace(old, new)


def an_inventory(**changes: object) -> Inventory:
    """The small estate in memory; `digest` follows the changes unless it is one of them."""
    plain = Inventory(
        name="Small estate",
        owner="The agency",
        folder=Path("inventories/small"),
        subsystems=_subsystems(),
        relations=(
            Relation(
                RelationKind.BEFORE, ids("ledger", "payments"), "Finance", "the books come first"
            ),
            Relation(RelationKind.WITH, ids("night", "web"), "Operations", "they share a file"),
        ),
        functions=(_pay_out(),),
        people=_people(),
        calendar=_calendar(),
        places=(
            a_place("cluster", "new", cpu=100.0, memory_gib=400.0, copy_gib_per_hour=60.0),
            a_place("hall", "old"),
        ),
        assumptions=BUILT_IN,
        links_file=None,
    )
    inventory = replace(plain, **changes)  # type: ignore[arg-type]  # a test's own data
    inventory = replace(inventory, by_id={s.id: s for s in inventory.subsystems})
    return (
        inventory if "digest" in changes else replace(inventory, digest=inventory_digest(inventory))
    )


def ids(*names: str) -> tuple[SubsystemId, ...]:
    """Several subsystems' ids."""
    return tuple(SubsystemId(name) for name in names)


def a_place(name: str, side: str, /, **changes: object) -> Place:
    """A place of the agency's own, in Sweden, without limits."""
    place = Place(
        id=PlaceId(name),
        name=f"The {name}",
        side=side,
        owner="The agency",
        country="SE",
        operator="The agency",
        support_countries=("SE",),
        cpu=None,
        memory_gib=None,
        copy_gib_per_hour=None,
        bridge_calls_per_hour=None,
    )
    return replace(place, **changes)  # type: ignore[arg-type]  # a test's own data


def a_person(name: str, /, *roles: Role, shifts: tuple[str, ...], **changes: object) -> Person:
    """Somebody with a made-up name."""
    person = Person(
        id=PersonId(name),
        name=f"{name.capitalize()} {name[0].upper()}",
        telephone=None,
        team=None,
        roles=roles,
        competences=("benefits",) if Role.HANDLER in roles else (),
        shifts=tuple(ShiftId(shift) for shift in shifts),
        deputy=None,
    )
    return replace(person, **changes)  # type: ignore[arg-type]  # a test's own data


def _subsystems() -> tuple[Subsystem, ...]:
    return (
        a_subsystem(
            "archive", Kind.STAYS, name="Old archive", team=TeamId("green"), criticality=1
        ),
        a_subsystem(
            "bank", Kind.EXTERNAL, name="The bank", criticality=5,
            components=(a_component("bank.api", "external"),),
        ),
        a_subsystem(
            "ledger", name="General ledger", criticality=4, data_classes=("personal",),
            components=(
                a_component("ledger.app", name="Ledger", technology="java"),
                a_component("ledger.db", "store", name="Books"),
            ),
            failure_probability=0.04, cpu=4.0, memory_gib=16.0, copy_gib=120.0,
            irreversible=Irreversible("the old books are closed", at("15 12:00")),
            tags=("finance",),
        ),
        a_subsystem(
            "night", Kind.BATCH, name="Night run", team=TeamId("green"),
            components=(a_component("night.job", "batch"),),
            durations=three((30, 40), (15, 20), (15, 25)),
            failure_probability=0.03, cpu=1.0, memory_gib=4.0, copy_gib=5.0,
        ),
        a_subsystem(
            "payments", criticality=5, copy_gib=40.0,
            durations={**three((50, 80), (20, 30), (30, 45)), "copy": Estimate(25.0, 40.0)},
        ),
        a_subsystem(
            "web", Kind.STATELESS, name="Web front", team=TeamId("green"), criticality=2,
            components=(a_component("web.app", "frontend"),),
            durations=three((20, 30), (10, 15), (10, 15)),
            failure_probability=0.02, cpu=1.0, memory_gib=2.0,
        ),
    )  # fmt: skip


def _pay_out() -> Function:
    return Function(
        id=FunctionId("pay-out"),
        name={"sv": "Betala ut", "en": "Pay out"},
        exercises={
            SubsystemId("ledger"): Part.CORE,
            SubsystemId("payments"): Part.CORE,
            SubsystemId("web"): Part.PASSING,
        },
        competence="benefits",
        handlers=(),
        quorum=2,
        minutes=Estimate(15.0, 25.0),
        text={"sv": "Betala ut en krona", "en": "Pay out one krona"},
        side_mark=SideMark("the foot of the page", "Version 1", "Version 2"),
        possible_after=at("14 09:00"),
        leaves_behind="one krona to take back",
    )


def _people() -> People:
    friday, saturday = ShiftId("friday"), ShiftId("saturday")
    return People(
        people=(
            a_person(
                "anna", Role.DECISION_MAKER, Role.WAVE_LEAD, shifts=("friday", "saturday"),
                telephone="+46 10 000 00 01", deputy=PersonId("bo"),
            ),
            a_person("bo", Role.DECISION_MAKER, shifts=("saturday",)),
            a_person("cia", Role.HANDLER, shifts=("saturday",)),
            a_person("dan", Role.HANDLER, shifts=("friday",)),
            a_person("eva", Role.ENGINEER, shifts=("friday",), team=TEAM),
        ),
        teams=(
            Team(TEAM, "Blue", {friday: 2, saturday: 3}, assumed=False),
            Team(TeamId("green"), "Green", {friday: 2, saturday: 2}, assumed=False),
        ),
        shifts=(
            Shift(friday, at("13 18:00"), at("14 06:00")),
            Shift(saturday, at("14 06:00"), at("15 18:00")),
        ),
    )  # fmt: skip


def _calendar() -> Calendar:
    return Calendar(
        time_zone="Europe/Stockholm",
        start=at("13 18:00"),
        end=at("15 18:00"),
        blackouts=(
            Blackout(
                "pay-run", at("14 01:00"), at("14 04:00"), ids("payments"), "the night's payments"
            ),
        ),
        fixed_dates=(
            FixedDate("clearing", SubsystemId("payments"), at("14 08:00"), at("14 12:00"), "b"),
        ),
    )


def faults_of(folder: Path, **changes: str | None) -> list[str]:
    """What `examine` finds wrong with the small estate after these changes, line by line."""
    from migrator.inventory.reader import examine

    return [str(fault) for fault in examine(write_inventory(folder, **changes)).faults]
