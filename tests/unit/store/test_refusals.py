"""What was refused is counted in few rows, whatever strangers do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator.store.refusals import KEPT, Cause, Refusals
from migrator.store.sql import open_store

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Refusals]:
    with open_store(tmp_path, practice=True) as store:
        yield store.sign_in("autumn").refusals


def test_two_processes_that_count_the_same_minute_make_one_row(kept: Refusals) -> None:
    cause = Cause(NOW, "wrong-code", "")
    kept.keep({cause: (7, NOW)}, NOW)
    kept.keep({cause: (5, NOW + MINUTE / 2), Cause(NOW, "no-right", "anna"): (1, NOW)}, NOW)
    found = {each.cause.kind: (each.count, each.last) for each in kept.newest(10)}
    assert found == {"wrong-code": (12, NOW + MINUTE / 2), "no-right": (1, NOW)}


def test_the_newest_come_first_and_no_more_than_asked_for(kept: Refusals) -> None:
    kept.keep({Cause(NOW + n * MINUTE, "wrong-code", ""): (1, NOW) for n in range(5)}, NOW)
    assert [each.cause.minute for each in kept.newest(2)] == [NOW + 4 * MINUTE, NOW + 3 * MINUTE]


def test_after_a_month_they_are_gone(kept: Refusals) -> None:
    kept.keep({Cause(NOW, "wrong-code", ""): (1, NOW)}, NOW)
    kept.keep({}, NOW + KEPT)
    assert len(kept.newest(10)) == 1
    kept.keep({}, NOW + KEPT + MINUTE)
    assert kept.newest(10) == ()


def test_refusals_are_of_one_run(kept: Refusals, tmp_path: Path) -> None:
    kept.keep({Cause(NOW, "wrong-code", ""): (1, NOW)}, NOW)
    with open_store(tmp_path, practice=True) as store:
        assert store.sign_in("winter").refusals.newest(10) == ()
