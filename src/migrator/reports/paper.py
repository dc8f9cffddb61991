"""The paper runbook: everything needed to carry a plan out by hand while migrator itself is down.

Called by `migrator print`. Made from an itinerary alone, before the window, and kept in a binder.
It shows what is planned and leaves boxes empty for what happens; it never shows a state of a run.
The order in which moves are taken back is the engine's own (plan/unwind_order.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from migrator.ids import SubsystemId
from migrator.plan.digest import short
from migrator.plan.model import CheckLeg, Itinerary, Leg, Member, WaveLeg
from migrator.plan.unwind_order import unwind_arcs
from migrator.reports import byhand
from migrator.reports.html import environment
from migrator.reports.texts import Texts
from migrator.reports.words import practice_words

NEAR: Final = timedelta(hours=12)
"""A move half a day late or early is another plan; slots further off would only distract."""

ON_DUTY_MAX: Final = 6
"""So many names of handlers on duty stand beside a check; the telephone list has them all."""


@dataclass(frozen=True, slots=True)
class Row:
    """A step of a move on paper, with the clock at which it is planned to begin."""

    step: str
    kind: str
    task: dict[str, str]  # by language: what the plan tells a person to do; empty for the rest
    at: datetime
    minutes: float
    assumed: bool
    undos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A move on paper."""

    leg: Leg
    rows: tuple[Row, ...]
    unwind: tuple[str, ...]  # its undos, in order
    blackouts: tuple[tuple[datetime, datetime, str], ...]  # those that a delay could run into


@dataclass(frozen=True, slots=True)
class CheckSheet:
    """A check on paper, and who is on duty when it is planned to open."""

    leg: CheckLeg
    at: datetime
    on_duty: tuple[Member, ...]
    more: int


@dataclass(frozen=True, slots=True)
class WaveSheet:
    """A wave on paper."""

    leg: WaveLeg
    start: datetime
    end: datetime
    deciders: tuple[Member, ...]
    lead: Member | None
    sheets: tuple[Sheet, ...]
    checks: tuple[CheckSheet, ...]
    back: tuple[tuple[SubsystemId, ...], ...]  # groups, each taken back before the next one


@dataclass(frozen=True, slots=True)
class Contacts:
    """A part of the telephone list."""

    role: str
    members: tuple[Member, ...]


def paper_html(t: Texts, itinerary: Itinerary, *, practice: bool) -> str:
    """The runbook as a page that prints on A4."""
    return _render(t, itinerary, "paper.html.jinja", practice=practice)


def paper_text(t: Texts, itinerary: Itinerary, *, practice: bool) -> str:
    """The runbook as plain text, for the printer that knows nothing else."""
    return _render(t, itinerary, "paper.txt.jinja", practice=practice)


def _render(t: Texts, itinerary: Itinerary, template: str, *, practice: bool) -> str:
    env = environment(t, autoescape=template.endswith(".html.jinja"))
    return env.get_template(template).render(
        title=t._("Paper runbook: %(plan)s", plan=itinerary.plan_name),
        it=itinerary,
        practice=practice,
        mode_words=practice_words(t, practice=practice, target=itinerary.target),
        byhand=byhand,
        sheets=wave_sheets(itinerary),
        contacts=contacts(itinerary),
        name=lambda subsystem: itinerary.names.get(subsystem, subsystem),
        digest=short(itinerary.plan_digest),
    )


def wave_sheets(itinerary: Itinerary) -> tuple[WaveSheet, ...]:
    """Every wave in the plan's order."""
    return tuple(_wave_sheet(itinerary, wave) for wave in itinerary.waves)


def _wave_sheet(itinerary: Itinerary, wave: WaveLeg) -> WaveSheet:
    legs = sorted(
        (itinerary.legs[move] for move in wave.moves), key=lambda leg: (leg.planned_start, leg.id)
    )
    return WaveSheet(
        leg=wave,
        start=min((leg.planned_start for leg in legs), default=wave.gate_at),
        end=max((leg.planned_end for leg in legs), default=wave.gate_at),
        deciders=_members(itinerary, wave.deciders),
        lead=itinerary.members.get(wave.lead) if wave.lead is not None else None,
        sheets=tuple(_sheet(itinerary, leg) for leg in legs),
        checks=tuple(
            _check_sheet(itinerary, check, _opening(legs, check, wave))
            for check in itinerary.checks
            if check.wave == wave.id
        ),
        back=back_groups(itinerary, legs),
    )


