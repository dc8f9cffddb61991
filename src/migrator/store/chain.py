"""The hash chain: what makes a journal's line a proof of every line before it.

Every store writes its lines here, and `migrator journal verify` proves them here, so there is one
way to compute a hash. It is the SHA-256 of the line as canonical JSON: [run, seq, at, epoch, actor,
kind, version, data, prev_hash], ASCII only, no spaces, the keys of `data` sorted. A change of this
form would make every journal in the world look edited: it must never happen.
A chain alone cannot show that its end was cut off; heads kept elsewhere (`heads.py`) can.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from migrator.engine.events import (
    VERSIONS,
    Value,
    event_from_data,
    event_to_data,
    time_to_text,
)
from migrator.engine.ports import Entry, Line
from migrator.errors import Fault, JournalError
from migrator.store.upcasters import upcast

NO_HASH: Final = "0" * 64
"""What the first line of a journal follows."""

# ASCII only: no text that an act or a person hands over can then make a line unwritable, in any
# store. NaN has no JSON form, so an event that holds one is a bug and must not reach a journal.
encode_json: Final = json.JSONEncoder(
    separators=(",", ":"), sort_keys=True, allow_nan=False, check_circular=False
).encode
"""The one canonical JSON of the store."""


class Written(NamedTuple):
    """A line as a store holds it: times as UTC ISO text, data as the JSON text that was hashed."""

    seq: int
    at: str
    epoch: int
    actor: str
    kind: str
    version: int
    data: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The hash that a line is known to have had."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A journal whose every line is proven: how many lines, and the last hash."""

    count: int
    head: str


class Chain:
    """The growing end of one run's chain. It is advanced only by lines that were kept."""

    __slots__ = ("_actors", "_last_at", "_last_at_text", "_run", "count", "head")

    def __init__(self, run: str, count: int = 0, head: str = NO_HASH) -> None:
        """Go on after `count` lines, the last of which has the hash `head`."""
        self._run = encode_json(run)
        self._actors: dict[str, str] = {}  # JSON texts; a run has a few hundred actors at most
        self._last_at: datetime | None = None
        self._last_at_text = ""
        self.count = count
        self.head = head

    def write(self, entries: Sequence[Entry], epoch: int) -> tuple[list[Written], tuple[Line, ...]]:
        """Make the next lines, without advancing: the store has yet to keep them."""
        seq, head = self.count, self.head
        written: list[Written] = []
        lines: list[Line] = []
        for entry in entries:
            seq += 1
            at = self._at_text(entry.at)
            event = entry.event
            kind = type(event).__name__
            version = VERSIONS[kind]
            data = encode_json(event_to_data(event))
            actor = self._actors.get(entry.actor)
            if actor is None:
                actor = self._actors[entry.actor] = encode_json(entry.actor)
            proof = _hash(self._run, seq, at, epoch, actor, kind, version, data, head)
            written.append(Written(seq, at, epoch, entry.actor, kind, version, data, head, proof))
            lines.append(Line(seq, entry.at, epoch, entry.actor, event, head, proof))
            head = proof
        return written, tuple(lines)

    def advance(self, line: Line | Written) -> None:
        """The store has kept everything up to this line."""
        self.count, self.head = line.seq, line.hash

    def _at_text(self, at: datetime) -> str:
        # The lines of one commit share their time object, and turning it into text is a tenth
        # of a line's cost. The zone may differ between equal times; their UTC text may not.
        if at is not self._last_at:
            self._last_at, self._last_at_text = at, time_to_text(at)
        return self._last_at_text


def _hash(  # noqa: PLR0913, PLR0917 - the nine parts of a line
    run_json: str,
    seq: int,
    at: str,
    epoch: int,
    actor_json: str,
    kind: str,
    version: int,
    data: str,
    prev_hash: str,
) -> str:
    """Hash a line from its parts. What we write is ASCII; what somebody edited may be anything."""
    text = f'[{run_json},{seq},"{at}",{epoch},{actor_json},"{kind}",{version},{data},"{prev_hash}"]'
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def written_hash(run: str, line: Written) -> str:
    """The hash that a stored line ought to have."""
    return _hash(
        encode_json(run),
        line.seq,
        line.at,
        line.epoch,
        encode_json(line.actor),
        line.kind,
        line.version,
        line.data,
        line.prev_hash,
    )


