"""extend, sign, waive and record as they are typed: what lies on the desk, and what never does."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

import practising
from migrator.cli import app
from migrator.cli.runs import see_run
from migrator.engine.ports import OperatorCommand
from migrator.store.sql import open_store

LIMIT = "no full unwind after 2023-10-15T17:00"


def on_the_desk() -> tuple[OperatorCommand, ...]:
    with open_store(practising.FOLDER, practice=True) as store:
        return store.journal("latest", lead=False).take_commands()


def said(*words: str, code: int = 0) -> None:
    assert app.run([*words, "--as", "anna"]) == code


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (["--by", "15m"], ("minutes", "15")),
        (["--by", "1.5h"], ("minutes", "90")),
        (["--by", "20 min"], ("minutes", "20")),
        (["--until", "21:00"], ("until", "2023-10-13T21:00:00+02:00")),
    ],
)
def test_an_extension_names_an_hour_or_so_much_more(
    words: list[str], detail: tuple[str, str]
) -> None:
    practising.begun()
    said("extend", "latest", "w1", *words, "--reason", "the bank is late")
    (command,) = on_the_desk()
    assert (command.verb, command.target, command.details) == ("extend", "w1", (detail,))


@pytest.mark.parametrize("words", [[], ["--by", "15m", "--until", "21:00"], ["--by", "a bit"]])
def test_an_extension_that_names_neither_or_both_is_refused(words: list[str]) -> None:
    practising.begun()
    said("extend", "latest", "w1", *words, "--reason", "so", code=2)
    assert on_the_desk() == ()


def test_a_limit_ends_with_its_hour(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    said("sign", "latest", "no full  unwind after 04:00", "--reason", "payments")
    (command,) = on_the_desk()
    assert command.target == "no full unwind after"
    assert command.detail("until") == "2023-10-14T04:00:00+02:00"
    told = capsys.readouterr().err
    assert "signs for all to keep: no full unwind after Sat 04:00" in told
    for limit in ("no full unwind", "04:00", "no full unwind after soon"):
        said("sign", "latest", limit, "--reason", "payments", code=2)
    assert len(on_the_desk()) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["record", "latest", "web", "called 19121212-1212"], "personal identity number"),
        (["record", "latest", "web", "x" * 501], "500 are kept at most"),
        (["record", "latest", "web", " "], "there are no words in it"),
        (["record", "latest", "web", "done", "--reason", "1212121212"], "--reason is not kept"),
        (["sign", "latest", LIMIT, "--reason", "121212-1212"], "--reason is not kept"),
        (["sign", "latest", "no 121212-1212 after 04:00", "--reason", "so"], "LIMIT is not kept"),
    ],
)
def test_what_a_journal_must_not_hold_never_lies_on_a_desk(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    practising.begun()
    said(*words, code=2)
    told = capsys.readouterr().err
    assert why in told
    assert "see: runbooks/text-not-kept.md" in told
    assert on_the_desk() == ()


def test_each_verb_is_taken_or_told_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    with practising.led():
        practising.until(lambda: see_run("latest").run.waves["w1"].state.value == "deciding")
        capsys.readouterr()
        said("extend", "latest", "w1", "--by", "15m", "--reason", "the bank is late")
        assert "instead of" in capsys.readouterr().out
        said("extend", "latest", "w2", "--by", "15m", "--reason", "so", code=2)
        assert "is not open yet" in capsys.readouterr().err
        said("sign", "latest", LIMIT, "--reason", "payments are out")
        assert "Anna signs: NO FULL UNWIND AFTER Sun 17:00" in capsys.readouterr().out
        said("sign", "latest", LIMIT, "--reason", "payments are out", code=2)
        assert "has signed that already" in capsys.readouterr().err
        said("record", "latest", "web", "restarted it")
        assert "by hand, web: restarted it, says Anna" in capsys.readouterr().out
        said("waive", "latest", "l1", "--reason", "known", code=2)
        assert "no wave is held for regressed links" in capsys.readouterr().err

        for words in (["status"], ["decide"], ["since", "small-p1", "8h"]):
            name = words[1:] or ["latest"]
            assert app.run([words[0], *name]) == 0
            shown = capsys.readouterr().out
            assert "no full unwind after Sun 2023-10-15 17:00 (signed by Anna" in shown
            assert app.run([words[0], *name, "--format", "json"]) == 0
            (limit,) = json.loads(capsys.readouterr().out)["limits"]
            assert (limit["limit"], limit["passed"]) == ("no full unwind after", False)
        assert app.run(["since", "latest", "8h"]) == 0
        assert "done by hand" in capsys.readouterr().out
        assert app.run(["unwind", "latest", "everything", "--preview"]) == 0
        assert "SIGNED LIMIT: no full unwind after" in capsys.readouterr().out

    assert app.run(["report", "latest", "--lang", "en", "-o", "report.html"]) == 0
    with open("report.html", encoding="utf-8") as page:  # noqa: PTH123 - a test's own file
        text = page.read()
    for told in ("gave more time", "signed a limit", "wrote down what was done by hand"):
        assert told in text


def test_a_limit_whose_hour_has_passed_stops_nobody_and_is_said_loudly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with practising.led():
        practising.until(lambda: see_run("latest").run.waves["w1"].state.value == "deciding")
        seen = see_run("latest")  # time stands still for Anna, and goes on with her go
        hour = (seen.now() + timedelta(minutes=2)).astimezone(seen.zone)
        limit = f"no full unwind after {hour:%Y-%m-%dT%H:%M}"
        said("sign", "latest", limit, "--reason", "payments are out")
        said("go", "latest", "w1")
        practising.until(lambda: bool(see_run("latest").run.checks))
        capsys.readouterr()
        assert app.run(["unwind", "latest", "everything", "--preview"]) == 0
        loud = f"SIGNED LIMIT: NO FULL UNWIND AFTER {hour:%a %Y-%m-%d %H:%M}, WHICH HAS PASSED"
        assert loud in capsys.readouterr().out
        said("abort", "latest", "--reason", "storm")
    told = capsys.readouterr()
    assert loud in told.err, "before it is done"
    assert loud in told.out, "and in the answer"
