"""The house rules that no linter knows, checked on the source text itself.

Each test names the files that break its rule, so that its failure is a list of work. An exception
is added to the table at the top with its reason, or not at all.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent.parent
PACKAGE: Final = ROOT / "src" / "migrator"

LINES_MAX: Final = 400
LONG_FILES: Final[dict[str, str]] = {
    "src/migrator/engine/events.py": "the one list of everything that can happen in a run",
    "src/migrator/plan/model.py": "the one list of what a plan and its itinerary are made of",
}
"""Files that may be longer, each with its reason."""

PURE: Final = ("engine", "gate", "graph", "incidents", "plan", "planner", "reports", "verification")
"""The packages that get everything as arguments: no file, no watch, no terminal."""

DOORS: Final = {"plan/text.py": "plan files come and go through this one module"}
"""Modules of pure packages that do touch files, each with its reason."""

TOUCHES_THE_WORLD: Final = {"open", "print", "input", "exec", "eval"}
TOUCHES_A_FILE: Final = {"read_text", "write_text", "read_bytes", "write_bytes", "mkdir", "unlink"}
WATCHES: Final = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "monotonic"),
    ("time", "perf_counter"),
}
WATCHMAKER: Final = "conductor/clock.py"

CATCH_ALL_PLACES: Final = ("cli/app.py", "conductor/", "web/")
"""The CLI's top, the conductor's task edge and the web's error handler: one each."""

WORDS_THAT_SAY_NOTHING: Final = {"utils", "common", "helpers", "base", "core", "manager", "misc"}


def python_files() -> list[Path]:
    """Every Python file of the project's own."""
    return sorted(p for top in ("src", "tests", "benchmarks") for p in (ROOT / top).rglob("*.py"))


def modules() -> list[Path]:
    """Every module of the program."""
    return sorted(PACKAGE.rglob("*.py"))


def inside(path: Path) -> str:
    """A module's path inside the package."""
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """A module, parsed once for all tests."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(path: Path) -> Iterator[ast.Call]:
    """Every call in a module."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def test_every_module_opens_with_prose() -> None:
    # Sixty characters are one real sentence; a repeated file name is shorter.
    short = [inside(p) for p in modules() if len(ast.get_docstring(tree(p)) or "") < 60]
    assert short == []


def test_no_file_is_longer_than_a_reader_bears() -> None:
    lines = {
        p.relative_to(ROOT).as_posix(): len(p.read_text(encoding="utf-8").splitlines())
        for p in python_files()
    }
    long = {name: count for name, count in lines.items() if count > LINES_MAX}
    assert {name for name in long if name not in LONG_FILES} == set(), long


def test_no_reason_is_kept_for_a_file_that_is_short_again() -> None:
    stale = [
        name
        for name in LONG_FILES
        if not (ROOT / name).exists()
        or len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= LINES_MAX
    ]
    assert stale == []


def test_no_module_is_named_by_a_word_that_says_nothing() -> None:
    named = [inside(p) for p in modules() if WORDS_THAT_SAY_NOTHING & {*p.parts[-2:-1], p.stem}]
    assert named == []


def test_everything_is_caught_in_three_places_only() -> None:
    places = Counter(
        next((place for place in CATCH_ALL_PLACES if inside(p).startswith(place)), inside(p))
        for p in modules()
        for node in ast.walk(tree(p))
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    )
    assert set(places) <= set(CATCH_ALL_PLACES), places
    assert max(places.values()) == 1, places


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler catches whatever comes, and keeps it.

    One that tidies up and raises on hides nothing.
    """
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(k, ast.Name) and k.id in {"Exception", "BaseException"} for k in kinds)


@pytest.mark.parametrize("package", PURE)
def test_the_core_touches_no_file_and_no_terminal(package: str) -> None:
    touching = [
        f"{inside(p)}:{call.lineno}"
        for p in modules()
        if inside(p).startswith(f"{package}/") and inside(p) not in DOORS
        for call in calls(p)
        if (isinstance(call.func, ast.Name) and call.func.id in TOUCHES_THE_WORLD)
        or (isinstance(call.func, ast.Attribute) and call.func.attr in TOUCHES_A_FILE)
    ]
    assert touching == []


def test_only_one_file_looks_at_a_watch() -> None:
    looking = [
        f"{inside(p)}:{call.lineno}"
        for p in modules()
        if inside(p) != WATCHMAKER
        for call in calls(p)
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and (call.func.value.id, call.func.attr) in WATCHES
    ]
    assert looking == []
