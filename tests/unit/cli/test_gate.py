"""`migrator gate`: what is shown is stored, the decision carries its digest, and it can be read."""

from __future__ import annotations

import hashlib
import io
import json
import sys

import pytest
from sqlalchemy import create_engine, text

import practising
from migrator.cli import app
from migrator.cli.gate import KIND, encoded
from migrator.cli.runs import see_run
from migrator.engine.ports import OperatorCommand
from migrator.store.sql import open_store


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def on_the_desk() -> tuple[OperatorCommand, ...]:
    with open_store(practising.FOLDER, practice=True) as store:
        return store.journal("latest", lead=False).take_commands()


def stored(digest: str) -> bytes | None:
    with open_store(practising.FOLDER, practice=True) as store:
        return store.pinned(digest)


def asked(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert app.run(["gate", "latest", *words]) == code
    return capsys.readouterr().out


def waits_at_w1() -> bool:
    return see_run("latest").run.waves["w1"].state.value == "deciding"


@pytest.mark.parametrize(
    ("flags", "verb"),
    [(["--go"], "go"), (["--no-go"], "no-go"), (["--postpone", "21:00"], "postpone")],
)
def test_what_was_shown_is_stored_and_named_by_the_command(
    flags: list[str], verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    practising.begun()
    shown = asked(capsys, "w1", *flags, "--as", "anna", "--reason", "all here")
    for title in ("open checks of earlier waves: none", "open holds: none", "deadline", "anna"):
        assert title in shown

    (command,) = on_the_desk()
    assert (command.verb, command.target, command.reason) == (verb, "w1", "all here")
    blob = stored(command.detail("seen"))
    assert blob is not None
    assert hashlib.sha256(blob).hexdigest() == command.detail("seen")
    sheet = json.loads(blob)
    assert (sheet["wave"], sheet["line"]) == ("w1", command.saw)
    assert encoded(sheet) == blob, "canonical: the same facts have the same digest"
    assert bool(command.detail("until")) == (verb == "postpone")


def test_the_digest_comes_through_the_journal_to_whoever_reads_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with practising.led():
        practising.until(waits_at_w1)
        out = asked(capsys, "w1", "--go", "--as", "anna", "--format", "json")
        answer = json.loads(out)
    assert answer["answer"] == "taken"
    digest = answer["seen"]

    assert app.run(["journal", "show", "latest"]) == 0
    assert f"seen={digest}" in capsys.readouterr().out
    assert app.run(["journal", "seen", "latest", digest[:16]]) == 0
    told = capsys.readouterr().out
    assert "ÖVNING/PRACTICE small-p1: what was shown at the gate of w1" in told
    assert f"digest {digest}" in told
    assert app.run(["journal", "seen", "latest", digest, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "migrator gate 1"
    assert app.run(["report", "latest", "--format", "json"]) == 0
    assert app.run(["report", "latest", "-o", "report.html"]) == 0
    with open("report.html", encoding="utf-8") as page:  # noqa: PTH123 - a test's own file
        assert digest[:16] in page.read()


def test_only_those_who_may_decide_do(capsys: pytest.CaptureFixture[str]) -> None:
    with practising.led():
        practising.until(waits_at_w1)
        assert app.run(["gate", "latest", "w1", "--go", "--as", "cecilia"]) == 2
    assert "cecilia may not decide this" in capsys.readouterr().err


def test_without_a_decision_it_only_shows(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["gate", "latest", "w1"]) == 0
    assert "nothing was decided" in capsys.readouterr().err
    facts = json.loads(asked(capsys, "w2", "--format", "json"))
    assert on_the_desk() == ()
    assert app.run(["gate", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert [key for key in [*facts, *facts["gate"]] if key not in told] == []


@pytest.mark.parametrize(
    ("typed", "verb"),
    [("go\n", "go"), ("no-go\n", "no-go"), ("postpone 21:00\n", "postpone"), ("\n", ""), ("", "")],
)
def test_in_a_terminal_it_asks(
    typed: str,
    verb: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    practising.begun()
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    asked(capsys, "w1", "--as", "anna")
    assert [command.verb for command in on_the_desk()] == ([verb] if verb else [])


@pytest.mark.parametrize("typed", ["yes\n", "go now\n", "postpone\n", "postpone soon\n"])
def test_an_answer_that_is_none_decides_nothing(
    typed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    practising.begun()
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    asked(capsys, "w1", "--as", "anna", code=2)
    assert on_the_desk() == ()


def test_contradictory_answers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["gate", "latest", "w1", "--go", "--no-go", "--as", "anna"]) == 2
    assert "a gate takes one answer" in capsys.readouterr().err


@pytest.mark.parametrize(("wave", "hint"), [("w11", "did you mean w1?"), ("zz", "it has w1, w2")])
def test_an_unknown_wave_is_named_with_the_nearest(
    wave: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    practising.begun()
    assert app.run(["gate", "latest", wave, "--go", "--as", "anna"]) == 2
    told = capsys.readouterr().err
    assert hint in told
    assert "see: runbooks/unknown-wave.md" in told


def test_nothing_is_stored_for_whoever_nobody_knows(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["gate", "latest", "w1", "--go", "--as", "nobody-at-all"]) == 2
    engine = create_engine(f"sqlite:///{practising.FOLDER}/practice.db")
    with engine.connect() as connection:
        kinds = connection.execute(text("SELECT kind FROM blobs")).scalars().all()
    engine.dispose()
    assert KIND not in kinds
    capsys.readouterr()


def test_a_run_that_is_over_is_shown_and_not_decided(capsys: pytest.CaptureFixture[str]) -> None:
    practising.played()
    assert app.run(["gate", "latest", "w1"]) == 0
    assert app.run(["gate", "latest", "w1", "--go", "--as", "anna"]) == 2
    assert "see: runbooks/run-over.md" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("digest", "why"),
    [("abc", "too short"), ("f" * 16, "0 decisions of small-p1 rest on something")],
)
def test_a_digest_that_names_nothing_is_refused(
    digest: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    practising.begun()
    assert app.run(["journal", "seen", "latest", digest]) == 2
    told = capsys.readouterr().err
    assert why in told
    assert "see: runbooks/unknown-digest.md" in told


def decided(capsys: pytest.CaptureFixture[str]) -> str:
    with practising.led():
        practising.until(waits_at_w1)
        answer = json.loads(asked(capsys, "w1", "--go", "--as", "anna", "--format", "json"))
    return str(answer["seen"])


@pytest.mark.parametrize(
    ("change", "page"),
    [
        ("DELETE FROM blobs WHERE kind = 'seen'", "seen-missing"),
        ("UPDATE blobs SET bytes = X'7b7d' WHERE kind = 'seen'", "journal-edited"),
    ],
)
def test_what_is_gone_or_edited_is_never_shown_as_what_was_seen(
    change: str, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = decided(capsys)
    engine = create_engine(f"sqlite:///{practising.FOLDER}/practice.db")
    with engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()
    assert app.run(["journal", "seen", "latest", digest]) == 1
    assert f"see: runbooks/{page}.md" in capsys.readouterr().err
