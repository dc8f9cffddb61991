"""What may have become of the dry run with an amended file, and the words for it.

Used wherever an amendment is told of: its event, the fold's list of exceptions, what waits for a
second person. The words are kept beside no event; an event holds the key alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PASSED: Final = "passed"
UNDECLARED: Final = "none_declared"
PRACTISED: Final = "practice"

DRY_RUNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        PASSED: "its dry run passed",
        UNDECLARED: "it declares no dry run, so nothing was tried out",
        PRACTISED: "its dry run is not made in a practice, so nothing was tried out",
    }
)


def with_dry_run(words: str, dry_run: str) -> str:
    """Words that say what became of the dry run, too; journals of before it do not know."""
    return f"{words}; {DRY_RUNS[dry_run]}" if dry_run in DRY_RUNS else words
