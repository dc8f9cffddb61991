"""Alarms and reports: kept before they are answered, the same trouble once."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from migrator.conductor.clock import wall_now
from migrator.errors import EnvironmentFailed
from migrator.store import intake as store_intake
from migrator.store.intake import Arrived, Intake
from migrator.web.api.alarms import Alarms
from migrator.web.api.reports import TEXT_MAX, WITHHELD, Inbox
from programs import Program, a_program
from run_with_pages import ASKED, DECIDER, NAME, Pages

FIRING: dict[str, object] = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "subsystem": "s-1-1", "instance": "n1"},
    "annotations": {"summary": "nothing is left on /var"},
    "startsAt": "2023-10-14T02:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus/graph",
    "fingerprint": "a1b2c3d4e5f60718",
}


def sent(*alerts: dict[str, object]) -> dict[str, object]:
    return {
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing",
        "receiver": "weekend", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://alertmanager", "alerts": list(alerts),
    }  # fmt: skip


@pytest.fixture
def alarm(pages: Pages) -> Program:
    return a_program(pages, DECIDER, "alarm", "Alertmanager (prod)")


def intake(pages: Pages) -> Intake:
    return Intake(pages.store.database, NAME)


def tell(pages: Pages, later: timedelta = timedelta()) -> None:
    """Let the run be told of what is due, as the task of a server does each second."""
    alarms = Alarms(pages.seen, Late(intake(pages), later))
    asyncio.run(alarms.tell())


class Late(Intake):
    """The same intake, looked at later."""

    def __init__(self, plain: Intake, later: timedelta) -> None:
        super().__init__(plain._database, plain._run)
        self._later = later

    def due(self, now: datetime, rows_max: int) -> tuple[store_intake.Due, ...]:
        return super().due(now + self._later, rows_max)


def test_an_alarm_becomes_a_disturbance_of_its_subsystem(pages: Pages, alarm: Program) -> None:
    move = next(iter(pages.seen.run.moves))
    labels = {"alertname": "DiskFull", "subsystem": move}
    answer = alarm.post("/alerts", sent({**FIRING, "labels": labels}))
    assert answer.status_code == 202
    assert answer.json() == {"kept": 1, "known": ["alertmanager-prod/a1b2c3d4e5f60718"]}
    tell(pages)
    pages.lead()
    (found,) = pages.leader.run.disturbances.values()
    assert (found.target, found.source, found.level.value) == (move, "alertmanager-prod", "yellow")
    assert found.reason == "DiskFull: nothing is left on /var"
    (shown,) = a_program(pages, ASKED).get("/disturbances").json()["disturbances"]
    assert (shown["id"], shown["key"]) == ("D1", "alertmanager-prod/a1b2c3d4e5f60718")


def test_a_flood_of_one_alarm_is_one_disturbance_with_a_count(pages: Pages, alarm: Program) -> None:
    for _ in range(5):
        alarm.post("/alerts", sent(*[FIRING] * 20))
    tell(pages)
    pages.lead()
    tell(pages)
    assert len(pages.leader.journal.take_commands()) == 1, "how often it came, in one command"
    pages.lead()
    tell(pages, timedelta(minutes=2))
    assert pages.lead() == [], "nothing is left to tell"
    (found,) = pages.leader.run.disturbances.values()
    assert found.times == 100
    alarm.post("/alerts", sent(FIRING, FIRING))
    tell(pages)
    assert pages.lead() == [], "what is known is told once a minute"
    tell(pages, timedelta(minutes=2))
    pages.lead()
    (found,) = pages.leader.run.disturbances.values()
    assert found.times == 102


def test_while_nobody_leads_one_command_lies_there_and_the_rest_is_counted(
    pages: Pages, alarm: Program
) -> None:
    for minute in range(1, 4):
        alarm.post("/alerts", sent(FIRING))
        tell(pages, timedelta(minutes=2 * minute))
    assert len(pages.leader.journal.take_commands()) == 1
    pages.lead()
    tell(pages, timedelta(minutes=30))
    pages.lead()
    (found,) = pages.leader.run.disturbances.values()
    assert found.times == 3


def test_two_processes_or_one_that_died_tell_it_once(pages: Pages, alarm: Program) -> None:
    alarm.post("/alerts", sent(FIRING))
    (due,) = intake(pages).due(wall_now(), 10)
    tell(pages)  # of a process that died before it noted that it had told it
    with pages.store.database.writing() as connection:
        from migrator.store import tables

        table = tables.intake
        connection.execute(table.update().values(told=0, asked=0, due=table.c.first))
    alarm.post("/alerts", sent(FIRING))
    tell(pages)
    assert len(pages.leader.journal.take_commands()) == 1
    pages.lead()
    tell(pages, timedelta(minutes=2))
    pages.lead()
    (found,) = pages.leader.run.disturbances.values()
    assert (due.count, found.times) == (1, 2)


def test_that_it_has_passed_stands_in_the_log_and_closes_nothing(
    pages: Pages, alarm: Program
) -> None:
    alarm.post("/alerts", sent(FIRING))
    tell(pages)
    pages.lead()
    alarm.post("/alerts", sent({**FIRING, "status": "resolved"}))
    tell(pages)
    pages.lead()
    (found,) = pages.leader.run.disturbances.values()
    assert found.open
    assert "has passed" in found.log[-1].text


def test_more_open_disturbances_than_anybody_reads_wait_and_are_not_lost(
    pages: Pages, alarm: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.web.api.alarms.OPEN_MAX", 2)
    alarm.post("/alerts", sent(*[{**FIRING, "fingerprint": f"f{n}"} for n in range(2)]))
    tell(pages)
    pages.lead()
    alarm.post("/alerts", sent({**FIRING, "fingerprint": "f2"}))
    tell(pages)
    assert pages.lead() == []
    assert intake(pages).counts()["alertmanager-prod/f2"] == (1, 0)
    monkeypatch.setattr("migrator.web.api.alarms.OPEN_MAX", 200)
    tell(pages, timedelta(minutes=1))
    pages.lead()
    assert len(pages.leader.run.disturbances) == 3


def test_a_report_in_words_is_one_disturbance_for_each_subject(pages: Pages) -> None:
    desk = a_program(pages, DECIDER, "report", "Service desk")
    for subject in ("The letters are empty", "the  LETTERS are empty", "Nobody can sign in"):
        body = {"subject": subject, "text": "three callers", "target": "w01"}
        assert desk.post("/reports", body).status_code == 202
    for _ in range(2):
        tell(pages)
        pages.lead()
    found = pages.leader.run.disturbances.values()
    assert sorted((each.target, each.times) for each in found) == [("w01", 1), ("w01", 2)]


def test_what_a_journal_must_not_keep_is_left_out(pages: Pages, alarm: Program) -> None:
    notes = {"summary": "failed for 19900101-2384"}
    alarm.post("/alerts", sent({**FIRING, "annotations": notes}))
    long = {"summary": "x\n" * 900}
    alarm.post("/alerts", sent({**FIRING, "annotations": long, "fingerprint": "f2"}))
    tell(pages)
    pages.lead()
    texts = sorted(each.reason for each in pages.leader.run.disturbances.values())
    assert texts[0] == WITHHELD
    assert len(texts[1]) == TEXT_MAX
    assert "\n" not in texts[1]


def test_a_target_that_the_run_does_not_know_is_named_in_words(
    pages: Pages, alarm: Program
) -> None:
    labels = {"alertname": "Down", "subsystem": "no-such"}
    alarm.post("/alerts", sent({**FIRING, "labels": labels}))
    tell(pages)
    pages.lead()
    (found,) = pages.leader.run.disturbances.values()
    assert (found.target, found.reason) == ("", "Down: nothing is left on /var (no-such)")


def test_more_different_alarms_than_are_kept_are_refused(
    alarm: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_intake, "ROWS_MAX", 1)
    alarm.post("/alerts", sent(FIRING))
    answer = alarm.post("/alerts", sent({**FIRING, "fingerprint": "f2"}))
    assert (answer.status_code, answer.json()["type"]) == (429, "urn:migrator:too-much")
    assert alarm.post("/alerts", sent(FIRING)).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        {"version": "3", "alerts": []},
        {"version": "4"},
        {"version": "4", "alerts": [{**FIRING, "status": "odd"}]},
        {"version": "4", "alerts": [{**FIRING, "fingerprint": "../x y"}]},
        {"version": "4", "alerts": [FIRING] * 501},
        [],
    ],
)
def test_what_is_no_webhook_is_refused_whole(pages: Pages, alarm: Program, body: object) -> None:
    assert alarm.post("/alerts", body).status_code == 422
    assert intake(pages).counts() == {}


async def test_what_comes_together_is_one_commit_and_everybody_is_answered(pages: Pages) -> None:
    commits = 0

    class Counting(Intake):
        def keep(self, arrived: object, now: datetime, again: datetime) -> frozenset[str]:
            nonlocal commits
            commits += 1
            return super().keep(arrived, now, again)  # type: ignore[arg-type]

    inbox = Inbox(Counting(pages.store.database, NAME))
    one = Arrived("desk/f", "desk", "", "slow", DECIDER)
    answers = await asyncio.gather(*(inbox.keep([one]) for _ in range(50)))
    assert answers == [frozenset()] * 50
    assert commits <= 2, "one for the first, one for all that came meanwhile"
    assert intake(pages).counts() == {"desk/f": (50, 0)}


async def test_while_the_store_is_away_everybody_is_told_and_nothing_hangs(pages: Pages) -> None:
    class Away(Intake):
        def keep(self, *_: object) -> frozenset[str]:
            raise EnvironmentFailed("store-failed", "gone", hint="")

    inbox = Inbox(Away(pages.store.database, NAME))
    one = Arrived("desk/f", "desk", "", "slow", DECIDER)
    for _ in range(2):
        found = await asyncio.gather(*(inbox.keep([one]) for _ in range(3)), return_exceptions=True)
        assert [type(each) for each in found] == [EnvironmentFailed] * 3
