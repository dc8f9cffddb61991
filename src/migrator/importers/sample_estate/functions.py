"""The business functions that case handlers verify, with their instructions in Swedish and English.

Called by `files.py`. There is about one function for two subsystems. The first ones belong to
what serves all benefits and stand here with their own texts; the others follow from what is done
with every benefit (register, decide, pay, ...) or from one part of a benefit. Test persons are
obviously fictitious: they have test numbers, never anything that looks like a personal number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from migrator.importers.sample_estate.catalogue import Entry
from migrator.importers.sample_estate.estate import Estate, Span, chance
from migrator.importers.sample_estate.function_texts import ACTS, COMMON, DESK, Act

CORE_MAX: Final = 3
"""A function whose heart is larger than this cannot be judged by one person."""

COMPETENCES: Final = {
    "sjuk": "sjukforsakring",
    "foralder": "foraldraforsakring",
    "barn": "barn-och-familj",
    "bostad": "bostadsstod",
    "funktion": "funktionsnedsattning",
    "tand": "tandvard",
    "arbetsmarknad": "arbetsmarknad",
    "utland": "internationella-arenden",
}
"""The competence asked for, by benefit family."""

SIDE_MARK: Final = {
    "where": "page footer, bottom left (sidfoten, längst ned till vänster)",
    "old": "Miljö: VM",
    "new": "Miljö: KP",
}


@dataclass(frozen=True, slots=True)
class FunctionDraft:
    """One function of the sample."""

    id: str
    name: dict[str, str]
    exercises: dict[str, str]  # subsystem -> core or passing
    competence: str
    quorum: int
    minutes: Span
    text: dict[str, str]
    side_mark: bool
    named_handlers: bool  # only a few named people may judge it
    possible_after: str | None
    leaves_behind: str | None


def draw_functions(estate: Estate) -> tuple[FunctionDraft, ...]:
    """Draw about one function for two moving subsystems; never none."""
    wanted = max(1, estate.size.subsystems // 2)
    moving = {draft.id: draft.entry for draft in estate.moving}
    shared = [act for act in COMMON if act.core[0] in moving]
    heads = [entry for entry in moving.values() if entry.id == entry.benefit]
    parts = [entry for entry in moving.values() if entry.benefit and entry.id != entry.benefit]
    # A third of the room for what all benefits share, then one deed for each benefit, then
    # the parts; so that a small estate has some of each
    # and a large one has all.
    plans: list[tuple[Act, Entry | None]] = [(act, None) for act in shared[: max(1, wanted // 3)]]
    # Each round gives every benefit one deed, another one than its neighbour's.
    rounds = [
        [(ACTS[(place + turn) % len(ACTS)], entry) for place, entry in enumerate(heads)]
        for turn in range(len(ACTS))
    ]
    plans += rounds[0]
    plans += [(_part_act(entry), entry) for entry in parts]
    plans += [plan for later in rounds[1:] for plan in later]
    plans += [(act, None) for act in shared[max(1, wanted // 3) :]]
    if not plans:
        plans = [(_part_act(entry), entry) for entry in moving.values()]
    return tuple(_draft(estate, moving, act, entry) for act, entry in plans[:wanted])


def competences_of(functions: tuple[FunctionDraft, ...]) -> tuple[str, ...]:
    """The competences that the functions ask for, sorted."""
    return tuple(sorted({function.competence for function in functions}))


def _draft(
    estate: Estate, moving: dict[str, Entry], act: Act, entry: Entry | None
) -> FunctionDraft:
    """Fill one function in: what it exercises, who may judge it, what the instructions say."""
    id_ = act.id if entry is None else f"{act.id}-{entry.id}"
    draw = chance(estate.size, "function", id_)
    core = [s for s in ((entry.id,) if entry else ()) + act.core if s in moving][:CORE_MAX]
    passing = [s for s in dict.fromkeys(act.passing) if s in moving and s not in core]
    exercises = dict.fromkeys(core, "core") | dict.fromkeys(passing, "passing")
    swedish, english = (entry.name, entry.english) if entry else ("", "")
    minutes = draw.choice((10, 10, 15, 15, 20, 25))
    return FunctionDraft(
        id=id_,
        name={
            "sv": act.swedish.format(_small(swedish)),
            "en": act.english.format(_small(english)),
        },
        exercises=exercises,
        competence=act.competence or COMPETENCES.get(entry.family if entry else "", "kundmote"),
        quorum=2 if act.pays else 1,
        minutes=Span(minutes, minutes + draw.choice((5, 10, 10))),
        text=_instructions(act, swedish, english, test_number=draw.randrange(1, 1000)),
        side_mark=act.on_screen and draw.random() < 0.7,
        named_handlers=act.cleared,
        possible_after=act.possible_after,
        leaves_behind=act.leaves_behind,
    )


def _part_act(entry: Entry) -> Act:
    """The deed for one part of a benefit: use it once and look at what it gives."""
    batch = entry.kind == "batch"
    return Act(
        "prova",
        "Pröva {}",
        "Try out {}",
        (),
        (entry.benefit, *DESK, "loggning"),
        (
            "Öppna testpersonens ärende.",
            "Använd {} enligt testbladet.",
            "Läs resultatet och spara.",
        ),
        (
            "Open the test person's case.",
            "Use {} as the test sheet says.",
            "Read the result and save it.",
        ),
        "Resultatet är detsamma som på testbladet.",
        "The result is the one on the test sheet.",
        possible_after="2023-10-14T04:30" if batch else None,
        on_screen=not batch,
    )


def _instructions(act: Act, swedish: str, english: str, *, test_number: int) -> dict[str, str]:
    """Put the steps, the test person and the expected result together, one line each."""
    person = f"Prova Testsson, testnummer T-{test_number:04}"
    person_en = f"Prova Testsson, test number T-{test_number:04}"
    return {
        "sv": "\n".join(
            (
                *_numbered(act.steps_sv, swedish),
                f"Testperson: {person}.",
                f"Förväntat: {act.expect_sv}",
            )
        ),
        "en": "\n".join(
            (
                *_numbered(act.steps_en, english),
                f"Test person: {person_en}.",
                f"Expected: {act.expect_en}",
            )
        ),
    }


def _numbered(steps: tuple[str, ...], benefit: str) -> list[str]:
    return [f"{n}. {step.format(_small(benefit))}" for n, step in enumerate(steps, start=1)]


def _small(name: str) -> str:
    """A name inside a sentence; other capitals in it, as in EU, stay."""
    return name[:1].lower() + name[1:]
