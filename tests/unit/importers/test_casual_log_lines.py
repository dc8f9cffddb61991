"""Lines of every version, broken ones, and sums that do not grow with the lines."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.casual_log_lines import DomainLog, PairSum, read_line, read_log

START = 1_697_270_400_000_000
HEAD = f"pay/now|orders/new|4711|exec|gtrid:b:42:4711|{START}|{START + 42_000}"
VERSIONS = {
    8: f"{HEAD}|OK",
    9: f"{HEAD}|7|OK",
    10: f"{HEAD}|7|OK|C",
    12: f"{HEAD}|7|TPENOENT|S|span|parent",
    13: f"{HEAD}|7|OK|S|span|parent|5",
}


@pytest.mark.parametrize("columns", VERSIONS)
def test_every_version_is_read_by_the_number_of_its_columns(columns: int) -> None:
    row = read_line(VERSIONS[columns], "|")
    assert row is not None
    assert (row.service, row.parent, row.end - row.start) == ("pay/now", "orders/new", 42_000)
    assert (row.outgoing, row.failed) == (columns == 10, columns == 12)
    assert (row.pending, row.in_transaction) == (0 if columns == 8 else 7, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pay/now|x",
        VERSIONS[10].replace("|C", "|X"),
        VERSIONS[9].replace("|7|", "|seven|"),
        VERSIONS[8].replace(str(START), "soon"),
        VERSIONS[8].replace(str(START + 42_000), "5"),
        f"|{VERSIONS[8].partition('|')[2]}",
        f"{HEAD}|7|OK|S|too|many|columns|here",
    ],
)
def test_what_is_no_line_is_none(text: str) -> None:
    assert read_line(text, "|") is None


def test_a_transaction_without_its_global_part_is_none() -> None:
    row = read_line(VERSIONS[8].replace("gtrid:b", ":"), "|")
    assert row is not None
    assert not row.in_transaction


def read(tmp_path: Path, text: str) -> DomainLog:
    path = tmp_path / "pay.log"
    path.write_text(text, encoding="utf-8")
    log = DomainLog("pay")
    read_log(path, path.name, "|", log)
    return log


def test_pairs_are_summed(tmp_path: Path) -> None:
    log = read(tmp_path, "\n".join([VERSIONS[9], VERSIONS[10], VERSIONS[12], ""]))
    (seen,) = log.pairs.values()
    assert (seen.calls, seen.outgoing, seen.failed, seen.pending) == (3, 1, 1, 21)
    assert (seen.file, seen.line) == ("pay.log", 1)
    assert sum(seen.hours) == seen.hours[8] == 3


def test_the_time_of_95_of_100_is_known_to_a_tenth(tmp_path: Path) -> None:
    lines = [f"a|b|1|e|t|{START}|{START + 1000 * n}|0|OK|S" for n in range(1, 101)]
    (seen,) = read(tmp_path, "\n".join(lines) + "\n").pairs.values()
    assert 0.9 * 95 <= seen.p95_milliseconds() <= 1.1 * 95


def test_a_pair_without_calls_took_no_time() -> None:
    assert PairSum("f", 1).p95_milliseconds() == 0.0


def test_a_last_line_that_is_cut_off_is_no_fault(tmp_path: Path) -> None:
    log = read(tmp_path, f"{VERSIONS[9]}\npay/no")
    assert (log.lines, log.broken, log.cut) == (1, 0, 1)


def test_some_broken_lines_are_counted_and_named(tmp_path: Path) -> None:
    log = read(tmp_path, f"{VERSIONS[9]}\nwhat\n{VERSIONS[9]}\n")
    assert (log.lines, log.broken) == (3, 1)
    assert [(fault.line, fault.message) for fault in log.faults] == [
        (2, "no line of a service log (1 columns)")
    ]


def test_a_file_that_is_no_service_log_is_input_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, "one\ntwo\n" + VERSIONS[9] + "\n")
    assert (caught.value.count, caught.value.faults[0].line) == (2, 1)


def test_a_compressed_log_is_read_and_a_cut_off_one_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress((VERSIONS[9] + "\n").encode())
    path = tmp_path / "pay.log.gz"
    path.write_bytes(packed)
    log = DomainLog("pay")
    read_log(path, path.name, "|", log)
    assert log.lines == 1
    path.write_bytes(packed[:-6])
    with pytest.raises(InputError) as caught:
        read_log(path, path.name, "|", DomainLog("pay"))
    assert caught.value.reference == "import-unreadable"
