"""The data acts of a subsystem on a cluster: each of its databases, in the order of the file.

Called by `platform.py`; what happens to a database is `platform/postgresql/`'s matter. An act is
done when it is done for every database, and what one of them lost or leaves is said for all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from migrator.engine.ports import ActResult
from migrator.plan.model import StepKind, UndoKind
from migrator.platform.kubernetes.doing import Doing

if TYPE_CHECKING:
    from migrator.platform.postgresql.move import PostgresMove

S, U = StepKind, UndoKind

WORDS: Final[dict[str, str]] = {
    S.COPY: "copy",
    S.FENCE: "fence_source",
    S.FINAL_COPY: "final_copy",
    S.GRANT: "open_target",
    U.FENCE_TARGET: "fence_target",
    U.BRING_BACK: "bring_back",
    U.GRANT_SOURCE: "open_source",
    U.DISCARD_COPY: "discard",
}
"""What each act is called where databases are moved."""


class DataActs:
    """Databases of one run. `loss_accepted` tells whether two people answer for what is lost."""

    def __init__(self, run: str, loss_accepted: Callable[[str], bool]) -> None:
        """Nothing is opened yet."""
        self._run = run
        self._loss_accepted = loss_accepted

    async def perform(self, doing: Doing) -> ActResult:
        """Do the act on every database. Raises TransientError and PermanentError."""
        accepted = self._loss_accepted(doing.subject.subsystem)
        acts: dict[str, Callable[[PostgresMove], Awaitable[ActResult]]] = {
            S.COPY: lambda each: each.copy(),
            S.FENCE: lambda each: each.fence_source(),
            S.FINAL_COPY: lambda each: each.final_copy(),
            U.FENCE_TARGET: lambda each: each.fence_target(),
            U.BRING_BACK: lambda each: each.bring_back(),
            U.GRANT_SOURCE: lambda each: each.open_source(accept_loss=accepted),
            U.DISCARD_COPY: lambda each: each.discard(give_up_way_back=accepted),
            S.RETIRE: lambda each: each.discard(give_up_way_back=True),
        }
        if doing.act == S.GRANT:
            from migrator.platform.postgresql.move import grant_all

            # One log-in opens every database of its server, so all ways back are made first.
            return _together(await grant_all(self._moves(doing)))
        act = acts[doing.act]
        # One after the other: where one fails, nothing of another goes on unattended.
        return _together([await act(each) for each in self._moves(doing)])

    async def observe(self, doing: Doing) -> ActResult:
        """Say whether the act took effect on every database: done, not_done or unknown."""
        word = WORDS[doing.act]
        return _together([await each.observe(word) for each in self._moves(doing)])

    def _moves(self, doing: Doing) -> list[PostgresMove]:
        if not doing.subject.databases:
            return []
        # Only a subsystem with a database pays for the library.
        from migrator.platform.postgresql.move import PostgresMove
        from migrator.platform.postgresql.naming import Mark

        name = doing.subject.subsystem
        # The same for all acts of an attempt: another attempt's copy is a leftover.
        mark = Mark(self._run, doing.mark.epoch, f"{name}/{doing.attempt}")
        return [PostgresMove(name, each, mark) for each in doing.subject.databases]


def _together(results: Sequence[ActResult]) -> ActResult:
    """One result of several: the worst outcome, and everything that was said."""
    order = ("failed", "unknown", "not_done", "done")
    outcome = min((each.outcome for each in results), key=order.index, default="done")
    return ActResult(
        outcome,
        "; ".join(each.detail for each in results if each.detail) or "no database",
        tuple(change for each in results for change in each.changes),
        remains=tuple(left for each in results for left in each.remains),
        lost=tuple(row for each in results for row in each.lost),
    )
