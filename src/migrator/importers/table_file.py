"""What a table's file is: encoding, separator, header, lines. Every guess is said, none is silent.

Called by the importers of tables before DuckDB sees a file. A file is looked through once from end
to end, because a wrong byte in the last line of a million is a wrong byte; what is not UTF-8 is
written again as UTF-8 into the work folder, so that all that follows reads one encoding. Nothing
here knows what a column means.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from migrator.errors import EnvironmentFailed, Fault, InputError
from migrator.links.csv_map import TextTable

FILE_BYTES_MAX: Final = 64 * 1024**3
"""Some five hundred million rows; beyond it an export is cut by days or by places first."""

BLOCK_BYTES: Final = 1 << 20
HEAD_BYTES: Final = 1 << 18
ROWS_COMPARED: Final = 50
DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
ENCODINGS: Final = ("utf-8", "windows-1252", "utf-16")
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that is ready to be read, and what was found out about it."""

    table: TextTable
    header: tuple[str, ...]  # as written, without blanks around; empty where there is none
    encoding: str
    delimiter_said: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Looks:
    """What the map says about the files' form; None: found out."""

    encoding: str | None = None
    delimiter: str | None = None
    header_line: int = 1  # 0: no header
    ragged: bool = False


def open_table(path: Path, shown: str, looks: Looks, work: Path) -> TableFile:
    """Look a file through; raise InputError where it cannot be a table."""
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise _no_table(shown, f"{size} bytes; the limit is {FILE_BYTES_MAX // 1024**3} GiB")
        encoding, seen = _examined(path, shown, looks.encoding)
        readable = path
        # A mark before the first row would become part of its first value.
        if encoding != "utf-8" or (seen.marked and not looks.header_line):
            readable = work / f"{seen.sha256[:16]}.utf-8"
            _write_utf8(path, readable, encoding, shown)
            seen = replace(_look(readable)[0], sha256=seen.sha256)
    except OSError as error:
        raise _unreadable(path, error) from error
    head = _head(readable, looks.header_line)
    if not head.strip():
        raise _no_table(shown, "the file is empty" if not size else "there is no row in the file")
    delimiter = looks.delimiter or _delimiter(head, shown)
    first = _first_row(head, delimiter, shown)
    header = tuple(" ".join(name.split()) for name in first) if looks.header_line else ()
    table = TextTable(
        path=readable,
        shown=shown,
        delimiter=delimiter,
        columns=len(first),
        header_line=looks.header_line,
        lines=seen.lines,
        plain=seen.plain,
        ragged=looks.ragged,
    )
    return TableFile(table, header, encoding, DELIMITERS.get(delimiter, delimiter), seen.sha256)


def first_rows(file: TableFile, limit: int) -> list[list[str]]:
    """Some rows from the beginning, for a look; a row that is cut off at the end is left out."""
    with file.table.path.open("rb") as stream:
        for _ in range(file.table.header_line):
            stream.readline(HEAD_BYTES)
        block = stream.read(HEAD_BYTES * 16)
    text = block.decode("utf-8", errors="replace").removeprefix("\ufeff")
    if len(block) == HEAD_BYTES * 16:
        text = text[: text.rfind("\n") + 1]
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=file.table.delimiter):
            if row:
                rows.append(row)
            if len(rows) == limit:
                break
    except csv.Error:
        pass  # the exact way will name it; a look needs only what stands before
    return rows


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one pass over the bytes found."""

    lines: int
    plain: bool
    sha256: str
    marked: bool  # UTF-8 with a byte order mark


def _examined(path: Path, shown: str, wanted: str | None) -> tuple[str, _Seen]:
    """The encoding and the lines; a wish is kept unless the bytes speak against it."""
    with path.open("rb") as stream:
        start = stream.read(4)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    if marked == "utf-32":
        raise _no_table(shown, "the file is UTF-32; save it as UTF-8")
    seen, wrong = _look(path)
    encoding = wanted or marked or ("utf-8" if wrong is None else "windows-1252")
    if encoding == "utf-8" and wrong is not None:
        raise _no_table(shown, "the byte is not UTF-8; say `encoding: windows-1252`", wrong)
    return encoding, seen


def _look(path: Path) -> tuple[_Seen, int | None]:
    """One pass: lines, carriage returns, the digest, and the line of the first byte not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    digest = hashlib.sha256()
    breaks = returns = pairs = tail = 0
    wrong: int | None = None
    zero, marked, last = False, None, b"\n"
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
            marked = block.startswith(codecs.BOM_UTF8) if marked is None else marked
            if wrong is None and not (block.isascii() and not decoder.getstate()[0]):
                try:
                    decoder.decode(block)
                except UnicodeDecodeError as error:
                    wrong = breaks + 1 + block[: error.start].count(b"\n")
            breaks += block.count(b"\n")
            if b"\r" in block:
                returns += block.count(b"\r")
                pairs += block.count(b"\r\n")
            pairs += last == b"\r" and block.startswith(b"\n")
            zero = zero or b"\0" in block
            rest = block.rstrip(b"\r\n")
            ends = block[len(rest) :].count(b"\n")
            tail = ends if rest else tail + ends
            last = block[-1:]
    if wrong is None and decoder.getstate()[0]:
        wrong = breaks + 1
    # Empty lines at the end are how many programs end a file; they are no rows.
    lines = breaks - max(0, tail - 1) + (last != b"\n")
    return _Seen(lines, returns == pairs and not zero, digest.hexdigest(), bool(marked)), wrong


