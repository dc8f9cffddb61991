"""Where checked links are kept, so that the next command does not read millions of rows again."""

from __future__ import annotations

from typing import Final

from migrator.cli.app import STATE_FOLDER

CACHE: Final = STATE_FOLDER / "links"
"""Beside the journals: whoever clears that folder away loses time and nothing else."""
