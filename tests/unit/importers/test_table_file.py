"""What a table's file is, found out from its bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.table_file import Looks, TableFile, first_rows, open_table


def opened(folder: Path, content: bytes, looks: Looks | None = None) -> TableFile:
    path = folder / "t.csv"
    path.write_bytes(content)
    return open_table(path, "t.csv", looks or Looks(), folder)


@pytest.mark.parametrize(
    ("content", "lines", "plain"),
    [
        (b"a,b\n1,2\n", 2, True),
        (b"a,b\r\n1,2", 2, True),
        (b"a,b\n1,2\n\n\r\n", 2, True),
        (b"a,b\n\n1,2\n", 3, True),
        (b"a,b\r1,2\n", 1, False),
    ],
)
def test_lines_are_counted_without_empty_ones_at_the_end(
    tmp_path: Path, content: bytes, lines: int, plain: bool
) -> None:
    table = opened(tmp_path, content).table
    assert (table.lines, table.plain) == (lines, plain)


def test_a_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    file = opened(tmp_path, b"Flows of March\n\nFrom  host;To\na;b\n", Looks(header_line=3))
    assert file.header == ("From host", "To")
    assert first_rows(file, 9) == [["a", "b"]]


def test_a_separator_inside_quotes_is_none(tmp_path: Path) -> None:
    file = opened(tmp_path, b'"a,1";"b,2"\n"x,y";z\n')
    assert file.header == ("a,1", "b,2")


def test_bytes_that_are_not_utf_8_speak_against_a_map_that_says_so(tmp_path: Path) -> None:
    content = "a,b\nx,y\nkö,z\n".encode("cp1252")
    assert opened(tmp_path, content).encoding == "windows-1252"
    with pytest.raises(InputError) as caught:
        opened(tmp_path, content, Looks(encoding="utf-8"))
    assert caught.value.faults[0].line == 3


def test_a_letter_over_the_border_of_two_blocks_is_still_utf_8(tmp_path: Path) -> None:
    content = b"a,b\n" + b"x" * ((1 << 20) - 5) + "ö,1\n".encode()
    assert opened(tmp_path, content).encoding == "utf-8"


def test_what_is_not_there_is_input_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        open_table(tmp_path / "none.csv", "none.csv", Looks(), tmp_path)