def _write_utf8(path: Path, target: Path, encoding: str, shown: str) -> None:
    """Write a file again as UTF-8, block by block."""
    name = "cp1252" if encoding == "windows-1252" else encoding
    line = 1
    decoder = codecs.getincrementaldecoder(name)()
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as written:
        while True:
            block = source.read(BLOCK_BYTES)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                said = f"the byte 0x{error.object[error.start]:02x} is not {encoding}"
                line += error.object[: error.start].count(b"\n")
                raise _no_table(shown, f"{said}, and the file is not UTF-8", line) from error
            written.write(text.removeprefix("\ufeff"))
            line += text.count("\n")
            if not block:
                return


def _head(path: Path, header_line: int) -> str:
    """The text from the header on, up to some hundred lines, without a mark before it."""
    with path.open("rb") as stream:
        for _ in range(header_line - 1):
            stream.readline(HEAD_BYTES)
        block = stream.read(HEAD_BYTES)
    return block.decode("utf-8", errors="replace").removeprefix("\ufeff")


def _first_row(head: str, delimiter: str, shown: str) -> list[str]:
    """The first row's fields; line ends of an old Macintosh are line ends, too."""
    try:
        return next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise _no_table(shown, f"the first row cannot be read: {error}", 1) from error


def _delimiter(head: str, shown: str) -> str:
    """The separator that cuts the first rows into the same number of fields, and into most."""
    best: tuple[int, int, str] = (0, 0, "")
    for delimiter in DELIMITERS:
        widths = _widths(head, delimiter)
        if not widths or widths[0] < 2:
            continue
        same = Counter(widths)[widths[0]] * 100 // len(widths)
        best = max(best, (same // 10, widths[0], delimiter))
    if not best[2]:
        raise _no_table(shown, "no comma, semicolon, tab or bar cuts the first row into columns", 1)
    return best[2]


def _widths(head: str, delimiter: str) -> Sequence[int]:
    """How many fields the first rows have."""
    widths: list[int] = []
    lines = list(io.StringIO(head, newline=""))
    whole = lines[:-1] if len(head) >= HEAD_BYTES // 4 and len(lines) > 1 else lines
    try:
        for row in csv.reader(whole, delimiter=delimiter):
            if row:
                widths.append(len(row))
            if len(widths) == ROWS_COMPARED:
                break
    except csv.Error:
        pass  # a quotation mark that was never closed; the rows before it are enough to compare
    return widths


def _no_table(shown: str, why: str, line: int | None = None) -> InputError:
    return InputError(
        "table-unreadable",
        f"{shown} cannot be read as a table",
        hint="export it again as CSV, or say its `encoding`, `delimiter` and `header_line` in the "
        "map under `file`",
        faults=(Fault(shown, line, "", why),),
    )


def _unreadable(path: Path, error: OSError) -> InputError | EnvironmentFailed:
    """A file that is not there, or a disk that is full."""
    if error.filename is not None and Path(str(error.filename)) == path:
        return InputError(
            "import-unreadable",
            f"{path} cannot be opened: {error.strerror}",
            hint="name a file that exists and that this user may read",
        )
    return EnvironmentFailed(
        "disk-full",
        f"{path.name} could not be written again as UTF-8: {error.strerror}",
        hint="make room, or name another folder by TMPDIR; nothing was written",
    )
