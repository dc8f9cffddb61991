"""`migrator run --continue RUN --standby` waits beside a leader and leads when nobody does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import practising
from migrator import __version__
from migrator.cli import app, standing_by
from migrator.cli.going_on import Answer
from migrator.errors import EnvironmentFailed, RefusedError, TransientError
from migrator.store.database import UNREACHABLE
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from migrator.wiring import begin

NOTHING_SAID = Answer(accepted=False, person=None)
OLD = "0.0.9"


@pytest.fixture
def store() -> Iterator[Store]:
    practising.begun(play=())
    with open_store(practising.FOLDER, practice=True) as opened:
        yield opened


@pytest.fixture
def leader(store: Store) -> Iterator[SqlJournal]:  # noqa: ARG001 - it makes the run
    """Somebody who leads the run: this very process, through another store."""
    with open_store(practising.FOLDER, practice=True) as other:
        yield other.journal("small-p1", lead=True)


def take_over(store: Store, answer: Answer = NOTHING_SAID) -> int | None:
    """Take the run over; the epoch in which it is led then."""
    name, led = standing_by.take_over(store, "small", None, answer)
    assert name == "small-p1"
    epoch = led.journal.epoch
    led.journal.release()
    return epoch


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How often it has looked; no test waits for a watch."""
    seen: list[float] = []
    monkeypatch.setattr("migrator.cli.standing_by.time.sleep", seen.append)
    return seen


def test_it_says_on_whom_it_waits_and_leads_when_that_one_leaves(
    store: Store,
    leader: SqlJournal,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    led_by, before, left = leader.leader(), leader.epoch, []

    def leaves_at_last(seconds: float) -> None:
        left.append(seconds)
        if len(left) == 25:  # it has asked for the lease twice by then, in vain
            leader.release()

    monkeypatch.setattr("migrator.cli.standing_by.time.sleep", leaves_at_last)
    assert before is not None
    assert take_over(store) == before + 1
    assert len(left) == 25
    assert capsys.readouterr().err.splitlines() == [
        f"standing by: {led_by} leads small-p1; Ctrl-C leaves",
        "nobody leads small-p1 any more: taking over",
    ]


def test_where_nobody_leads_it_does_not_wait(store: Store, looks: list[float]) -> None:
    assert take_over(store) is not None
    assert looks == []


def test_a_store_that_is_away_for_a_while_is_waited_for(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = [
        TransientError(UNREACHABLE, "the database db cannot be reached", hint="") for _ in range(3)
    ]
    looked = SqlJournal.leader

    def looks(journal: SqlJournal) -> str | None:
        if away:
            raise away.pop()
        return looked(journal)

    monkeypatch.setattr(SqlJournal, "leader", looks)
    monkeypatch.setattr("migrator.cli.standing_by.time.sleep", lambda _: None)
    assert take_over(store) is not None
    told = capsys.readouterr().err
    assert told.count("standing by: the database db cannot be reached") == 1


def test_what_waiting_does_not_mend_is_said(
    store: Store, monkeypatch: pytest.MonkeyPatch, looks: list[float]
) -> None:
    def fails(*_: object) -> None:
        raise EnvironmentFailed("disk-full", "the disk is full", hint="make room")

    monkeypatch.setattr(standing_by, "go_on", fails)
    with pytest.raises(EnvironmentFailed, match="the disk is full"):
        take_over(store)
    assert looks == []


def test_another_version_is_asked_about_before_the_wait(
    monkeypatch: pytest.MonkeyPatch, looks: list[float]
) -> None:
    with monkeypatch.context() as then:
        then.setitem(begin.__globals__, "__version__", OLD)  # where the first line is written
        practising.begun(play=())
    with (
        open_store(practising.FOLDER, practice=True) as other,
        open_store(practising.FOLDER, practice=True) as store,
    ):
        leader = other.journal("small-p1", lead=True)
        with pytest.raises(RefusedError, match=f"version {OLD} led small-p1 last"):
            take_over(store)
        assert looks == []

        monkeypatch.setattr("migrator.cli.standing_by.time.sleep", lambda _: leader.release())
        assert take_over(store, Answer(accepted=True, person="anna")) is not None
        (accepted,) = store.journal("small-p1", lead=False).lines(1)
        assert accepted.actor == "anna"
        assert __version__ in str(accepted.event)


def test_ctrl_c_leaves(store: Store, leader: SqlJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("migrator.cli.standing_by.time.sleep", interrupted)
    assert store.journal("small-p1", lead=False).leader() == leader.leader() is not None
    assert app.run(["run", "--continue", "small-p1", "--standby"]) == app.INTERRUPTED


def test_there_must_be_a_run_to_wait_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", "plan.yaml", "--standby"]) == 2
    assert "write migrator run --continue RUN --standby" in capsys.readouterr().err
    assert app.run(["run", "--continue", "nowhere", "--standby"]) == 2
