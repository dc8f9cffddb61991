"""What a verdict means: works, works_but, does_not_work, cannot_judge.

Called by `engine/checks.py` and by whoever reads ticks from people. A tick that says that it
works "but ..." counts; a tick that says that it does not work holds the wave at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VERDICTS: Final = ("works", "works_but", "does_not_work", "cannot_judge")
COUNTING: Final = frozenset({"works", "works_but"})


def is_verdict(text: str) -> bool:
    """Tell whether `text` is one of the four verdicts."""
    return text in VERDICTS


def enough(ticks: Mapping[str, str], quorum: int) -> bool:
    """Tell whether enough different people said that it works, and nobody that it does not."""
    if "does_not_work" in ticks.values():
        return False
    return sum(verdict in COUNTING for verdict in ticks.values()) >= quorum
