"""An estate as it would be: more handlers or seats, a wider line, a longer window, less scope.

Called by `migrator plan` and by `infeasible.py`, which asks how many handlers would do. The files
of the inventory stay as they are: what is supposed changes the digest, so a plan that rests on it
is for another inventory until somebody writes it down, and lint says so.

One supposition is a handful of words in any order: a count, a noun (handlers, seats, copy, window),
a name, and hours, as in `+3 handlers claims 22:00-06:00` or `+1 seat blue sat-night`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from migrator.errors import Fault, InputError
from migrator.ids import PersonId, ShiftId, SubsystemId
from migrator.inventory.door import did_you_mean
from migrator.inventory.duration import parse_minutes
from migrator.inventory.model import (
    Inventory,
    Kind,
    Person,
    Relation,
    RelationKind,
    Role,
    Shift,
    Subsystem,
)
from migrator.inventory.times import at_offset, zone
from migrator.planner.problem import target_place

PEOPLE_MAX: Final = 1000
"""More people than that in one supposition is a slip of the keyboard."""

WINDOW_HOURS_MAX: Final = 14 * 24
_HOURS: Final = re.compile(r"(\d{1,2})(?::(\d\d))?-(\d{1,2})(?::(\d\d))?")
_COUNT: Final = re.compile(r"\+?(\d+)")
_AMOUNT: Final = re.compile(r"(\+?)(\d+(?:\.\d+)?)")
_ANY_AMOUNT: Final = re.compile(r"\+?\d[\d.hm]*")
_NOUNS: Final = {
    "handler": "handlers",
    "handlers": "handlers",
    "seat": "seats",
    "seats": "seats",
    "copy": "copy",
    "window": "window",
}
_DAYS: Final = {
    word: day
    for day, words in enumerate(
        ("mon monday mån måndag", "tue tuesday tis tisdag", "wed wednesday ons onsdag",
         "thu thursday tor torsdag", "fri friday fre fredag", "sat saturday lör lördag",
         "sun sunday sön söndag")
    )
    for word in words.split()
}  # fmt: skip
FORMS: Final = (
    "+3 handlers COMPETENCE 22:00-06:00",
    "+3 handlers COMPETENCE SHIFT",
    "+1 seat TEAM sat 08-16",
    "copy 400",
    "window +4h",
)


class _Unclear(Exception):
    """The words do not make a supposition; its text says why."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """One supposition: what was typed, and what to write where to make it true."""

    text: str
    written: str


def suppose(inventory: Inventory, texts: Sequence[str]) -> tuple[Inventory, tuple[Supposed, ...]]:
    """The estate with every supposition. InputError with each one that is not understood."""
    faults, made = [], []
    for number, text in enumerate(texts, start=1):
        try:
            inventory, written = _one(inventory, text, number)
            made.append(Supposed(" ".join(text.split()), written))
        except _Unclear as unclear:
            faults.append(Fault("command line", None, f'--what-if "{text}"', str(unclear)))
    if faults:
        raise InputError(
            "unclear-request",
            "some suppositions cannot be understood",
            hint="write one of: " + "; ".join(f'--what-if "{form}"' for form in FORMS),
            faults=tuple(faults),
        )
    return _marked(inventory, [f"what-if: {one.text}" for one in made]), tuple(made)


def more_handlers(inventory: Inventory, competence: str, count: int, shift: ShiftId) -> Inventory:
    """So many more handlers with a competence in one of the shifts there are."""
    return _handlers(inventory, competence, count, (shift,), f"what-if.{competence}.{shift}")


# --- the words of one supposition ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    noun: str
    amount: str  # as typed, with its sign; empty: none
    name: str
    shift: ShiftId | None
    day: int | None
    hours: tuple[time, time] | None

    @property
    def count(self) -> int:
        found = _COUNT.fullmatch(self.amount)
        if found is None or not 0 < int(found[1]) <= PEOPLE_MAX:
            raise _Unclear(f"wants how many, such as +3, from 1 to {PEOPLE_MAX}")
        return int(found[1])


def _one(inventory: Inventory, text: str, number: int) -> tuple[Inventory, str]:
    words = _read(text, inventory)
    if words.noun == "window":
        return _longer_window(inventory, words.amount)
    if words.noun == "copy":
        return _wider_line(inventory, words.amount)
    inventory, shifts, when = _shifts(inventory, words, number)
    count = words.count
    if words.noun == "seats":
        return _seats(inventory, words.name, count, shifts, when)
    competence = _competence(inventory, words.name)
    many = "1 person" if count == 1 else f"{count} people"
    written = f"people.yaml: {many} with the role handler, the competence {competence}, {when}"
    return _handlers(inventory, competence, count, shifts, f"what-if.{number}"), written


def _read(text: str, inventory: Inventory) -> _Words:
    noun = amount = name = ""
    shift: ShiftId | None = None
    day: int | None = None
    hours: tuple[time, time] | None = None
    known = {each.id for each in inventory.people.shifts}
    for word in text.split():
        low = word.lower()
        if low in _NOUNS and not noun:
            noun = _NOUNS[low]
        elif _HOURS.fullmatch(word):
            hours = _clock_hours(word)
        elif _ANY_AMOUNT.fullmatch(low) and not amount:
            amount = low
        elif ShiftId(low) in known:
            shift = ShiftId(low)
        elif low in _DAYS and not _named(inventory, low):
            day = _DAYS[low]
        else:
            name = f"{name} {low}".strip()
    if not noun:
        raise _Unclear("wants one of the words handlers, seats, copy, window")
    if noun in {"handlers", "seats"} and not name:
        raise _Unclear(f"wants a {'competence' if noun == 'handlers' else 'team'}")
    if day is not None and hours is None:
        raise _Unclear("wants hours beside the day, such as sat 08-16")
    return _Words(noun, amount, name, shift, day, hours)


def _named(inventory: Inventory, word: str) -> bool:
    """Tell whether the word for a day is the name of something."""
    competences = {c for person in inventory.people.people for c in person.competences}
    return (
        word in competences
        or any(word == team.id for team in inventory.people.teams)
        or any(word in (function.id, function.competence) for function in inventory.functions)
    )


def _clock_hours(word: str) -> tuple[time, time]:
    found = _HOURS.fullmatch(word)
    assert found is not None, "asked before"
    first, minute, last, other = (int(part or 0) for part in found.groups())
    if first > 24 or last > 24 or minute > 59 or other > 59 or (first, minute) == (last, other):
        raise _Unclear(f"'{word}' are no hours; write 22:00-06:00")
    return time(first % 24, minute), time(last % 24, other)


def _shifts(
    inventory: Inventory, words: _Words, number: int
) -> tuple[Inventory, tuple[ShiftId, ...], str]:
    """The shifts that are meant; hours make new ones, no word at all means the whole window."""
    if words.shift is not None:
        return inventory, (words.shift,), f"the shift {words.shift}"
    calendar = inventory.calendar
    if words.hours is None:
        stretches = [(calendar.start, calendar.end)]
    else:
        stretches = _stretches(inventory, words.hours, words.day)
    if not stretches:
        raise _Unclear("these hours do not come up in the window")
    fresh = tuple(
        Shift(ShiftId(f"what-if-{number}-{n}"), start, end)
        for n, (start, end) in enumerate(stretches, start=1)
    )
    people = inventory.people
    told = " and ".join(f"{s.start:%a %H:%M} to {s.end:%a %H:%M}" for s in fresh)
    kept = tuple(sorted((*people.shifts, *fresh), key=lambda each: each.id))
    added = replace(inventory, people=replace(people, shifts=kept))
    return added, tuple(each.id for each in fresh), f"on duty {told}"


def _stretches(
    inventory: Inventory, hours: tuple[time, time], day: int | None
) -> list[tuple[datetime, datetime]]:
    """Every stretch of these hours in the window; the clocks of the window's zone are meant."""
    calendar = inventory.calendar
    where = zone(calendar.time_zone)
    first = calendar.start.astimezone(where).date() - timedelta(days=1)
    found = []
    for n in range((calendar.end - calendar.start).days + 4):
        today = first + timedelta(days=n)
        until = today if hours[1] > hours[0] else today + timedelta(days=1)
        start = max(calendar.start, _moment(datetime.combine(today, hours[0]), where))
        end = min(calendar.end, _moment(datetime.combine(until, hours[1]), where))
        if start < end and day in (None, today.weekday()):
            found.append((start, end))
    return found


