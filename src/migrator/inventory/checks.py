"""What only shows when rows and files are compared: doubles, references, contradictions, hours.

Called by `reader.py` after every file was read. Adds faults to the rows and changes nothing else.
A reference is judged only where the file that would declare it could be read: one broken file must
not look like a hundred faults. To check one value by itself, see `schema.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from migrator.errors import Fault
from migrator.inventory import circles, rows
from migrator.inventory.door import Placed, did_you_mean, fault_at
from migrator.inventory.field_types import Row
from migrator.inventory.hours import hour_faults
from migrator.inventory.model import MOVING_KINDS
from migrator.inventory.rows import Rows
from migrator.inventory.schema import FunctionRow, SubsystemRow
from migrator.inventory.times import parse_date

MOVING: Final = frozenset(kind.value for kind in MOVING_KINDS)


def check(gathered: Rows) -> None:
    """Compare everything with everything; the faults are added to the rows."""
    checks: tuple[Callable[[Rows], Iterable[Fault]], ...] = (
        _doubles,
        _presence,
        _subsystems,
        _relations,
        circles.before_circles,
        _functions,
        _people,
        circles.deputy_circles,
        _calendar,
        hour_faults,
    )
    # A value that is wrong by itself is judged once; what is left out of its row is not missing.
    judged = {(fault.file, fault.path) for fault in gathered.faults}
    for one in checks:
        gathered.faults.extend(f for f in one(gathered) if (f.file, f.path) not in judged)


def _doubles(gathered: Rows) -> Iterable[Fault]:
    """The same id twice: both places are named."""
    for noun, declared in gathered.seen.items():
        first: dict[str, rows.Seen] = {}
        for seen in declared:
            if seen.id in first:
                message = (
                    f"the {noun} '{seen.id}' stands twice: {first[seen.id].place} and {seen.place}"
                )
                yield seen.fault(message)
            else:
                first[seen.id] = seen


def _presence(gathered: Rows) -> Iterable[Fault]:
    """An estate has at least one subsystem, and a platform to leave and one to reach."""
    if not gathered.seen.get(rows.SUBSYSTEM) and gathered.knows(rows.SUBSYSTEM):
        yield Fault("subsystems.yaml", None, "", "no subsystem is declared; write at least one")
    sides = {placed.row.side for placed in gathered.places}
    if "places.yaml" in gathered.documents and rows.PLACE not in gathered.partial:
        for side in sorted({"old", "new"} - sides):
            message = f"no place has the side '{side}'; a move leaves one place and reaches one"
            yield fault_at(gathered.documents["places.yaml"], ("places",), message)


def _unknown(
    gathered: Rows, placed: Placed[Row], noun: str, word: str, *inside: str | int
) -> Iterable[Fault]:
    """A fault if a reference leads nowhere, with the nearest id that exists."""
    known = gathered.ids(noun)
    if gathered.knows(noun) and word not in known:
        near = did_you_mean(word, known)
        yield placed.fault(f"there is no {noun} '{word}'{near}", *inside)


def _subsystems(gathered: Rows) -> Iterable[Fault]:
    teams = gathered.ids(rows.TEAM) | _assumed_team(gathered)
    for placed in gathered.subsystems:
        row = placed.row
        # Without any declared team every named one is assumed; see assemble.py.
        if row.team is not None and gathered.ids(rows.TEAM) and row.team not in teams:
            yield from _unknown(gathered, placed, rows.TEAM, row.team, "team")
        if row.kind == "stays":
            yield from _staying(placed)
        elif row.reason is not None or row.review_date is not None:
            key = "reason" if row.reason is not None else "review_date"
            yield placed.fault(
                f"only a subsystem that stays has a {key}; its kind is {row.kind}", key
            )
        if row.irreversible is not None and row.kind not in MOVING:
            message = f"a subsystem of the kind {row.kind} does not move: nothing is irreversible"
            yield placed.fault(message, "irreversible")


def _assumed_team(gathered: Rows) -> set[str]:
    given = gathered.assumptions
    return {given.row.team.id} if given is not None and given.row.team is not None else set()


def _staying(placed: Placed[SubsystemRow]) -> Iterable[Fault]:
    row = placed.row
    for key, value in (("reason", row.reason), ("review_date", row.review_date)):
        if value is None:
            yield placed.fault(f"'{row.id}' stays, so it needs a {key}", key)
    if row.review_date is not None:
        try:
            parse_date(row.review_date)
        except ValueError as error:
            yield placed.fault(str(error), "review_date")


def _relations(gathered: Rows) -> Iterable[Fault]:
    kinds = dict(gathered.kinds())
    for placed in gathered.relations:
        members = placed.row.members
        for number, member in enumerate(members):
            yield from _unknown(gathered, placed, rows.SUBSYSTEM, member, "members", number)
            if kinds.get(member, "stateless") not in MOVING:
                why = "stays" if kinds[member] == "stays" else "is a partner's"
                others = ", ".join(f"'{other}'" for other in members if other != member)
                how = "move with it" if placed.row.kind == "with" else "be ordered by it"
                message = f"'{member}' {why} and never moves, so {others} cannot {how}"
                yield placed.fault(message, "members", number)
            if member in members[:number]:
                yield placed.fault(f"'{member}' stands twice", "members", number)


def _functions(gathered: Rows) -> Iterable[Fault]:
    for placed in gathered.functions:
        row = placed.row
        for subsystem in row.exercises:
            yield from _unknown(gathered, placed, rows.SUBSYSTEM, subsystem, "exercises", subsystem)
        for number, handler in enumerate(row.handlers):
            yield from _unknown(gathered, placed, rows.PERSON, handler, "handlers", number)
            if handler in row.handlers[:number]:
                yield placed.fault(f"'{handler}' stands twice", "handlers", number)
        yield from _quorum(gathered, placed)


def _quorum(gathered: Rows, placed: Placed[FunctionRow]) -> Iterable[Fault]:
    """Enough handlers for the function's quorum; not judged where nobody or somebody is unknown."""
    row = placed.row
    declared = gathered.seen.get(rows.PERSON, [])
    doubled = len(gathered.ids(rows.PERSON)) < len(declared)
    if not declared or doubled or rows.PERSON in gathered.partial:
        return
    able = {
        other.row.id
        for other in gathered.people
        if "handler" in other.row.roles and row.competence in other.row.competences
    }
    for number, handler in enumerate(row.handlers):
        if handler in gathered.ids(rows.PERSON) and handler not in able:
            message = f"'{handler}' is no handler with the competence '{row.competence}'"
            yield placed.fault(message, "handlers", number)
    among = able & set(row.handlers) if row.handlers else able
    if set(row.handlers) <= gathered.ids(rows.PERSON) and len(among) < row.people:
        competences = {word for other in gathered.people for word in other.row.competences}
        near = did_you_mean(row.competence, competences) if not able else ""
        message = (
            f"the quorum is {row.people}, but the handlers with the competence "
            f"'{row.competence}' are {len(among)}{near}"
        )
        named = "quorum" if row.quorum is not None else "criticality"
        yield placed.fault(message, named if row.people > 1 else "competence")


