"""Links files that somebody damaged: the quick way and the exact way judge them alike.

DuckDB reads plain files quickly, Python's csv module reads all files exactly. Whatever stands in a
file, both must come to the same links or to the same faults, and neither may fail otherwise.
"""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from builders import a_link, an_inventory, csv_of
from migrator.errors import Fault, InputError
from migrator.links import csv_rows
from migrator.links.load import read_links

PLAIN = csv_of(*(a_link(f"l-{n}", evidence=f'"log, {n}"') for n in range(4)))
HEADER_LENGTH = PLAIN.index("\n") + 1

# No blank: before a quotation mark DuckDB passes it over and the csv module keeps it.
PIECES = ('"', ",", "\n", "\r", "\r\n", "é", "\0", "\x1f", "\\", "'", '""', "", ";", "9")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The text of links.csv with one to three places overwritten, inserted or taken out."""
    text = PLAIN
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(HEADER_LENGTH, len(text)))
        piece = draw(st.sampled_from(PIECES))
        text = text[:place] + piece + text[place + draw(st.integers(0, 1)) :]
    return text.encode(draw(st.sampled_from(("utf-8", "cp1252"))))


def judged(folder: Path) -> str | tuple[Fault, ...]:
    """The digest of the links, or all faults."""
    try:
        return read_links(an_inventory(folder=folder, links_file=Path("links.csv")), None).digest
    except InputError as error:
        return error.faults


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damaged())
@example(PLAIN.replace("\n", "\r\n", 2).encode())  # DuckDB alone drops a row here
@example(PLAIN.encode() + b",")
def test_the_quick_and_the_exact_way_agree(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "links.csv").write_bytes(content)
    quick = judged(tmp_path)
    with patch.object(csv_rows, "line_is_row", return_value=False):
        assert judged(tmp_path) == quick
