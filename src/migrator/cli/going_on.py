"""Going on with a run that was left: found, led again, and asked about where the program changed.

Used by `run`. A run that another version of the program led is gone on with only when a person
answers for it; the answer is a line of the journal. Without an answer nothing is changed, and what
was put on the run's desk meanwhile stays there until somebody leads it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.identity import person_id, who
from migrator.cli.runs import os_user
from migrator.errors import MigratorError

if TYPE_CHECKING:
    from migrator.engine.run import Run
    from migrator.store.sql import Store
    from migrator.wiring import Practice
    from migrator.wiring.live import Live

YES: Final = frozenset({"y", "yes", "j", "ja"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said on the command line about another version of the program, and by whom."""

    accepted: bool
    person: str | None


def begun_already(place: str, name: str, *, practice: bool = True) -> str | None:
    """The name, where a run of that name was begun in this store; None where none was."""
    from migrator.store.sql import open_store

    try:
        with open_store(place, practice=practice, create=False) as store:
            return name if any(row.name == name for row in store.runs()) else None
    except MigratorError as error:
        if error.reference != "store-missing":
            raise
        return None


def free_name(store: Store, plan_name: str) -> str:
    """The plan's name and the next free number: it is typed by hand, so it is short."""
    taken = {row.name for row in store.runs()}
    number = 1
    while f"{plan_name}-p{number}" in taken:
        number += 1
    return f"{plan_name}-p{number}"


def go_on(
    store: Store, run: str, speed: float | None, answer: Answer
) -> tuple[str, Practice | Live]:
    """Lead a run again; its whole name, and what is led."""
    from migrator.conductor.versions import accept, is_other, other_version

    name = store.resolve(run)
    led = _lead_again(store, name, speed)
    if not is_other(led.run):
        return name, led
    refusal = other_version(led.run, name)
    # Given back while somebody thinks: no lease must hang on an answer.
    led.journal.release()
    if not (answer.accepted or _says_yes(refusal.message)):
        raise refusal
    by = _whoever(store, name, answer.person)
    led = _lead_again(store, name, speed)
    if is_other(led.run):  # nobody else has answered meanwhile
        accept(led.journal, led.run, by)
    return name, led


def may_go_on(run: Run, name: str, answer: Answer) -> Answer:
    """Ask now whether this version may go on, if another one led the run; the answer given.

    Raises RefusedError where it may not.
    """
    from migrator.conductor.versions import is_other, other_version

    if not is_other(run):
        return answer
    refusal = other_version(run, name)
    if not (answer.accepted or _says_yes(refusal.message)):
        raise refusal
    return replace(answer, accepted=True)


def _lead_again(store: Store, name: str, speed: float | None) -> Practice | Live:
    if store.practice:
        from migrator.wiring import continue_practice

        return continue_practice(store, name, speed)
    # Loaded for live runs only: what performs acts is a large part of a restart.
    from migrator.wiring.live import continue_live

    return continue_live(store, name)


def _says_yes(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    output.say(question)
    output.say("go on with this version? Your answer is kept in the journal [y/N]")
    return sys.stdin.readline().strip().lower() in YES


def _whoever(store: Store, name: str, person: str | None) -> str:
    """Who answers: the person named, else whoever is at the keyboard, known to the run or not."""
    members = store.journal(name, lead=False).itinerary().members
    user = os_user()
    return who(person, user, members) if person else (person_id(user, members) or user)
