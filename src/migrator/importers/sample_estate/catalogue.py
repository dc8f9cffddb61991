"""The named parts of the sample agency, as a table that people can read and correct.

The agency is made up; its parts are what any social insurance agency of its size would have. The
first rows matter most, because an estate of N subsystems takes the first N. Larger estates go on
with `benefits.py`. Nothing is drawn by chance here, and no figure of a real agency stands here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TIERS: Final = ("channel", "case", "benefit", "common", "register", "infrastructure")
"""From the citizen's screen down to the machine room; calls go downwards, answers come back."""

AGENCY: Final = "Trygghetsverket"
"""A made-up agency; the name is meant to belong to nobody."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the catalogue: what a part is, before any figure is drawn for it."""

    id: str
    name: str
    english: str
    tier: str
    kind: str
    family: str  # the community it belongs to; gemensam means all of them
    criticality: int
    data: tuple[str, ...]
    pull: int  # how many others lean on it, 1 (a leaf) to 60 (everybody)
    benefit: str  # the benefit it is a part of; empty for what serves all of them


# id | name | English | tier | kind | family | criticality | data classes | pull | benefit
_MOVING: Final = """
arendehantering | Ärendehantering | Case management | case | stateful | gemensam | 5 | personal health | 22 |
personregister | Personregister | Person register | register | stateful | gemensam | 5 | personal protected-identity | 60 |
sjukpenning | Sjukpenning | Sickness benefit | benefit | stateful | sjuk | 5 | personal health income | 7 | sjukpenning
utbetalning | Utbetalning | Payment | common | stateful | gemensam | 5 | personal payment | 30 |
behorighet | Behörighet | Authorisation | infrastructure | stateful | gemensam | 5 | internal | 50 |
mina-sidor | Mina sidor | My pages | channel | stateless | gemensam | 4 | personal income | 3 |
foraldrapenning | Föräldrapenning | Parental benefit | benefit | stateful | foralder | 5 | personal income | 7 | foraldrapenning
dokument | Dokument | Documents | common | stateful | gemensam | 5 | personal health | 26 |
handlaggarportal | Handläggarportal | Handlers' portal | channel | stateless | gemensam | 5 | personal health | 3 |
loggning | Loggning | Logging | infrastructure | stateful | gemensam | 4 | internal personal | 55 |
barnbidrag | Barnbidrag | Child allowance | benefit | stateful | barn | 5 | personal payment | 4 | barnbidrag
nattbatch | Nattbatch | Nightly batch | infrastructure | batch | gemensam | 4 | internal | 10 |
bostadsbidrag | Bostadsbidrag | Housing allowance | benefit | stateful | bostad | 4 | personal income | 4 | bostadsbidrag
betalningsfil | Betalningsfil till banken | Payment file to the bank | common | batch | gemensam | 5 | payment | 6 |
meddelandebuss | Meddelandebuss | Message bus | infrastructure | stateful | gemensam | 5 | internal personal | 32 |
meddelande | Meddelanden | Messages | common | stateless | gemensam | 3 | personal | 14 |
assistansersattning | Assistansersättning | Assistance allowance | benefit | stateful | funktion | 5 | personal health | 5 | assistansersattning
tandvardsstod | Tandvårdsstöd | Dental care subsidy | benefit | stateful | tand | 4 | personal health payment | 4 | tandvardsstod
aktivitetsersattning | Aktivitetsersättning | Activity compensation | benefit | stateful | sjuk | 4 | personal health | 4 | aktivitetsersattning
regelmotor | Regelmotor | Rule engine | common | stateless | gemensam | 4 | internal | 16 |
vab | Tillfällig föräldrapenning | Temporary parental benefit | benefit | stateful | foralder | 4 | personal health | 5 | vab
inkomstregister | Inkomstregister | Income register | register | stateful | gemensam | 4 | personal income | 18 |
brev | Brev och utskrift | Letters and printing | common | batch | gemensam | 3 | personal | 12 |
skanning | Skanning | Scanning | common | stateless | gemensam | 3 | personal health | 5 |
tidbok | Tidbok | Appointment book | common | stateless | gemensam | 2 | personal | 4 |
underhallsstod | Underhållsstöd | Maintenance support | benefit | stateful | barn | 4 | personal income payment | 4 | underhallsstod
lakarintyg | Läkarintyg | Medical statements | case | stateful | sjuk | 4 | personal health | 8 | sjukpenning
forsakringsregister | Försäkringsregister | Insurance register | register | stateful | gemensam | 5 | personal | 20 |
statistik | Statistik | Statistics | common | batch | gemensam | 2 | statistics personal | 5 |
kundcenter | Kundcenter | Customer centre | channel | stateless | gemensam | 3 | personal | 2 |
integrationsplattform | Integrationsplattform | Integration platform | infrastructure | stateless | gemensam | 5 | internal personal | 24 |
sjukersattning | Sjukersättning | Sickness compensation | benefit | stateful | sjuk | 4 | personal health | 4 | aktivitetsersattning
arbetsfordelning | Arbetsfördelning | Work distribution | case | stateless | gemensam | 3 | personal | 8 |
elektronisk-akt | Elektronisk akt | Electronic file | case | stateful | gemensam | 4 | personal health | 14 |
e-arkiv | E-arkiv | Archive | common | stateful | gemensam | 2 | personal health | 8 |
arbetsgivartjanster | Tjänster för arbetsgivare | Services for employers | channel | stateless | gemensam | 3 | personal income | 2 |
omvardnadsbidrag | Omvårdnadsbidrag | Child carer's allowance | benefit | stateful | funktion | 3 | personal health | 3 | omvardnadsbidrag
aktivitetsstod | Aktivitetsstöd | Activity grant | benefit | stateful | arbetsmarknad | 3 | personal income | 3 | aktivitetsstod
foraldrapenning-dagar | Föräldrapenning, dagräknare | Parental benefit, day counter | benefit | stateful | foralder | 4 | personal | 5 | foraldrapenning
sjukpenning-sgi | Sjukpenninggrundande inkomst | Qualifying income | benefit | stateless | sjuk | 4 | personal income | 9 | sjukpenning
reskontra | Reskontra | Ledger | common | stateful | gemensam | 4 | payment | 10 |
aterkrav | Återkrav | Reclaims | case | stateful | gemensam | 3 | personal payment | 4 |
beslutsbrev | Beslutsbrev | Decision letters | common | stateless | gemensam | 3 | personal | 9 |
e-legitimation | Inloggning med e-legitimation | Sign-in with e-identification | channel | stateless | gemensam | 5 | personal | 8 |
merkostnadsersattning | Merkostnadsersättning | Extra cost allowance | benefit | stateful | funktion | 3 | personal health | 3 | merkostnadsersattning
bostadstillagg | Bostadstillägg | Housing supplement | benefit | stateful | bostad | 3 | personal income | 3 | bostadstillagg
eu-vard | Vård i annat EU-land | Care in another EU country | benefit | stateful | utland | 3 | personal health | 3 | eu-vard
adressregister | Adressregister | Address register | register | stateful | gemensam | 4 | personal protected-identity | 14 |
kodverk | Kodverk | Code tables | register | stateless | gemensam | 3 | public | 20 |
katalog | Personalkatalog | Staff directory | infrastructure | stateful | gemensam | 4 | internal | 16 |
arbetsskada | Arbetsskadelivränta | Occupational injury annuity | benefit | stateful | sjuk | 3 | personal health income | 3 | arbetsskada
tandvard-prislista | Tandvård, referenspriser | Dental care, reference prices | benefit | stateless | tand | 2 | public | 3 | tandvardsstod
assistans-tidredovisning | Assistans, tidredovisning | Assistance, time reports | benefit | stateful | funktion | 4 | personal | 4 | assistansersattning
filoverforing | Filöverföring | File transfer | infrastructure | stateless | gemensam | 4 | internal payment | 12 |
bevakning | Bevakningar | Reminders | case | batch | gemensam | 3 | personal | 6 |
omprovning | Omprövning | Reconsideration | case | stateful | gemensam | 2 | personal health | 3 |
beslutsstod | Försäkringsmedicinskt beslutsstöd | Decision support | case | stateless | sjuk | 2 | health | 4 | sjukpenning
arbetsgivarregister | Arbetsgivarregister | Employer register | register | stateful | gemensam | 3 | internal | 9 |
vardgivarregister | Vårdgivarregister | Care provider register | register | stateful | gemensam | 3 | internal | 7 |
nyckelhantering | Nyckelhantering | Key management | infrastructure | stateful | gemensam | 5 | internal | 14 |
rehabilitering | Rehabiliteringsersättning | Rehabilitation benefit | benefit | stateful | sjuk | 3 | personal health | 3 | rehabilitering
graviditetspenning | Graviditetspenning | Pregnancy benefit | benefit | stateless | foralder | 3 | personal health | 2 | graviditetspenning
vardgivartjanster | Tjänster för vårdgivare | Services for care providers | channel | stateless | tand | 3 | personal health | 2 |
kontrollutredning | Kontrollutredning | Fraud investigation | case | stateful | gemensam | 2 | personal payment | 2 |
datalager | Datalager | Data warehouse | common | batch | gemensam | 2 | statistics personal | 6 |
overvakning | Övervakning | Monitoring | infrastructure | stateless | gemensam | 3 | internal | 10 |
bilstod | Bilstöd | Car allowance | benefit | stateful | funktion | 2 | personal health payment | 2 | bilstod
narstaendepenning | Närståendepenning | Carer's benefit | benefit | stateless | sjuk | 3 | personal health | 2 | narstaendepenning
etablering | Etableringsersättning | Introduction benefit | benefit | stateful | arbetsmarknad | 3 | personal income | 2 | etablering
appens-bakande | Appens bakände | The app's back end | channel | stateless | gemensam | 3 | personal | 3 |
talsvar | Talsvar | Voice response | channel | stateless | gemensam | 2 | personal | 1 |
familjekalkyl | Räknehjälp för föräldrar | Parents' calculator | channel | stateless | foralder | 1 | public | 1 | foraldrapenning
sjukfallsoversikt | Sjukfallsöversikt | Overview of sickness cases | case | stateless | sjuk | 3 | personal health | 3 | sjukpenning
utlandsintyg | Intyg för utlandet | Certificates for abroad | benefit | stateless | utland | 2 | personal | 2 | eu-vard
kontrolluppgifter | Kontrolluppgifter | Income statements | common | batch | gemensam | 3 | personal income payment | 3 |
webbplats | Webbplatsen | The public site | channel | stateless | gemensam | 2 | public | 1 |
tidsstampling | Tidsstämpling | Time stamping | infrastructure | stateless | gemensam | 2 | internal | 6 |
"""  # noqa: E501 - a table: one part is one line

