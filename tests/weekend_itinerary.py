"""A weekend's itinerary in test data: waves, moves, checks, handlers; of any size, always the same.

`weekend.py` writes journals over it. Names of people and subsystems are made up.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from migrator.ids import PersonId, SubsystemId, TeamId, WaveId
from migrator.inventory.model import Estimate, LatencyClass
from migrator.plan.model import (
    CheckLeg,
    Crew,
    Itinerary,
    Leg,
    Member,
    PairLeg,
    Stay,
    WaveLeg,
    Window,
)
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES

START: Final = datetime(2023, 10, 13, 16, 0, tzinfo=UTC)  # 18:00 in Stockholm
END: Final = START + timedelta(hours=60)
THEMES: Final = (
    "Sickness", "Parental", "Housing", "Dental", "Pension", "Payment", "Archive", "Letter",
    "Identity", "Register", "Calculation", "Recovery", "Statistics", "Portal",
)  # fmt: skip
PARTS: Final = ("intake", "decision", "ledger", "notices", "search", "batch")
HANDLERS: Final = tuple(PersonId(f"handler-{n:02d}") for n in range(1, 13))
DECIDER: Final = PersonId("decider-01")
SECOND: Final = PersonId("decider-02")
LEAD: Final = PersonId("lead-01")


def minutes(count: float) -> timedelta:
    """A stretch of time."""
    return timedelta(minutes=count)


def an_itinerary(waves: int = 3, moves: int = 4, *, hours_apart: float = 6) -> Itinerary:
    """`waves` waves of `moves` moves, one check each, two handlers' shifts, two that stay."""
    wave_legs: list[WaveLeg] = []
    legs: dict[str, Leg] = {}
    checks: list[CheckLeg] = []
    for w in range(waves):
        wave = WaveId(f"w{w + 1:02d}")
        opened = START + timedelta(hours=1 + hours_apart * w)
        members = []
        for m in range(moves):
            leg = _leg(w * moves + m, wave, opened + minutes(12 * (m // 3)))
            legs[leg.id] = leg
            members.append(leg.id)
        wave_legs.append(
            WaveLeg(
                id=wave,
                name="Pilot" if w == 0 else f"Wave {w + 1}",
                pilot=w == 0,
                moves=tuple(members),
                gate_at=opened,
                deciders=(DECIDER, SECOND),
                lead=LEAD,
                hard_predecessors=(WaveId("w02"),) if w + 1 == 4 else (),
            )
        )
        checks.extend(_check(wave, f"function-{w + 1}-{n}", tuple(members[:2])) for n in (1, 2))
    return Itinerary(
        plan_name="autumn-weekend",
        plan_digest=hashlib.sha256(b"plan").hexdigest(),
        inventory_name="A made-up agency",
        inventory_digest=hashlib.sha256(b"inventory").hexdigest(),
        links_digest=hashlib.sha256(b"links").hexdigest(),
        window=Window(START, END, "Europe/Stockholm"),
        source="old-hall",
        target="new-cluster",
        policy=DEFAULT_POLICY,
        recipes=dict(RECIPES),
        waves=tuple(wave_legs),
        legs=legs,
        pairs=_pairs(tuple(leg.id for leg in legs.values())),
        checks=tuple(checks),
        members=_members(),
        crews={TeamId("ops"): Crew(TeamId("ops"), "Operations", ((START, END, 6),))},
        names={id_: leg.name for id_, leg in legs.items()}
        | {"cobol-core": "COBOL core", "old-print": "Old print"},
        links=4711,
        copy_gib_per_hour=800.0,
        bridge_calls_per_hour=None,
        stays=(
            Stay(SubsystemId("cobol-core"), "rewritten next year", datetime(2024, 6, 1).date()),  # noqa: DTZ001 - a day has no zone
            Stay(SubsystemId("old-print"), "its machine leaves with it", None),
        ),
        assumed=("people: telephone of decider-02",),
    )


def _leg(number: int, wave: WaveId, start: datetime) -> Leg:
    theme = THEMES[number % len(THEMES)]
    part = PARTS[(number // len(THEMES)) % len(PARTS)]
    kind = ("stateful", "stateless", "stateless", "batch")[number % 4]
    move = 40.0 + 11 * (number % 5)
    recipe = RECIPES[kind]
    steps = {s.key: Estimate(move * s.share, move * s.share * 1.4) for s in recipe.steps}
    steps |= {s.key: Estimate(5, 8, assumed=True) for s in recipe.commit}
    return Leg(
        id=SubsystemId(f"{theme}-{part}".lower()),
        name=f"{theme} {part}",
        wave=wave,
        kind=kind,
        recipe=kind,
        team=TeamId("ops"),
        criticality=1 + number % 5,
        step_minutes=steps,
        undo_minutes={u.key: Estimate(30 * u.share, 40 * u.share) for u in recipe.unwind},
        failure_probability=0.02,
        copy_gib=120.0 if kind == "stateful" else 0.0,
        irreversible="the payment file is sent" if number % 7 == 3 else None,
        irreversible_at=start + timedelta(hours=4) if number % 14 == 3 else None,
        after=(),
        together=(),
        blackouts=(),
        fixed=(),
        planned_start=start,
        planned_switch=start + minutes(move * 0.9),
        planned_end=start + minutes(move + 75),
        links=30 + number,
        assumed=("durations.unwind",) if number % 3 == 0 else (),
    )


def _check(wave: WaveId, function: str, core: tuple[SubsystemId, ...]) -> CheckLeg:
    return CheckLeg(
        id=f"{function}@{wave}",
        function=function,
        wave=wave,
        name={"sv": f"Handlägg ärende {function}", "en": f"Handle a case {function}"},
        core=core,
        passing=(),
        eligible=HANDLERS,
        quorum=2,
        minutes=Estimate(12, 20),
        text={"sv": "Öppna ärendet. Fatta beslut.", "en": "Open the case. Decide."},
        side_mark=("the foot of the page", "grey", "green"),
        possible_after=None,
        leaves_behind=None,
    )


def _pairs(ids: tuple[SubsystemId, ...]) -> tuple[PairLeg, ...]:
    chain = [(a, b, 3) for a, b in pairwise(ids)]
    chain += [(a, b, 1) for a, b in zip(ids, ids[5:], strict=False)]
    chain += [(ids[0], SubsystemId("cobol-core"), 2)]
    return tuple(
        PairLeg(a, b, 7 * k, 1000 * k, LatencyClass.INTERACTIVE, ()) for a, b, k in sorted(chain)
    )


def _members() -> dict[str, Member]:
    friday = ((START, START + timedelta(hours=10)),)
    saturday = ((START + timedelta(hours=10), END),)
    people: dict[str, Member] = {
        person: Member(
            id=person,
            name=f"Handler No. {number}",
            telephone=f"010-555 01 {number:02d}",
            roles=("handler",),
            team=None,
            shifts=friday if number % 2 else saturday,
            deputy=None,
        )
        for number, person in enumerate(HANDLERS, 1)
    }
    for person, name, role, telephone in (
        (DECIDER, "Decider No. 1", "decision_maker", "010-555 02 01"),
        (SECOND, "Decider No. 2", "decision_maker", None),
        (LEAD, "Lead No. 1", "wave_lead", "010-555 03 01"),
    ):
        people[person] = Member(
            id=person,
            name=name,
            telephone=telephone,
            roles=(role,),
            team=None,
            shifts=friday + saturday,
            deputy=SECOND if person == DECIDER else None,
        )
    return people
