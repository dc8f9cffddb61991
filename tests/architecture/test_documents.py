"""What the program says and what the documents say are the same.

Every operator-facing error has a page, every page has an error, every command is in the README, and
no tracked file knows the machine or the registry it was made with.
"""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

from migrator import errors
from migrator.cli.commands import COMMANDS

ROOT: Final = Path(__file__).parent.parent.parent
SOURCE: Final = ROOT / "src" / "migrator"

ERRORS: Final = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.MigratorError)
}

OTHER_PAGES: Final = re.compile(r"^(README|decision-.*)$")
"""Pages about a decision that people take, and the list of pages, belong to no error."""

# Written in pieces, so that this file does not break its own rule.
FOREIGN_WORDS: Final = tuple(
    "".join(pieces)
    for pieces in (
        ("pypi.", "org"),
        ("python", "hosted"),
        ("registry.", "npm"),
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("/pip", "-cache"),
    )
)


@cache
def nodes() -> tuple[tuple[str, ast.AST], ...]:
    """Every node of the program with its file, parsed once."""
    return tuple(
        (path.relative_to(ROOT).as_posix(), node)
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call | ast.Constant)
    )


@cache
def references() -> dict[str, str]:
    """Every reference that is raised, with the place where it is."""
    found = {}
    for file, node in nodes():
        if isinstance(node, ast.Call) and called(node) in ERRORS:
            first = node.args[0] if node.args else named(node, "reference")
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found[first.value] = f"{file}:{node.lineno}"
    return found


def called(node: ast.Call) -> str:
    """The last word of what is called."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def named(node: ast.Call, keyword: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return next((k.value for k in node.keywords if k.arg == keyword), None)


def words_in_the_source() -> set[str]:
    """Every string that the program contains: a page may also be named through a table."""
    return {
        node.value
        for _, node in nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def pages() -> set[str]:
    """The names of all pages."""
    return {page.stem for page in (ROOT / "runbooks").glob("*.md")}


def test_every_error_that_an_operator_meets_has_a_page() -> None:
    without = {ref: place for ref, place in references().items() if ref not in pages()}
    assert without == {}


def test_every_page_is_about_something_that_can_happen() -> None:
    said = words_in_the_source()
    assert sorted(p for p in pages() if p not in said and not OTHER_PAGES.match(p)) == []


def test_every_reference_is_written_in_the_one_way() -> None:
    assert [r for r in references() if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", r)] == []


def test_every_page_says_what_happened_and_what_to_do() -> None:
    silent = [
        page.name
        for page in (ROOT / "runbooks").glob("*.md")
        if not OTHER_PAGES.match(page.stem)
        and not {"**What happened.**", "**What to do.**"}
        <= set(re.findall(r"\*\*What [a-z ]+\.\*\*", page.read_text(encoding="utf-8")))
    ]
    assert sorted(silent) == []


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [c.name for c in COMMANDS if not re.search(rf"`{re.escape(c.name)}[ `]", text)]
    assert missing == []


def test_no_tracked_file_knows_the_machine_or_the_registry() -> None:
    # Only tracked files: what lies beside them belongs to whoever works here.
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - git is there wherever there is a clone
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    knowing = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            knowing += [f"{name}: {word}" for word in FOREIGN_WORDS if word in text]
    assert knowing == []


def test_where_to_change_it_names_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = text.partition("## Where to change it")[2].partition("\n## ")[0]
    missing = []
    for row in (line for line in rows.splitlines() if line.startswith("|")):
        folder = ""
        for word in re.findall(r"`([^`]+)`", row.rpartition(" | ")[2]):
            folder = word.rpartition("/")[0] or folder
            if not (ROOT / "src/migrator" / folder / word.rpartition("/")[2]).exists():
                missing.append(word)
    assert rows.count("|") > 30
    assert missing == []
