"""The verbs: taken, refused or kept, always answered; a live run is changed only with care."""

from __future__ import annotations

import importlib
import io
import json
import sys

import pytest

import practising
from migrator.cli import app
from migrator.cli.commands import COMMANDS
from migrator.cli.runs import see_run
from migrator.engine.commands import VERBS
from migrator.engine.ports import OperatorCommand
from migrator.store.codes import code_digest
from migrator.store.sql import open_store


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def given(
    capsys: pytest.CaptureFixture[str], *words: str, code: int = 0
) -> tuple[dict[str, object], str]:
    assert app.run([*words, "--format", "json"]) == code
    told = capsys.readouterr()
    facts = json.loads(told.out)
    assert isinstance(facts, dict)
    return facts, told.err


def on_the_desk(name: str = "small-p1", *, practice: bool = True) -> tuple[OperatorCommand, ...]:
    with open_store(practising.FOLDER, practice=practice) as store:
        return store.journal(name, lead=False).take_commands()


def test_every_verb_of_the_engine_is_a_command() -> None:
    by_engine = {command.name: command for command in COMMANDS}
    assert set(VERBS) - set(by_engine) == set()
    for verb in VERBS:
        command = by_engine[verb]
        made = getattr(importlib.import_module(command.module), command.attribute)
        assert callable(made), verb


def test_a_verb_is_taken_and_says_what_follows(capsys: pytest.CaptureFixture[str]) -> None:
    with practising.led():
        practising.until(lambda: see_run("latest").run.waves["w1"].state.value == "deciding")
        facts, err = given(capsys, "go", "latest", "w1", "--as", "Anna", "--reason", "all here")
        again, _ = given(capsys, "go", "latest", "w1", "--as", "bertil", code=2)

    assert facts["answer"] == "taken"
    assert facts["follows"] == ["gate of w1: Anna says GO (all here)"]
    assert (facts["actor"], facts["asserted"], facts["practice"]) == ("anna", True, True)
    assert err.startswith("ÖVNING/PRACTICE small-p1: opens the gate of w1: 1 subsystem to move")
    assert again["answer"] == "refused"
    assert "decided by anna" in str(again["why"])


def test_time_stands_still_until_the_present_decider_has_spoken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # At this speed a gate's hour is over in a fifth of a second.
    with practising.led():
        practising.until(lambda: ("anna", "w1") in see_run("latest").still_for)
        before = see_run("latest").now()
        given(capsys, "go", "latest", "w1", "--as", "anna")
        wave = see_run("latest").run.waves["w1"]
    assert wave.decided_at == before


def test_a_refusal_tells_why_and_names_its_page(capsys: pytest.CaptureFixture[str]) -> None:
    with practising.led():
        practising.until(lambda: see_run("latest").run.waves["w1"].state.value == "deciding")
        code = app.run(["go", "latest", "w1", "--as", "cecilia"])

    err = capsys.readouterr().err
    assert code == 2
    assert "cecilia may not decide this" in err
    assert "see: runbooks/refused.md" in err


def test_a_check_is_ticked_and_its_note_stays_out_of_the_journal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with practising.led():
        practising.until(lambda: see_run("latest").run.waves["w1"].state.value == "deciding")
        given(capsys, "go", "latest", "w1", "--as", "anna")
        practising.until(lambda: ("cecilia", "ask@w1") in see_run("latest").still_for)
        words = ["tick", "latest", "ask@w1", "works_but", "--as", "cecilia", "--note", "too slow"]
        facts, _ = given(capsys, *words)

    assert facts["follows"] == [
        "Cecilia about “ask” (ask@w1): it works, with a remark",
        "defect F1 of “ask” (ask@w1), as Cecilia says; it holds nothing",
    ]
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=False)
        digest = next(
            line.event.note_digest
            for line in journal.lines()
            if hasattr(line.event, "note_digest") and line.event.note_digest
        )
        assert store.note(digest) == "too slow"
        assert not any("too slow" in line.data for line in journal.written())


