"""One A4 page for the person who decides: what moves, what is assumed, what cannot be undone.

Called by `migrator brief`. Made from a plan and its itinerary, and from the seal of its dry run
where there is one. What nobody knows is said to be unknown: the chance of keeping the window and
the turn-back time have their places and stay empty until something computes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from migrator.plan.digest import short
from migrator.plan.model import Figures, Itinerary, Leg
from migrator.plan.seal import Inputs, Seal
from migrator.reports.assumed import assumed_fields, field_words
from migrator.reports.html import environment
from migrator.reports.texts import N_, Texts
from migrator.reports.words import practice_words

WAVES_MAX: Final = 12
IRREVERSIBLE_MAX: Final = 9
ASSUMED_MAX: Final = 6
UNEXERCISED_MAX: Final = 6
SHIFTS_MAX: Final = 10
"""So many rows of each kind fit on one page beside the others; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast's figures. None where nothing has computed them."""

    chance: float | None  # of keeping the window, 0 to 1
    turn_back: datetime | None


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A stretch in which the same handlers are on duty."""

    start: datetime
    end: datetime
    handlers: int
    checks: int  # planned to open in it
    minutes: float  # of handlers' work that those checks want


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows that fit, and how many more there are."""

    rows: tuple[object, ...]
    more: int


def brief_html(
    t: Texts,
    itinerary: Itinerary,
    figures: Figures,
    *,
    seal: Seal | None,
    inputs: Inputs,
    practice: bool,
    outlook: Outlook | None = None,
) -> str:
    """The page. `inputs` are the digests as they are now: a seal of other ones is named as such."""
    stale = changed(seal, inputs)
    return _render(
        t, "brief.html.jinja", itinerary, figures, seal, stale, outlook, practice=practice
    )


def brief_text(
    t: Texts,
    itinerary: Itinerary,
    figures: Figures,
    *,
    seal: Seal | None,
    inputs: Inputs,
    practice: bool,
    outlook: Outlook | None = None,
) -> str:
    """The same as plain text."""
    stale = changed(seal, inputs)
    return _render(
        t, "brief.txt.jinja", itinerary, figures, seal, stale, outlook, practice=practice
    )


def changed(seal: Seal | None, inputs: Inputs) -> tuple[str, ...]:
    """What is no longer as it was when the seal was made."""
    if seal is None:
        return ()
    was = seal.inputs
    pairs = (
        (N_("the plan"), was.plan_digest, inputs.plan_digest),
        (N_("the inventory"), was.inventory_digest, inputs.inventory_digest),
        (N_("the links"), was.links_digest, inputs.links_digest),
        (N_("the manifests"), was.manifests_digest, inputs.manifests_digest),
        (N_("the program"), was.program_version, inputs.program_version),
    )
    return tuple(name for name, then, now in pairs if then != now)


def _render(  # noqa: PLR0913 - a page has as many sources as it has
    t: Texts, template: str, itinerary: Itinerary, figures: Figures, seal: Seal | None,
    stale: tuple[str, ...], outlook: Outlook | None, *, practice: bool,
) -> str:  # fmt: skip
    legs = sorted(itinerary.legs.values(), key=lambda leg: (leg.planned_switch, leg.id))
    page = environment(t, autoescape=template.endswith(".html.jinja")).get_template(template)
    return page.render(
        title=t._("Decision sheet: %(plan)s", plan=itinerary.plan_name),
        it=itinerary,
        legs=legs,
        figures=figures,
        seal=seal,
        stale=stale,
        outlook=outlook or Outlook(None, None),
        practice=practice,
        mode_words=practice_words(t, practice=practice, target=itinerary.target),
        digest=short(itinerary.plan_digest),
        span=itinerary.window.end - itinerary.window.start,
        waves=listed(itinerary.waves, WAVES_MAX),
        wave_ends={wave.id: wave_end(itinerary, wave.moves) for wave in itinerary.waves},
        kinds=Counter(leg.kind for leg in legs),
        critical=sum(leg.criticality == 5 for leg in legs),
        irreversible=listed(irreversible(legs), IRREVERSIBLE_MAX),
        assumed=listed(assumed_fields(itinerary), ASSUMED_MAX),
        field_words=lambda field: field_words(t, field),
        unexercised=listed(seal.not_exercised if seal else (), UNEXERCISED_MAX),
        shifts=listed(shift_rows(itinerary), SHIFTS_MAX),
        deciders=deciders(itinerary),
    )


def listed(rows: Sequence[object], most: int) -> Listed:
    """The first rows, and the number of the others."""
    return Listed(tuple(rows[:most]), max(len(rows) - most, 0))


def wave_end(itinerary: Itinerary, moves: Sequence[str]) -> datetime:
    """When the last of these moves is planned to end."""
    ends = [leg.planned_end for leg in itinerary.legs.values() if leg.id in moves]
    return max(ends, default=itinerary.window.end)


def deciders(itinerary: Itinerary) -> tuple[str, ...]:
    """The names of all who may open a gate, in the order in which the plan names them."""
    ids = dict.fromkeys(person for wave in itinerary.waves for person in wave.deciders)
    return tuple(
        itinerary.members[one].name if one in itinerary.members else str(one) for one in ids
    )


def irreversible(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """The moves with an act that cannot be undone: those of known hour first, in its order."""
    found = [leg for leg in legs if leg.irreversible is not None]
    known = [leg for leg in found if leg.irreversible_at is not None]
    known.sort(key=lambda leg: (leg.irreversible_at or leg.planned_end, leg.id))
    return (*known, *(leg for leg in found if leg.irreversible_at is None))


def shift_rows(itinerary: Itinerary) -> tuple[ShiftRow, ...]:
    """The handlers on duty over the window, and the checks that are planned to open meanwhile."""
    window = itinerary.window
    handlers = [m for m in itinerary.members.values() if "handler" in m.roles]
    edges = {window.start, window.end}
    for member in handlers:
        for start, end in member.shifts:
            edges |= {edge for edge in (start, end) if window.start < edge < window.end}
    stretches: list[tuple[datetime, datetime, frozenset[str]]] = []
    for start, end in pairwise(sorted(edges)):
        present = frozenset(str(m.id) for m in handlers if any(a <= start < b for a, b in m.shifts))
        if stretches and stretches[-1][2] == present:  # a shift of others began or ended
            start = stretches.pop()[0]  # noqa: PLW2901 - the stretch goes on
        stretches.append((start, end, present))
    opens = _check_openings(itinerary)
    rows = []
    for start, end, present in stretches:
        meanwhile = [work for at, work in opens if start <= at < end]
        rows.append(ShiftRow(start, end, len(present), len(meanwhile), sum(meanwhile)))
    return tuple(rows)


def _check_openings(itinerary: Itinerary) -> list[tuple[datetime, float]]:
    """When each check is planned to open, and the handlers' minutes that it wants."""
    switches: Mapping[str, datetime] = {
        str(leg.id): leg.planned_switch for leg in itinerary.legs.values()
    }
    found = []
    for check in itinerary.checks:
        times = [switches[move] for move in check.core if move in switches]
        opened = max(times, default=itinerary.window.start)
        work = check.minutes.p50 * check.quorum
        found.append((max(opened, check.possible_after or opened), work))
    return found
