"""Alarms before the run is told of them: counted, kept, and told once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator.store import intake as module
from migrator.store.intake import Arrived, Intake
from migrator.store.sql import open_store

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ALARM = Arrived("alertmanager/f1", "alertmanager", "register", "the disk is full", "anna")


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    with open_store(tmp_path, practice=True) as store:
        yield Intake(store.database, "autumn")


def test_what_is_new_is_due_at_once_and_what_came_again_in_a_while(intake: Intake) -> None:
    intake.keep([ALARM], NOW, LATER)
    (first,) = intake.due(NOW, 10)
    assert (first.key, first.count, first.told, first.asked) == (ALARM.key, 1, 0, 0)
    intake.told([first])
    assert intake.due(LATER, 10) == ()
    for _ in range(3):
        intake.keep([ALARM, ALARM], NOW, LATER)
    assert intake.due(NOW, 10) == ()
    (again,) = intake.due(LATER, 10)
    assert (again.count, again.told, again.asked) == (7, 1, 1)


def test_what_comes_while_the_rest_is_told_stays_due(intake: Intake) -> None:
    intake.keep([ALARM], NOW, LATER)
    (first,) = intake.due(NOW, 10)
    intake.keep([ALARM], NOW, LATER)
    intake.told([first])
    (rest,) = intake.due(LATER, 10)
    assert (rest.count, rest.told, rest.asked) == (2, 1, 1)


def test_two_who_tell_the_same_count_it_once(intake: Intake) -> None:
    intake.keep([ALARM], NOW, LATER)
    mine, theirs = intake.due(NOW, 10), intake.due(NOW, 10)
    intake.told(mine)
    intake.told(theirs)
    intake.keep([ALARM], NOW, LATER)
    (rest,) = intake.due(LATER, 10)
    assert rest.asked == 1


def test_that_it_has_passed_is_due_at_once_and_is_no_alarm_more(intake: Intake) -> None:
    intake.keep([ALARM], NOW, LATER)
    intake.told(intake.due(NOW, 10))
    intake.keep([replace(ALARM, over=True)], NOW, LATER)
    (passed,) = intake.due(NOW, 10)
    assert (passed.over, passed.count) == (True, 1)
    intake.told([passed])
    intake.keep([replace(ALARM, over=True)], NOW, LATER)
    assert intake.due(LATER, 10) == (), "it was told"
    intake.keep([ALARM], NOW, LATER)
    assert [each.over for each in intake.due(LATER, 10)] == [False], "it is back"


def test_that_something_has_passed_of_which_nobody_heard_is_no_news(intake: Intake) -> None:
    assert intake.keep([replace(ALARM, over=True)], NOW, LATER) == frozenset()
    assert intake.counts() == {}


def test_more_different_troubles_than_a_run_has_are_refused_and_known_ones_counted(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_MAX", 2)
    flood = [replace(ALARM, key=f"alertmanager/f{number}") for number in range(5)]
    assert intake.keep(flood, NOW, LATER) == {each.key for each in flood[2:]}
    assert intake.keep(flood[:2], NOW, LATER) == frozenset()
    assert sorted(intake.counts().values()) == [(2, 0), (2, 0)]


def test_who_waits_longest_is_told_first(intake: Intake) -> None:
    for number, key in enumerate(("b", "a", "c")):
        at = NOW + timedelta(seconds=number)
        intake.keep([replace(ALARM, key=key)], at, at)
    assert [each.key for each in intake.due(LATER, 2)] == ["b", "a"]


def test_what_cannot_be_told_yet_lets_others_go_first(intake: Intake) -> None:
    intake.keep([ALARM], NOW, LATER)
    intake.keep([replace(ALARM, key="alertmanager/f2")], LATER, LATER)
    intake.put_off(intake.due(NOW, 10), LATER + timedelta(seconds=1))
    assert [each.key for each in intake.due(LATER, 10)] == ["alertmanager/f2"]
    assert len(intake.due(LATER + timedelta(seconds=1), 10)) == 2
