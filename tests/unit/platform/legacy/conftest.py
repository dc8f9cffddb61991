"""What the tests of the legacy platform share: one act, and commands in a folder of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts


@pytest.fixture
def act() -> ActFacts:
    """One try of a copy."""
    return ActFacts("r1", "w1", "web", "copy", 1, 1, "tok-1", 7, "new")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The folder with the pinned files."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def commands(tmp_path: Path, files: Path) -> Commands:
    """Commands with little patience, so that the tests need none either."""
    return Commands(
        tmp_path / "guards", lambda *_act: files, grace_seconds=0.15, settle_seconds=0.2
    )
