"""Small itineraries in memory: `an_itinerary(waves=("ab", "c"), links=("ab:3",), before=("ac",))`.

A subsystem is a letter, a wave a word of them; waves are called w1, w2 ... in their order. Every
step takes five minutes and every undo four, exactly, so that a test can count. Each wave has one
check that exercises all of it, unless the test names its own. Names of people are made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from migrator.ids import LinkId, PersonId, SubsystemId, TeamId, WaveId
from migrator.inventory.model import Estimate, LatencyClass
from migrator.plan.model import (
    CheckLeg,
    Crew,
    Itinerary,
    Leg,
    Member,
    PairLeg,
    Policy,
    Reaction,
    Trouble,
    WaveLeg,
    Window,
)
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES

START: Final = datetime(2023, 10, 13, 16, 0, tzinfo=UTC)
END: Final = START + timedelta(hours=60)
STEP_MINUTES: Final = 5.0
UNDO_MINUTES: Final = 4.0
HANDLERS: Final = tuple(PersonId(name) for name in ("hanna", "heidi", "hugo"))
DECIDERS: Final = (PersonId("anna"), PersonId("bo"))


def after(minutes: float) -> datetime:
    """So many minutes after the window's start."""
    return START + timedelta(minutes=minutes)


def an_itinerary(
    *,
    waves: Sequence[str] = ("ab", "c"),
    links: Iterable[str] = (),
    before: Iterable[str] = (),
    with_: Iterable[str] = (),
    stateless: str = "",
    batch: str = "",
    checks: tuple[CheckLeg, ...] | None = None,
    seats: int | None = None,
    legs: Mapping[str, Mapping[str, object]] | None = None,
    policy: Mapping[str, object] | None = None,
    on: Mapping[Trouble, Reaction] | None = None,
    **changes: object,
) -> Itinerary:
    """Moves by letter, links as `ab:3`, `before` as `ac`, `with_` as `ab`; stateful if not told.

    `legs` changes single moves, `policy` and `on` the policy, anything else the itinerary.
    """
    wave_of = {move: f"w{n}" for n, moves in enumerate(waves, 1) for move in moves}
    made: dict[str, Leg] = {
        move: _leg(move, wave_of, tuple(before), tuple(with_), stateless, batch) for move in wave_of
    }
    for move, fields in (legs or {}).items():
        made[move] = replace(made[move], **fields)  # type: ignore[arg-type]  # a test's own data
    itinerary = Itinerary(
        plan_name="small",
        plan_digest="1a" * 32,
        inventory_name="Small estate",
        inventory_digest="2b" * 32,
        links_digest="3c" * 32,
        window=Window(START, END, "Europe/Stockholm"),
        source="hall",
        target="cluster",
        policy=a_policy(policy or {}, on or {}),
        recipes=dict(RECIPES),
        waves=tuple(_wave(n, moves, made) for n, moves in enumerate(waves, 1)),
        legs={**made},
        pairs=tuple(_pair(link) for link in sorted(links)),
        checks=_checks(waves) if checks is None else checks,
        members={member.id: member for member in _people()},
        crews={} if seats is None else {TeamId("blue"): a_crew((START, END, seats))},
        names={move: move.upper() for move in wave_of},
        links=0,
        copy_gib_per_hour=None,
        bridge_calls_per_hour=None,
        stays=(),
        assumed=(),
    )
    return replace(itinerary, **changes)  # type: ignore[arg-type]  # a test's own data


def a_policy(changes: Mapping[str, object], on: Mapping[Trouble, Reaction]) -> Policy:
    """The default policy with fields and reactions changed."""
    changed = replace(DEFAULT_POLICY, **changes)  # type: ignore[arg-type]  # a test's own data
    return replace(changed, on={**changed.on, **on})


def a_crew(*seats: tuple[datetime, datetime, int]) -> Crew:
    """Team blue with these seats."""
    return Crew(TeamId("blue"), "Blue", seats)


