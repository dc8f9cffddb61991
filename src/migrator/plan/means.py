"""Who performs an act that the platform does not: a program, a call, a person or the clock.

Part of a recipe's step or undo (`plan/model.py`). Written in the plan file, pinned with the run,
performed by `platform/legacy/` (command, call) or ended by the engine itself (manual, wait). Pure
data. Words in braces are filled in when the act is performed: `{subsystem}`, `{wave}`,
`{attempt}`, `{token}`, `{files}` (the folder with the pinned files) and `{side}` (old or new).

A secret is never written here: only where it is found (`env:NAME` or `file:PATH`), read at the
moment of the act by the conductor's own user, never stored and never shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from migrator.ids import PersonId
from migrator.plan.later import LATER

PLACEHOLDERS: Final = ("subsystem", "wave", "attempt", "token", "files", "side")
"""What may stand in braces in arguments, folders, environments, addresses and bodies."""

SCRIPT: Final = "script/"
"""Before the name of a command's file, where the pinned files of a run are named."""

WORD: Final = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_-]*)\}\}|\{([A-Za-z_][A-Za-z0-9_-]*)\}")
"""A word in braces, doubled (first group, written with single ones) or to be filled in (second).
Braces that hold no single word are left alone, so JSON bodies need no care."""


def unknown_placeholders(text: str) -> tuple[str, ...]:
    """The words in braces that cannot be filled in, each once, in the order of the text."""
    words = (match[2] for match in WORD.finditer(text) if match[2])
    return tuple(dict.fromkeys(word for word in words if word not in PLACEHOLDERS))


OBSERVED_DONE: Final = 0
OBSERVED_NOT_DONE: Final = 3
"""Exit codes of an observing command. Any other, and every failure to run it, means *unknown*: a
script that crashes must never be read as `not done`, which would do the act a second time."""

PASSING_EXIT: Final = 75
"""EX_TEMPFAIL of sysexits.h: the command says that a repeat with the same token may help."""


class InDoubt(Enum):
    """What is done about an act that was started and whose end was never heard."""

    REPEAT = "repeat"  # idempotent: the same token again
    OBSERVE = "observe"  # ask the world: done, not done, unknown
    ASK = "ask"  # hold the wave and call a human


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run, here or over ssh. Arguments are a list: no shell ever reads them.

    In its environment are MIGRATOR_TOKEN (the same for every try of one attempt),
    MIGRATOR_SUBSYSTEM, MIGRATOR_STEP, MIGRATOR_ATTEMPT, MIGRATOR_EPOCH and MIGRATOR_RUN; of a dry
    run MIGRATOR_DRY_RUN=1, too, and a token that no act ever has.
    """

    argv: tuple[str, ...]
    host: str = ""  # an ssh destination; empty: this machine
    folder: str = ""  # working folder; empty: the folder with the pinned files
    environment: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)  # variable -> env:NAME or file:PATH
    files: tuple[str, ...] = ()  # beside the plan; pinned by digest when the run starts
    expects: tuple[int, ...] = (0,)
    output_kib_max: int = 256  # more is cut, and the cut is said


@dataclass(frozen=True, slots=True)
class Call:
    """An HTTP request; with `poll_url` the answer is asked for until it says that it is done.

    The token goes along as the header Idempotency-Key. `done_when` and `failed_when` are
    `field=value` of the polled JSON object (dots lead into objects).
    """

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)  # header -> env:NAME or file:PATH
    body: str = ""
    expects: tuple[int, ...] = (200, 201, 202, 204)
    poll_url: str = ""
    poll_seconds: float = 5.0
    done_when: str = ""
    failed_when: str = ""


@dataclass(frozen=True, slots=True)
class Manual:
    """A person's task. Any one of `persons` ticks it; without them the move's team does."""

    text: dict[str, str]  # by language: what to do, and how to see that it is done
    persons: tuple[PersonId, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """A stored deadline: a point in time, or so many minutes after the step began."""

    until: datetime | None = None
    minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Means:
    """How an act is performed: exactly one of command, call, manual and wait.

    `observe` or `observe_call` answers for `in_doubt: observe`. `proof` belongs to a bring-back:
    it prints one JSON object {"complete": true or false, "on_target": n, "returned": n,
    "lost": ["..."]}; without a proof that says complete, nothing counts as brought back.
    `dry_run` belongs to a command: it changes nothing, and exits as it expects when the command
    would work. An amended file is tried out with it before two people answer for it.
    """

    in_doubt: InDoubt
    command: Command | None = None
    call: Call | None = None
    manual: Manual | None = None
    wait: Wait | None = None
    observe: Command | None = None
    observe_call: Call | None = None
    proof: Command | None = None
    dry_run: Command | None = field(default=None, metadata=LATER)

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every program that the act may need; the files of each are pinned with the run."""
        known = (self.command, self.observe, self.proof, self.dry_run)
        return tuple(command for command in known if command is not None)

    @property
    def kind(self) -> str:
        """The word for it: command, http, manual or wait-until."""
        if self.command is not None:
            return "command"
        if self.call is not None:
            return "http"
        return "manual" if self.manual is not None else "wait-until"

    @property
    def by_engine(self) -> bool:
        """Tell whether the engine ends it itself: from a person's tick, or from its own clock."""
        return self.manual is not None or self.wait is not None
