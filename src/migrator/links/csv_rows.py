"""Reading links.csv slowly and exactly, to say where it is broken; also what its bytes are.

Called by `load` only where DuckDB refused the file, or where its lines are not simply its rows.
Python's csv module knows the line on which each row begins, also after quoted line breaks and
empty lines. Rows that are whole are written to a Parquet file with their line number, so that the
same checks run on them and all faults are reported at once. It is thirty times slower than DuckDB
and must never be on the way of a plain file that is right.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from migrator.errors import Fault

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES: Final = 1 << 20
BLOCK_ROWS: Final = 20_000
FAULTS_KEPT_MAX: Final = 20
FIELD_CHARACTERS_MAX: Final = 131_072
"""The csv module's own limit; a longer field is a quotation mark that was never closed."""

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""The byte order marks of what Excel and Windows tools write; UTF-32 first, it begins like 16."""

_NOT_IN_1252: Final = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))


@dataclass(frozen=True, slots=True)
class Broken:
    """What is wrong with the rows as rows: all counted, the first ones kept."""

    count: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """How a table is written; without a word it is links.csv."""

    delimiter: str = ","
    header_line: int = 1  # 0: the rows begin at once
    ragged: bool = False  # a row may have fewer fields; those beyond the columns are left out
    shown: str = ""  # the name in faults; empty: the file's own


_LINKS_CSV: Final = Form()


def encoding_fault(path: Path) -> Fault | None:
    """Name the encoding of a file that is not UTF-8, with the first offending byte."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    before, line = 0, 1
    with path.open("rb") as file:
        start = file.read(4)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return Fault(path.name, None, "", f"the file is {name}; save it as UTF-8")
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                # The decoder's position counts from the bytes it had kept of the last block.
                offset = before - pending + error.start
                line += block[: max(0, error.start - pending)].count(b"\n")
                return _not_utf8(path, offset, line)
            if b"\0" in block:
                offset = before + block.index(b"\0")
                line += block[: block.index(b"\0")].count(b"\n")
                message = f"byte {offset} is zero; the file is not text, or it is UTF-16"
                return Fault(path.name, line, "", message)
            before += len(block)
            line += block.count(b"\n")
        if decoder.getstate()[0]:
            return _not_utf8(path, before - len(decoder.getstate()[0]), line)
    return None


def first_row(path: Path) -> str:
    """Give the header row without its line break and byte order mark; empty for an empty file."""
    with path.open("rb") as file:
        line = file.readline(FIELD_CHARACTERS_MAX)
    # A file of an old Macintosh ends its lines with a carriage return alone.
    return line.decode("utf-8-sig", errors="replace").split("\r")[0].rstrip("\n")


def line_is_row(path: Path, rows: int) -> bool:
    """Tell whether row n stands on line n + 1: no quoted line breaks, no empty lines, none lost.

    A file with a zero byte is not plain either: it is for `encoding_fault` to name.
    """
    breaks = returns = pairs = 0
    last = b"\n"
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            if b"\0" in block:
                return False
            breaks += block.count(b"\n")
            if b"\r" in block:
                returns += block.count(b"\r")
                pairs += block.count(b"\r\n")
            pairs += last == b"\r" and block.startswith(b"\n")
            last = block[-1:]
    # A carriage return alone ends a line for some programs and not for others.
    return returns == pairs and breaks + (last != b"\n") == rows + 1


def whole_rows(
    path: Path, columns: tuple[str, ...], target: Path, form: Form = _LINKS_CSV
) -> Broken:
    """Write `line` and the fields of all whole rows to a Parquet file; count the other rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = {"line": pa.int64()} | dict.fromkeys(columns, pa.string())
    schema = pa.schema([pa.field(name, kind) for name, kind in fields.items()])
    count = 0
    faults: list[Fault] = []
    block: list[tuple[int | str, ...]] = []
    with (
        path.open(encoding="utf-8-sig", newline="") as source,
        pq.ParquetWriter(target, schema) as writer,
    ):
        for line, row in _numbered(source, form.shown or path.name, columns, form):
            if isinstance(row, Fault):
                count += 1
                faults += [row] if len(faults) < FAULTS_KEPT_MAX else []
                continue
            block.append((line, *row))
            if len(block) == BLOCK_ROWS:
                writer.write_table(_table(block, schema))
                block.clear()
        writer.write_table(_table(block, schema))
    return Broken(count, tuple(faults))


def _table(block: list[tuple[int | str, ...]], schema: pa.Schema) -> pa.Table:
    """Turn rows into columns."""
    import pyarrow as pa

    columns = list(zip(*block, strict=True)) or [() for _ in schema]
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )


def _numbered(
    source: Iterator[str], file: str, columns: tuple[str, ...], form: Form
) -> Iterator[tuple[int, list[str] | Fault]]:
    """Give each row after the header, or its fault, with the line it begins on.

    Empty lines are no rows.
    """
    before = max(0, form.header_line - 1)
    for _ in range(before):
        next(source, None)
    # Quotation marks in a ragged table are somebody's command line, not the table's own.
    reader = csv.reader(source, delimiter=form.delimiter, strict=not form.ragged)
    if form.header_line:
        next(reader, None)
    while True:
        line = before + reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _misquoted(file, line, str(error))
            continue
        if form.ragged and fields:
            filled = fields + [""] * (len(columns) - len(fields))
            yield line, filled[: len(columns)]
            continue
        if len(fields) == len(columns) + 1 and not fields[-1]:
            fields.pop()  # a comma at the end of a row says nothing; DuckDB passes it over, too
        if fields and len(fields) != len(columns):
            yield line, _ragged(file, line, fields, columns)
        elif fields:
            yield line, fields


def _misquoted(file: str, line: int, error: str) -> Fault:
    """Say in our words what the csv module found."""
    if "unexpected end" in error or "field limit" in error:
        return Fault(file, line, "", "a quotation mark that opens in this row is never closed")
    if "expected after" in error:
        message = "text follows a closing quotation mark; a quotation mark inside is written twice"
        return Fault(file, line, "", message)
    return Fault(file, line, "", f"the row cannot be read: {error}")


def _ragged(file: str, line: int, fields: list[str], columns: tuple[str, ...]) -> Fault:
    """Say how many fields a row has, and what usually is the reason."""
    hint = "; a comma inside a text needs quotation marks" if len(fields) > len(columns) else ""
    return Fault(file, line, "", f"{len(fields)} fields where {len(columns)} are expected{hint}")


def _not_utf8(path: Path, offset: int, line: int) -> Fault:
    """Tell Windows-1252 from bytes that are no text at all."""
    with path.open("rb") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(max(0, offset - 20))
        around = file.read(40)
    if any(sign in _NOT_IN_1252 for sign in around):
        message = f"byte {offset} (0x{byte:02x}) is not UTF-8"
    else:
        letter = bytes([byte]).decode("cp1252", errors="replace")
        message = (
            f"byte {offset} (0x{byte:02x}) is not UTF-8; it looks like Windows-1252, "
            f"where it is '{letter}'"
        )
    return Fault(path.name, line, "", message)
