"""The sample's subsystems with every figure drawn: teams, components, durations, sizes.

Called by `sample.py` (for the files), `people.py`, `functions.py`, `pairs.py` and `links.py`. Each
subsystem draws from a chance of its own, named by the seed and its id, so that a change to one
part of the generator does not stir up the figures of all others. No I/O, no numpy.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from migrator.importers.sample_estate.benefits import (
    moving_entries,
    partner_entries,
    staying_entries,
)
from migrator.importers.sample_estate.catalogue import TIERS, Entry
from migrator.importers.sample_estate.components import ComponentDraft, components_of

SUBSYSTEMS_MIN: Final = 2
SUBSYSTEMS_MAX: Final = 1_000
LINKS_MAX: Final = 10_000_000
TEAM_MEMBERS_MAX: Final = 14
"""A team that owns more than this is two teams."""

COPY_GIB_MAX: Final = 2_400
"""The largest store; with the new place's bandwidth its copy ends within one night."""

CALLS_PER_LINK_MEAN: Final = 220
"""Calls a day that `links.py` draws on average; a test compares. The bridge is sized by it."""

LACKING_SHARE: Final = 0.10
"""The share of subsystems for which somebody forgot the durations: an estate is never complete."""

STAYING_REASONS: Final = (
    "COBOL without tests; the rewrite is ordered and not delivered",
    "The compiler for the new platform is not approved yet",
    "Closes down when its last case ends; moving costs more than it saves",
    "Shares indexed files with other COBOL parts; they move together later",
)
REVIEW_DATES: Final = ("2024-03-01", "2024-06-01", "2024-10-01", "2025-03-01")


@dataclass(frozen=True, slots=True)
class Size:
    """Everything a sample follows from. Two equal sizes give two equal samples."""

    subsystems: int  # that move; staying parts and partners come on top
    links: int
    seed: int


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes as P50 and P80, in steps of five."""

    p50: int
    p80: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A subsystem of the sample; a None is a figure that nobody gave."""

    entry: Entry
    team: str | None
    components: tuple[ComponentDraft, ...]
    durations: dict[str, Span]
    failure_probability: float | None
    cpu: int | None
    memory_gib: int | None
    copy_gib: int
    irreversible: tuple[str, str | None] | None  # the act and, where it is known, the hour
    reason: str | None
    review_date: str | None

    @property
    def id(self) -> str:
        """The subsystem's id."""
        return self.entry.id

    @property
    def moves(self) -> bool:
        """Tell whether it moves, as opposed to what stays and to partners' systems."""
        return self.entry.kind in {"stateless", "stateful", "batch"}


@dataclass(frozen=True, slots=True)
class Estate:
    """All subsystems, ordered by tier: channels first, what stays inside its tier, partners last.

    Calls go from earlier to later ones; a call the other way is a back edge.
    """

    size: Size
    drafts: tuple[Draft, ...]
    owners: dict[str, str]  # subsystem -> team, also where the file leaves the team out

    @property
    def moving(self) -> tuple[Draft, ...]:
        """The subsystems that move."""
        return tuple(draft for draft in self.drafts if draft.moves)


# The first acts that cannot be taken back, as such an agency would name them. The hours lie
# after the partners' fixed dates and the payment cut-off of the calendar.
_IRREVERSIBLE: Final = {
    "betalningsfil": (
        "The bank accepts the first payment file from the new side",
        "2023-10-15T21:00",
    ),
    "utbetalning": ("Monday's payments are released", "2023-10-16T04:30"),
    "personregister": ("The population register sends its notices to the new side only", None),
    "e-arkiv": ("The old archive's seal is broken and set anew", None),
    "inkomstregister": ("Reverse replication to the old database ends", None),
}


def chance(size: Size, *words: str) -> random.Random:
    """A source of chance of its own for one purpose."""
    return random.Random("/".join((str(size.seed), *words)))


def draw_estate(size: Size) -> Estate:
    """Draw the whole estate; everything follows from the size."""
    moving = moving_entries(size.subsystems)
    entries = (*moving, *staying_entries(size.subsystems), *partner_entries(size.subsystems))
    order = (*TIERS, "external")
    entries = tuple(sorted(entries, key=lambda entry: order.index(entry.tier)))
    owners = _owners(entries)
    lacking = _lacking(size, moving)
    drafts = tuple(_draft(size, entry, owners[entry.id], lacking) for entry in entries)
    return Estate(size, drafts, owners)


def _lacking(size: Size, moving: tuple[Entry, ...]) -> dict[str, frozenset[str]]:
    """Which figures are left out on purpose, so that assumptions are used and seen to be used."""
    ids = sorted(entry.id for entry in moving if entry.id not in _IRREVERSIBLE)
    chance(size, "lacking").shuffle(ids)
    durations = round(LACKING_SHARE * size.subsystems)
    half = (durations + 1) // 2
    few = round(0.04 * size.subsystems)
    kinds = (("durations", half), ("unwind", durations - half), ("team", few), ("size", few))
    left_out: dict[str, frozenset[str]] = {}
    start = 0
    for what, count in (*kinds, ("failure_probability", few)):
        left_out[what] = frozenset(ids[start : start + count])
        start += count
    return left_out


