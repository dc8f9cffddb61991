"""Where the stores of runs under fire are made: one of each kind, fresh for every run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from postgresql_server import server

KINDS: Final = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))
"""For `parametrize`: the tests of PostgreSQL run where its programs are."""

HEAVY: Final = (
    pytest.param("sqlite", marks=pytest.mark.soak),
    pytest.param("postgresql", marks=pytest.mark.postgresql),
)
"""The same for tests of some seconds, which are not for every `make test`."""

SOAKED: Final = ("sqlite", "postgresql")
"""For tests that are marked as a whole; without PostgreSQL's programs they are skipped."""

Place = tuple[str, Path]
"""A store as the command line names it, and a folder beside it for the ledger."""


def places(kind: str, folder: Path) -> Callable[[], Place]:
    """Make a fresh place in a folder whenever it is called."""

    def fresh() -> Place:
        beside = Path(tempfile.mkdtemp(dir=folder))
        return (str(beside) if kind == "sqlite" else server().database()), beside

    return fresh
