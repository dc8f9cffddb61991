"""`migrator status` says where a run stands, in text and under stable keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

import practising
from itineraries import an_itinerary, carrying
from migrator.cli import app
from migrator.cli.countdown import left
from migrator.cli.status import show_bridges, wave_facts
from migrator.plan.model import Act, Reaction, Trouble
from migrator.store.sql import open_store
from migrator.wiring.live import TROUBLE
from playing import Play

KEYS = {
    "run", "mode", "practice", "target", "plan", "state", "outcome", "run_time", "time_zone",
    "window_start", "window_end", "speed", "still_for", "led_by", "program", "lines", "head",
    "moves_total", "moves_done", "waves", "waits", "exceptions", "limits",
    "beside", "forecast",
}  # fmt: skip
WAVE_KEYS = {
    "id", "name", "state", "state_words", "attempt", "moves_total", "moves_done",
    "moves_returned", "checks_total", "checks_passed", "planned_start", "planned_end",
    "gate_opened", "started", "ended", "cause", "unwind_at", "bridges",
}  # fmt: skip


def facts_of(run: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert app.run(["status", run, "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert isinstance(facts, dict)
    return facts


def test_the_keys_are_those_that_the_help_names(capsys: pytest.CaptureFixture[str]) -> None:
    practising.played()
    facts = facts_of("played", capsys)

    assert set(facts) == KEYS
    waves = facts["waves"]
    assert isinstance(waves, list)
    assert {key for wave in waves for key in wave} == WAVE_KEYS
    assert app.run(["status", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert [key for key in KEYS | WAVE_KEYS if key not in told] == []


def test_what_runs_beside_the_acts_has_its_trouble_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    practising.begun_live()
    with open_store(practising.FOLDER, practice=False) as store:
        journal = store.journal("night-1", lead=False)
        journal.put_facts(TROUBLE, {"at": "2023-10-13T18:30:00+00:00", "text": "no right to watch"})

    assert app.run(["status", "night-1"]) == 0
    assert "beside the acts, Fri 20:30: no right to watch" in capsys.readouterr().out
    assert facts_of("night-1", capsys)["beside"] == {
        "at": "2023-10-13T18:30:00+00:00",
        "text": "no right to watch",
    }


def test_a_run_that_is_over_waits_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    practising.played()
    facts = facts_of("played", capsys)
    assert (facts["state"], facts["outcome"], facts["waits"]) == ("ended", "completed", [])
    assert (facts["moves_done"], facts["moves_total"]) == (4, 4)

    assert app.run(["status", "played"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ÖVNING/PRACTICE played: completed: every wave was accepted"
    assert "window Fri 18:00 to Sun 18:00 Europe/Stockholm" in lines[1]
    assert lines[5].split()[:5] == ["w1", "committed", "1", "1/1", "1/1"]


def test_a_run_that_nobody_leads_says_so_first(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["status", "small"]) == 0
    out = capsys.readouterr().out
    assert "NOBODY leads it and its time stands still: migrator run --continue small-p1" in out
    facts = facts_of("latest", capsys)
    assert (facts["led_by"], facts["run_time"]) == (None, "2023-10-13T18:00:00+02:00")


def test_a_live_run_names_its_target(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun_live()
    assert app.run(["status", "latest"]) == 0
    assert capsys.readouterr().out.startswith("SKARPT/LIVE cluster-a night-1: under way\n")


def test_it_says_for_whom_time_stands_still(capsys: pytest.CaptureFixture[str]) -> None:
    with practising.led():
        practising.until(lambda: bool(facts_of("latest", capsys)["still_for"]))
        facts = facts_of("latest", capsys)
        assert app.run(["status", "latest"]) == 0
    out = capsys.readouterr().out

    assert facts["still_for"] == [["anna", "w1"]]
    assert str(facts["led_by"]).startswith("process ")
    assert "time STANDS STILL for Anna (w1)" in out
    waits = facts["waits"]
    assert isinstance(waits, list)
    assert waits[0]["choices"][0]["command"] == "migrator go small-p1 w1"
    assert "gate of w1" in out
    assert "then it becomes a no-go" in out


def test_an_empty_journal_is_no_run(capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(practising.FOLDER, practice=True) as store:
        store.create_run(
            "empty", practising.small_itinerary(), seed=1, mode="scaled", target="", plan_digest=""
        ).release()
    assert app.run(["status", "empty"]) == 2
    assert "see: runbooks/run-not-begun.md" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "now"), (0, "now"), (59, "59 s"), (60, "1 min 00 s"), (3599, "59 min 59 s"),
     (3600, "1 h 00 min"), (90_000, "25 h 00 min")],
)  # fmt: skip
def test_time_left_is_told_as_people_count_it(seconds: int, words: str) -> None:
    now = datetime(2023, 10, 14, tzinfo=UTC)
    assert left(now + timedelta(seconds=seconds), now) == words


def going_back(play: Play, capsys: pytest.CaptureFixture[str]) -> str:
    """What `status` says of the bridges of w1."""
    begun = play.run.waves["w1"].begun
    assert begun is not None
    show_bridges("w1", begun)
    return capsys.readouterr().out


def test_a_wave_that_goes_back_says_what_that_leaves_to_the_bridges(
    capsys: pytest.CaptureFixture[str],
) -> None:
    play = Play(carrying(an_itinerary(waves=("ab",), links=("ab:3",), stateless="ab"), 20.0))
    play.go_on("a/soak", but=["a/soak", "b/soak"])
    assert wave_facts(play.run, play.run.waves["w1"])["bridges"] is None
    play.say("unwind", "a", over_capacity="yes")
    assert wave_facts(play.run, play.run.waves["w1"])["bridges"] == {
        "calls_per_hour": 30.0, "calls_per_hour_max": 20.0, "overloaded": True,
        "heaviest": ("a to b: 3 links, 30 calls/h",), "widened": "",
    }  # fmt: skip
    assert "w1: bridges then carry 30 calls per hour of the 20 that they can: TOO MANY" in (
        going_back(play, capsys)
    )


def test_a_wave_that_goes_back_for_the_bridges_sake_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    on = {Trouble.SOAK: Reaction(Act.UNWIND, scope="move")}
    itinerary = an_itinerary(waves=("ab",), links=("ab:3",), stateless="ab", on=on)
    play = Play(carrying(itinerary, 20.0))
    play.go_on("a/soak", but=["a/soak", "b/soak"])
    play.fail("a/soak")
    said = going_back(play, capsys)
    assert said.startswith("all of w1 goes back, because without the rest of the wave bridges")


def test_where_nobody_counted_calls_status_says_nothing_of_bridges(
    capsys: pytest.CaptureFixture[str],
) -> None:
    play = Play(an_itinerary(waves=("ab",), links=("ab:3",), stateless="ab"))
    play.go_on("a/soak", but=["a/soak", "b/soak"])
    play.say("unwind", "a")
    assert wave_facts(play.run, play.run.waves["w1"])["bridges"] is None
    assert going_back(play, capsys) == ""
