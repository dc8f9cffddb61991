"""Casual's service log, line by line into sums: millions of lines, memory for the pairs only.

Called by `casual_log.py`. The columns differ by version and no header says which: their number,
and whether the eighth is a number, decide for each line. A last line that was cut off is a log that
is being written, and no fault. What a pair of services did is summed at once and never kept.
"""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from migrator.errors import Fault, InputError

PAIRS_MAX: Final = 500_000
"""A large estate has some tens of thousands; so many take about 400 MB, and are no services."""

LINE_BYTES_MAX: Final = 65_536
"""Names and ids make some hundred bytes."""

FAULTS_KEPT_MAX: Final = 20

MICROSECONDS: Final = 1_000_000
_HOUR: Final = 3600 * MICROSECONDS
_STEPS: Final = 8
"""Steps of a doubling: a time is known to a tenth of itself, in some two hundred counters."""


@dataclass(slots=True)
class PairSum:
    """What one caller did with one service in one domain's log. Times are microseconds."""

    file: str
    line: int
    calls: int = 0
    outgoing: int = 0  # of these, rows of the caller's gateway (order C)
    failed: int = 0
    pending: int = 0
    in_transaction: int = 0
    first: int = 0
    last: int = 0
    hours: list[int] = field(default_factory=lambda: [0] * 24)
    times: dict[int, int] = field(default_factory=dict)

    def add(self, row: LogRow) -> None:
        """Sum one row."""
        self.calls += 1
        self.outgoing += row.outgoing
        self.failed += row.failed
        self.pending += row.pending
        self.in_transaction += row.in_transaction
        self.first = min(self.first or row.start, row.start)
        self.last = max(self.last, row.start)
        self.hours[row.start // _HOUR % 24] += 1
        step = int(math.log2(row.end - row.start + 1) * _STEPS)
        self.times[step] = self.times.get(step, 0) + 1

    def p95_milliseconds(self) -> float:
        """The time below which 95 of 100 calls ended, to a tenth of itself."""
        wanted, seen = math.ceil(self.calls * 0.95), 0
        for step in sorted(self.times):
            seen += self.times[step]
            if seen >= wanted:
                return float(2 ** ((step + 1) / _STEPS) - 1) / 1000
        return 0.0


@dataclass(frozen=True, slots=True)
class LogRow:
    """One line."""

    service: str
    parent: str
    start: int
    end: int
    pending: int
    failed: bool
    outgoing: bool
    in_transaction: bool


@dataclass(slots=True)
class DomainLog:
    """All that one domain's logs say: (parent, service) -> its sum."""

    domain: str
    pairs: dict[tuple[str, str], PairSum] = field(default_factory=dict)
    lines: int = 0
    broken: int = 0
    cut: int = 0
    faults: list[Fault] = field(default_factory=list)
    first: int = 0
    last: int = 0


def read_log(path: Path, shown: str, delimiter: str, log: DomainLog) -> None:
    """Sum a file into its domain's log. Raises where the file is no service log at all."""
    broken_before, lines_before = log.broken, log.lines
    try:
        with path.open("rb") as raw:
            packed = path.suffix == ".gz"
            stream: IO[bytes] = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw
            for number, text, whole in _lines(stream):
                _take(log, number, text, shown, delimiter, whole=whole)
    except (OSError, EOFError) as error:
        raise InputError(
            "import-unreadable",
            f"{path} cannot be read: {getattr(error, 'strerror', None) or error}",
            hint="name a service log, as it was written or compressed with gzip",
        ) from error
    lines, broken = log.lines - lines_before, log.broken - broken_before
    if broken * 2 > lines:
        raise InputError(
            "import-broken-documents",
            f"{broken} of {lines} lines of {path} are no lines of a service log",
            hint="name the delimiter with --delimiter, or another file",
            faults=tuple(log.faults),
            count=broken,
        )


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, str, bool]]:
    """Every line with its number, and whether it has an end."""
    number = 0
    while raw := stream.readline(LINE_BYTES_MAX):
        number += 1
        yield number, raw.decode("utf-8", errors="replace").rstrip("\r\n"), raw.endswith(b"\n")


def _take(
    log: DomainLog, number: int, text: str, shown: str, delimiter: str, *, whole: bool
) -> None:
    if not text:
        return
    log.lines += 1
    row = read_line(text, delimiter)
    if row is None:
        if not whole:
            log.lines -= 1
            log.cut += 1
            return
        log.broken += 1
        if len(log.faults) < FAULTS_KEPT_MAX:
            columns = text.count(delimiter) + 1
            message = f"no line of a service log ({columns} columns)"
            log.faults.append(Fault(shown, number, "", message))
        return
    log.first = min(log.first or row.start, row.start)
    log.last = max(log.last, row.end)
    key = (row.parent, row.service)
    known = log.pairs.get(key)
    if known is None:
        if len(log.pairs) >= PAIRS_MAX:
            raise InputError(
                "import-too-large",
                f"{shown} has more than {PAIRS_MAX} pairs of services",
                hint="see that it is a service log, and that its services have no numbers in them",
            )
        known = log.pairs[key] = PairSum(shown, number)
    known.add(row)


def read_line(text: str, delimiter: str) -> LogRow | None:
    """One line of any version; None where it is none."""
    cells = text.split(delimiter)
    count = len(cells)
    if count not in {8, 9, 10, 12, 13}:
        return None
    start, end = cells[5], cells[6]
    if not (start.isdecimal() and end.isdecimal() and start.isascii() and end.isascii()):
        return None
    waited = count > 8
    if waited and not cells[7].isdecimal():
        return None
    code = cells[8] if waited else cells[7]
    order = cells[9] if count > 9 else "S"
    if not cells[0] or not code or order not in {"S", "C"} or len(start) > 17 or len(end) > 17:
        return None
    began, ended = int(start), int(end)
    if ended < began:
        return None
    return LogRow(
        cells[0],
        cells[1],
        began,
        ended,
        int(cells[7][:17]) if waited else 0,
        code not in {"OK", "0"},
        order == "C",
        cells[4][:1] not in {"", ":", "-"},  # it begins with the global part of the transaction
    )