def _moment(local: datetime, where: ZoneInfo) -> datetime:
    return at_offset(local.replace(tzinfo=where), where)


# --- what is supposed ----------------------------------------------------------------------------


def _competence(inventory: Inventory, name: str) -> str:
    """A competence, or that of a function named instead."""
    wanted = {function.competence for function in inventory.functions}
    by_name = {str(function.id): function.competence for function in inventory.functions}
    for known in sorted(wanted):
        if known.lower() == name:
            return known
    if name in by_name:
        return by_name[name]
    near = did_you_mean(name, [*wanted, *by_name])
    raise _Unclear(f"no function asks for the competence '{name}'{near}")


def _handlers(
    inventory: Inventory, competence: str, count: int, shifts: tuple[ShiftId, ...], prefix: str
) -> Inventory:
    fresh = tuple(
        Person(
            id=PersonId(f"{prefix}.{n}"),
            name=f"({prefix}.{n})",
            telephone=None,
            team=None,
            roles=(Role.HANDLER,),
            competences=(competence,),
            shifts=shifts,
            deputy=None,
        )
        for n in range(1, count + 1)
    )
    people = tuple(sorted((*inventory.people.people, *fresh), key=lambda person: person.id))
    # A function that names its handlers would not take anybody else.
    functions = tuple(
        replace(function, handlers=(*function.handlers, *(person.id for person in fresh)))
        if function.handlers and function.competence == competence
        else function
        for function in inventory.functions
    )
    return replace(inventory, people=replace(inventory.people, people=people), functions=functions)


