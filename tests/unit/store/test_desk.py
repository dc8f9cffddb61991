"""Which lines answer a command, and what may not be put on the desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Entry, OperatorCommand
from migrator.errors import InputError
from migrator.store.chain import Chain
from migrator.store.desk import answers, readable

COMMAND = OperatorCommand("c1", "pause", "anna", True, "run", "lunch", 7, (("until", "13:00"),))


def test_what_follows_a_taken_command_belongs_to_it_up_to_the_next_answer() -> None:
    taken = ev.CommandTaken("c1", "pause", "run", "anna", True, "lunch", 7)
    paused = ev.RunPaused("lunch")
    refused = ev.CommandRefused("c2", "pause", "run", "bertil", "the run is paused")
    events = [ev.WaveVerified("w1", 1), taken, paused, refused]
    at = datetime(2023, 10, 14, tzinfo=UTC)
    _, lines = Chain("r").write([Entry(at, "engine", event) for event in events], 1)

    found = {command: [line.event for line in of] for command, of in answers(lines).items()}
    assert found == {"c1": [taken, paused], "c2": [refused]}


@pytest.mark.parametrize(
    "change", [{"reason": "half \udc80"}, {"target": "nul \0"}, {"details": (("a", "\ud800"),)}]
)
def test_text_that_cannot_be_written_down_is_refused(change: dict[str, str]) -> None:
    readable(COMMAND)

    with pytest.raises(InputError) as caught:
        readable(replace(COMMAND, **change))  # type: ignore[arg-type]  # a test's own data

    assert caught.value.reference == "command-text"
