"""Every command line that the program or its documents show is one that the program understands.

Nothing is run: the words are given to the command's own parser. Help is held to it strictly; in
prose a command may be named without its arguments, but never with an option that it does not have.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import typer
from typer._click import Command as ClickCommand
from typer.exceptions import TyperException

from migrator.cli import app
from migrator.cli.commands import available
from migrator.cli.lazy import load

ROOT: Final = Path(__file__).parents[3]
SHELL: Final = re.compile(r" \| | \d?>>? | && | # |  +(?=migrator )")
"""What follows on a line and is another program's, a remark, or another command's column."""
SHOWN: Final = re.compile(r"`(migrator [a-z][^`{}]*)`")
OPEN: Final = re.compile(r"[\[{…]|\.\.\.|COMMAND")
"""A form with choices left open is no command line."""


def subcommands(command: ClickCommand) -> dict[str, ClickCommand]:
    found = getattr(command, "commands", {})
    assert isinstance(found, dict)
    return found


def helps(command: ClickCommand, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every help text of a command and its sub-commands, and whether it has examples."""
    yield " ".join(path), f"{command.help or ''}\n{getattr(command, 'epilog', '') or ''}"
    for name, inner in subcommands(command).items():
        yield from helps(inner, (*path, name))


def all_helps() -> list[tuple[str, str]]:
    found = []
    for each in available():
        command = load(each.name)
        assert command is not None
        found += list(helps(command, (each.name,)))
    return [*found, ("migrator", str(app.app.info.epilog))]


HELPS: Final = all_helps()


def examples(text: str) -> list[str]:
    """The lines that begin with the program's name; a line that ends in a backslash goes on."""
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    found = [line.strip() for line in lines if re.match(r"\s+migrator [a-z]", line)]
    return [SHELL.split(line)[0] for line in found if not OPEN.search(line)]


def wrong(line: str) -> str:
    """Why the program would not understand a command line; empty where it would."""
    name, *words = shlex.split(line)[1:]
    command = load(name)
    if command is None:
        return f"there is no command {name}"
    while inner := subcommands(command):
        if not words:
            return ""
        if words[0] not in inner:
            return f"there is no command {name} {words[0]}"
        command = inner[words.pop(0)]
    try:
        command.make_context(name, words)
    except typer.Exit:  # --help has been shown
        return ""
    except TyperException as error:
        return error.format_message()
    return ""


@pytest.mark.parametrize(("name", "text"), HELPS, ids=[name for name, _ in HELPS])
def test_every_help_teaches_with_examples_that_are_understood(name: str, text: str) -> None:
    found = examples(text)
    assert found or name == "version", f"migrator {name} --help has no example"
    assert {line: wrong(line) for line in found if wrong(line)} == {}


def spoken() -> list[tuple[str, str]]:
    """(where, command line) in the documents and in the hints of the source."""
    documents = [ROOT / "README.md", ROOT / "docs" / "ci.md", *ROOT.glob("runbooks/*.md")]
    sources = [*ROOT.glob("src/migrator/**/*.py"), *ROOT.glob("src/migrator/**/*.jinja")]
    found: list[tuple[str, str]] = []
    for path in (*documents, *sources):
        text = path.read_text("utf-8")
        lines = [] if path in sources else examples(text)
        found += [
            (path.name, " ".join(SHELL.split(line)[0].split()).rstrip(".,:"))
            for line in (*lines, *SHOWN.findall(text))
            if not OPEN.search(line) and line.count('"') % 2 == 0 and line.count("'") % 2 == 0
        ]
    return found


def test_no_document_and_no_hint_names_a_command_or_an_option_that_is_not() -> None:
    names = {each.name for each in available()}
    lines = [(where, line) for where, line in spoken() if line.split()[1] in names]
    assert len(lines) > 100
    told = {(where, line): wrong(line) for where, line in lines}
    unknown = re.compile(r"No such|unexpected extra|there is no command")
    assert {key: why for key, why in told.items() if unknown.search(why)} == {}
