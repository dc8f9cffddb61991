"""The vantage point that is this machine: the agent as a process beside us.

Made by the commands and the wiring. The agent runs as it does everywhere else, in a process group
of its own, so that a Ctrl-C meant for us does not end it in the middle of a line, and it ends when
our end of its input is shut, also when we are killed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field

from migrator.engine.ports import VantageLost
from migrator.probes.bootstrap import why_not_begun, words
from migrator.probes.conversing import Begun, converse


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """Looks from where migrator runs. `agent` is the agent's bytes, as `packing.py` makes them."""

    agent: bytes = field(repr=False)
    name: str = "here"
    python: str = sys.executable

    def look(self, header: bytes, lines: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Look at everything. Raises VantageLost."""
        begun = Begun(words(self.python, self.agent), self.agent, os.environ, _why)
        return converse(begun, header, lines)

    async def close(self) -> None:
        """Nothing is kept between batches."""


def _why(code: int, complaint: str) -> VantageLost:
    known = why_not_begun(complaint)
    if known:
        return VantageLost(f"{known} on this machine", for_good=True)
    last = complaint.splitlines()[-1] if complaint else "and said nothing"
    how = f"by signal {-code}" if code < -1 else f"with {code}"
    return VantageLost(f"its agent ended {how} before its answer did: {last}")
