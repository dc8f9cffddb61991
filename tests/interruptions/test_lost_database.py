"""The database goes away in mid-wave: restarted, killed, its sessions ended, the wire cut.

A run waits for its server and goes on by itself, or leaves with a clear error and goes on when it
is started again. A commit whose answer was lost is not made twice and not left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from interruptions.cutting import CuttingProxy
from interruptions.under_fire import End, Nursery, UnderFire
from migrator.engine import events as ev
from postgresql_server import Server, programs

pytestmark = pytest.mark.postgresql

TERMINATE: Final = (
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'migrator'"
)


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server that these tests may stop and start."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server is installed here")
    made = Server(found)
    yield made
    made.remove()


def as_it_should(end: End) -> None:
    """Nothing was broken, and the first wave was taken back."""
    assert end.broken == []
    assert end.state["waves"] == {"w1": ("returned", 1), "w2": ("committed", 1)}


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_run_goes_on_by_itself_when_its_server_was_restarted(
    nursery: Nursery, own: Server, tmp_path: Path, how: str
) -> None:
    with UnderFire(nursery, own.database(), tmp_path, scenario=1) as run:
        life = run.life(patience=30.0)  # of a machine that is busy with other tests
        for number in (20, 60, 100):
            assert life.effects(number)
            own.stop(how)
            own.start()
        assert life.end() == 0
        assert life.heard[-1] == "ended"
        end = run.judged()

    as_it_should(end)
    assert end.count(ev.StepDoubted, ev.UndoDoubted) == 0


def test_a_run_leaves_with_a_clear_error_when_its_server_stays_away(
    nursery: Nursery, own: Server, tmp_path: Path
) -> None:
    with UnderFire(nursery, own.database(), tmp_path, scenario=1) as run:
        for number in (15, 30):
            life = run.life(patience=0.2)
            assert life.effects(number)
            own.stop("immediate")
            assert life.end() == 1
            assert life.heard[-1] == "error store-unreachable"
            born = run.life(patience=0.2)  # a service manager tries again
            assert born.end() == 1
            assert born.heard == ["error store-unreachable"]
            own.start()
        end = run.to_the_end()

    as_it_should(end)


def test_a_run_goes_on_by_itself_though_all_its_sessions_are_ended(
    nursery: Nursery, own: Server, tmp_path: Path
) -> None:
    ended = 0
    with UnderFire(nursery, own.database(), tmp_path, scenario=1) as run:
        life = run.life(patience=30.0)
        while not life.until(lambda heard: heard[-1:] == ["ended"], 0.15):
            said = [word for word in life.heard if word.startswith("error")]
            assert not said, said
            ended += len(own.sql("postgres", TERMINATE))
            assert ended < 2_000, "it makes no progress"
        assert life.end() == 0
        end = run.judged()

    as_it_should(end)
    assert ended > 10


def test_a_commit_whose_answer_was_lost_is_made_once(
    nursery: Nursery, own: Server, tmp_path: Path
) -> None:
    address, lives = own.database(), 0
    with (
        CuttingProxy(own.folder, every=7) as wire,
        UnderFire(nursery, address, tmp_path, scenario=1) as run,
    ):
        cut = address.replace(str(own.folder), str(wire.folder))
        for life in run.lives(store=cut, patience=30.0):
            life.end()
            # Only the commit that takes the lease is not tried again: the next process has it.
            assert life.heard == ["error store-unreachable"] or life.heard[-1] == "ended"
            lives += 1
        made, unmade = wire.made, wire.unmade
        end = run.judged()

    as_it_should(end)
    assert lives <= 3
    assert made > 10
    assert unmade > 10
