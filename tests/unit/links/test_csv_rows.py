"""The slow, exact way through a CSV file: lines, encodings, rows that are none."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from migrator.links import csv_rows

COLUMNS = ("id", "note")


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "links.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path) -> tuple[list[tuple[object, ...]], csv_rows.Broken]:
    target = path.with_name("rows.parquet")
    broken = csv_rows.whole_rows(path, COLUMNS, target)
    columns = pq.read_table(target).to_pydict()
    return list(zip(*columns.values(), strict=True)), broken


def test_each_row_has_the_line_it_begins_on(tmp_path: Path) -> None:
    rows, broken = read(written(tmp_path, 'id,note\na,1\n\nb,"two\nlines"\n\n\nc,3\n'))
    assert rows == [(2, "a", "1"), (4, "b", "two\nlines"), (8, "c", "3")]
    assert broken.count == 0


def test_line_ends_of_all_systems_may_be_mixed(tmp_path: Path) -> None:
    rows, _ = read(written(tmp_path, "id,note\r\na,1\nb,2\rc,3"))
    assert [row[1:] for row in rows] == [("a", "1"), ("b", "2"), ("c", "3")]


def test_ragged_rows_are_named_and_the_others_kept(tmp_path: Path) -> None:
    rows, broken = read(written(tmp_path, "id,note\na\nb,2\nc,3,4\n"))
    assert rows == [(3, "b", "2")]
    assert [(f.line, f.message) for f in broken.faults] == [
        (2, "1 fields where 2 are expected"),
        (4, "3 fields where 2 are expected; a comma inside a text needs quotation marks"),
    ]


def test_a_comma_at_the_end_of_a_row_is_passed_over(tmp_path: Path) -> None:
    rows, broken = read(written(tmp_path, "id,note\na,1,\nb,2,,\n"))
    assert rows == [(2, "a", "1")]
    assert [fault.line for fault in broken.faults] == [3]


def test_a_quotation_mark_that_is_never_closed_is_named_where_it_opens(tmp_path: Path) -> None:
    _, broken = read(written(tmp_path, 'id,note\na,1\nb,"open\nc,3\n'))
    (fault,) = broken.faults
    assert (fault.line, fault.message) == (
        3,
        "a quotation mark that opens in this row is never closed",
    )


def test_text_after_a_closing_quotation_mark_is_named(tmp_path: Path) -> None:
    rows, broken = read(written(tmp_path, 'id,note\na,"1"x\nb,2\n'))
    assert rows == [(3, "b", "2")]
    assert broken.faults[0].message.startswith("text follows a closing quotation mark")


def test_a_fault_the_module_words_itself_is_passed_on() -> None:
    fault = csv_rows._misquoted("links.csv", 3, "line contains NUL")
    assert fault.message == "the row cannot be read: line contains NUL"


def test_all_broken_rows_are_counted_and_the_first_kept(tmp_path: Path) -> None:
    _, broken = read(written(tmp_path, "id,note\n" + "x\n" * 50))
    assert broken.count == 50
    assert [fault.line for fault in broken.faults] == list(range(2, 22))


def test_rows_beyond_one_block_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_ROWS", 2)
    rows, _ = read(written(tmp_path, "id,note\n" + "".join(f"{n},x\n" for n in range(5))))
    assert [row[1] for row in rows] == ["0", "1", "2", "3", "4"]


def test_utf8_is_right_with_and_without_a_mark(tmp_path: Path) -> None:
    for mark in ("", "\ufeff"):
        assert csv_rows.encoding_fault(written(tmp_path, f"{mark}id\nFörsäkring\n")) is None


def test_windows_1252_is_named_with_byte_and_letter(tmp_path: Path) -> None:
    fault = csv_rows.encoding_fault(written(tmp_path, "id\nFörsäkring\n".encode("cp1252")))
    assert fault is not None
    assert fault.line == 2
    assert fault.message == (
        "byte 4 (0xf6) is not UTF-8; it looks like Windows-1252, where it is 'ö'"
    )


def test_bytes_of_no_encoding_are_named_without_a_guess(tmp_path: Path) -> None:
    fault = csv_rows.encoding_fault(written(tmp_path, b"id\n\xff\x81\n"))
    assert fault is not None
    assert fault.message == "byte 3 (0xff) is not UTF-8"


@pytest.mark.parametrize(("encoding", "name"), [("utf-16", "UTF-16"), ("utf-32", "UTF-32")])
def test_wide_encodings_are_named(tmp_path: Path, encoding: str, name: str) -> None:
    fault = csv_rows.encoding_fault(written(tmp_path, "id\n".encode(encoding)))
    assert fault is not None
    assert fault.message == f"the file is {name}; save it as UTF-8"


def test_zero_bytes_are_named(tmp_path: Path) -> None:
    fault = csv_rows.encoding_fault(written(tmp_path, "id\na".encode("utf-16-le")))
    assert fault is not None
    assert fault.message.startswith("byte 1 is zero")


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_the_byte_is_right_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    # The two-byte letters straddle the blocks, so the decoder holds bytes back.
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 3)
    content = b"x" * before + "ö\n".encode() * 4
    fault = csv_rows.encoding_fault(written(tmp_path, content + b"\xf6!"))
    assert fault is not None
    assert fault.message.startswith(f"byte {len(content)} (0xf6)")
    assert fault.line == 5


def test_a_letter_cut_off_at_the_end_is_named(tmp_path: Path) -> None:
    fault = csv_rows.encoding_fault(written(tmp_path, b"id\nab\xc3"))
    assert fault is not None
    assert fault.message.startswith("byte 5 (0xc3)")


@pytest.mark.parametrize(
    ("content", "row"),
    [("a,b\r\nc", "a,b"), ("\ufeffa,b\n", "a,b"), ("a,b\rc,d", "a,b"), ("", ""), ("\n", "")],
)
def test_the_first_row_is_found_whatever_ends_it(tmp_path: Path, content: str, row: str) -> None:
    assert csv_rows.first_row(written(tmp_path, content)) == row


@pytest.mark.parametrize(
    ("content", "rows", "plain"),
    [
        ("h\na\nb\n", 2, True),
        ("h\na\nb", 2, True),
        ("h\na\n\nb\n", 2, False),
        ('h\n"a\nb"\n', 1, False),
        ("h\na\nb\n", 1, False),
        ("h", 0, True),
        ("h\r\na\r\nb", 2, True),
        ('h\n"a\rb"\n', 1, False),
        ("h\na\0\n", 1, False),
    ],
)
def test_lines_are_rows_only_where_every_line_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, rows: int, plain: bool
) -> None:
    monkeypatch.setattr(csv_rows, "BLOCK_BYTES", 2)  # pairs of line ends are torn apart, too
    assert csv_rows.line_is_row(written(tmp_path, content), rows) is plain
