"""What went wrong with a sweep's files, in words for whoever must mend it.

Used by `judging.py` and `history.py` around all that DuckDB reads and writes: a file that is cut
off or edited is told from a disk or a memory that is full, and neither ends in a traceback.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrator.errors import EnvironmentFailed
from migrator.probes.columns import failures


@contextmanager
def told_of(place: Path) -> Iterator[None]:
    """Turn what the files below `place` can raise into an operator's error."""
    try:
        yield
    except failures() as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        number = getattr(error, "errno", None)
        if "No space left" in said or number in {errno.ENOSPC, errno.EDQUOT}:
            raise EnvironmentFailed(
                "disk-full",
                f"the disk is full; {place} could not be judged",
                hint="make room and run the same command again; nothing half-written is used",
            ) from error
        if type(error).__name__ == "OutOfMemoryException":
            raise EnvironmentFailed(
                "links-store-failed",
                f"{place} needs more memory or temporary room than there is: {said}",
                hint="check that the sweep's folder can be written and its disk has room",
            ) from error
        if isinstance(error, OSError):
            raise  # a reader that left, a right that is missing: the top of a command knows those
        raise EnvironmentFailed(
            "sweep-unreadable",
            f"a file of {place} cannot be used: {said}",
            hint="remove results.parquet, verdicts.parquet and summary.json and judge the sweep "
            "again; plan it again where links.parquet or looks.parquet is what is broken",
        ) from error