_raw_decode: Final = json.JSONDecoder().raw_decode


def _decoded(text: str) -> dict[str, Value]:
    """Data as it was written, in half the time of `json.loads`: a restart reads every line."""
    data, end = _raw_decode(text)
    if end != len(text):
        raise ValueError("there is more than one value")
    return dict(data)


def to_line(line: Written) -> Line:
    """Turn a stored line back into its event. JournalError where this version cannot read it."""
    try:
        data = _decoded(line.data)
        at = datetime.fromisoformat(line.at)
    except (TypeError, ValueError) as error:
        raise _edited("the run", line.seq, "its data or its time cannot be read") from error
    event = event_from_data(line.kind, upcast(line.seq, line.kind, line.version, data))
    return Line(line.seq, at, line.epoch, line.actor, event, line.prev_hash, line.hash)


def to_written(line: Line) -> Written:
    """The stored form of a line, its hash taken over as it is: of a line of today's versions."""
    kind = type(line.event).__name__
    return Written(
        line.seq,
        time_to_text(line.at),
        line.epoch,
        line.actor,
        kind,
        VERSIONS[kind],
        encode_json(event_to_data(line.event)),
        line.prev_hash,
        line.hash,
    )


def outcome_of(kind: str | None, data: str | None) -> str:
    """How a run ended, as its last line says; empty where it goes on, or where nobody can tell.

    A list of runs asks: one line that cannot be read must not hide the other runs.
    """
    try:
        return str(json.loads(data or "")["outcome"]) if kind == "RunEnded" else ""
    except (KeyError, TypeError, ValueError):
        return ""


def verify(run: str, lines: Iterable[Line | Written], known: Iterable[Head] = ()) -> Verified:
    """Prove every line, and that the chain still goes through all `known` heads.

    Raises JournalError about the first bad line: edited, missing, doubled or cut. Its one fault
    holds the line's number and that word.
    """
    heads = {head.seq: head.hash for head in sorted(known, key=lambda head: head.seq)}
    count, head = 0, NO_HASH
    for line in lines:
        row = line if isinstance(line, Written) else to_written(line)
        _prove(run, row, count, head)
        if heads.get(row.seq, row.hash) != row.hash:
            raise _edited(run, row.seq, "its hash is not the one that was kept outside the store")
        count, head = row.seq, row.hash
    gone = [seq for seq in heads if seq > count]
    if gone:
        raise JournalError(
            "journal-cut",
            f"the journal of {run} ends with line {count}; "
            f"line {gone[-1]} is known to have been there",
            hint="restore the store from a backup or the run from an export",
            faults=(Fault(run, count + 1, "cut", "the end of the journal was cut off"),),
        )
    return Verified(count, head)


def _prove(run: str, row: Written, count: int, head: str) -> None:
    """Prove one line as the one that follows line `count` with the hash `head`."""
    if row.seq <= count:
        raise JournalError(
            "journal-doubled",
            f"line {row.seq} of the journal of {run} is there twice",
            hint="restore the store from a backup or the run from an export",
            faults=(Fault(run, row.seq, "doubled", "the line is there twice"),),
        )
    if row.seq > count + 1:
        raise JournalError(
            "journal-cut",
            f"line {count + 1} of the journal of {run} is missing: "
            f"line {row.seq} comes after line {count}",
            hint="restore the store from a backup or the run from an export",
            faults=(Fault(run, count + 1, "missing", "the line is missing"),),
        )
    if written_hash(run, row) != row.hash:
        raise _edited(run, row.seq, "its content does not give its hash")
    if row.prev_hash != head:
        # This line is as it was written, so the one before it is not; the first line has none.
        raise _edited(run, max(count, 1), f"line {row.seq} was written after another one")


def _edited(run: str, seq: int, why: str) -> JournalError:
    return JournalError(
        "journal-edited",
        f"line {seq} of the journal of {run} was edited: {why}",
        hint="restore the store from a backup or the run from an export; trust nothing after it",
        faults=(Fault(run, seq, "edited", why),),
    )
