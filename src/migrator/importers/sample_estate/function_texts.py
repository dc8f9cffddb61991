"""What a case handler does in each function of the sample, step by step, in both languages.

Called by `functions.py`. An act is a deed (register a claim, pay); `{}` in it is where the benefit
goes. Steps are short orders, because they are read from paper at night. Nothing is drawn here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Act:
    """One deed: its names, what it exercises, its steps and what must then be seen."""

    id: str
    swedish: str
    english: str
    core: tuple[str, ...]
    passing: tuple[str, ...]
    steps_sv: tuple[str, ...]
    steps_en: tuple[str, ...]
    expect_sv: str
    expect_en: str
    competence: str = ""  # empty: that of the benefit's family
    possible_after: str | None = None
    leaves_behind: str | None = None
    pays: bool = False
    on_screen: bool = True
    cleared: bool = False  # only named handlers may see what it shows


DESK: Final = ("handlaggarportal", "arendehantering", "personregister", "behorighet")

ACTS: Final = (
    Act(
        "registrera",
        "Registrera ansökan om {}",
        "Register a claim for {}",
        (),
        (*DESK, "loggning", "arbetsfordelning"),
        (
            "Logga in i handläggarportalen.",
            "Sök fram testpersonen.",
            "Registrera en ansökan om {} från och med i dag.",
            "Spara och öppna ärendet igen.",
        ),
        (
            "Sign in to the handlers' portal.",
            "Find the test person.",
            "Register a claim for {} from today on.",
            "Save it and open the case again.",
        ),
        "Ärendet finns kvar med rätt datum och har ett ärendenummer.",
        "The case is still there, with the right date and a case number.",
    ),
    Act(
        "betala",
        "Betala ut {}",
        "Pay {}",
        ("utbetalning",),
        ("arendehantering", "reskontra", "betalningsfil", "loggning", "behorighet"),
        (
            "Öppna testpersonens beslutade ärende om {}.",
            "Lägg upp en utbetalning på 1 krona till testkontot.",
            "Låt en kollega godkänna utbetalningen.",
        ),
        (
            "Open the test person's decided case about {}.",
            "Enter a payment of 1 krona to the test account.",
            "Let a colleague approve the payment.",
        ),
        "Utbetalningen syns som godkänd, med belopp 1 krona, och inte mer än en gång.",
        "The payment is shown as approved, 1 krona, and not more than once.",
        leaves_behind="A payment of 1 krona to the test account; void it before Sunday 18:00.",
        pays=True,
    ),
    Act(
        "besluta",
        "Fatta beslut om {}",
        "Decide about {}",
        ("arendehantering",),
        ("regelmotor", "dokument", "beslutsbrev", "personregister", "behorighet", "loggning"),
        (
            "Öppna testpersonens ärende om {}.",
            "Kör prövningen och läs motiveringen.",
            "Fatta beslut om bifall.",
            "Öppna beslutsbrevet.",
        ),
        (
            "Open the test person's case about {}.",
            "Run the assessment and read its reasons.",
            "Decide in favour.",
            "Open the letter with the decision.",
        ),
        "Ärendet är beslutat och brevet har rätt namn, datum och belopp.",
        "The case is decided; the letter has the right name, date and amount.",
    ),
    Act(
        "ansok-digitalt",
        "Ansöka om {} på Mina sidor",
        "Claim {} on My pages",
        ("mina-sidor",),
        ("e-legitimation", "arendehantering", "meddelande", "personregister", "loggning"),
        (
            "Logga in på Mina sidor med testpersonens testlegitimation.",
            "Ansök om {} och skicka in.",
            "Sök fram ärendet i handläggarportalen.",
        ),
        (
            "Sign in to My pages with the test person's test identification.",
            "Claim {} and send it in.",
            "Find the case in the handlers' portal.",
        ),
        "Ansökan finns i ärendet inom två minuter och personen har fått en kvittens.",
        "The claim is in the case within two minutes and the person has a receipt.",
    ),
)
"""What is done with every benefit."""

COMMON: Final = (
    Act(
        "sok-person",
        "Söka person och läsa uppgifter",
        "Find a person and read the facts",
        ("personregister",),
        ("handlaggarportal", "behorighet", "adressregister", "loggning"),
        (
            "Logga in i handläggarportalen.",
            "Sök på testnumret.",
            "Jämför namn och adress med testbladet.",
        ),
        (
            "Sign in to the handlers' portal.",
            "Search by the test number.",
            "Compare name and address with the test sheet.",
        ),
        "Uppgifterna är desamma som på testbladet.",
        "The facts are those on the test sheet.",
        competence="kundmote",
    ),
    Act(
        "oppna-arende",
        "Öppna ett pågående ärende",
        "Open a case in progress",
        ("arendehantering",),
        ("handlaggarportal", "behorighet", "elektronisk-akt", "arbetsfordelning", "loggning"),
        (
            "Hämta nästa ärende ur din kö.",
            "Öppna akten.",
            "Skriv en anteckning och spara.",
        ),
        (
            "Fetch the next case of your queue.",
            "Open its file.",
            "Write a note and save it.",
        ),
        "Anteckningen finns kvar när ärendet öppnas igen.",
        "The note is there when the case is opened again.",
        competence="kundmote",
    ),
    Act(
        "skyddad-identitet",
        "Läsa ärende med skyddade personuppgifter",
        "Read a case with a protected identity",
        ("behorighet", "personregister"),
        ("handlaggarportal", "arendehantering", "loggning"),
        (
            "Logga in utan särskild behörighet och sök testpersonen.",
            "Logga in med särskild behörighet och sök igen.",
        ),
        (
            "Sign in without the special right and search for the test person.",
            "Sign in with the special right and search again.",
        ),
        "Första sökningen visar ingenting; den andra visar personen och loggas.",
        "The first search shows nothing; the second shows the person and is logged.",
        competence="registervard",
        cleared=True,
    ),
    Act(
        "fil-till-banken",
        "Skapa betalningsfil till banken",
        "Make the payment file for the bank",
        ("betalningsfil", "utbetalning", "reskontra"),
        ("filoverforing", "nattbatch", "loggning"),
        (
            "Be driften köra testfilen.",
            "Öppna kvittensen.",
            "Jämför antal och summa med testbladet.",
        ),
        (
            "Ask operations to run the test file.",
            "Open the receipt.",
            "Compare number and sum with the test sheet.",
        ),
        "Antal och summa är desamma; banken har kvitterat testfilen.",
        "Number and sum are the same; the bank has acknowledged the test file.",
        competence="utbetalning",
        possible_after="2023-10-14T10:00",
        leaves_behind="A test file in the bank's test inbox; the bank deletes it on Monday.",
        pays=True,
        on_screen=False,
    ),
    Act(
        "las-dokument",
        "Läsa inkomna dokument",
        "Read documents received",
        ("dokument",),
        ("skanning", "elektronisk-akt", "arendehantering", "behorighet", "loggning"),
        (
            "Öppna testpersonens akt.",
            "Öppna det skannade intyget.",
            "Öppna ett brev från före 2020.",
        ),
        (
            "Open the test person's file.",
            "Open the scanned statement.",
            "Open a letter from before 2020.",
        ),
        "Båda dokumenten går att läsa, alla sidor.",
        "Both documents can be read, every page.",
        competence="kundmote",
    ),
    Act(
        "nattens-resultat",
        "Granska nattens körning",
        "Check the result of the nightly run",
        ("nattbatch",),
        ("bevakning", "meddelandebuss", "statistik", "loggning"),
        (
            "Öppna nattens kvitto.",
            "Jämför antalet bevakningar med testbladet.",
        ),
        (
            "Open the receipt of the night.",
            "Compare the number of reminders with the test sheet.",
        ),
        "Alla steg är gröna och antalet är rätt inom 1 %.",
        "All steps are green and the number is right within 1 %.",
        competence="registervard",
        possible_after="2023-10-14T04:30",
        on_screen=False,
    ),
    Act(
        "skicka-meddelande",
        "Skicka meddelande till en försäkrad",
        "Send a message to an insured person",
        ("meddelande",),
        ("meddelandebuss", "adressregister", "mina-sidor", "loggning"),
        (
            "Skriv ett meddelande till testpersonen.",
            "Logga in på Mina sidor som testpersonen.",
        ),
        (
            "Write a message to the test person.",
            "Sign in to My pages as the test person.",
        ),
        "Meddelandet syns inom två minuter, en gång.",
        "The message is shown within two minutes, once.",
        competence="kundmote",
        leaves_behind="A message in the test person's inbox; it may stay.",
    ),
    Act(
        "skriv-ut-brev",
        "Skriva ut brev",
        "Print letters",
        ("brev",),
        ("beslutsbrev", "dokument", "adressregister", "filoverforing"),
        (
            "Beställ ett brev till testpersonen.",
            "Be tryckeriet om kvitto.",
        ),
        (
            "Order a letter to the test person.",
            "Ask the print shop for a receipt.",
        ),
        "Tryckeriet har fått ett brev, med rätt adress.",
        "The print shop has one letter, with the right address.",
        competence="kundmote",
        possible_after="2023-10-15T04:30",
        leaves_behind="A letter at the print shop; it is shredded on Monday.",
        on_screen=False,
    ),
    Act(
        "boka-tid",
        "Boka ett telefonmöte",
        "Book a telephone meeting",
        ("tidbok",),
        ("handlaggarportal", "meddelande", "behorighet"),
        (
            "Boka en tid nästa fredag för testpersonen.",
            "Avboka den igen.",
        ),
        (
            "Book a time next Friday for the test person.",
            "Cancel it again.",
        ),
        "Tiden syns i boken och är sedan borta.",
        "The time is shown in the book and then gone.",
        competence="kundmote",
    ),
    Act(
        "hamta-inkomst",
        "Hämta inkomstuppgifter",
        "Fetch income data",
        ("inkomstregister",),
        ("sjukpenning-sgi", "integrationsplattform", "behorighet", "loggning"),
        (
            "Öppna testpersonens inkomstbild.",
            "Begär nya uppgifter.",
        ),
        (
            "Open the test person's income page.",
            "Ask for new data.",
        ),
        "Tolv månader visas, med belopp enligt testbladet.",
        "Twelve months are shown, with the amounts of the test sheet.",
        competence="registervard",
        possible_after="2023-10-15T08:00",
    ),
    Act(
        "aterkrav",
        "Skapa återkrav",
        "Make a reclaim",
        ("aterkrav",),
        ("reskontra", "arendehantering", "brev", "loggning"),
        (
            "Öppna testpersonens felaktiga utbetalning.",
            "Skapa ett återkrav på 1 krona.",
        ),
        (
            "Open the test person's wrong payment.",
            "Make a reclaim of 1 krona.",
        ),
        "Återkravet finns i reskontran med rätt belopp.",
        "The reclaim is in the ledger with the right amount.",
        competence="utbetalning",
        leaves_behind="A reclaim of 1 krona in the ledger; write it off before Monday.",
    ),
    Act(
        "las-arkiv",
        "Läsa arkiverat beslut",
        "Read an archived decision",
        ("e-arkiv",),
        ("dokument", "behorighet", "loggning"),
        (
            "Sök testpersonens beslut från 2011.",
            "Öppna det.",
        ),
        (
            "Find the test person's decision of 2011.",
            "Open it.",
        ),
        "Beslutet går att läsa och sigillet är helt.",
        "The decision can be read and its seal is whole.",
        competence="registervard",
    ),
)
