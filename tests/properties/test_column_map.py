"""Whatever a table holds: every row is in one count, and the sums are those of plain Python."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import InputError
from migrator.importers.csv_links import import_csv
from migrator.importers.table_file import Looks, open_table
from migrator.importers.table_import import Wanted

ENDS = st.sampled_from(["web", "db", " Web ", "10.0.0.1", "", "127.0.0.1", "a,b", 'q"q', "kö\nx"])
PORTS = st.sampled_from(["443", "0", "", "65536", "x", " 80", "443.0"])
CALLS = st.sampled_from(["1", "20", "", "2.5", "7.0", "1 000"])
ROWS = st.lists(st.tuples(ENDS, ENDS, PORTS, CALLS), max_size=12)
MAP = "columns: {source: s, target: t, port: p, calls: c}\ncalls_are: per_day\n"


def written(rows: list[tuple[str, str, str, str]], delimiter: str, line_end: str) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(("s", "t", "p", "c"))
    writer.writerows(rows)
    return stream.getvalue().encode()


def expected(rows: list[tuple[str, str, str, str]]) -> tuple[Counter[tuple[str, str, str]], int]:
    """The calls of each link by hand, and how many rows cannot be used."""
    calls: Counter[tuple[str, str, str]] = Counter()
    bad = 0
    for source, target, port, count in rows:
        plain = port.strip().removesuffix(".0")
        number = count.replace(" ", "").removesuffix(".0") or "1"
        usable = source.strip() and target.strip() and number.isdigit()
        if not usable or (plain and not (plain.isdigit() and 1 <= int(plain) <= 65535)):
            bad += 1
            continue
        ends = source.strip().lower(), target.strip().lower()
        if "127.0.0.1" not in ends and ends[0] != ends[1]:
            calls[(*ends, plain)] += int(number)
    return calls, bad


@settings(max_examples=12, deadline=None)
@given(ROWS, st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_every_row_is_counted_once_and_sums_are_exact(
    rows: list[tuple[str, str, str, str]], delimiter: str, line_end: str
) -> None:
    calls, bad = expected(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "t.csv").write_bytes(written(rows, delimiter, line_end))
        (folder / "m.yaml").write_text(MAP, encoding="utf-8")
        wanted = Wanted(folder / "out", "us", skip_bad_rows=True)
        try:
            outcome = import_csv([folder / "t.csv"], folder / "m.yaml", wanted)
        except InputError as error:
            assert error.reference == "table-no-links"  # noqa: PT017 - either outcome is right
            assert not calls
            return
        with (folder / "out" / "links.csv").open(encoding="utf-8", newline="") as stream:
            found = sorted(int(row["calls_per_day"]) for row in csv.DictReader(stream))
    counts = outcome.summary
    assert found == sorted(calls.values())
    assert counts["rows_bad"] == bad
    kept = ("rows_in_links", "rows_inside_one_component", "rows_of_a_machine_with_itself")
    assert sum(counts[key] for key in kept) + bad == counts["rows"] == len(rows)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_input_to_mend(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "t.csv"
        path.write_bytes(content)
        try:
            file = open_table(path, "t.csv", Looks(), Path(name))
        except InputError as error:
            assert error.reference == "table-unreadable"  # noqa: PT017 - either outcome is right
        else:
            assert file.table.columns > 1