def _people(gathered: Rows) -> Iterable[Fault]:
    teams = gathered.ids(rows.TEAM)
    for person in gathered.people:
        row = person.row
        if row.team is not None and teams and row.team not in _assumed_team(gathered):
            yield from _unknown(gathered, person, rows.TEAM, row.team, "team")
        for number, shift in enumerate(row.shifts):
            yield from _unknown(gathered, person, rows.SHIFT, shift, "shifts", number)
        if row.deputy is not None:
            yield from _unknown(gathered, person, rows.PERSON, row.deputy, "deputy")
    for team in gathered.teams:
        if isinstance(team.row.seats, dict):
            for shift in team.row.seats:
                yield from _unknown(gathered, team, rows.SHIFT, shift, "seats", shift)


def _calendar(gathered: Rows) -> Iterable[Fault]:
    kinds = dict(gathered.kinds())
    for blackout in gathered.blackouts:
        for number, subsystem in enumerate(blackout.row.subsystems):
            yield from _unknown(gathered, blackout, rows.SUBSYSTEM, subsystem, "subsystems", number)
    for fixed in gathered.fixed_dates:
        subsystem = fixed.row.subsystem
        yield from _unknown(gathered, fixed, rows.SUBSYSTEM, subsystem, "subsystem")
        if kinds.get(subsystem, "stateless") not in MOVING:
            message = f"'{subsystem}' is of the kind {kinds[subsystem]}: it has no date to keep"
            yield fixed.fault(message, "subsystem")
