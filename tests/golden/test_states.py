"""The tables of states, as somebody has read them; and their pictures in docs/states.md."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

import state_pictures

ROOT: Final = Path(__file__).parents[2]
DRAWN: Final = {
    "tests/golden/state_tables.txt": state_pictures.tables_as_text,
    "docs/states.md": state_pictures.pictures_as_markdown,
}


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_the_states_are_drawn_from_the_tables(name: str) -> None:
    drawn = DRAWN[name]()
    if os.environ.get("MIGRATOR_GOLDEN") == "rewrite":
        (ROOT / name).write_text(drawn, encoding="utf-8")

    assert (ROOT / name).read_text(encoding="utf-8") == drawn
