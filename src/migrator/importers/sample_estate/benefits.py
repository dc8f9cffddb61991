"""Which parts an estate of a given size has: the named ones first, then parts of each benefit.

Called by `estate.py` and `functions.py`. A benefit that has outgrown one program is split into
parts (rules, periods, control, letters and so on), which is how real estates come to hundreds of
subsystems. Nothing is drawn by chance here: the size alone decides.
"""

from __future__ import annotations

from typing import Final

from migrator.importers.sample_estate.catalogue import (
    Entry,
    external_entries,
    named_entries,
    named_staying,
)

EXTERNALS_MAX: Final = len(external_entries())
PARTNERS_SHARE: Final = 0.08
STAYING_SHARE: Final = 0.08
"""About one part in twelve stays behind, and about as many partners are linked to the estate."""

# benefit id | Swedish | English | family; the order is the order in which they are split up.
_BENEFITS: Final = """
sjukpenning | Sjukpenning | Sickness benefit | sjuk
foraldrapenning | Föräldrapenning | Parental benefit | foralder
barnbidrag | Barnbidrag | Child allowance | barn
bostadsbidrag | Bostadsbidrag | Housing allowance | bostad
assistansersattning | Assistansersättning | Assistance allowance | funktion
tandvardsstod | Tandvårdsstöd | Dental care subsidy | tand
aktivitetsersattning | Aktivitetsersättning | Activity compensation | sjuk
vab | Tillfällig föräldrapenning | Temporary parental benefit | foralder
underhallsstod | Underhållsstöd | Maintenance support | barn
sjukersattning | Sjukersättning | Sickness compensation | sjuk
omvardnadsbidrag | Omvårdnadsbidrag | Child carer's allowance | funktion
aktivitetsstod | Aktivitetsstöd | Activity grant | arbetsmarknad
merkostnadsersattning | Merkostnadsersättning | Extra cost allowance | funktion
bostadstillagg | Bostadstillägg | Housing supplement | bostad
eu-vard | Vård i annat EU-land | Care in another EU country | utland
arbetsskada | Arbetsskadelivränta | Occupational injury annuity | sjuk
rehabilitering | Rehabiliteringsersättning | Rehabilitation benefit | sjuk
graviditetspenning | Graviditetspenning | Pregnancy benefit | foralder
bilstod | Bilstöd | Car allowance | funktion
narstaendepenning | Närståendepenning | Carer's benefit | sjuk
etablering | Etableringsersättning | Introduction benefit | arbetsmarknad
smittbararpenning | Smittbärarpenning | Disease carrier's benefit | sjuk
efterlevande | Efterlevandestöd | Survivor's support | barn
adoptionsbidrag | Adoptionsbidrag | Adoption allowance | barn
hogkostnadsskydd | Högkostnadsskydd | High cost protection | tand
sjuklonekostnader | Ersättning för sjuklönekostnader | Sick pay costs | arbetsmarknad
"""

