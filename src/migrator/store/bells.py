"""Bells: how a command that was just put on a desk wakes the process that leads the run.

A file tells nobody that it was written to, so a store of SQLite has a named pipe for each run that
is led: whoever submits writes a sign into it after the commit. The signs say nothing and may be
lost, or meant for somebody who is gone; the desk alone is true, and is looked at all the same, only
less often. Used by `sqlite.py`; a server has NOTIFY for this.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

FOLDER: Final = "bells"
SIGN: Final = b"!"
SIGNS_MAX: Final = 65_536
"""As many as a pipe holds: one reading empties it."""


class Bells:
    """The bells beside one store file."""

    def __init__(self, store: Path) -> None:
        """Nothing is made before somebody leads a run."""
        self._beginning = str(store.parent / FOLDER / f"{store.stem}-")
        self._hung: dict[str, int | None] = {}

    def hang(self, run: str) -> int | None:
        """What can be read from when the bell rings; None where there can be none."""
        if run not in self._hung:
            self._hung[run] = _hung(Path(self._beginning + run))
        return self._hung[run]

    def take_down(self, run: str) -> None:
        """Whoever stops leading takes the bell down first, or it would be the next one's."""
        handle = self._hung.pop(run, None)
        if handle is not None:
            os.close(handle)
            with contextlib.suppress(OSError):
                Path(self._beginning + run).unlink()

    def ring(self, run: str) -> None:
        """Wake whoever leads the run. Nobody there, or too many signs already: it is enough."""
        with contextlib.suppress(OSError):
            handle = os.open(self._beginning + run, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if _is_pipe(handle):
                    os.write(handle, SIGN)
            finally:
                os.close(handle)

    def hear(self) -> None:
        """Take the signs in: the desk is looked at next."""
        for handle in self._hung.values():
            if handle is not None:
                with contextlib.suppress(BlockingIOError):
                    os.read(handle, SIGNS_MAX)

    def close(self) -> None:
        """Let go; the bells of runs that were not given back stay and ring for nobody."""
        for handle in self._hung.values():
            if handle is not None:
                os.close(handle)
        self._hung.clear()


def _hung(path: Path) -> int | None:
    try:
        path.parent.mkdir(exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path)
        # Open for writing too: a pipe whose last writer has gone could be read from for ever.
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if _is_pipe(handle):
        return handle
    os.close(handle)
    return None


def _is_pipe(handle: int) -> bool:
    return stat.S_ISFIFO(os.fstat(handle).st_mode)