def _draft(size: Size, entry: Entry, team: str, lacking: dict[str, frozenset[str]]) -> Draft:
    """Draw the figures of one subsystem."""
    draw = chance(size, "subsystem", entry.id)
    components = components_of(entry, draw)
    if entry.kind in {"external", "stays"}:
        stays = entry.kind == "stays"
        return Draft(
            entry=entry,
            team=team,
            components=components,
            durations={},
            failure_probability=None,
            cpu=None,
            memory_gib=None,
            copy_gib=0,
            irreversible=None,
            reason=draw.choice(STAYING_REASONS) if stays else None,
            review_date=draw.choice(REVIEW_DATES) if stays else None,
        )
    durations = _durations(entry, draw)
    cpu = draw.choice((1, 2, 2, 4, 4, 6, 8)) * (2 if entry.pull >= 10 else 1)
    memory = cpu * draw.choice((2, 4, 4, 8))
    copy = _copy_gib(entry, draw)
    failure = draw.choice((0.01, 0.01, 0.015, 0.02, 0.02, 0.03, 0.04, 0.06))
    if copy >= 500:
        # So large a store is measured on its own: what was written since the copy goes last.
        final = _five(draw.uniform(10, 20))
        durations["final-copy"] = Span(final, _five(final * draw.uniform(1.3, 1.7)))
    if entry.id in lacking["durations"]:
        durations = {}
    if entry.id in lacking["unwind"]:
        del durations["unwind"]
    sized = entry.id not in lacking["size"]
    return Draft(
        entry=entry,
        team=None if entry.id in lacking["team"] else team,
        components=components,
        durations=durations,
        failure_probability=None if entry.id in lacking["failure_probability"] else failure,
        cpu=cpu if sized else None,
        memory_gib=memory if sized else None,
        copy_gib=copy,
        irreversible=_IRREVERSIBLE.get(entry.id),
        reason=None,
        review_date=None,
    )


def _durations(entry: Entry, draw: random.Random) -> dict[str, Span]:
    """Draw move (20-90 min), verify (10-40) and unwind (10-60), longer where there is data."""
    low, high = {"stateless": (20, 50), "batch": (25, 65)}.get(entry.kind, (35, 85))
    move = _five(draw.uniform(low, high) + (5 if entry.criticality == 5 else 0))
    verify = _five(draw.uniform(10, 25 if entry.kind == "stateless" else 40))
    unwind = min(60, _five(max(10.0, move * draw.uniform(0.4, 0.8))))
    return {
        name: Span(p50, max(p50 + 5, _five(p50 * draw.uniform(1.25, 1.6))))
        for name, p50 in (("move", move), ("verify", verify), ("unwind", unwind))
    }


def _copy_gib(entry: Entry, draw: random.Random) -> int:
    """Draw how much data there is: Pareto, so that a few stores hold most of it."""
    if entry.kind == "stateless":
        return 0
    if entry.kind == "batch":
        return round(draw.uniform(1, 20))
    # Exponent 1.15 lets a fifth of the stores hold about four fifths of the data.
    return min(COPY_GIB_MAX, round(40 * draw.paretovariate(1.15) * (3 if entry.pull >= 20 else 1)))


def _five(minutes: float) -> int:
    """Round to five minutes, as people do who write such figures down."""
    return max(5, round(minutes / 5) * 5)


# What belongs to payments and to integration, by id or by the last word of a split benefit's part.
_PAYMENT: Final = {
    "utbetalning",
    "betalningsfil",
    "reskontra",
    "kontrolluppgifter",
    "aterkrav",
    "underlag",
    "avstamning",
}
_INTEGRATION: Final = {
    "integrationsplattform",
    "meddelandebuss",
    "filoverforing",
    "adapter",
    "gateway",
    "koer",
    "filmottagning",
}
_FAMILY_TEAM: Final = {
    "sjuk": "sjuk",
    "foralder": "familj",
    "barn": "familj",
    "funktion": "funktion",
    "bostad": "ovriga-formaner",
    "tand": "ovriga-formaner",
    "arbetsmarknad": "ovriga-formaner",
    "utland": "ovriga-formaner",
}


def _owners(entries: tuple[Entry, ...]) -> dict[str, str]:
    """Give each subsystem its owner team; a team with too many members is split by number."""
    members: dict[str, list[str]] = {}
    for entry in entries:
        members.setdefault(_base_team(entry), []).append(entry.id)
    owners: dict[str, str] = {}
    for team, ids in members.items():
        parts = -(-len(ids) // TEAM_MEMBERS_MAX)
        for place, id_ in enumerate(ids):
            # Consecutive ids stay together: parts of one benefit are one team's work.
            number = place * parts // len(ids) + 1
            owners[id_] = team if parts == 1 else f"{team}-{number}"
    return owners


def _base_team(entry: Entry) -> str:
    word = entry.id.rsplit("-", 1)[-1]
    rules = (
        (entry.kind == "stays", "cobol"),
        (entry.kind == "external", "integration"),
        (entry.id in _PAYMENT or word in _PAYMENT, "betalning"),
        (entry.id in _INTEGRATION or word in _INTEGRATION, "integration"),
        (entry.tier == "channel", "kanaler"),
        (entry.family in _FAMILY_TEAM, _FAMILY_TEAM.get(entry.family, "")),
        (entry.tier == "case", "arende"),
        (entry.tier == "register", "register"),
        (entry.tier == "infrastructure", "plattform"),
    )
    return next((team for holds, team in rules if holds), "dokument")