# They stay on the old platform: id | name | English | tier | family | criticality | data | benefit
_STAYING: Final = """
livranta-cobol | Livräntor, äldre lag | Annuities under older law | benefit | sjuk | 3 | personal income | arbetsskada
delpension-cobol | Delpension, avveckling | Partial pension, closing down | benefit | sjuk | 2 | personal income | aktivitetsersattning
underhall-cobol | Bidragsförskott, äldre ärenden | Advance support, older cases | benefit | barn | 2 | personal payment | underhallsstod
beslutshistorik-cobol | Beslutshistorik före 2009 | Decisions before 2009 | register | gemensam | 2 | personal health |
kassaregister-cobol | Kassaregister | Register of local offices | register | gemensam | 1 | internal |
omrakning-cobol | Årlig omräkning | Yearly recalculation | common | gemensam | 3 | personal income payment |
"""  # noqa: E501 - a table: one part is one line

# Partners' systems, never moved: id | name | English | data classes
_EXTERNAL: Final = """
ext-bank | Banken, betalningsförmedling | The bank, payment clearing | payment
ext-skatteverket | Skatteverket, inkomstuppgifter | The tax agency, income data | personal income
ext-folkbokforing | Folkbokföringen, aviseringar | The population register, notices | personal protected-identity
ext-pensionsmyndigheten | Pensionsmyndigheten | The pensions agency | personal income
ext-regioner | Regionerna, intyg | The regions, medical statements | personal health
ext-arbetsformedlingen | Arbetsförmedlingen | The employment service | personal
ext-e-legitimation | Utfärdare av e-legitimation | Issuer of e-identification | personal
ext-kronofogden | Kronofogden | The enforcement authority | personal payment
ext-eu-utbyte | EU-utbyte av socialförsäkring | EU exchange of social security | personal
ext-csn | Studiestödsnämnden | The student aid board | personal income
ext-tandlakare | Tandläkarnas journalsystem | Dentists' record systems | personal health
ext-digital-post | Digital brevlåda | Digital mailbox | personal
"""  # noqa: E501 - the same


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def named_entries() -> tuple[Entry, ...]:
    """The moving parts that have a row of their own, most important first."""
    return tuple(
        Entry(
            id_, name, english, tier, kind, family, int(crit), tuple(data.split()), int(pull), part
        )
        for id_, name, english, tier, kind, family, crit, data, pull, part in _rows(_MOVING)
    )


def named_staying() -> tuple[Entry, ...]:
    """The named COBOL parts that stay in the old environment."""
    return tuple(
        Entry(id_, name, english, tier, "stays", family, int(crit), tuple(data.split()), 2, part)
        for id_, name, english, tier, family, crit, data, part in _rows(_STAYING)
    )


def external_entries() -> tuple[Entry, ...]:
    """The partners, most important first; they stand below everything in the order of calls."""
    return tuple(
        Entry(id_, name, english, "external", "external", "gemensam", 4, tuple(data.split()), 3, "")
        for id_, name, english, data in _rows(_EXTERNAL)
    )
