"""Names of what migrator makes in a database, and the mark that says for whom. Pure.

Called by everything in this package. A name says subsystem and database, so that another attempt or
another run finds what was left; the mark in its comment says which run, epoch and attempt made it.
Nothing here asks a server.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final
from urllib.parse import quote, unquote

NAME_CHARS_MAX: Final = 63
"""PostgreSQL cuts longer names without an error; slots allow lower case, digits and `_` only."""

_SUFFIX_CHARS: Final = 5
_DIGEST_CHARS: Final = 8
_NO_NAME: Final = re.compile(r"[^a-z0-9_]")


class Stage(Enum):
    """How far a move has come, as both ends keep it. Rows of the target may be the only ones when
    it is GRANTED, and then nothing of ours may empty a table there.
    """

    COPYING = "copying"  # the target's rows are a copy; the source has authority
    FINAL = "final"  # they are proved equal, with the source's writers fenced
    GRANTED = "granted"  # the target's writers may write, or might have
    RETURNED = "returned"  # what they wrote is proved to be on the source again


@dataclass(frozen=True, slots=True)
class Mark:
    """Who made something: the run, its epoch, and a token.

    `token` is the same for all acts of one attempt of a move, and for their repeats: what another
    token made is a leftover. Epochs are compared within one run only.
    """

    run: str
    epoch: int
    token: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A mark as it stands in a comment, with what was noted beside it."""

    mark: Mark
    stage: Stage | None = None
    notes: Mapping[str, str] = field(default_factory=dict)

    def number(self, key: str) -> int:
        """A noted number; 0 where there is none."""
        text = self.notes.get(key, "")
        return int(text) if text.isdigit() else 0

    def at(self, stage: Stage, **notes: object) -> Kept:
        """The same at another stage, with more noted."""
        more = {key: str(value) for key, value in notes.items()}
        return replace(self, stage=stage, notes={**self.notes, **more})


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one move: a publication, subscription and slot for each direction, and the
    publication without tables whose comment is the mark.
    """

    base: str

    @property
    def out(self) -> str:
        """From the source to the target."""
        return f"{self.base}_out"

    @property
    def back(self) -> str:
        """From the target to the source."""
        return f"{self.base}_back"

    @property
    def mark(self) -> str:
        """The bearer of the mark, on both ends."""
        return f"{self.base}_mark"

    @property
    def lock(self) -> int:
        """The advisory lock that an act holds: a number of 63 bits."""
        return int.from_bytes(hashlib.sha256(self.base.encode()).digest()[:8]) >> 1


def names_of(subsystem: str, database: str) -> Names:
    """The names for a database of a subsystem. Two of them never share a name."""
    plain = f"migrator_{subsystem}_{database}"
    name = _NO_NAME.sub("_", plain.lower())
    most = NAME_CHARS_MAX - _SUFFIX_CHARS
    if name != plain or len(name) > most or "_" in subsystem + database:
        digest = hashlib.sha256(f"{subsystem}\0{database}".encode()).hexdigest()[:_DIGEST_CHARS]
        name = f"{name[: most - _DIGEST_CHARS - 1]}_{digest}"
    return Names(name)


def application_name(names: Names, mark: Mark) -> str:
    """How a session of an act is called: who holds the lock can be told from it."""
    return f"migrator {short(names.base)} {short(mark.run)} {mark.epoch}"


def holder_of(application: str) -> tuple[str, int] | None:
    """The run (shortened) and the epoch of a session; None where it is none of ours."""
    found = re.fullmatch(r"migrator [0-9a-f]{8} ([0-9a-f]{8}) (\d+)", application)
    return None if found is None else (found[1], int(found[2]))


def short(text: str) -> str:
    """Eight letters that stand for a longer text."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def comment_of(kept: Kept) -> str:
    """A mark as a comment. Every value is one word."""
    words = {
        "run": kept.mark.run,
        "epoch": str(kept.mark.epoch),
        "token": kept.mark.token,
        **({} if kept.stage is None else {"stage": kept.stage.value}),
        **kept.notes,
    }
    return "migrator " + " ".join(f"{key}={quote(value, safe='')}" for key, value in words.items())


def kept_in(comment: str | None) -> Kept | None:
    """The mark in a comment; None where it is none of ours."""
    first, *rest = (comment or "").split(" ")
    words = {key: unquote(value) for key, _, value in (word.partition("=") for word in rest)}
    if first != "migrator" or not words.get("epoch", "").isdigit() or "token" not in words:
        return None
    mark = Mark(words.pop("run", ""), int(words.pop("epoch")), words.pop("token"))
    stage = words.pop("stage", "")
    known = stage in {each.value for each in Stage}
    return Kept(mark, Stage(stage) if known else None, words)


def quoted(name: str) -> str:
    """A name as SQL reads it, whatever letters it has."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL reads it in a statement that takes no parameters."""
    doubled = text.replace("'", "''")
    return f" E'{doubled.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{doubled}'"


def connection_text(words: Mapping[str, str]) -> str:
    """What a subscription connects with: `key='value'`, as libpq reads it."""

    def escaped(value: str) -> str:
        return value.replace("\\", "\\\\").replace("'", "\\'")

    return " ".join(f"{key}='{escaped(value)}'" for key, value in words.items() if value)
