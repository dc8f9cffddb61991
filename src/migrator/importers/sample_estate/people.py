"""Who is there during the sample's weekend: engineers in teams, handlers, leads, deciders.

Called by `files.py`. At the default size there are 90 engineers and 80 case handlers, as many as
the weekend that gave the idea; other sizes have proportionally many. Everybody keeps to one
pattern of shifts (days, evenings or nights), and every shift has at least two handlers for each
competence that a function wants, so that no check waits for somebody who never comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from migrator.importers.sample_estate.estate import Estate, chance
from migrator.importers.sample_estate.names import people_names, telephone_numbers
from migrator.importers.sample_estate.weekend import SHIFTS

ENGINEERS: Final = 90
HANDLERS: Final = 80
PER_SUBSYSTEMS: Final = 77
"""Ninety engineers and eighty handlers for seventy-seven subsystems."""

PATTERNS: Final = {
    "days": ("sat-day", "sun-day"),
    "evenings": ("fri-evening", "sat-evening", "sun-evening"),
    "nights": ("sat-night", "sun-night", "mon-night"),
}
_ENGINEER_TURNS: Final = ("days", "evenings", "nights")
# Of five handlers two work days, two evenings and one nights: a night's checks are few.
_HANDLER_TURNS: Final = ("days", "evenings", "nights", "evenings", "days")

_TEAM_NAMES: Final = {
    "kanaler": "Kanaler",
    "sjuk": "Sjukförsäkring",
    "familj": "Familjeförmåner",
    "funktion": "Funktionsnedsättning",
    "ovriga-formaner": "Övriga förmåner",
    "arende": "Ärende och akt",
    "betalning": "Betalningar",
    "dokument": "Dokument och gemensamma tjänster",
    "register": "Register",
    "plattform": "Plattform",
    "integration": "Integration och partner",
    "cobol": "Äldre system i Cobol",
}


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """One made-up person."""

    id: str
    name: str
    telephone: str
    team: str | None
    roles: tuple[str, ...]
    competences: tuple[str, ...]
    shifts: tuple[str, ...]
    deputy: str | None = None


@dataclass(frozen=True, slots=True)
class TeamDraft:
    """One team of engineers and how many moves it can work on at once, by shift."""

    id: str
    name: str
    seats: dict[str, int]


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody, in the order of the file: deciders, auditor, engineers by team, handlers."""

    people: tuple[PersonDraft, ...]
    teams: tuple[TeamDraft, ...]


def draw_roster(estate: Estate, competences: tuple[str, ...]) -> Roster:
    """Draw people for the estate; `competences` are those that its functions want."""
    names = people_names(chance(estate.size, "people"))
    numbers = telephone_numbers()
    posts = (
        *_deciders(),
        *_engineers(estate),
        *_handlers(estate.size.subsystems, competences),
    )
    persons = [
        PersonDraft(id_, name, next(numbers), post.team, post.roles, post.competences, post.shifts)
        for post, (id_, name) in zip(posts, names, strict=False)
    ]
    people = _with_deputies(persons)
    return Roster(people, _teams(people))


@dataclass(frozen=True, slots=True)
class _Post:
    """A place in the roster before it has a name."""

    team: str | None
    roles: tuple[str, ...]
    competences: tuple[str, ...]
    shifts: tuple[str, ...]


def _deciders() -> list[_Post]:
    """Four who may decide, one who stands in for the last of them, and an auditor who only looks.

    At least one decider is there in each shift.
    """
    turns = ("days", "evenings", "nights", "days", "evenings")
    deciders = [_Post(None, ("decision_maker",), (), PATTERNS[turn]) for turn in turns]
    return [*deciders, _Post(None, ("auditor",), (), PATTERNS["days"])]


