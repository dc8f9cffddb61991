"""Who is at a page, and what they may do there: the one place that says so.

Asked by every page and every deed. A person's roles are those of people.yaml as the run has pinned
them; the engine still says who may decide on which gate and verify which function, because it
answers commands that come other ways, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from migrator.plan.model import Member


class Page(Enum):
    """The pages, by whom they are for."""

    CHECKS = "checks"  # a handler's own
    WEEKEND = "weekend"
    DECIDE = "decide"
    DISTURBANCES = "disturbances"
    GRAPH = "graph"
    LINKS = "links"
    JOURNAL = "journal"
    ROSTER = "roster"
    ACCESS = "access"  # who is in, and what was refused


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
    Page.DISTURBANCES: _EVERYBODY,
    Page.GRAPH: _EVERYBODY,
    Page.LINKS: _EVERYBODY,
    Page.JOURNAL: _STAFF | {AUDITOR},
    Page.ROSTER: _LEADING | {AUDITOR},
    Page.ACCESS: _LEADING | {AUDITOR},
}
DOES: Final[Mapping[str, frozenset[str]]] = {
    "tick": _STAFF | {HANDLER},
    "withdraw": _STAFF | {HANDLER},
    "claim": _STAFF | {HANDLER},
    "hand-over": _STAFF | {HANDLER},
    "arrive": _EVERYBODY - {AUDITOR},
    "leave": _EVERYBODY - {AUDITOR},
    "raise": _LEADING,
    "disturb": _STAFF | {HANDLER},
    "log": _STAFF,
    # Of these the engine lets in whoever owns it, and those who lead.
    "staff": _STAFF,
    "close": _STAFF,
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


SENDS: Final[Mapping[str, frozenset[str]]] = {
    "alerts": frozenset(),
    "reports": _EVERYBODY,
}
"""What comes in from outside, by the roles that may bring it. An alarm is brought by a program with
a token made for it, and by nobody else."""
ONLY: Final[Mapping[str, str]] = {"alarm": "alerts", "report": "reports"}
"""What a narrowed token brings; one for looking brings nothing."""


ERASES: Final = frozenset({MAKER})
"""Who erases what a handler wrote or sent. It is no verb: it changes nothing of the run."""


ENDS: Final = _LEADING
"""Who ends what other people are signed in with: a telephone that was lost cannot wait."""
ROLES: Final = _EVERYBODY
"""Every role that there is."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, or whose token a program shows."""

    person: str
    name: str
    roles: frozenset[str]
    form_token: str  # in every form of this session
    only: str = ""  # a token's: look, alarm or report; empty: all that the roles may

    def sees(self, page: Page) -> bool:
        """Tell whether a page is for them."""
        return self.only in {"", "look"} and bool(self.roles & SEES[page])

    @property
    def may_erase(self) -> bool:
        """Tell whether they may erase notes and pictures."""
        return not self.only and bool(self.roles & ERASES)

    @property
    def may_end(self) -> bool:
        """Tell whether they may sign other people out."""
        return not getattr(self, "only", "") and bool(self.roles & ENDS)

    def sees_call(self, *, called: bool) -> bool:
        """Tell whether the page of a call is for them; `called`: it went to them."""
        return self.sees(Page.WEEKEND) and (called or bool(self.roles & (_LEADING | {AUDITOR})))

    def answers_call(self, *, called: bool) -> bool:
        """Tell whether they may say that they have a call in hand; it changes nothing."""
        return not self.only and bool(self.roles) and (called or bool(self.roles & _LEADING))

    def may(self, verb: str) -> bool:
        """Tell whether they may give a verb at all."""
        return not self.only and bool(self.roles & DOES.get(verb, frozenset()))

    def sends(self, what: str) -> bool:
        """Tell whether they may bring alerts or reports."""
        return ONLY.get(self.only) == what if self.only else bool(self.roles & SENDS[what])


def visitor(
    person: str, members: Mapping[str, Member], form_token: str, given: Iterable[str] = ()
) -> Visitor:
    """The visitor that a person is. An estate that names nobody lets whoever was invited do all.

    `given`: the roles that a provider's claims give beside. Whom the plan does not name may look
    as an auditor and never act, because the journal could not say who that was.
    """
    member = members.get(person)
    if member is None:
        roles = frozenset({AUDITOR} & set(given)) if members else _EVERYBODY
        return Visitor(person, person, roles, form_token)
    return Visitor(person, member.name, frozenset(member.roles) | set(given), form_token)


def narrowed(whole: Visitor, only: str) -> Visitor:
    """The same person, by a token that was made for less."""
    return replace(whole, only=only)
