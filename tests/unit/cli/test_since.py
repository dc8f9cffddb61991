"""`migrator since`: how the hour is written, and the page that the next shift reads."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import practising
from migrator.cli import app
from migrator.cli.since import COMING_WORDS, TITLES, parse_since
from migrator.errors import InputError
from migrator.platform.simulated.faults import PlannedFault
from migrator.reports.handover import Under
from migrator.store.sql import open_store
from migrator.wiring import rehearsal

HALL = ZoneInfo("Europe/Stockholm")
NOW = datetime(2023, 10, 14, 6, 30, tzinfo=HALL)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("1.5h", NOW - timedelta(minutes=90)),
        ("90m", NOW - timedelta(minutes=90)),
        ("5 min", NOW - timedelta(minutes=5)),
        ("03:00", datetime(2023, 10, 14, 3, tzinfo=HALL)),
        ("22:15", datetime(2023, 10, 13, 22, 15, tzinfo=HALL)),  # the last one, yesterday
        ("2023-10-13T18:00", datetime(2023, 10, 13, 18, tzinfo=HALL)),
        ("2023-10-13T18:00+00:00", datetime(2023, 10, 13, 20, tzinfo=HALL)),
    ],
)
def test_an_hour_is_meant_as_people_say_it(text: str, meant: datetime) -> None:
    assert parse_since(text, NOW, HALL) == meant


@pytest.mark.parametrize("text", ["yesterday", "25:00", "2h ago", "2023-10-14T07:00"])
def test_what_is_no_hour_or_has_not_come_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_since(text, NOW, HALL)


def test_the_night_in_which_the_hour_comes_twice_is_briefed_by_the_hour_on_the_wall() -> None:
    now = datetime(2023, 10, 29, 6, tzinfo=HALL)
    meant = parse_since("01:00", now, HALL)
    assert now.timestamp() - meant.timestamp() == 6 * 3600  # six hours, five on the wall


def kept() -> None:
    faults = (PlannedFault("step_fails", "web", "start", times=9),)
    played = rehearsal(
        practising.small_itinerary(), seed=1, faults=faults, accidents=False, name="night"
    )
    with open_store(practising.FOLDER, practice=True) as store:
        store.keep("night", practising.small_itinerary(), played.lines, {})


def test_the_page_answers_what_a_shift_asks(capsys: pytest.CaptureFixture[str]) -> None:
    kept()
    assert app.run(["since", "night", "2023-10-13T18:00"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ÖVNING/PRACTICE night: ")
    assert "since Fri 18:00" in out
    for title in ("stood still, and went on", "decided, and by whom", "said by case handlers"):
        assert f"\n{title}\n" in out
    assert "troubles, and what became of them" in out
    assert "web/start" in out
    assert "The whole wave is back on the old side." in out
    assert "says GO" in out
    assert " that it works\n" in out
    assert "): it works\n" not in out  # counted, not listed


def test_the_keys_are_those_that_the_help_names(capsys: pytest.CaptureFixture[str]) -> None:
    kept()
    assert app.run(["since", "night", "48h", "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert app.run(["since", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert [key for key in facts if key not in told] == []
    assert {under.value for under in Under} <= set(facts)
    assert facts["troubles"][0]["result"] == "returned"


def test_what_waits_and_what_comes_stand_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["since", "latest", "0m"]) == 0
    out = capsys.readouterr().out
    assert "by plan, in the next two hours" in out
    assert "the gate of w1 is due" in out


def test_every_question_and_everything_that_comes_has_words() -> None:
    assert set(TITLES) == {under.value for under in Under}
    assert {"gate", "start", "switch", "end", "window_end", "shift", "shift_end"} < set(
        COMING_WORDS
    )