def _engineers(estate: Estate) -> list[_Post]:
    """Engineers by team, as many as its moves ask for and at least one in each pattern."""
    teams = sorted(set(estate.owners.values()))
    moves = dict.fromkeys(teams, 0)
    for draft in estate.moving:
        moves[estate.owners[draft.id]] += 1
    least = len(_ENGINEER_TURNS)
    total = max(round(ENGINEERS * estate.size.subsystems / PER_SUBSYSTEMS), least * len(teams))
    heads = _shares(moves, total - least * len(teams))
    posts = []
    for team in teams:
        for place in range(least + heads[team]):
            turn = _ENGINEER_TURNS[place % len(_ENGINEER_TURNS)]
            posts.append(_Post(team, ("engineer",), (), PATTERNS[turn]))
    return _with_leads(posts)


def _with_leads(posts: list[_Post]) -> list[_Post]:
    """Let every eleventh engineer lead waves too, at least one in each pattern."""
    wanted = max(3, round(len(posts) / 11))
    by_turn = {
        turn: [p for p, post in enumerate(posts) if post.shifts == shifts]
        for turn, shifts in PATTERNS.items()
    }
    leads: set[int] = set()
    for place in range(wanted):
        candidates = by_turn[_ENGINEER_TURNS[place % 3]]
        # Spread over the list, and so over the teams.
        leads.add(candidates[(place // 3) * 3 * len(candidates) // max(wanted, 3)])
    return [
        _Post(post.team, ("engineer", "wave_lead"), (), post.shifts) if p in leads else post
        for p, post in enumerate(posts)
    ]


def _handlers(subsystems: int, competences: tuple[str, ...]) -> list[_Post]:
    """Case handlers; inside each pattern the competences go round, at least two for each."""
    count = max(6, round(HANDLERS * subsystems / PER_SUBSYSTEMS))
    turns = [_HANDLER_TURNS[place % len(_HANDLER_TURNS)] for place in range(count)]
    # With six or seven handlers one alone would work nights; a second pair of eyes is needed.
    turns[-1] = "nights" if turns.count("nights") < 2 else turns[-1]
    seen = dict.fromkeys(PATTERNS, 0)
    posts = []
    for turn in turns:
        each = min(len(competences), max(2, -(-2 * len(competences) // turns.count(turn))))
        first = seen[turn] * each
        own = {competences[(first + step) % len(competences)] for step in range(each)}
        posts.append(_Post(None, ("handler",), tuple(sorted(own)), PATTERNS[turn]))
        seen[turn] += 1
    return posts


def _with_deputies(persons: list[PersonDraft]) -> tuple[PersonDraft, ...]:
    """Give every decider and wave lead the next one of their kind as deputy.

    The last one has none: deputies that lead back to the first stand in for nobody.
    """
    deputies: dict[str, str] = {}
    for role in ("decision_maker", "wave_lead"):
        deputies |= dict(pairwise(person.id for person in persons if role in person.roles))
    return tuple(
        PersonDraft(
            p.id, p.name, p.telephone, p.team, p.roles, p.competences, p.shifts, deputies.get(p.id)
        )
        for p in persons
    )


def _teams(people: tuple[PersonDraft, ...]) -> tuple[TeamDraft, ...]:
    """Count seats: up to three engineers share a move (one types, one reads, one watches)."""
    members: dict[str, list[PersonDraft]] = {}
    for person in people:
        if person.team is not None:
            members.setdefault(person.team, []).append(person)
    shifts = [id_ for id_, _, _ in SHIFTS]
    return tuple(
        TeamDraft(
            team,
            _team_name(team),
            {shift: -(-sum(shift in person.shifts for person in persons) // 3) for shift in shifts},
        )
        for team, persons in sorted(members.items())
    )


def _team_name(team: str) -> str:
    base, _, number = team.rpartition("-")
    return f"{_TEAM_NAMES[base]} {number}" if number.isdigit() else _TEAM_NAMES[team]


def _shares(weights: dict[str, int], total: int) -> dict[str, int]:
    """Deal out `total` in proportion to the weights; what is left goes to the largest rests."""
    whole = sum(weights.values())
    exact = {name: total * weight / whole for name, weight in weights.items()}
    shares = {name: int(share) for name, share in exact.items()}
    rests = sorted(exact, key=lambda name: (shares[name] - exact[name], name))
    for name in rests[: total - sum(shares.values())]:
        shares[name] += 1
    return shares
