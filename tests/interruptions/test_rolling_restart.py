"""A service manager restarts the conductor in the middle of waves, politely, many times.

Each process is asked to leave (SIGTERM): it lets what is in flight end and goes, and the next one
goes on. Nothing was cut off, so nothing is ever in doubt.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from interruptions.places import HEAVY, places
from interruptions.under_fire import Nursery, UnderFire
from migrator.engine import events as ev

EVERY: int = 25
"""Effects between two restarts."""


@pytest.mark.parametrize("kind", HEAVY)
def test_a_run_survives_polite_restarts_without_a_single_doubt(
    nursery: Nursery, tmp_path: Path, kind: str
) -> None:
    restarts = 0
    with UnderFire(nursery, *places(kind, tmp_path)(), scenario=2) as run:
        for life in run.lives():
            if life.effects(EVERY):
                life.send(signal.SIGTERM)
            assert life.end() == 0
            restarts += life.heard[-1] != "ended"
        end = run.judged()

    assert restarts >= 4
    assert end.broken == []
    assert end.refused <= 1  # the one answer that the scenario loses
    assert end.count(ev.StepDoubted, ev.UndoDoubted) == 0
    assert end.state["waves"] == {"w1": ("committed", 1), "w2": ("returned", 1)}
