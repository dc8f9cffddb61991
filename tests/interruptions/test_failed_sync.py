"""The disk's sync fails in the middle of a commit: nothing is concluded from a failed commit.

An error is injected where SQLite commits, once, with the pages kept or not. The process leaves at
once with a clear error: it performs nothing that the failed commit intended, and takes nothing for
done that it would have told. The next process reads what is there and goes on.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from interruptions.places import places
from interruptions.under_fire import Nursery, UnderFire


@pytest.mark.soak
@pytest.mark.parametrize("late", [False, True], ids=["not kept", "kept"])
def test_a_failed_commit_is_never_treated_as_done_nor_as_undone(
    nursery: Nursery,
    tmp_path: Path,
    late: bool,
) -> None:
    with UnderFire(nursery, *places("sqlite", tmp_path)(), scenario=0) as run:
        for nth in (3, 40, 90):
            life = run.life(sync_fails=nth, sync_fails_late=late)
            assert life.end() == 1
            assert life.heard[-1] == "error store-failed"
        end = run.to_the_end()

    assert end.broken == []
    assert end.state["outcome"] == "completed"
