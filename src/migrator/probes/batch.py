"""One try at a sweep's looks: which were sent, which have a result, and which nobody can make.

Used by `sweep.py` for each vantage point. The first answer to a look stands; what was never asked
for, and what was answered already, is not taken. No clock, no file, no waiting.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Final

from migrator.probes.agent import wire
from migrator.probes.keeping import result_of

PASSES: Final = (wire.NO_TIME, wire.CROWDED)
"""Words that another round may turn into a result; for the others somebody must mend something."""


class Batch:
    """What was sent in one try and has no result yet."""

    def __init__(self, proved: set[str], final: dict[str, str]) -> None:
        self.ends = self.since_end = self.newly = 0
        self._proved, self._final = proved, final
        self._open: set[str] = set()

    async def lines(self, planned: Iterable[bytes]) -> AsyncIterator[bytes]:
        """Those that are still to be sent, in order: not proved, and not for a person to mend."""
        for line in planned:
            name = str(json.loads(line)["id"])
            if name not in self._proved and name not in self._final:
                self._open.add(name)
                yield line

    def take(self, line: bytes) -> bool | None:
        """Tell whether this result is to be kept; None for a line that is no result."""
        result = result_of(line)
        if result is None:
            return None
        self.since_end += 1
        name, word = result["id"], result["word"]
        if name not in self._open:
            return False  # never asked for, or answered already: the first answer stands
        self._open.discard(name)
        if word not in wire.PROVES_NOTHING:
            self._proved.add(name)
            self.newly += 1
        elif word not in PASSES:
            self._final[name] = word
        return True
