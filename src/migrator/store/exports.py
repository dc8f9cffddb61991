"""A run as one file of JSON Lines: a header with the itinerary, then the journal, line by line.

Written and read by `migrator journal export` and `import`. Every line is canonical JSON, so a file
has one form only, and a byte that is not as it was written is found and named by its line. The
header tells how many lines there are and the last hash: a file that was cut short is seen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from migrator.engine.events import RunStarted
from migrator.errors import Fault, InputError, JournalError
from migrator.plan.model import Itinerary
from migrator.store.chain import Head, Written, encode_json, to_line, verify
from migrator.store.pinned import digest_of, from_blob

FORMAT: Final = "migrator journal 1"


@dataclass(frozen=True, slots=True)
class Exported:
    """A run between two stores; what is imported has been proven.

    The itinerary stays as the bytes that were pinned: the first line holds their digest, and a
    program with newer fields would write other ones.
    """

    run: str
    practice: bool
    pinned: bytes
    lines: Sequence[Written]
    facts: Mapping[str, object]
    started: str  # wall time as the caller of the run said it; may be empty

    @property
    def itinerary(self) -> Itinerary:
        """The itinerary, read."""
        return from_blob(self.pinned, digest_of(self.pinned))


def to_text(exported: Exported) -> Iterable[str]:
    """The lines of the file, without their ends."""
    lines = exported.lines
    blob = exported.pinned
    header = {
        "format": FORMAT,
        "run": exported.run,
        "practice": exported.practice,
        "started": exported.started,
        "lines": len(lines),
        "head": lines[-1].hash if lines else "",
        "facts": dict(exported.facts),
        "itinerary_digest": digest_of(blob),
        "itinerary": json.loads(blob),
    }
    yield encode_json({**header, "proof": _proof(header)})
    yield from map(_text, lines)


def write(exported: Exported, path: Path) -> None:
    """Write the file whole or not at all, in place of an older one."""
    beside = path.with_name(f"{path.name}.part")
    try:
        with beside.open("w", encoding="ascii", newline="\n") as file:
            file.writelines(f"{line}\n" for line in to_text(exported))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read(path: Path) -> Exported:
    """Read a file and prove it. Raises InputError, or JournalError naming the first bad line."""
    try:
        text = path.read_bytes().decode("utf-8", errors="surrogateescape")
    except FileNotFoundError as error:
        raise InputError(
            "journal-import",
            f"there is no file {path}",
            hint="name a file that `migrator journal export` wrote",
        ) from error
    first, *rest = text.split("\n")
    header = _header(path, first)
    run, count = cast("str", header["run"]), cast("int", header["lines"])
    lines: list[Written] = []
    known = (Head(count, cast("str", header["head"])),) if count else ()
    # Read as they are proven, so that the first bad line is named and not the first unreadable.
    verify(run, _kept(_lines(path, rest), lines), known)
    if len(lines) > count:
        raise _edited(path, count + 2, f"the header speaks of {count} lines")
    _same_itinerary(path, header, lines)
    pinned = to_bytes(header["itinerary"])
    from_blob(pinned, cast("str", header["itinerary_digest"]))  # refused here, not when it is used
    return Exported(
        run=run,
        practice=bool(header["practice"]),
        pinned=pinned,
        lines=lines,
        facts=cast("Mapping[str, object]", header["facts"]),
        started=cast("str", header["started"]),
    )


def to_bytes(itinerary: object) -> bytes:
    """The pinned form of an itinerary that was read as plain JSON: its characters unescaped."""
    text = json.dumps(itinerary, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def _header(path: Path, text: str) -> dict[str, object]:
    try:
        header = json.loads(text)
        known = header["format"] == FORMAT
    except (KeyError, TypeError, ValueError):
        known = False
    if not known:
        raise InputError(
            "journal-import",
            f"{path} is not a journal that this version of migrator exported",
            hint="name a file that `migrator journal export` wrote, uncompressed",
        )
    proof = header.pop("proof", None)
    if proof != _proof(header) or encode_json({**header, "proof": proof}) != text:
        raise _edited(path, 1, "its content does not give its proof")
    return cast("dict[str, object]", header)


def _lines(path: Path, rest: Sequence[str]) -> Iterable[Written]:
    for number, text in enumerate(rest, start=2):
        last = number == len(rest) + 1
        if last and text == "":
            return
        try:
            data = json.loads(text)
            line = Written(**{**data, "data": encode_json(data["data"])})
            same = _text(line) == text and not last
        except (KeyError, TypeError, ValueError) as error:
            raise _edited(path, number, "it is not a line as migrator writes it") from error
        if not same:
            raise _edited(path, number, "it is not a line as migrator writes it")
        yield line


def _kept(lines: Iterable[Written], into: list[Written]) -> Iterable[Written]:
    for line in lines:
        into.append(line)
        yield line


def _same_itinerary(path: Path, header: Mapping[str, object], lines: Sequence[Written]) -> None:
    """The first line, which is proven, says which itinerary the run was begun with, and how."""
    event = to_line(lines[0]).event if lines else None
    if not isinstance(event, RunStarted):
        return
    said = (header["itinerary_digest"], header["practice"])
    if said != (event.itinerary_digest, event.practice):
        raise _edited(path, 1, "it is not the header of the run that follows")


def _text(line: Written) -> str:
    return encode_json({**line._asdict(), "data": json.loads(line.data)})


def _proof(header: Mapping[str, object]) -> str:
    return hashlib.sha256(encode_json(header).encode("ascii")).hexdigest()


def _edited(path: Path, number: int, why: str) -> JournalError:
    return JournalError(
        "journal-edited",
        f"line {number} of {path} was edited: {why}",
        hint="take the file as it was written, or export the run again",
        faults=(Fault(str(path), number, "edited", why),),
    )