def _opening(legs: Sequence[Leg], check: CheckLeg, wave: WaveLeg) -> datetime:
    """When a check is planned to open: when all its core moves of the wave are switched."""
    core = [leg.planned_switch for leg in legs if leg.id in check.core]
    return max(core, default=wave.gate_at)


def _members(itinerary: Itinerary, ids: Iterable[str]) -> tuple[Member, ...]:
    known = {str(member.id): member for member in itinerary.members.values()}
    return tuple(known[one] for one in ids if one in known)


def _sheet(itinerary: Itinerary, leg: Leg) -> Sheet:
    recipe = itinerary.recipes[leg.recipe]
    # A move's planned start is that of its hands-on part: what may run ahead of the gate is over
    # by then, and stands first on paper, since nobody waits for the gate with a copy to make.
    ahead = [step for step in recipe.steps if step.kind in itinerary.policy.ahead_of_gate]
    hands_on = [step for step in recipe.steps if step not in ahead]
    before = sum(leg.step_minutes[s.key].p50 for s in ahead if s.key in leg.step_minutes)
    rows, at = [], leg.planned_start - timedelta(minutes=before)
    for step in (*ahead, *hands_on):
        estimate = leg.step_minutes.get(step.key)
        minutes = estimate.p50 if estimate is not None else 0.0
        rows.append(
            Row(
                step=step.key,
                kind=step.kind.value,
                task=step.means.manual.text if step.means and step.means.manual else {},
                at=at,
                minutes=minutes,
                assumed=estimate is not None and estimate.assumed,
                undos=step.undo,
            )
        )
        at += timedelta(minutes=minutes)
    near = tuple(
        slot
        for slot in leg.blackouts
        if slot[0] < leg.planned_end + NEAR and slot[1] > leg.planned_start - NEAR
    )
    return Sheet(leg, tuple(rows), tuple(undo.key for undo in recipe.unwind), near)


def _check_sheet(itinerary: Itinerary, check: CheckLeg, opened: datetime) -> CheckSheet:
    at = max(opened, check.possible_after or opened)
    present = [
        member
        for member in _members(itinerary, check.eligible)
        if any(start <= at < end for start, end in member.shifts)
    ]
    shown = tuple(present[:ON_DUTY_MAX])
    return CheckSheet(check, at, shown, len(present) - len(shown))


def back_groups(itinerary: Itinerary, legs: Sequence[Leg]) -> tuple[tuple[SubsystemId, ...], ...]:
    """The unwind as groups: every move waits for the groups before its own, and for nothing else.

    Counted as if the moves had switched in the planned order; those of one group may go at once.
    """
    order = [leg.id for leg in sorted(legs, key=lambda leg: (leg.planned_switch, leg.id))]
    arcs = unwind_arcs(order, order, itinerary.pairs, itinerary.legs)
    level: dict[str, int] = {}
    for move in reversed(order):  # arcs point to later switches only, so these are known already
        level[move] = max((level[later] + 1 for later in arcs[move]), default=0)
    return tuple(
        tuple(move for move in reversed(order) if level[move] == number)
        for number in sorted(set(level.values()))
    )


def contacts(itinerary: Itinerary) -> tuple[Contacts, ...]:
    """The telephone list, those who decide first; each person stands under the first role held."""
    left = sorted(itinerary.members.values(), key=lambda member: member.name)
    found = []
    for role in ("decision_maker", "wave_lead", "engineer", "handler", "auditor"):
        members = tuple(member for member in left if role in member.roles)
        left = [member for member in left if member not in members]
        if members:
            found.append(Contacts(role, members))
    return tuple(found)