def a_check(name: str, wave: int, core: str, /, **changes: object) -> CheckLeg:
    """A function that exercises these moves of a wave, for any of the three handlers."""
    check = CheckLeg(
        id=f"{name}@w{wave}",
        function=name,
        wave=WaveId(f"w{wave}"),
        name={"sv": f"prova {name}", "en": f"try {name}"},
        core=tuple(SubsystemId(move) for move in core),
        passing=(),
        eligible=HANDLERS,
        quorum=1,
        minutes=Estimate(10, 10),
        text={},
        side_mark=None,
        possible_after=None,
        leaves_behind=None,
    )
    return replace(check, **changes)  # type: ignore[arg-type]  # a test's own data


def a_member(name: str, /, *roles: str, **changes: object) -> Member:
    """Somebody who is always there."""
    member = Member(PersonId(name), name.capitalize(), None, roles, None, (), None)
    return replace(member, **changes)  # type: ignore[arg-type]  # a test's own data


def _checks(waves: Sequence[str]) -> tuple[CheckLeg, ...]:
    return tuple(a_check(f"f{n}", n, moves) for n, moves in enumerate(waves, 1))


def _people() -> tuple[Member, ...]:
    return (
        a_member("anna", "decision_maker", deputy=PersonId("dora")),
        a_member("bo", "decision_maker"),
        a_member("dora"),
        *(a_member(name, "handler") for name in HANDLERS),
        a_member("lena", "wave_lead"),
    )


def _leg(
    move: str,
    wave_of: Mapping[str, str],
    before: tuple[str, ...],
    with_: tuple[str, ...],
    stateless: str,
    batch: str,
) -> Leg:
    kind = "stateless" if move in stateless else "batch" if move in batch else "stateful"
    recipe = RECIPES[kind]
    still = {"verify", "accept"}
    steps = {
        step.key: _exactly(0.0 if step.kind.value in still else STEP_MINUTES)
        for step in (*recipe.steps, *recipe.commit)
    }
    mates = {mate for group in with_ if move in group for mate in group}
    earlier = {each for chain in before if move in chain for each in chain.split(move)[0]}
    return Leg(
        id=SubsystemId(move),
        name=move.upper(),
        wave=WaveId(wave_of[move]),
        kind=kind,
        recipe=kind,
        team=TeamId("blue"),
        criticality=3,
        step_minutes=steps,
        undo_minutes={undo.key: _exactly(UNDO_MINUTES) for undo in recipe.unwind},
        failure_probability=0.0,
        copy_gib=0.0,
        irreversible=None,
        irreversible_at=None,
        after=tuple(SubsystemId(each) for each in sorted(earlier) if each in wave_of),
        together=tuple(SubsystemId(mate) for mate in sorted(mates) if mate in wave_of),
        blackouts=(),
        fixed=(),
        planned_start=START,
        planned_switch=START,
        planned_end=START,
        links=0,
        assumed=(),
    )


def _exactly(minutes: float) -> Estimate:
    return Estimate(minutes, minutes)


def _wave(number: int, moves: str, legs: Mapping[str, Leg]) -> WaveLeg:
    mine = f"w{number}"
    needed = {legs[other].wave for move in moves for other in legs[move].after}
    return WaveLeg(
        id=WaveId(mine),
        name=f"Wave {number}",
        pilot=number == 1,
        moves=tuple(SubsystemId(move) for move in moves),
        gate_at=START,
        deciders=DECIDERS,
        lead=PersonId("lena"),
        hard_predecessors=tuple(WaveId(wave) for wave in sorted(needed - {mine})),
    )


def _pair(link: str) -> PairLeg:
    """`ab:3` is three links from a to b; no number is one."""
    ends, _, count = link.partition(":")
    number = int(count or 1)
    return PairLeg(
        source=SubsystemId(ends[0]),
        target=SubsystemId(ends[1]),
        links=number,
        weight=number,
        latency=LatencyClass.ASYNC,
        examples=tuple(LinkId(f"l-{ends}-{n}") for n in range(min(number, 5))),
    )


def carrying(itinerary: Itinerary, calls_per_hour_max: float | None) -> Itinerary:
    """The same, every link with ten calls per hour, and bridges that carry so many."""
    pairs = tuple(replace(pair, calls_per_day=240 * pair.links) for pair in itinerary.pairs)
    return replace(itinerary, pairs=pairs, bridge_calls_per_hour=calls_per_hour_max)
