"""A deed of a visitor: put on the run's desk as a command, and what became of it.

The same as every verb of the command line. The id comes with the form, so a form that is sent twice
is one command; whoever leads the run answers, and until then the page says that it waits.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Final

from migrator.conductor.clock import wall_now
from migrator.engine.events import CommandRefused
from migrator.engine.ports import OperatorCommand
from migrator.errors import RefusedError
from migrator.store.desk import doubled, readable
from migrator.store.pictures import Pictures
from migrator.web.seen import SeenRun
from migrator.web.visitors import Visitor

NOTE: Final = "note_digest"
PICTURE: Final = "picture_digest"
KEPT: Final = "kept"
TAKEN: Final = "taken"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Deed:
    """What a form asks for. `saw` is the journal's last line on the page that it was sent from."""

    id: str
    verb: str
    target: str
    saw: int
    reason: str = ""
    details: tuple[tuple[str, str], ...] = ()
    note: str = ""
    picture: str = ""  # the digest of one that waits for this verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a deed: kept (nobody has answered yet), taken, or refused and why."""

    kind: str
    why: str = ""


def fresh_id() -> str:
    """An id for a form that is being made."""
    return str(uuid.uuid4())


def is_id(text: str) -> bool:
    """Tell whether a form's id is one that we made."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def ask(seen: SeenRun, visitor: Visitor, deed: Deed) -> None:
    """Put a deed on the desk, durably; blocks on the database.

    A form that is sent twice is one deed. Raises RefusedError where it was sent before with other
    words (somebody went back and chose again), and MigratorError where the store is away.
    """
    command = OperatorCommand(
        id=deed.id,
        verb=deed.verb,
        actor=visitor.person,
        asserted=False,
        target=deed.target,
        reason=deed.reason,
        saw=deed.saw,
        details=deed.details,
    )
    # A note is kept before its command, so it must be known to be one that can be.
    readable(replace(command, details=(*deed.details, ("note", deed.note))))
    album = Pictures(seen.store.database, seen.name)
    if _asked_before(seen, command):
        if deed.picture:
            album.drop(deed.target, visitor.person)  # the same one, sent once more
        return
    kept = seen.store.keep_note(deed.note) if deed.note else ""
    words = ((NOTE, kept),) if kept else ()
    if deed.picture and album.name(deed.picture, deed.target, visitor.person):
        words = (*words, (PICTURE, deed.picture))
    noted = replace(command, details=(*deed.details, *words))
    try:
        seen.journal.submit(noted, wall_now().isoformat())
    except RefusedError:
        # The same form came twice in one instant. Nobody names this one's note, so it must go.
        if kept:
            seen.store.erase_note(kept)
        if not _asked_before(seen, command):
            raise


def _asked_before(seen: SeenRun, command: OperatorCommand) -> bool:
    """Tell whether this very command lies on the desk; another one of its id is refused."""
    known = seen.journal.command(command.id)
    if known is None:
        return False
    # What was seen may have gone on meanwhile; the digests of notes and pictures are salted.
    plain = tuple(pair for pair in known.details if pair[0] not in {NOTE, PICTURE})
    if replace(known, saw=command.saw, details=plain) != command:
        raise doubled(command)
    return True


def answered(seen: SeenRun, command_id: str) -> Answer:
    """What became of it so far; blocks on the database."""
    events = seen.journal.answer_of(command_id)
    if events is None:
        return Answer(KEPT)
    if events and isinstance(events[0], CommandRefused):
        return Answer(REFUSED, events[0].why)
    return Answer(TAKEN)
