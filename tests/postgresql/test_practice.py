"""A practice run that is really led on a server ends as it would anywhere, and can be continued."""

from __future__ import annotations

import pytest

from migrator.engine.states import RunState
from migrator.store.sql import open_store
from migrator.wiring import Setting, begin_practice, continue_practice, practise
from postgresql_server import server
from practising import small_itinerary

pytestmark = pytest.mark.postgresql


def test_a_run_is_begun_left_and_brought_to_its_end_by_the_next_process() -> None:
    url = server().database()
    with open_store(url, practice=True) as store:
        setting = Setting(seed=1, speed=400_000.0)
        begin_practice(store, small_itinerary(), "weekend", setting).journal.release()

    with open_store(url, practice=True, create=False) as store:
        done = practise(continue_practice(store, "weekend"))
        proven = store.journal("weekend", lead=False).verify()

    assert done.run.state is RunState.ENDED
    assert done.ledger is not None
    assert done.ledger.violations == []
    assert proven.head == done.head
