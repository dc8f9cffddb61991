"""What an act by command or call is about, and the error for an act whose end nobody heard.

Made by `platform.py` from the engine's intent; read by every performer in this package. Holds no
secret and never looks at the world.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from migrator.errors import PermanentError

OLD_SIDE_ACTS: Final = frozenset(
    {
        "quiesce",
        "fence",
        "drain",
        "retire",
        "bring-back",
        "start-source",
        "grant-source",
        "prove-back",
    }
)
"""Acts whose object is the old side; every other typed act is about the new one."""


@dataclass(frozen=True, slots=True)
class ActFacts:
    """One try of one act.

    `began_on` is the machine on which it was begun, where that is known. `identity` tells runs of
    the same name in other stores apart (the hash of the first journal line does): their guards
    may meet on one host. A dry run of the act has fence, lock and records of its own, so that it
    is never taken for an earlier try, and never stands in the way of one.
    """

    run: str
    wave: str
    move: str
    act: str
    attempt: int
    nth: int
    token: str
    epoch: int
    side: str
    began_on: str = ""
    identity: str = ""
    dry_run: bool = False

    def run_key(self, folder: str) -> str:
        """A file name for the run, whatever its name, and for its guards' folder."""
        return _digest(folder, self.identity, self.run, *self._apart)

    def key(self, folder: str) -> str:
        """A file name for the act, the same for all its attempts and tries."""
        return _digest(folder, self.identity, self.run, self.move, self.act, *self._apart)

    @property
    def _apart(self) -> tuple[str, ...]:
        return ("", "dry-run", "") if self.dry_run else ()

    def environment(self) -> Mapping[str, str]:
        """What a command is told about its act."""
        return {
            "MIGRATOR_TOKEN": self.token,
            "MIGRATOR_SUBSYSTEM": self.move,
            "MIGRATOR_STEP": self.act,
            "MIGRATOR_ATTEMPT": str(self.attempt),
            "MIGRATOR_EPOCH": str(self.epoch),
            "MIGRATOR_RUN": self.run,
            **({"MIGRATOR_DRY_RUN": "1"} if self.dry_run else {}),
        }

    def placeholders(self, files: str) -> Mapping[str, str]:
        """What stands for the words in braces (`plan/means.PLACEHOLDERS`)."""
        return {
            "subsystem": self.move,
            "wave": self.wave,
            "attempt": str(self.attempt),
            "token": self.token,
            "files": files,
            "side": self.side,
        }


def _digest(*words: str) -> str:
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:24]


class LostEnd(PermanentError):
    """The act was begun and its end was never heard: nobody here knows whether it took effect.

    The platform settles it by the means' own in-doubt policy; unsettled, it fails the act.
    """

    def __init__(self, message: str) -> None:
        super().__init__(
            "act-in-doubt",
            message,
            hint="look at both sides before the act is repeated, skipped or declared done",
        )
