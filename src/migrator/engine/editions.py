"""What a verdict is about: the words that handlers go by, and what stands where.

Both are digests, kept when a check is opened. A verdict given on another edition than the one that
is open does not count: whoever gave it looked at something that is no longer there.
"""

from __future__ import annotations

import hashlib
import json

from migrator.engine.run import CheckRecord, Run
from migrator.plan.model import CheckLeg

_DIGITS = 16


def text_digest(check: CheckLeg) -> str:
    """Of the verification text: its steps, the mark of the side, what is to be left behind."""
    return _digest([check.name, check.text, check.side_mark, check.leaves_behind])


def estate_digest(run: Run, check: CheckLeg) -> str:
    """Of the moves that a verdict relies on, and on which side each stands in which attempt."""
    moves = check.core
    if run.itinerary.policy.verifying.reopen == "passing":
        moves = (*check.core, *check.passing, *check.elsewhere)
    stands = []
    for move in sorted(moves):
        record = run.moves[move]
        side = "new" if record.switched and not record.returned else "old"
        stands.append([move, record.attempt if side == "new" else 0, side])
    return _digest(stands)


def edition(check: CheckRecord) -> str:
    """Both as one word, for a form to carry; empty where a journal's version did not say it."""
    return f"{check.text[:8]}.{check.estate[:8]}" if check.text or check.estate else ""


def _digest(of: object) -> str:
    text = json.dumps(of, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
