"""`migrator decide` shows what waits for people, the urgent first, with the command to type."""

from __future__ import annotations

import json
from typing import Any

import pytest

import practising
from migrator.cli import app
from migrator.cli.decide import _show, choices, people_waits
from migrator.engine import events as ev
from migrator.platform.simulated.faults import PlannedFault

FUNCTION = "pay"
FAILS = PlannedFault("step_fails", "web", "start", times=9)


def test_a_gate_comes_with_its_commands_and_their_consequences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    practising.begun()
    with practising.led("other"):
        practising.until(lambda: _decisions("other", capsys) != [])
        (gate,) = _decisions("other", capsys)
        assert app.run(["decide", "other"]) == 0
    out = capsys.readouterr().out

    assert gate["subject"] == "w1"
    commands = [choice["command"] for choice in gate["choices"]]
    assert commands[0] == "migrator go other w1 --as anna"
    assert commands[1] == 'migrator no-go other w1 --as anna --reason "..."'
    assert commands[2].startswith("migrator postpone other w1 --until 2023-10-13T20:")  # later
    assert "1. gate of w1" in out
    assert "then it becomes a no-go" in out


def _decisions(run: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    assert app.run(["decide", run, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["decisions"]
    assert isinstance(found, list)
    return found


def test_what_stands_still_comes_before_what_may_wait() -> None:
    seen = practising.seen_after(lambda line: isinstance(line.event, ev.WaveHeld), faults=(FAILS,))
    first = people_waits(seen, seen.now())[0]
    assert first.subject == "web/start"
    lines = [line for line, _ in choices(seen, first, seen.now())]
    assert [line.split()[1] for line in lines] == ["veto", "retry", "force-done", "skip", "unwind"]
    assert lines[1] == 'migrator retry small-p1 web/start --as anna --reason "..."'


def test_every_verdict_on_a_check_is_offered_and_none_is_suggested() -> None:
    seen = practising.seen_after(lambda line: isinstance(line.event, ev.CheckAssigned))
    check = next(wait for wait in people_waits(seen, seen.now()) if wait.subject in seen.run.checks)
    lines = [line for line, _ in choices(seen, check, seen.now())]
    assert [line.split()[4] for line in lines] == [
        "works", "works_but", "does_not_work", "cannot_judge",
    ]  # fmt: skip
    assert lines[2].endswith('does_not_work --note "..." --as cecilia')


def test_whoever_said_no_takes_it_back() -> None:
    said_no = PlannedFault("handler_says_no", function=FUNCTION, times=9)
    seen = practising.seen_after(
        lambda line: isinstance(line.event, ev.WaveHeld), faults=(said_no,)
    )
    first = people_waits(seen, seen.now())[0]
    assert any(
        line.startswith(f"migrator withdraw small-p1 {first.subject} --as cecilia")
        for line, _ in choices(seen, first, seen.now())
    )


def test_a_wave_that_is_back_is_offered_once_more(capsys: pytest.CaptureFixture[str]) -> None:
    seen = practising.seen_after(
        lambda line: isinstance(line.event, ev.WaveReturned), faults=(FAILS,)
    )
    _show(seen, [], seen.now())
    out = capsys.readouterr().out
    assert "possible: w1 is returned" in out
    assert "migrator retry small-p1 w1 --as " in out


def test_where_nobody_is_waited_for_it_says_what_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = practising.seen_after(lambda line: isinstance(line.event, ev.StepStarted))
    _show(seen, [], seen.now())
    assert "waits for the platform, until Fri " in capsys.readouterr().out


def test_nothing_waits_in_a_run_that_is_over() -> None:
    seen = practising.seen_after(lambda line: isinstance(line.event, ev.RunEnded))
    assert people_waits(seen, seen.now()) == []


def test_an_accepted_wave_may_wait_longest() -> None:
    accepted = []

    def second_gate(line: object) -> bool:
        event = getattr(line, "event", None)
        if isinstance(event, ev.WaveAccepted):
            accepted.append(event.wave)
        return isinstance(event, ev.GateOpened) and event.wave == "w2"

    seen = practising.seen_after(second_gate)
    subjects = [wait.subject for wait in people_waits(seen, seen.now())]
    assert subjects[0] == "w2"
    assert subjects[1:] == accepted
