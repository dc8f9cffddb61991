"""The sample's weekend: window, shifts, slots that are closed, partners' dates, hard relations.

Called by `files.py`, `people.py` and `functions.py`. The weekend is the one of 13 to 16 October
2023, Friday 18:00 to Monday 06:00 in Stockholm; all times here are local and unambiguous, because
the clocks change two weeks later. Hard relations are few: each is a restriction on every plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from migrator.importers.sample_estate.estate import Draft, Estate

TIME_ZONE: Final = "Europe/Stockholm"
START: Final = "2023-10-13T18:00"
END: Final = "2023-10-16T06:00"

SHIFTS: Final = (
    ("fri-evening", "2023-10-13T18:00", "2023-10-14T00:00"),
    ("sat-night", "2023-10-14T00:00", "2023-10-14T08:00"),
    ("sat-day", "2023-10-14T08:00", "2023-10-14T16:00"),
    ("sat-evening", "2023-10-14T16:00", "2023-10-15T00:00"),
    ("sun-night", "2023-10-15T00:00", "2023-10-15T08:00"),
    ("sun-day", "2023-10-15T08:00", "2023-10-15T16:00"),
    ("sun-evening", "2023-10-15T16:00", "2023-10-16T00:00"),
    ("mon-night", "2023-10-16T00:00", "2023-10-16T06:00"),
)
"""Eight shifts without a gap. A person keeps to evenings, days or nights, which leaves at least
sixteen hours of rest between two shifts."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Hours in which the named subsystems must not be switched; empty names all of them."""

    id: str
    start: str
    end: str
    subsystems: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """Hours that a partner gave for the switch of one subsystem."""

    id: str
    subsystem: str
    start: str
    end: str
    partner: str


@dataclass(frozen=True, slots=True)
class HardRelation:
    """Subsystems that move together (with) or one before the other (before)."""

    kind: str
    members: tuple[str, ...]
    owner: str
    reason: str


# Partners answer their telephone only then. The hours lie outside every slot below.
_APPOINTMENTS: Final = (
    Appointment(
        "bank-file-channel", "betalningsfil", "2023-10-14T10:00", "2023-10-14T16:00", "ext-bank"
    ),
    Appointment(
        "tax-agency-income",
        "inkomstregister",
        "2023-10-15T08:00",
        "2023-10-15T13:00",
        "ext-skatteverket",
    ),
    Appointment(
        "population-register-notices",
        "personregister",
        "2023-10-14T17:00",
        "2023-10-14T23:00",
        "ext-folkbokforing",
    ),
)

# Declared by the owners of shared databases: one cannot move without the other.
_WITH: Final = (
    (("foraldrapenning", "foraldrapenning-dagar", "vab"), "days are one shared table"),
    (("aktivitetsersattning", "sjukersattning"), "one database, two programs"),
    (("assistansersattning", "assistans-tidredovisning"), "one database"),
    (("tandvardsstod", "tandvard-prislista"), "prices are read by SQL"),
)
_BEFORE: Final = (
    (("katalog", "behorighet"), "authorisation reads the directory at its start"),
    (("kodverk", "statistik"), "the extract checks its codes against the new tables"),
    (("adressregister", "brev"), "letters take their addresses from the new side"),
    (("reskontra", "aterkrav"), "reclaims book into the new ledger only"),
)
_EXTRA_WITH: Final = (("register", "perioder"), ("beslut", "underlag"))
_EXTRA_BEFORE: Final = (("regler", "nivaer"), ("kodtabell", "handelser"), ("adapter", "koer"))


def appointments_of(estate: Estate) -> tuple[Appointment, ...]:
    """The partners' dates that concern this estate."""
    present = {draft.id for draft in estate.drafts}
    return tuple(a for a in _APPOINTMENTS if {a.subsystem, a.partner} <= present)


def slots_of(estate: Estate) -> tuple[Slot, ...]:
    """The closed hours; one that concerns nobody here is left out."""
    nightly = _ids(estate, lambda draft: draft.entry.kind == "batch")
    paying = _ids(estate, lambda draft: draft.id in {"utbetalning", "betalningsfil", "reskontra"})
    extract = _ids(estate, lambda draft: draft.id in {"statistik", "datalager"})
    batch = "the nightly batch runs on whichever side is live"
    slots = (
        Slot(
            "payment-cut-off-fri",
            "2023-10-13T18:00",
            "2023-10-13T20:00",
            paying,
            "Friday's last file to the bank is being closed",
        ),
        Slot("nightly-batch-sat", "2023-10-14T01:00", "2023-10-14T04:00", nightly, batch),
        Slot(
            "statistics-extract",
            "2023-10-14T06:00",
            "2023-10-14T08:00",
            extract,
            "the monthly extract is drawn",
        ),
        Slot("nightly-batch-sun", "2023-10-15T01:00", "2023-10-15T04:00", nightly, batch),
        Slot(
            "payment-cut-off-sun",
            "2023-10-15T18:00",
            "2023-10-15T21:00",
            paying,
            "Monday's payment file is formed and confirmed by the bank",
        ),
        Slot("nightly-batch-mon", "2023-10-16T00:30", "2023-10-16T03:30", nightly, batch),
    )
    # The last one is for everybody: two quiet hours before the offices open.
    closing = Slot(
        "quiet-before-opening",
        "2023-10-16T04:00",
        "2023-10-16T06:00",
        (),
        "nothing is switched in the last two hours before the offices open",
    )
    return (*(slot for slot in slots if slot.subsystems), closing)


def relations_of(estate: Estate) -> tuple[HardRelation, ...]:
    """The named relations and, in larger estates, a few between the parts of one benefit."""
    moving = {draft.id for draft in estate.moving}
    relations = [
        HardRelation(kind, members, estate.owners[members[0]], reason)
        for kind, rows in (("with", _WITH), ("before", _BEFORE))
        for members, reason in rows
        if set(members) <= moving
    ]
    benefits = sorted({draft.entry.benefit for draft in estate.moving} - {""})
    for kind, pairs, room in (
        ("with", _EXTRA_WITH, len(moving) // 40),
        ("before", _EXTRA_BEFORE, len(moving) // 30),
    ):
        extra = [
            (f"{benefit}-{first}", f"{benefit}-{second}")
            for first, second in pairs
            for benefit in benefits
            if {f"{benefit}-{first}", f"{benefit}-{second}"} <= moving
        ]
        reason = (
            "one database, two programs"
            if kind == "with"
            else "the second reads the first at its start"
        )
        relations += [
            HardRelation(kind, members, estate.owners[members[0]], reason)
            for members in extra[:room]
        ]
    return tuple(relations)


def _ids(estate: Estate, wanted: Callable[[Draft], bool]) -> tuple[str, ...]:
    return tuple(sorted(draft.id for draft in estate.moving if wanted(draft)))
