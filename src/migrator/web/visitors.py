"""Who is at a page, and what they may do there: the one place that says so.

Asked by every page and every deed. A person's roles are those of people.yaml as the run has pinned
them; the engine still says who may decide on which gate and verify which function, because it
answers commands that come other ways, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from migrator.plan.model import Member


class Page(Enum):
    """The pages, by whom they are for."""

    CHECKS = "checks"  # a handler's own
    WEEKEND = "weekend"
    DECIDE = "decide"
    GRAPH = "graph"
    LINKS = "links"
    JOURNAL = "journal"
    ROSTER = "roster"


HANDLER: Final = "handler"
ENGINEER: Final = "engineer"
LEAD: Final = "wave_lead"
MAKER: Final = "decision_maker"
AUDITOR: Final = "auditor"

_STAFF: Final = frozenset({ENGINEER, LEAD, MAKER})
_LEADING: Final = frozenset({LEAD, MAKER})
_EVERYBODY: Final = _STAFF | {HANDLER, AUDITOR}

SEES: Final[Mapping[Page, frozenset[str]]] = {
    Page.CHECKS: _EVERYBODY - {AUDITOR},
    Page.WEEKEND: _EVERYBODY,
    Page.DECIDE: _STAFF | {AUDITOR},
    Page.GRAPH: _EVERYBODY,
    Page.LINKS: _EVERYBODY,
    Page.JOURNAL: _STAFF | {AUDITOR},
    Page.ROSTER: _LEADING | {AUDITOR},
}
DOES: Final[Mapping[str, frozenset[str]]] = {
    "tick": _STAFF | {HANDLER},
    "withdraw": _STAFF | {HANDLER},
    "hold": _STAFF,
    "pause": _STAFF,
    "resume": _STAFF,
    "record": _STAFF,
    "retry": _STAFF,
    "extend": _LEADING,
    "release": _LEADING,
    "veto": _LEADING,
    "waive": _LEADING,
    "skip": _LEADING,
    "force-done": _LEADING,
    "abandon": _LEADING,
    "unwind": _LEADING,
    "go": _LEADING,
    "no-go": _LEADING,
    "postpone": _LEADING,
    "sign": frozenset({MAKER}),
    "commit": frozenset({MAKER}),
    "abort": frozenset({MAKER}),
}
"""The verbs that pages give, by the roles that may. What is not here nobody does from a page: a
second person's code and a file belong to a terminal."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    person: str
    name: str
    roles: frozenset[str]
    form_token: str  # in every form of this session

    def sees(self, page: Page) -> bool:
        """Tell whether a page is for them."""
        return bool(self.roles & SEES[page])

    def may(self, verb: str) -> bool:
        """Tell whether they may give a verb at all."""
        return bool(self.roles & DOES.get(verb, frozenset()))


def visitor(person: str, members: Mapping[str, Member], form_token: str) -> Visitor:
    """The visitor that a person is. An estate that names nobody lets whoever was invited do all."""
    member = members.get(person)
    if member is None:
        roles = frozenset() if members else _EVERYBODY
        return Visitor(person, person, roles, form_token)
    return Visitor(person, member.name, frozenset(member.roles), form_token)
