"""The command line through a server says and does what it does on the store's own machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.cli import app
from migrator.cli.server_options import SERVED
from migrator.engine.commands import VERBS
from programs import a_program, served
from run_with_pages import ASKED, CHECK, DECIDER, NAME, Pages, pages_of_a_run


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pages]:
    monkeypatch.chdir(tmp_path)
    with pages_of_a_run(tmp_path / ".migrator") as found:
        yield found


@pytest.fixture
def address(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("MIGRATOR_TOKEN", a_program(pages, DECIDER).token)
    with served(pages) as found:
        yield found


def test_the_looks_say_the_same_from_afar(
    address: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for words in (
        ["status", NAME], ["decide", NAME], ["journal", "show", NAME],
        ["journal", "show", NAME, "--format", "json"], ["journal", "verify", NAME],
        ["watch", NAME, "--once"],
    ):  # fmt: skip
        assert app.run(words) == 0
        near = capsys.readouterr().out
        assert app.run([*words, "--server", address, "--store", str(tmp_path / "nowhere")]) == 0
        assert capsys.readouterr().out == near, words


def test_a_verb_from_afar_is_given_once_and_is_the_tokens_persons(
    pages: Pages, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["hold", NAME, "w01", "--reason", "odd figures", "--server", address]
    once = ["--id", "7b6e1d9e-7f6c-4f0f-9a0a-0f6a4a3c2b11", "--wait", "0"]
    assert app.run([*words, *once]) == 0
    assert "kept, not answered yet" in capsys.readouterr().out
    (command,) = pages.leader.journal.take_commands()
    assert (command.verb, command.actor, command.asserted) == ("hold", DECIDER, False)
    pages.lead()
    assert app.run([*words, *once, "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["answer"], answer["actor"], answer["asserted"]) == ("taken", DECIDER, False)
    assert any("w01" in each for each in answer["follows"])
    assert pages.leader.journal.take_commands() == ()


def test_a_refusal_from_afar_is_told_in_the_engines_words(
    pages: Pages, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["release", NAME, "w01", "--reason", "all is well", "--server", address]
    once = ["--id", "7b6e1d9e-7f6c-4f0f-9a0a-0f6a4a3c2b12", "--wait", "0"]
    assert app.run([*words, *once]) == 0
    pages.lead()
    assert app.run([*words, *once]) == 2
    assert "was refused" in capsys.readouterr().err


def test_a_handler_ticks_from_afar_and_is_told_what_is_not_for_her(
    pages: Pages, address: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:  # fmt: skip
    file = tmp_path / "token"
    file.write_text(a_program(pages, ASKED).token + "\n")
    far = ["--server", address, "--token-file", str(file)]
    words = ["tick", NAME, CHECK, "works_but", "--side", "new", "--note", "slow", "--wait", "0"]
    assert app.run([*words, *far]) == 0
    (command,) = pages.leader.journal.take_commands()
    assert command.actor == ASKED
    assert pages.store.note(command.detail("note_digest")) == "slow"
    for others in (["status", NAME], ["decide", NAME], ["watch", NAME]):
        assert app.run([*others, *far]) == 1
        assert "server-journal" in capsys.readouterr().err
    assert app.run(["hold", NAME, "w01", "--reason", "x", *far]) == 2
    assert "server-refused" in capsys.readouterr().err


def test_another_run_or_another_person_is_never_taken_for_the_one_that_is_meant(
    pages: Pages, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["status", "winter", "--server", address]) == 2
    assert "server-other-run" in capsys.readouterr().err
    words = ["hold", NAME, "w01", "--reason", "x", "--as", ASKED, "--server", address]
    assert app.run(words) == 2
    assert "server-token" in capsys.readouterr().err
    assert pages.leader.journal.take_commands() == ()


def test_every_served_verb_is_one_of_the_engine() -> None:
    looks = {"status", "decide", "watch", "since"}
    assert SERVED - looks <= set(VERBS)
    assert set(VERBS) - SERVED == {"override", "amend", "replan"}
