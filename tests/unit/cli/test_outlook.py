"""The turn-back clock: by when, in how long, how sure, and how old what it says is."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

import practising
from forecasts import a_forecast
from migrator.cli import app
from migrator.cli.outlook import clock_line
from migrator.cli.runs import SeenRun, see_run
from migrator.conductor.foreseeing import FACT
from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.store.sql import open_store


def begun(*facts: ev.Event, kept: ev.ForecastMade | None = None, trouble: str = "") -> SeenRun:
    """A practice run that nobody leads, with these facts, and a forecast beside its journal."""
    practising.begun()
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("latest", lead=True)
        at = see_run("latest").now()
        journal.append([Entry(at, "conductor", fact) for fact in facts])
        data = None if kept is None else ev.event_to_data(kept)
        if kept is not None or trouble:
            journal.put_facts(FACT, {"forecast": data, "trouble": trouble, "trouble_at": ""})
        journal.release()
    return see_run("latest")


def hour(minutes: float) -> datetime:
    return practising.small_itinerary().window.start + timedelta(minutes=minutes)


def line(seen: SeenRun) -> str:
    return clock_line(seen, seen.now())[0]


def test_without_a_forecast_there_is_no_clock(capsys: pytest.CaptureFixture[str]) -> None:
    assert line(begun()) == ""
    assert app.run(["status", "latest", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["forecast"] is None


def test_it_says_by_when_and_how_sure() -> None:
    seen = begun(a_forecast(made=hour(0), limit=hour(190), end_p80=hour(900)))
    assert line(seen) == (
        "turn back by Fri 21:10, in 3 h 10 min; fits 93 %; four in five end by Sat 09:00; "
        "forecast of 18:00"
    )


def test_the_newest_one_counts_though_it_is_no_line_of_the_journal() -> None:
    seen = begun(a_forecast(made=hour(-1)), kept=a_forecast(made=hour(0), fits=0.92))
    assert line(seen) == "turning back is possible at any time; fits 92 %; forecast of 18:00"


def test_one_of_the_journal_counts_where_it_is_newer_than_what_is_kept_beside_it() -> None:
    seen = begun(a_forecast(made=hour(0)), kept=a_forecast(made=hour(-1), fits=0.92))
    assert "fits 93 %" in line(seen)


def test_one_that_is_old_says_so_and_why_there_is_no_newer_one() -> None:
    seen = begun(a_forecast(made=hour(-6)), trouble="child-failed: it ended")
    assert line(seen).endswith("forecast of 17:54, older than 5 minutes: child-failed: it ended")
    assert clock_line(seen, seen.now())[1] == "yellow"


def test_where_none_could_ever_be_made_the_reason_stands_alone() -> None:
    assert line(begun(trouble="child-failed: it ended")) == "no forecast: child-failed: it ended"


def test_an_hour_that_has_passed_is_loud() -> None:
    seen = begun(a_forecast(made=hour(0), limit=hour(-10)))
    said, colour = clock_line(seen, seen.now())
    assert said.startswith("TOO LATE to turn back with everything, since Fri 17:50")
    assert colour == "red"


def test_the_datas_own_limit_names_what_cannot_be_undone() -> None:
    made = a_forecast(
        made=hour(0), limit=hour(60), latest=None, data_limit=hour(60), data_limit_of="a"
    )
    assert "turn back by Fri 19:00, in 1 h 00 min (a cannot be undone)" in line(begun(made))


def test_a_run_that_is_over_has_no_hour_to_turn_back_by() -> None:
    made = a_forecast(made=hour(0), limit=hour(190))
    assert line(begun(made, ev.RunEnded("completed"))) == (
        "the last forecast, of Fri 18:00: fits 93 %"
    )


def test_what_is_signed_is_forward_only() -> None:
    made = a_forecast(made=hour(0), limit=hour(60))
    signed = ev.Signed("no full unwind after", hour(60), "anna", "it is wanted")
    assert line(begun(made, signed)).startswith("FORWARD ONLY after Fri 19:00, signed by Anna")


def test_few_weekends_are_told_where_nothing_is_compiled() -> None:
    assert "only 40 weekends sampled" in line(
        begun(a_forecast(made=hour(0), compiled=False, weekends=40))
    )


def test_status_and_watch_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    begun(a_forecast(made=hour(0), limit=hour(190)))
    assert app.run(["status", "latest"]) == 0
    assert "turn back by Fri 21:10, in 3 h 10 min; fits 93 %" in capsys.readouterr().out
    assert app.run(["watch", "latest"]) == 0
    assert "turn back by Fri 21:10, in 3 h 10 min; fits 93 %" in capsys.readouterr().out


def test_status_gives_it_as_data_under_the_keys_that_the_help_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    begun(a_forecast(made=hour(0), limit=hour(190), fits=0.5))
    assert app.run(["status", "latest", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["forecast"]
    assert told["limit"] == "2023-10-13T21:10:00+02:00"
    assert told["advice"]["go"] is False
    assert told["old"] is False
    assert app.run(["status", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert [key for key in told if key not in text] == []


def test_a_gate_shows_what_speaks_for_and_against_a_go(
    capsys: pytest.CaptureFixture[str],
) -> None:
    begun(ev.GateOpened("w1", 1, hour(60)), a_forecast(made=hour(0), fits=0.5))
    assert app.run(["gate", "latest", "w1"]) == 0
    shown = capsys.readouterr().out
    assert "speaks AGAINST a go: the weekend ends inside its window in 50 %" in shown
    assert app.run(["decide", "latest"]) == 0
    assert "the forecast speaks AGAINST it" in capsys.readouterr().out
