"""A weekend by its number: estate, plan, policy, faults of the platform and of people.

Everything follows from the seed, so that a seed that fails can be played again alone. Estates are
small, because what goes wrong goes wrong between two moves; there are many of them instead.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Final

from itineraries import END, START, a_check, a_crew, an_itinerary
from migrator.ids import TeamId
from migrator.inventory.model import Estimate
from migrator.plan.model import Act, Itinerary, Reaction, Trouble
from migrator.platform.simulated.faults import PlannedFault

WAVES: Final = (
    ("a",),
    ("ab",),
    ("ab", "c"),
    ("a", "bc", "d"),
    ("abc", "de"),
    ("a", "bcd", "ef"),
    ("ab", "cde", "fgh"),
    ("abcd", "ef", "gh"),
)
STEPS: Final = (
    "prepare", "baseline", "copy", "quiesce", "fence", "final-copy", "start", "probe", "grant",
    "switch", "drain", "probe-links", "soak",
)  # fmt: skip
UNDOS: Final = (
    "fence-target", "bring-back", "start-source", "grant-source", "switch-back", "prove-back",
    "stop-target", "discard-copy", "remove",
)  # fmt: skip


def a_weekend(chance: Random) -> Itinerary:
    """An estate of up to eight subsystems in up to three waves, planned somehow."""
    waves = chance.choice(WAVES)
    moves = "".join(waves)
    pairs = [one + two for one in moves for two in moves if one < two]
    links = [f"{pair}:{chance.randint(1, 9)}" for pair in _some(chance, pairs, 6)]
    mates = [waves[0][:2]] if len(waves[0]) > 1 and chance.random() < 0.3 else []
    before = [] if mates else _some(chance, pairs, 2)
    made = an_itinerary(
        waves=waves,
        links=links,
        before=before,
        with_=mates,
        stateless="".join(_some(chance, list(moves), 3)),
        batch="d",
        checks=tuple(
            a_check(f"f{number}", number, moves, quorum=chance.choice([1, 1, 2]))
            for number, moves in enumerate(waves, 1)
        ),
        policy={
            "next_wave_when": chance.choice(["verified", "accepted"]),
            "after_unwind": chance.choice(["continue", "continue", "continue", "hold"]),
            "gate_default": chance.choice(["no-go", "no-go", "wait"]),
        },
        on={trouble: _reaction(chance) for trouble in _ANSWERED},
    )
    if chance.random() < 0.4:
        night = START + timedelta(hours=chance.randint(1, 6))
        few, many = chance.randint(1, 2), chance.randint(2, 4)
        made.crews[TeamId("blue")] = a_crew((START, night, few), (night, END, many))
    _draw_minutes(chance, made)
    return made


_ANSWERED: Final = (
    Trouble.STEP_FAILED,
    Trouble.TIMED_OUT,
    Trouble.LINKS_REGRESSED,
    Trouble.REFUSED,
    Trouble.SOAK,
)


def _draw_minutes(chance: Random, made: Itinerary) -> None:
    """Let acts take different times, so that they end in any order."""
    for leg in made.legs.values():
        for minutes in (leg.step_minutes, leg.undo_minutes):
            for act, known in minutes.items():
                if known.p50:
                    middle = chance.choice([1.0, 5.0, 5.0, 12.0, 40.0])
                    minutes[act] = Estimate(middle, middle * chance.choice([1.0, 1.3, 2.0]))


def _reaction(chance: Random) -> Reaction:
    act = chance.choice([Act.HOLD_THEN_UNWIND, Act.HOLD_THEN_UNWIND, Act.UNWIND, Act.HOLD])
    scope = chance.choice(["wave", "wave", "move"])
    return Reaction(act, veto_minutes=15, retries=chance.choice([0, 1, 2]), scope=scope)


def some_faults(chance: Random, itinerary: Itinerary) -> tuple[PlannedFault, ...]:
    """Up to eight faults of every kind that the simulated platform and its people know."""
    return tuple(_fault(chance, itinerary) for _ in range(chance.randint(0, 8)))


def _fault(chance: Random, itinerary: Itinerary) -> PlannedFault:
    kind = chance.choice(
        ["step_fails", "step_fails", "step_half_fails", "step_half_fails", "step_times_out",
         "undo_fails", "undo_fails", "links_regress", "handler_says_no", "handler_never_answers",
         "platform_slow"]
    )  # fmt: skip
    move = chance.choice(sorted(itinerary.legs))
    times, attempt = chance.choice([1, 1, 2, 99]), chance.choice([1, 1, 1, 2])
    if kind.startswith("step"):
        return PlannedFault(kind, move, chance.choice(STEPS), times=times, attempt=attempt)
    if kind == "undo_fails":
        hit = chance.choice(["", move])
        return PlannedFault(kind, hit, chance.choice(UNDOS), times=times, attempt=attempt)
    if kind == "links_regress":
        return PlannedFault(kind, move, share=chance.choice([0.1, 1.0]), attempt=attempt)
    if kind == "platform_slow":
        begin = START + timedelta(minutes=chance.randint(0, 300))
        end = begin + timedelta(minutes=chance.randint(10, 240))
        return PlannedFault(kind, factor=chance.choice([2.0, 30.0]), start=begin, end=end)
    check = chance.choice(itinerary.checks)
    return PlannedFault(kind, function=check.function or "", times=times, attempt=attempt)


def _some(chance: Random, of: list[str], most: int) -> list[str]:
    return chance.sample(of, min(len(of), chance.randint(0, most)))
