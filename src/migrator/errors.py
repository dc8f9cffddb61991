"""The error tree: sorted by who acts next, never by where it happened.

    MigratorError
    |-- InputError          a person mends a file or a command line      exit 2
    |   `-- RefusedError    a verb that is early, late or not allowed    exit 2
    |-- EnvironmentFailed   the machine, the disk, the store             exit 1
    |   |-- TransientError  we try again by ourselves                    exit 1
    |   `-- JournalError    the journal is locked, cut or edited         exit 1
    |-- PermanentError      trying again is useless; the wave rolls back exit 1
    |   `-- InvariantError  the simulated world's ledger shows a breach  exit 1
    `-- UnwindFailed        a human is needed                            exit 3

Every operator-facing error has a kebab-case reference; `runbooks/<reference>.md` is its page.
A bug is an `assert`, not a MigratorError. Raised anywhere, shown only by the CLI's top and the
web's error handler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong in an input, and where.

    `line` is the line of a text file or the row of a table (the header is row 1); None where a
    file as a whole is meant. `path` leads to the value inside the file (`links[3].source`).
    """

    file: str
    line: int | None
    path: str
    message: str

    def __str__(self) -> str:
        """Render as `file:line: path: message`, leaving out what is unknown."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.path, self.message) if part)


class MigratorError(Exception):
    """The root; never raised itself.

    `hint` says how to mend it. `faults` are all the places at once. `count` is the number of
    faults found where more were found than are kept.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        reference: str,
        message: str,
        *,
        hint: str,
        faults: tuple[Fault, ...] = (),
        count: int | None = None,
    ) -> None:
        """Keep the parts apart, so that text, JSON and pages can each show them their way."""
        assert type(self) is not MigratorError, "raise a subclass: who acts next?"
        super().__init__(message)
        self.reference = reference
        self.message = message
        self.hint = hint
        self.faults = faults
        self.count = len(faults) if count is None else count


class InputError(MigratorError):
    """A person must mend a file or a command line."""

    exit_code = 2


class RefusedError(InputError):
    """A command came early, late, doubled or from the wrong person; nothing was changed."""


class EnvironmentFailed(MigratorError):
    """The machine, the disk or the store failed; nothing of the input is wrong."""

    exit_code = 1


class TransientError(EnvironmentFailed):
    """A passing fault of a port; the conductor tries again."""


class JournalError(EnvironmentFailed):
    """The journal is locked, cut or edited; the first bad line is named in the message."""


class PermanentError(MigratorError):
    """Trying again is useless; what was done for the wave is undone."""

    exit_code = 1


class InvariantError(PermanentError):
    """A rehearsal broke a promise, as judged by the simulated world's ledger."""


class UnwindFailed(MigratorError):
    """An undo failed for good; the wave is stuck until a human acts."""

    exit_code = 3
