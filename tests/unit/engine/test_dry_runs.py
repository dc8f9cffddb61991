"""What became of a dry run is told in words, and what nobody knows is not told."""

from __future__ import annotations

import pytest

from migrator.engine.dry_runs import DRY_RUNS, with_dry_run


@pytest.mark.parametrize("outcome", DRY_RUNS)
def test_each_outcome_has_its_words(outcome: str) -> None:
    assert with_dry_run("amended", outcome) == f"amended; {DRY_RUNS[outcome]}"


@pytest.mark.parametrize("outcome", ["", "anna"])
def test_what_nobody_knows_is_not_told(outcome: str) -> None:
    assert with_dry_run("amended", outcome) == "amended"
