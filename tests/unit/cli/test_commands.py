"""The table of commands is true: no name twice, and every line that is offered leads somewhere."""

from __future__ import annotations

import pytest

from migrator.cli import app
from migrator.cli.commands import COMMANDS, Command, available
from migrator.cli.lazy import load

AVAILABLE = available()


def test_no_command_is_listed_twice() -> None:
    names = [command.name for command in COMMANDS]
    assert len(names) == len(set(names))


def test_every_summary_is_one_sentence_that_fits_its_line() -> None:
    # 80 columns less the margin and the longest name.
    assert [
        c.summary for c in COMMANDS if not (c.summary.endswith(".") and len(c.summary) < 66)
    ] == []


@pytest.mark.parametrize("command", AVAILABLE, ids=lambda command: command.name)
def test_every_command_that_is_offered_explains_itself(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run([command.name, "--help"]) == 0
    assert f"Usage: migrator {command.name} " in capsys.readouterr().out
    loaded = load(command.name)
    assert loaded is not None
    assert loaded.help, f"{command.target} has no docstring"


def test_unknown_name_is_no_command() -> None:
    assert load("xyzzy") is None
