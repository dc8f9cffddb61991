"""Log and metrics are there when they are asked for, loaded only then, and change no run."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from contextlib import closing
from socket import create_server

import pytest

from itineraries import an_itinerary
from migrator.conductor.observing import LogForm, Observers, Wishes
from migrator.errors import EnvironmentFailed, InputError
from stage import Stage


def a_free_port() -> str:
    with closing(create_server(("127.0.0.1", 0))) as taken:
        return str(taken.getsockname()[1])


def observed(wishes: Wishes) -> Stage:
    stage = Stage(an_itinerary(waves=("ab", "c")))
    with Observers(wishes) as observers:
        observers.attach(stage.conductor, "weekend")
        stage.play()
    return stage


def test_observed_run_is_the_run_that_nobody_observed(capfd: pytest.CaptureFixture[str]) -> None:
    seen = observed(Wishes(LogForm.json, a_free_port()))
    unseen = observed(Wishes())
    assert seen.journal.head == unseen.journal.head
    assert capfd.readouterr().err


def test_log_begins_with_the_line_that_began_the_run(capfd: pytest.CaptureFixture[str]) -> None:
    stage = observed(Wishes(LogForm.json))
    told = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [fact["event"] for fact in told[:2]] == ["Leading", "RunStarted"]
    assert [fact["seq"] for fact in told[1:-1]] == [line.seq for line in stage.lines]
    assert (told[-1]["event"], told[-1]["state"]) == ("Left", "ended")


def test_run_that_goes_on_tells_what_is_new_only(capfd: pytest.CaptureFixture[str]) -> None:
    first = Stage(an_itinerary(waves=("a",)), keep_moments=True)
    first.play()
    moment = first.moments[len(first.moments) // 2]
    stage = Stage(an_itinerary(waves=("a",)), moment=moment)
    before = stage.run.seq
    with Observers(Wishes(LogForm.json)) as observers:
        observers.attach(stage.conductor, "weekend")
        stage.play()
    told = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert (told[0]["event"], told[0]["seq"]) == ("Leading", before)
    assert told[1]["seq"] == before + 1


def test_metrics_are_served_while_the_run_is_led_and_not_after() -> None:
    stage = Stage(an_itinerary(waves=("a",)))
    with Observers(Wishes(metrics=a_free_port())) as observers:
        observers.attach(stage.conductor, "weekend")
        link = observers.metrics_at
        assert link.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(link, timeout=5) as answer:  # noqa: S310 - our own page
            text = answer.read().decode()
    assert 'migrator_run_info{mode="virtual",practice="true"' in text
    assert 'migrator_events_total{kind="RunStarted"} 1.0' in text
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(link, timeout=5)  # noqa: S310 - our own page


def test_metrics_tell_how_many_lines_the_log_lost(capfd: pytest.CaptureFixture[str]) -> None:
    stage = Stage(an_itinerary(waves=("a",)))
    with Observers(Wishes(LogForm.console, a_free_port())) as observers:
        observers.attach(stage.conductor, "weekend")
        assert observers._telling is not None
        assert observers._metrics is not None
        observers._telling.sink._too_many = 4
        assert observers._metrics.registry.get_sample_value("migrator_log_lines_dropped") == 4
    assert "Leading" in capfd.readouterr().err


def test_nothing_is_opened_where_nobody_asked() -> None:
    observers = Observers(Wishes())
    assert observers.metrics_at == ""
    observers.close()


def test_port_that_is_taken_stops_a_run_before_it_begins() -> None:
    with (
        closing(create_server(("127.0.0.1", 0))) as taken,
        pytest.raises(EnvironmentFailed, match="cannot be served"),
    ):
        Observers(Wishes(metrics=str(taken.getsockname()[1])))


def test_address_for_everybody_stops_a_run_before_it_begins() -> None:
    with pytest.raises(InputError, match="this machine only"):
        Observers(Wishes(metrics="0.0.0.0:9464"))


def test_libraries_are_loaded_only_for_what_was_asked() -> None:
    program = (
        "import sys; from migrator.conductor.observing import *;"
        "import migrator.wiring, migrator.cli.run, migrator.cli.status;"
        "Observers(Wishes()).close();"
        "print([m for m in ('structlog', 'prometheus_client') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
