"""The log: every line once, ids and vocabularies only, and nothing that could stop a run."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from itineraries import START, an_itinerary
from migrator.conductor import telling
from migrator.conductor.telling import Sink, Telling, level_of, line_facts
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.engine.run import Run, new_run
from migrator.platform.simulated.faults import PlannedFault
from stage import Stage

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)
SECRET = "hunter2 Kim Ek"


def a_run() -> Run:
    return new_run(an_itinerary(waves=("ab", "c")))


def a_line(event: ev.Event, actor: str = "engine") -> Line:
    return Line(7, AT, 3, actor, event, "0" * 64, "f" * 64)


def logged(stage: Stage, *, as_json: bool = True) -> list[str]:
    written: list[bytes] = []
    tells = Telling("weekend", Sink(written.append), as_json=as_json)
    stage.conductor.listeners.append(tells)
    stage.play()
    tells.close()
    return [data.decode().rstrip("\n") for data in written]


def test_every_journalled_line_is_logged_once_and_in_order() -> None:
    stage = Stage(an_itinerary(waves=("ab", "c")), [PlannedFault("step_fails", "a", "copy")])
    told = [json.loads(text) for text in logged(stage)]
    # The first line is written before anybody can listen; `observing` tells it.
    assert [(fact["seq"], fact["event"]) for fact in told] == [
        (line.seq, type(line.event).__name__) for line in stage.lines[1:]
    ]
    assert all(fact["run"] == "weekend" for fact in told)
    assert all(fact["epoch"] == 1 for fact in told)


def test_line_of_a_step_says_run_wave_move_step_attempt_epoch_and_number() -> None:
    facts = line_facts(a_run(), a_line(ev.StepStarted("a", "copy", 1, 2, "token", AT)))
    assert facts == {
        "seq": 7,
        "epoch": 3,
        "at": "2023-10-14T01:00:00+00:00",
        "by": "engine",
        "wave": "w1",
        "move": "a",
        "step": "copy",
        "attempt": 1,
        "nth": 2,
        "limit_at": "2023-10-14T01:00:00+00:00",
    }


def test_attempt_is_the_waves_where_the_event_does_not_say_it() -> None:
    run = a_run()
    run.waves["w2"].attempt = 4
    assert line_facts(run, a_line(ev.WaveCommitted("w2")))["attempt"] == 4


def test_subsystem_whose_authority_moved_is_the_move() -> None:
    facts = line_facts(a_run(), a_line(ev.AuthorityMoved("c", "new")))
    assert (facts["wave"], facts["move"], facts["side"]) == ("w2", "c", "new")


def test_hold_of_a_step_names_its_move_and_step() -> None:
    held = ev.WaveHeld("w1", 1, "step_failed", "a/copy", ("a", "b"), SECRET, None)
    facts = line_facts(a_run(), a_line(held))
    assert (facts["move"], facts["step"], facts["moves_count"]) == ("a", "copy", 2)


def test_undo_is_told_as_an_undo() -> None:
    facts = line_facts(a_run(), a_line(ev.WaveStuck("w1", "a/start-source", SECRET)))
    assert (facts["move"], facts["undo"], "step" in facts) == ("a", "start-source", False)


@pytest.mark.parametrize("kind", ev.KINDS.values(), ids=ev.KINDS)
def test_free_text_and_people_never_reach_the_log(kind: type[ev.Event]) -> None:
    """Every text of every kind of event is a secret here; none may come out."""
    made = kind(**{field.name: a_secret(str(field.type)) for field in fields(kind)})
    line = a_line(made, actor=f"simulated:{SECRET}")
    run = a_run()
    # Ids of moves, waves and checks are the plan's; whoever writes one writes what is there.
    allowed = {"wave", "move", "step", "undo", "check"}
    told = {key: value for key, value in line_facts(run, line).items() if key not in allowed}
    assert SECRET not in json.dumps(told)
    assert told["by"] == "simulated"


def a_secret(kind: str) -> object:
    """A value of a field's type, with the secret in it where it holds any text."""
    made: dict[str, object] = {
        "str": SECRET, "int": 1, "float": 1.0, "bool": True, "tuple[str, ...]": (SECRET,),
    }  # fmt: skip
    return made.get(kind, AT)


def test_every_field_of_every_event_is_told_or_withheld_on_purpose() -> None:
    sets = (
        telling.NUMBERS, telling.TIMES, telling.WORDS, telling.PLACES, telling.COUNTED,
        telling.SORTED_OUT, telling.WITHHELD,
    )  # fmt: skip
    every = {field.name for kind in ev.KINDS.values() for field in fields(kind)}
    assert every - set().union(*sets) == set()
    assert sum(len(each) for each in sets) == len(set().union(*sets)), "one field, one answer"


@pytest.mark.parametrize("verb", ["rm -rf", "hunter2"])
def test_verb_that_somebody_typed_is_not_told_unless_it_is_one(verb: str) -> None:
    refused = ev.CommandRefused("c1", verb, "hunter2", "anna", "no")
    facts = line_facts(a_run(), a_line(refused, "anna"))
    assert "verb" not in facts
    assert "target" not in facts
    assert facts["by"] == "person"


