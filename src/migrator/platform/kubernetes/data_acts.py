"""The data acts of a subsystem on a cluster: its databases, one after the other.

Called by `platform.py`; the work is `platform/postgresql/`'s.
"""

from __future__ import annotations

from typing import Final

from migrator.engine.ports import ActResult
from migrator.errors import PermanentError
from migrator.platform.kubernetes.doing import Doing

DATA_ACTS: Final = frozenset({"copy", "fence", "final-copy", "grant", "bring-back", "grant-source"})


class DataActs:
    """Databases of a run's subjects."""

    async def _none(self, doing: Doing) -> ActResult:
        if not doing.subject.databases:
            return ActResult("done", "no database")
        raise PermanentError("platform-has-no-means", "databases", hint="declare means")

    copy = fence_source = final_copy = open_target = bring_back = open_source = _none
    discard = fence_target = observe = _none
