"""The world outside the process: a file with one line for each effect, and nothing else.

The process under test writes here what it does to the world and dies; the judge (`verdict.py`)
reads here what really happened, and never asks the journal for it. A line is appended whole and
synced before anybody hears of it, and nobody ever changes one. Who holds `only_me` holds up every
other writer: a test that freezes a process does so while it holds it, so that the process does not.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Effect:
    """One act that took effect, or one that was refused because its token had been seen."""

    token: str
    move: str
    act: str
    attempt: int
    nth: int
    pid: int
    refused: bool = False


class OutsideLedger:
    """The file, for one process. Every process opens it for itself."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._read = 0
        self._lines: list[Effect] = []

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    @contextmanager
    def only_me(self) -> Iterator[None]:
        """Keep every other writer out, as a target does that looks at one token at a time."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def happen(self, effect: Effect, *, honours_tokens: bool) -> bool:
        """Let something happen, for good. False where the target knew the token and refused."""
        with self.only_me():
            known = honours_tokens and self._took_effect(effect.token)
            line = json.dumps({**asdict(effect), "refused": known})
            os.write(self._file, f"{line}\n".encode())  # in one piece: it is short, and appended
            os.fsync(self._file)
        return not known

    def took_effect(self, token: str) -> bool:
        """Look whether an act took effect: what an observe command does."""
        with self.only_me():
            return self._took_effect(token)

    def effects(self) -> tuple[Effect, ...]:
        """Everything that happened, in its order."""
        size = os.fstat(self._file).st_size
        text = os.pread(self._file, size - self._read, self._read).decode()
        whole = text[: text.rfind("\n") + 1]
        self._read += len(whole.encode())
        self._lines += [Effect(**json.loads(line)) for line in whole.splitlines()]
        return tuple(self._lines)

    def _took_effect(self, token: str) -> bool:
        return any(each.token == token and not each.refused for each in self.effects())
