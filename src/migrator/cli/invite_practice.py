"""The part of `migrator invite` that is about practice: whom it concerns, and a run to sign in to.

A plan has no pages of its own before its weekend. For it a practice run is begun that nobody leads:
it has its first line and goes nowhere, and people try its pages. What must never happen: something
that they do there is taken for the weekend.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.cli import output

if TYPE_CHECKING:
    from migrator.cli.runs import SeenRun

ENDING: Final = "-practice"
ENDINGS_OF_PLANS: Final = frozenset({".yaml", ".yml"})
LINES: Final = (
    "  Prova före helgen: logga in på varje enhet som du ska använda, och svara på",
    "  övningskontrollen. Den påverkar ingenting.",
    "  Try it before the weekend: sign in on each device that you will use, and answer the",
    "  practice check. It touches nothing.",
)
"""What a card says to a handler, who reads it on paper."""


def is_plan(run: str) -> bool:
    """Tell whether a plan's file is named, and not a run."""
    path = Path(run)
    return path.suffix in ENDINGS_OF_PLANS and path.is_file()


def run_to_try(plan: str, folder: str) -> str:
    """The practice run of a plan, begun here if there is none yet. Its name."""
    from migrator.cli.run_reading import read_apart
    from migrator.store.sql import open_store
    from migrator.wiring import Setting, begin_practice

    read = read_apart(Path(plan), None)
    name = f"{read.itinerary.plan_name}{ENDING}"
    with open_store(folder, practice=True) as store:
        if name not in {row.name for row in store.runs()}:
            setting = Setting(seed=1, speed=1.0)
            begin_practice(store, read.itinerary, name, setting, read.files).journal.release()
            output.say(f"{name} was begun for practice: nobody leads it, so nothing moves there")
    return name


def those_who_verify(seen: SeenRun) -> list[str]:
    """Everybody who may be asked to verify something."""
    found = {str(person) for check in seen.itinerary.checks for person in check.eligible}
    return [str(person) for person in seen.itinerary.members if person in found]
