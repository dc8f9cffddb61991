"""`migrator notices` and `migrator ack`: who was called, what became of it, who has it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

import practising
from calls import NOW
from migrator.cli import app
from migrator.conductor.calling import FACT
from migrator.notices.book import (
    SENT,
    Item,
    Message,
    State,
    Why,
    message_to_data,
)
from migrator.store.sql import open_store
from migrator.wiring.calling import KEPT

CALL = "aaaabbbbcccc"


def called(
    state: State = State.SENT, told: str = "taken", facts: Mapping[str, object] | None = None
) -> None:
    """A run in which bertil was called for a gate."""
    practising.begun()
    item = Item(CALL, "k", "gate", "w1", "w1", "", "no-go", NOW, NOW, Why.FIRST)
    message = Message("m1", "bertil", "mail", (item,), NOW, NOW, state, 1, None, told, NOW)
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("small-p1", lead=False)
        journal.put_facts(SENT + message.id, message_to_data(message))
        for key, fact in (facts or {}).items():
            journal.put_facts(key, fact)


def test_a_call_is_listed_with_what_became_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    called()
    assert app.run(["notices", "latest"]) == 0
    told = capsys.readouterr().out
    for word in (CALL, "waits for go or no-go", "bertil", "mail", "asked first", "sent"):
        assert word in told


def test_what_could_not_be_sent_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    called(State.FAILED, "no such mailbox \x1b[31m")
    assert app.run(["notices", "latest"]) == 0
    told = capsys.readouterr().out
    assert "failed (no such mailbox" in told
    assert "\x1b" not in told


def test_trouble_of_calling_stands_first(capsys: pytest.CaptureFixture[str]) -> None:
    called(facts={FACT: {"trouble": "the store is away", "at": ""}})
    assert app.run(["notices", "latest"]) == 0
    assert capsys.readouterr().out.startswith("NOBODY IS CALLED just now: the store is away")


def test_a_run_in_which_nobody_was_called_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    assert app.run(["notices", "latest"]) == 0
    told = capsys.readouterr()
    assert "nobody was called" in told.out
    assert "--notices FILE" in told.err
    with open_store(practising.FOLDER, practice=True) as store:
        store.journal("small-p1", lead=False).put_facts(KEPT, {})
    assert app.run(["notices", "latest"]) == 0
    assert "--notices FILE" not in capsys.readouterr().err


def test_somebody_takes_a_call_in_hand_and_the_first_one_stands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    called()
    assert app.run(["ack", "latest", f"https://x.example/calls/{CALL}", "--as", "bertil"]) == 0
    assert app.run(["ack", "latest", CALL, "--as", "anna"]) == 0
    assert "said so before" in capsys.readouterr().out
    assert app.run(["notices", "latest", "--format", "json"]) == 0
    (message,) = json.loads(capsys.readouterr().out)["messages"]
    assert message["state"] == "sent"
    assert message["calls"][0]["answered_by"] == "bertil"


def test_a_call_of_nobody_and_a_call_of_others_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    called()
    assert app.run(["ack", "latest", "ffffffffffff", "--as", "anna"]) == 2
    assert "call-unknown" in capsys.readouterr().err
    assert app.run(["ack", "latest", CALL, "--as", "cecilia"]) == 2
    assert "call-not-yours" in capsys.readouterr().err