def test_target_that_is_a_wave_is_told() -> None:
    taken = ev.CommandTaken("c1", "hold", "w2", "anna", True, "lunch", 7)
    facts = line_facts(a_run(), a_line(taken, "anna"))
    assert (facts["verb"], facts["target"], facts["wave"]) == ("hold", "w2", "w2")


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (ev.StepEnded("a", "copy", 1, "done", ""), "info"),
        (ev.StepEnded("a", "copy", 1, "timed_out", ""), "warning"),
        (ev.UndoEnded("a", "remove", 1, "failed", ""), "error"),
        (ev.StepSettled("a", "copy", 1, "unknown", ""), "error"),
        (ev.StepSettled("a", "copy", 1, "not_done", ""), "info"),
        (ev.WaveStuck("w1", "a/remove", ""), "error"),
        (ev.WaveHeld("w1", 1, "refused", "w1", (), "", None), "warning"),
        (ev.LinksJudged("a", 1, "soak", 9, 0, 0, 1, 0, ()), "warning"),
        (ev.LinksJudged("a", 1, "baseline", 9, 0, 0, 0, 0, ()), "info"),
        (ev.TickGiven("f@w1", 1, "hanna", "does_not_work", ""), "warning"),
        (ev.RunEnded("stuck"), "error"),
        (ev.RunEnded("completed"), "info"),
    ],
)
def test_level_says_whether_a_person_should_look(event: ev.Event, level: str) -> None:
    assert level_of(event) == level


def test_console_form_is_one_line_for_each_line() -> None:
    stage = Stage(an_itinerary(waves=("a",)))
    told = logged(stage, as_json=False)
    assert len(told) == len(stage.lines) - 1
    assert "RunEnded" in told[-1]
    assert "outcome=completed" in told[-1]


class Stuck:
    """A reader that stops reading until it is told to go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.reading = threading.Event()
        self.written: list[bytes] = []

    def __call__(self, data: bytes) -> None:
        self.reading.set()
        self.go_on.wait()
        self.written.append(data)


def test_reader_that_stops_reading_never_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "LINES_WAITING_MAX", 5)
    reader = Stuck()
    tells = Telling("weekend", Sink(reader), as_json=True)
    stage = Stage(an_itinerary(waves=("a",)))
    stage.conductor.listeners.append(tells)

    stage.play()  # it would hang here

    assert stage.run.outcome == "completed"
    assert tells.sink.dropped >= len(stage.lines) - 8
    reader.go_on.set()
    tells.close()


def test_lines_that_were_dropped_are_told_of_by_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "LINES_WAITING_MAX", 1)
    reader = Stuck()
    tells = Telling("weekend", Sink(reader), as_json=True)
    line = a_line(ev.RunPaused(""))
    tells(a_run(), [line])
    reader.reading.wait()
    tells(a_run(), [line, line, line])  # one waits, two are dropped
    reader.go_on.set()
    while not tells.sink._waiting.empty():
        pass
    tells(a_run(), [])
    tells.close()
    last = json.loads(reader.written[-1])
    assert (last["event"], last["count"], last["level"]) == ("LinesDropped", 2, "warning")


def nobody_reads(_data: bytes) -> None:
    raise BrokenPipeError


def test_pipe_that_broke_costs_lines_and_nothing_else() -> None:
    tells = Telling("weekend", Sink(nobody_reads), as_json=True)
    stage = Stage(an_itinerary(waves=("a",)))
    stage.conductor.listeners.append(tells)
    stage.play()
    tells.close()
    assert stage.run.outcome == "completed"
    assert tells.sink.dropped >= len(stage.lines) - 1


def test_half_a_letter_is_written_all_the_same() -> None:
    written: list[bytes] = []
    sink = Sink(written.append)
    sink.put("\udc80")
    sink.close()
    assert written == [b"\\udc80\n"]


def test_log_goes_to_stderr_and_leaves_stdout_to_results(
    capfd: pytest.CaptureFixture[str],
) -> None:
    tells = Telling("weekend", Sink(), as_json=True)
    tells(a_run(), [a_line(ev.RunPaused(""))])
    tells.close()
    said = capfd.readouterr()
    assert (said.out, json.loads(said.err)["event"]) == ("", "RunPaused")


def test_every_log_key_is_documented(root: Path) -> None:
    page = (root / "docs" / "observability.md").read_text(encoding="utf-8")
    keys = {"event", "level", "timestamp", "run", "seq", "epoch", "at", "by", "pid", "state"}
    keys |= telling.NUMBERS | telling.TIMES | telling.WORDS | telling.PLACES
    keys |= {"wave", "move", "step", "undo", "attempt", "check", "count"}
    keys |= {f"{name}_count" for name in telling.COUNTED}
    assert [key for key in sorted(keys) if not re.search(rf"`{key}`", page)] == []


def test_window_start_is_the_plans() -> None:
    """The run's own clock is told beside the wall's, and they are not mixed up."""
    stage = Stage(an_itinerary(waves=("a",)))
    first = json.loads(logged(stage)[0])
    assert datetime.fromisoformat(first["at"]) == START
    assert datetime.fromisoformat(first["timestamp"]) > START
