"""A broken file, a full disk and a reader that left are three things."""

from __future__ import annotations

import errno
from pathlib import Path

import duckdb
import pytest

from migrator.errors import EnvironmentFailed
from migrator.probes.damage import told_of


@pytest.mark.parametrize(
    ("error", "reference"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk-full"),
        (OSError(errno.EDQUOT, "over the quota"), "disk-full"),
        (duckdb.IOException("IO Error: No space left on device"), "disk-full"),
        (duckdb.OutOfMemoryException("could not allocate"), "links-store-failed"),
        (duckdb.InvalidInputException("x.parquet is too small\nadvice"), "sweep-unreadable"),
    ],
)
def test_each_failure_is_told_by_what_mends_it(error: Exception, reference: str) -> None:
    with pytest.raises(EnvironmentFailed) as caught, told_of(Path("sweeps/one")):
        raise error
    assert caught.value.reference == reference
    assert "sweeps/one" in caught.value.message
    assert "advice" not in caught.value.message


def test_a_reader_that_left_is_nobodys_fault() -> None:
    with pytest.raises(BrokenPipeError), told_of(Path("one")):
        raise BrokenPipeError


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(AssertionError, match="never"), told_of(Path("one")):
        raise AssertionError("never")