def _seats(
    inventory: Inventory, name: str, count: int, shifts: tuple[ShiftId, ...], when: str
) -> tuple[Inventory, str]:
    teams = inventory.people.teams
    if all(team.id != name for team in teams):
        near = did_you_mean(name, [team.id for team in teams])
        raise _Unclear(f"there is no team '{name}'{near}")
    changed = tuple(
        replace(
            team,
            seats={**team.seats, **{shift: team.seats.get(shift, 0) + count for shift in shifts}},
        )
        if team.id == name
        else team
        for team in teams
    )
    many = "1 more seat" if count == 1 else f"{count} more seats"
    people = replace(inventory.people, teams=changed)
    return replace(inventory, people=people), f"people.yaml: {many} for the team {name}, {when}"


def _wider_line(inventory: Inventory, amount: str) -> tuple[Inventory, str]:
    place, found = target_place(inventory), _AMOUNT.fullmatch(amount)
    if found is None or float(found[2]) <= 0:
        raise _Unclear("wants GiB per hour, such as copy 400, or copy +100")
    if place is None:
        raise _Unclear("no place has the side new, so there is no line to it")
    rate = float(found[2]) + ((place.copy_gib_per_hour or 0.0) if found[1] else 0.0)
    places = tuple(
        replace(each, copy_gib_per_hour=rate) if each.id == place.id else each
        for each in inventory.places
    )
    written = f"places.yaml: capacity.copy_gib_per_hour {rate:g} for {place.id}"
    return replace(inventory, places=places), written


def _longer_window(inventory: Inventory, amount: str) -> tuple[Inventory, str]:
    try:
        minutes = parse_minutes(amount.removeprefix("+"))
    except ValueError as error:
        raise _Unclear("wants how much longer, such as window +4h") from error
    if not 0 < minutes <= WINDOW_HOURS_MAX * 60:
        raise _Unclear(f"wants how much longer, at most {WINDOW_HOURS_MAX} h")
    calendar = inventory.calendar
    end = at_offset(calendar.end + timedelta(minutes=minutes), zone(calendar.time_zone))
    longer = replace(inventory, calendar=replace(calendar, end=end))
    return longer, f"calendar.yaml: window.end {end:%Y-%m-%dT%H:%M}"


# --- less scope ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A subsystem that is not moved after all, and who depends on it staying in reach."""

    subsystem: SubsystemId
    binding: tuple[Relation, ...]  # declared relations that fall away with it


def leave_out(
    inventory: Inventory, names: Sequence[SubsystemId]
) -> tuple[Inventory, tuple[LeftOut, ...]]:
    """The estate without some of its scope; they stay, and the plan lists them as staying.

    InputError where a declared relation binds somebody who still moves: whoever must move with it
    cannot move alone, and whoever must switch after it would wait for ever.
    """
    gone = set(names)
    faults = []
    for name in names:
        for relation in inventory.relations:
            others = _bound_to(relation, name, gone)
            if others:
                how = "move with it" if relation.kind is RelationKind.WITH else "switch after it"
                faults.append(
                    Fault(
                        "relations.yaml",
                        None,
                        f"relations[{inventory.relations.index(relation)}]",
                        f"{', '.join(others)} must {how}, {name} is left out "
                        f"({relation.owner}: {relation.reason})",
                    )
                )
    if faults:
        raise InputError(
            "scope-with-dependants",
            "what is left out takes others with it",
            hint="leave them out, too (--without for each), or end the relation with its owner",
            faults=tuple(faults),
        )
    subsystems = tuple(_staying(s) if s.id in gone else s for s in inventory.subsystems)
    marked = _marked(
        replace(inventory, subsystems=subsystems, by_id={s.id: s for s in subsystems}),
        [f"what-if: {name} is left out" for name in sorted(gone)],
    )
    return marked, tuple(
        LeftOut(name, tuple(r for r in inventory.relations if name in r.members)) for name in names
    )


def _bound_to(relation: Relation, name: SubsystemId, gone: set[SubsystemId]) -> list[SubsystemId]:
    if name not in relation.members:
        return []
    members = relation.members
    if relation.kind is RelationKind.BEFORE:
        members = members[members.index(name) + 1 :]
    return [other for other in members if other not in gone]


def _staying(subsystem: Subsystem) -> Subsystem:
    return replace(subsystem, kind=Kind.STAYS, reason="left out of this plan (--without)")


def _marked(inventory: Inventory, lines: Sequence[str]) -> Inventory:
    """The estate with another digest, and with what is supposed among what is assumed."""
    if not lines:
        return inventory
    digest = hashlib.sha256("\n".join([inventory.digest, *lines]).encode()).hexdigest()
    return replace(inventory, digest=digest, assumed=tuple(sorted({*inventory.assumed, *lines})))
