"""What nobody gave, gathered by field, for the report and for the decision sheet.

Two places tell of it: a move's own fields, and the plan's list of everything that it rests on
("owner: field", "check NAME: why", or a sentence). Both pages must count the same things, and
nothing of that list may be lost on its way to the person who decides. Pure.
"""

from __future__ import annotations

from typing import Final

from migrator.plan.model import Itinerary
from migrator.reports.texts import N_, Texts

CHECK: Final = "check "
"""How the plan's list begins an entry about who verifies."""

FIELDS: Final = {
    "durations.move": N_("how long the move takes"),
    "durations.unwind": N_("how long it takes to take back"),
    "durations.verify": N_("how long the verification takes"),
    "durations.copy": N_("how long the copy takes (the line is too slow for the given time)"),
    "cpu": N_("the processors it needs"),
    "memory_gib": N_("the memory it needs"),
    "failure_probability": N_("how probable a failure is"),
    "criticality": N_("how critical it is"),
    "team": N_("which team owns it"),
    "components": N_("what it consists of"),
    "in no function, its team verifies": N_("in no function: its own team verifies it"),
    "nobody is named, anybody may verify": N_("nobody is named to verify it: anybody may"),
}
"""The fields that subsystems share, in people's words; another is shown by its own name."""


def assumed_fields(itinerary: Itinerary) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(field, names of subsystems), the widest first; no names for what is the estate's own."""
    names = {str(leg.id): leg.name for leg in itinerary.legs.values()}
    found: dict[str, set[str]] = {}
    for leg in itinerary.legs.values():
        for field in leg.assumed:
            found.setdefault(field, set()).add(str(leg.id))
    for entry in itinerary.assumed:
        owner, _, field = entry.partition(": ")
        owner = owner.removeprefix(CHECK) if owner.startswith(CHECK) else owner
        if field and owner in names:
            # What stands in brackets differs for each subsystem and would make a field of each.
            found.setdefault(field.partition(" (")[0], set()).add(owner)
        else:
            found.setdefault(entry, set())
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        (field, tuple(sorted(names[owner] for owner in owners))) for field, owners in ordered
    )


def field_words(t: Texts, field: str) -> str:
    """The field as people say it."""
    return t._(FIELDS[field]) if field in FIELDS else field
