"""`migrator amend`: the difference is read before anything is asked for, and nothing else is."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

import practising
from migrator.cli import amend, app
from migrator.cli.runs import see_run
from migrator.engine import events as ev
from migrator.engine.commands import answer
from migrator.engine.fold import apply
from migrator.engine.ports import OperatorCommand
from migrator.plan.means import Command, InDoubt, Means
from migrator.plan.model import Itinerary
from migrator.store.codes import code_digest
from migrator.store.pinned_files import file_to_pin, with_files
from migrator.store.sql import open_store
from migrator.wiring import Setting, begin_practice, rehearsal

OLD = b"#!/bin/sh\ncopy --all\n"
NEW = b"#!/bin/sh\n\tcopy --some\n"
STEP = "web/prepare"


def digest(content: bytes) -> str:
    """Its name in the store."""
    return hashlib.sha256(content).hexdigest()


def scripted() -> Itinerary:
    """The small plan; what is stateless is prepared by a script."""
    itinerary = practising.small_itinerary()
    means = Means(InDoubt.REPEAT, Command(("sh", "copy.sh"), files=("copy.sh",)))
    recipe = itinerary.recipes["stateless"]
    first, *others = recipe.steps
    mine = replace(recipe, steps=(replace(first, means=means), *others))
    return replace(itinerary, recipes={**itinerary.recipes, "stateless": mine})


@pytest.fixture(autouse=True)
def _begun(tmp_path: Path) -> None:
    """A practice run that nobody leads, and a mended file."""
    script = tmp_path / "copy.sh"
    script.write_bytes(OLD)
    file = file_to_pin("script/copy.sh", script)
    (tmp_path / "mended.sh").write_bytes(NEW)
    with open_store(practising.FOLDER, practice=True) as store:
        led = begin_practice(
            store, with_files(scripted(), [file]), "small-p1", Setting(1, 1.0), [file]
        )
        led.journal.release()


def on_the_desk() -> tuple[OperatorCommand, ...]:
    """What waits for an answer."""
    with open_store(practising.FOLDER, practice=True) as store:
        return store.journal("small-p1", lead=False).take_commands()


def give(path: Path, *words: str, step: str = STEP, name: str = "copy.sh") -> int:
    """Give the verb."""
    told = ["amend", "latest", step, "--file", f"{name}={path}", "--reason", "other table"]
    return app.run([*told, "--as", "anna", *words])


def test_the_difference_is_shown_and_the_bytes_are_in_the_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "copy.sh").write_bytes(b"edited in the working tree")

    assert give(tmp_path / "mended.sh") == 0

    err = capsys.readouterr().err
    assert "-copy --all\n+   copy --some\n" in err
    assert "this step declares no dry run: nothing was tried out" in err
    assert f"gives {STEP} other bytes for its next try" in err
    (command,) = on_the_desk()
    assert [command.detail(key) for key in ("file", "was", "now")] == [
        "copy.sh", digest(OLD), digest(NEW),
    ]  # fmt: skip
    assert command.detail("os_user")
    seen = see_run("latest")
    with seen.store:
        assert seen.store.pinned(digest(NEW)) == NEW
        apply(seen.run, seen.now(), ev.RunPaused("to look"))
        told = answer(seen.run, command, seen.now(), {})
    assert isinstance(told[1], ev.SecondAsked)


def test_a_code_goes_along_as_its_digest(tmp_path: Path) -> None:
    words = ("--second", "bertil", "--code", "7kqm 2xwd rb9t")
    assert give(tmp_path / "mended.sh", *words) == 0
    (command,) = on_the_desk()
    assert command.detail("second") == "bertil"
    assert command.detail("code_digest") == code_digest("7KQM-2XWD-RB9T")


@pytest.mark.parametrize("words", [("--second", "bertil"), ("--code", "x")])
def test_half_of_a_second_person_is_nobody(
    tmp_path: Path, words: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert give(tmp_path / "mended.sh", *words) == 2
    assert "--second and --code go together" in capsys.readouterr().err
    assert on_the_desk() == ()


def test_what_is_no_text_is_told_by_size_and_digest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (b"\0\1", b"\xff\xfe"):
        (tmp_path / "program").write_bytes(content)
        assert give(tmp_path / "program") == 0
        err = capsys.readouterr().err
        assert f"copy.sh was: {len(OLD)} bytes, {digest(OLD)}" in err
        assert f"copy.sh now: 2 bytes, {digest(content)}" in err


def test_a_long_difference_is_cut_and_the_cut_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amend, "DIFF_LINES_MAX", 3)
    (tmp_path / "long").write_text("x\n" * 20, "utf-8")
    assert give(tmp_path / "long") == 0
    assert "... and 22 more lines" in capsys.readouterr().err


def test_the_same_bytes_and_other_ends_of_lines_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "same").write_bytes(OLD)
    assert give(tmp_path / "same") == 0
    assert "copy.sh: no line differs\n" in capsys.readouterr().err
    (tmp_path / "same").write_bytes(OLD.replace(b"\n", b"\r\n"))
    assert give(tmp_path / "same") == 0
    assert "copy.sh: no line differs, only how lines end" in capsys.readouterr().err


def test_lost_bytes_are_said_to_be_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.store.sql.Store.pinned", lambda *_: None)
    assert give(tmp_path / "mended.sh") == 0
    err = capsys.readouterr().err
    assert "are not in the store: there is nothing to compare with" in err
    assert "+   copy --some" in err
    (tmp_path / "program").write_bytes(b"\0")
    assert give(tmp_path / "program") == 0
    assert "copy.sh was:" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("step", "name"), [("nothing/prepare", "copy.sh"), (STEP, "cpy.sh"), ("web", "copy.sh")]
)
def test_what_cannot_be_amended_goes_to_the_engine_which_says_why(
    tmp_path: Path, step: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert give(tmp_path / "mended.sh", step=step, name=name) == 0
    assert "copy --some" not in capsys.readouterr().err
    (command,) = on_the_desk()
    seen = see_run("latest")
    with seen.store:
        (told,) = answer(seen.run, command, seen.now(), {})
        assert seen.store.pinned(digest(NEW)) is None
    assert isinstance(told, ev.CommandRefused)


@pytest.mark.parametrize("file", ["copy.sh", "=x", "copy.sh="])
def test_a_file_is_named_with_its_new_bytes(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["amend", "latest", STEP, "--file", file, "--reason", "x", "--as", "anna"]
    assert app.run(words) == 2
    assert "write --file NAME=PATH" in capsys.readouterr().err


def test_a_file_that_cannot_be_taken_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert give(tmp_path / "nowhere.sh") == 2
    told = capsys.readouterr().err
    assert "nowhere.sh cannot be read: No such file" in told
    assert "see: runbooks/file-not-pinned.md" in told
    monkeypatch.setattr("migrator.store.pinned_files.SCRIPT_BYTES_MAX", 3)
    assert give(tmp_path / "mended.sh") == 2
    assert "bytes; at most 3 are pinned" in capsys.readouterr().err


def test_nothing_is_kept_for_a_run_that_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    played = replace(scripted(), files={"script/copy.sh": digest(OLD)})
    kept = rehearsal(played, seed=1, accidents=False, name="over")
    with open_store(practising.FOLDER, practice=True) as store:
        store.keep("over", played, kept.lines, {})
    words = ["amend", "over", STEP, "--file", f"copy.sh={tmp_path / 'mended.sh'}"]
    assert app.run([*words, "--reason", "x", "--as", "anna"]) == 2
    assert "see: runbooks/run-over.md" in capsys.readouterr().err
    with open_store(practising.FOLDER, practice=True) as store:
        assert store.pinned(digest(NEW)) is None