# part id | Swedish | English | tier | kind | criticality | data classes; every tier comes early.
_PARTS: Final = """
regler | regler | rules | benefit | stateless | 4 | internal
register | register | register | register | stateful | 4 | personal
ansokan | ansökan | application | channel | stateless | 3 | personal income
handlaggning | handläggning | handling | case | stateless | 4 | personal health
perioder | perioder | periods | benefit | stateful | 4 | personal
natt | nattkörning | nightly run | common | batch | 3 | personal payment
adapter | adapter | adapter | infrastructure | stateless | 3 | internal
beslut | beslut | decisions | case | stateful | 4 | personal health
brev | brevmallar | letter templates | common | stateless | 2 | public
kontroll | kontroller | controls | case | stateless | 3 | personal income
handelser | händelser | events | register | stateful | 3 | personal
nivaer | ersättningsnivåer | levels | benefit | stateless | 4 | personal income
oversikt | översikt | overview | channel | stateless | 2 | personal
underlag | utbetalningsunderlag | payment basis | common | stateful | 4 | personal payment
komplettering | kompletteringar | supplements | case | stateless | 3 | personal
retroaktivt | retroaktiva ändringar | retroactive changes | benefit | stateful | 3 | personal income
uppfoljning | uppföljning | follow-up | common | batch | 2 | statistics personal
koer | köer | queues | infrastructure | stateful | 3 | internal personal
utredning | utredning | investigation | case | stateful | 3 | personal health
kodtabell | kodtabeller | code tables | register | stateless | 2 | public
rakneverk | räkneverk | calculation | benefit | stateless | 4 | personal income
kalkyl | räknehjälp | calculator | channel | stateless | 1 | public
historik | historik | history | common | stateful | 2 | personal health
avisering | aviseringar | notices | common | stateless | 3 | personal
delegering | delegationer | delegations | case | stateless | 2 | internal
arsomrakning | årsomräkning | yearly recalculation | common | batch | 3 | personal income
filmottagning | filmottagning | file reception | infrastructure | batch | 3 | personal
simulering | simulering | simulation | benefit | stateless | 2 | personal income
omprovning | omprövning | reconsideration | case | stateless | 2 | personal health
signering | signering | signing | common | stateless | 3 | internal
intyg | intyg | certificates | register | stateful | 3 | personal health
samrad | samråd | consultations | case | stateless | 1 | personal health
avstamning | avstämning | reconciliation | common | batch | 3 | payment
sparr | spärrlista | block list | register | stateful | 3 | personal protected-identity
prognos | prognoser | forecasts | common | batch | 1 | statistics
gateway | gateway | gateway | infrastructure | stateless | 4 | internal
granskning | granskning | review | case | stateless | 2 | personal health
dagar | dagräknare | day counter | benefit | stateful | 4 | personal
"""


def moving_entries(count: int) -> tuple[Entry, ...]:
    """The `count` parts that move."""
    entries = list(named_entries()[:count])
    taken = {entry.id for entry in named_entries()}
    for part in _table(_PARTS):
        for benefit in _table(_BENEFITS):
            if len(entries) == count:
                return tuple(entries)
            entry = _part_of(benefit, part)
            if entry.id not in taken:
                entries.append(entry)
    assert len(entries) == count, "the catalogue is shorter than SUBSYSTEMS_MAX"
    return tuple(entries)


def staying_entries(moving: int) -> tuple[Entry, ...]:
    """The COBOL parts that stay, beside so many that move."""
    count = round(STAYING_SHARE * moving)
    entries = list(named_staying()[:count])
    for word, english, tier in (
        ("historik-cobol", "history in COBOL", "register"),
        ("efterberakning-cobol", "late recalculation in COBOL", "benefit"),
        ("arkivlasning-cobol", "archive reading in COBOL", "common"),
        ("kontoutdrag-cobol", "account statements in COBOL", "common"),
    ):
        for benefit, name, in_english, family in _table(_BENEFITS):
            if len(entries) == count:
                return tuple(entries)
            entries.append(
                Entry(
                    f"{benefit}-{word}",
                    f"{name}, {word.removesuffix('-cobol')} i Cobol",
                    f"{in_english}, {english}",
                    tier,
                    "stays",
                    family,
                    2,
                    ("personal",),
                    1,
                    benefit,
                )
            )
    assert len(entries) == count, "the catalogue is shorter than SUBSYSTEMS_MAX"
    return tuple(entries)


def partner_entries(moving: int) -> tuple[Entry, ...]:
    """The partners' systems linked to an estate in which so many subsystems move."""
    return external_entries()[: max(1, min(EXTERNALS_MAX, round(PARTNERS_SHARE * moving)))]


def _table(text: str) -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in row.split("|")) for row in text.strip().splitlines()]


def _part_of(benefit: tuple[str, ...], part: tuple[str, ...]) -> Entry:
    """One part of one benefit; how many lean on it follows from where it stands."""
    id_, name, english, family = benefit
    word, swedish, in_english, tier, kind, criticality, data = part
    pull = {"register": 5, "infrastructure": 4, "benefit": 3, "common": 3}.get(tier, 1)
    return Entry(
        f"{id_}-{word}",
        f"{name}, {swedish}",
        f"{english}, {in_english}",
        tier,
        kind,
        family,
        int(criticality),
        tuple(data.split()),
        pull,
        id_,
    )