def test_what_nobody_leads_is_kept_for_whoever_does(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()

    code = app.run(["pause", "latest", "--as", "anna", "--reason", "a\x1b[2Jlarm", "--id", "one"])

    told = capsys.readouterr()
    assert code == 0
    assert "kept, not answered yet: pause" in told.out
    assert "nobody leads small-p1 now" in told.err
    (command,) = on_the_desk()
    assert (command.id, command.verb, command.actor, command.saw) == ("one", "pause", "anna", 1)


def test_the_same_id_is_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    for _ in range(2):
        given(capsys, "pause", "latest", "--as", "anna", "--id", "one")
    assert len(on_the_desk()) == 1
    facts, _ = given(capsys, "pause", "latest", "--as", "bertil", "--id", "one", code=2)
    error = facts["error"]
    assert isinstance(error, dict)
    assert error["reference"] == "command-doubled"


def test_a_time_is_one_of_the_plans_clocks(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    # The run begins on Friday at 18:00: half past nine comes on Saturday.
    for until in ("2023-10-14T09:30", "09:30", "2023-10-14T07:30+00:00"):
        given(capsys, "postpone", "latest", "w1", "--until", until, "--as", "anna")

    times = [command.detail("until") for command in on_the_desk()]
    assert times == ["2023-10-14T09:30:00+02:00"] * 3


def test_a_time_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["postpone", "latest", "w1", "--until", "soon", "--as", "anna"]) == 2
    assert "--until wants a time" in capsys.readouterr().err


def test_a_second_person_is_proved_by_the_digest_of_a_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    practising.begun()
    words = ["override", "latest", "ask@w1", "--as", "anna", "--reason", "wrong test case"]
    given(capsys, *words, "--second", "bertil", "--code", "7kqm 2xwd rb9t")

    (command,) = on_the_desk()
    assert command.detail("second") == "bertil"
    assert command.detail("code_digest") == code_digest("7KQM-2XWD-RB9T")
    assert command.detail("os_user")
    assert app.run([*words, "--second", "bertil"]) == 2


def test_whoever_is_unknown_is_told_the_nearest_names(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    practising.begun()
    monkeypatch.setattr("getpass.getuser", lambda: "ana")
    assert app.run(["pause", "latest"]) == 2
    assert "did you mean anna?" in capsys.readouterr().err
    assert app.run(["pause", "latest", "--as", "cecila"]) == 2
    assert "did you mean cecilia?" in capsys.readouterr().err
    assert on_the_desk() == ()


def test_the_user_of_the_machine_is_taken_where_the_run_knows_the_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    practising.begun()
    monkeypatch.setattr("getpass.getuser", lambda: "bertil")
    facts, _ = given(capsys, "pause", "latest")
    assert facts["actor"] == "bertil"


def test_what_is_over_cannot_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    practising.played()

    assert app.run(["hold", "played", "w1", "--as", "anna"]) == 2
    assert "see: runbooks/run-over.md" in capsys.readouterr().err
    assert on_the_desk("played") == ()


def test_a_live_run_is_changed_by_its_whole_name_only(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun_live()
    for name in ("latest", "night"):
        assert app.run(["hold", name, "w1", "--as", "anna", "--yes"]) == 2
        told = capsys.readouterr()
        assert "see: runbooks/live-by-name.md" in told.err
        assert told.err.startswith("SKARPT/LIVE cluster-a night-1: stops w1 where it stands")
    assert on_the_desk("night-1", practice=False) == ()


@pytest.mark.parametrize(("typed", "code"), [("w1\n", 0), ("y\n", 2), ("w2\n", 2), ("", 2)])
def test_a_live_run_wants_the_waves_id_typed(
    typed: str, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    practising.begun_live()
    monkeypatch.setattr(sys, "stdin", Terminal(typed))

    assert app.run(["hold", "night-1", "w1", "--as", "anna"]) == code

    assert "type the wave's id (w1) to go on" in capsys.readouterr().err
    assert len(on_the_desk("night-1", practice=False)) == (code == 0)


def test_a_script_must_say_yes_to_a_live_run(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun_live()
    assert app.run(["abort", "night-1", "--as", "anna"]) == 2
    assert "see: runbooks/live-not-confirmed.md" in capsys.readouterr().err
    facts, _ = given(capsys, "abort", "night-1", "--as", "anna", "--yes")
    assert (facts["mode"], facts["answer"]) == ("SKARPT/LIVE cluster-a", "kept")
