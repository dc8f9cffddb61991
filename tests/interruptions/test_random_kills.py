"""A run goes on to where it would have ended, though its process is killed again and again.

kill -9 of the real process at random moments, most of them between an effect in the world and the
commit that would have told of it. Judged by a ledger outside the process: nothing is lost, nothing
done twice, no word of a handler unheard, never both sides live. Three deaths here; a hundred and
more on each store in the soak.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interruptions.places import SOAKED, places
from interruptions.random_kills import soak
from interruptions.under_fire import Nursery, UnderFire
from migrator.engine import events as ev

KILLS = int(os.environ.get("KILLS", "100"))
SEED = int(os.environ.get("SEED", "1"))


def test_a_run_ends_where_it_should_though_its_process_died_thrice(
    nursery: Nursery, tmp_path: Path
) -> None:
    store, beside = places("sqlite", tmp_path)()
    with UnderFire(nursery, store, beside, scenario=1) as run:
        for effects in (60, 1, 30):
            life = run.life()
            assert life.effects(effects)
            assert life.kill()
        end = run.to_the_end()

    assert end.broken == []
    assert end.count(ev.StepDoubted, ev.UndoDoubted) >= 3
    assert end.state["waves"] == {"w1": ("returned", 1), "w2": ("committed", 1)}
    assert end.state["open"] == {m: ["old"] for m in "abcdefgh"} | {m: ["new"] for m in "ijklmnop"}


@pytest.mark.soak
@pytest.mark.parametrize("kind", SOAKED)
def test_nothing_is_lost_or_doubled_by_many_deaths(
    nursery: Nursery, tmp_path: Path, kind: str
) -> None:
    tally = soak(nursery, places(kind, tmp_path), KILLS, SEED)

    assert tally.broken == []
    assert tally.kills >= KILLS
    assert tally.doubts > tally.kills, "most deaths should have hit acts that were under way"
    assert tally.refused > 0, "a token should have been needed"
