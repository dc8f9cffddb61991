"""The checks of values: the quick verdict and the search for rows judge alike."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from migrator.ids import ComponentId, SubsystemId
from migrator.inventory.model import LINK_COLUMNS
from migrator.links import checks, database

KNOWN = {ComponentId("web.app"): SubsystemId("web"), ComponentId("pay.app"): SubsystemId("pay")}

Row = dict[str, str | None]

RIGHT: Row = {
    "id": "l-1",
    "source": "web.app",
    "target": "pay.app",
    "protocol": "https",
    "port": "443",
    "data_class": "personal",
    "calls_per_day": "10",
    "latency_class": "async",
    "criticality": "3",
    "evidence": "log",
}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with database.connect() as opened:
        database.fill_components(opened, KNOWN)
        yield opened


def judged(connection: duckdb.DuckDBPyConnection, *rows: Row) -> tuple[bool, checks.Found]:
    """The verdict on the typed columns, and what the search finds in the texts."""
    fill(connection, *rows)
    verdict = checks.looks_right(connection, f"({checks.typed('rows')})")
    return verdict, checks.find_faults(connection, "rows", "links.csv", tuple(KNOWN))


def fill(connection: duckdb.DuckDBPyConnection, *rows: Row) -> None:
    """Make the table of texts; the first row stands on line 2."""
    columns = ", ".join(f"{name} VARCHAR" for name in LINK_COLUMNS)
    connection.execute(f"CREATE OR REPLACE TABLE rows (line BIGINT, {columns})")
    place = f"INSERT INTO rows VALUES ({', '.join('?' * 11)})"  # noqa: S608 - question marks
    for line, row in enumerate(rows, start=2):
        connection.execute(place, [line, *(row[name] for name in LINK_COLUMNS)])


def wrong_rows() -> Iterator[tuple[str, str | None, str]]:
    for name in ("id", "source", "target", "protocol", "calls_per_day", "criticality"):
        yield name, "", f"{name} is empty"
        yield name, None, f"{name} is empty"
    yield "latency_class", None, "latency_class is empty"
    for name in ("id", "protocol", "data_class", "evidence"):
        yield name, "a\x1fb", f"{name} contains the control character U+001F"
    for end in ("source", "target"):
        yield end, "web.ap", f"{end} component 'web.ap' does not exist; the nearest is 'web.app'"
        yield end, "zzzzzz", f"{end} component 'zzzzzz' does not exist"
    for port in (
        "0",
        "65536",
        "-1",
        "443.0",
        "4e2",
        " 443",
        "+5",
        "0x1F",
        "1_0",
        "https",
        "9" * 30,
    ):
        yield "port", port, f"port '{port}' is not a whole number in the range 1 to 65535, or empty"
    for calls in ("-1", "1.5", "1e3", "many", "9" * 30, str(10**12 + 1)):
        message = f"calls_per_day '{calls}' is not a whole number in the range 0 or more"
        yield "calls_per_day", calls, message
    for value in ("0", "6", "3.0", "high", "300"):
        message = f"criticality '{value}' is not a whole number in the range 1 to 5"
        yield "criticality", value, message
    names = "batch, async, interactive, transactional"
    yield "latency_class", "fast", f"latency_class 'fast' is not one of {names}"


def test_both_see_the_same_wrong_value(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "FAULTS_KEPT_MAX", 1000)
    wrong = tuple(wrong_rows())
    fill(connection, *({**RIGHT, "id": f"l-{n}", c: v} for n, (c, v, _) in enumerate(wrong)))
    found = checks.find_faults(connection, "rows", "links.csv", tuple(KNOWN))
    assert [(fault.line, fault.path, fault.message) for fault in found.faults] == [
        (line, column, message) for line, (column, _, message) in enumerate(wrong, start=2)
    ]
    for line, case in enumerate(wrong, start=2):
        one = f"(SELECT * FROM rows WHERE line = {line})"  # noqa: S608 - a number of ours
        assert not checks.looks_right(connection, f"({checks.typed(one)})"), case


RIGHT_ONES: tuple[Row, ...] = (
    {"port": ""},
    {"port": None},
    {"port": "1"},
    {"port": "65535"},
    {"port": "0443"},
    {"data_class": None, "evidence": ""},
    {"calls_per_day": "0"},
    {"calls_per_day": str(10**12)},
    {"criticality": "1"},
    {"criticality": "5"},
    {"latency_class": "transactional"},
    {"source": "pay.app", "target": "pay.app"},
    {"evidence": "NULL"},
)


def test_both_pass_what_is_right(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [{**RIGHT, "id": f"l-{n}", **change} for n, change in enumerate(RIGHT_ONES)]
    verdict, found = judged(connection, *rows)
    assert verdict
    assert found == checks.Found({}, ())


def test_both_see_a_doubled_id_in_every_row_but_the_first(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    verdict, found = judged(connection, RIGHT, RIGHT | {"id": "l-2"}, RIGHT, RIGHT)
    assert not verdict
    assert [(f.line, f.message) for f in found.faults] == [
        (4, "link id 'l-1' is used by an earlier row"),
        (5, "link id 'l-1' is used by an earlier row"),
    ]


def test_faults_are_kept_in_the_order_of_rows_and_columns_and_all_counted(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    bad: Row = {"criticality": "9", "port": "x", "source": "nobody"}
    _, found = judged(connection, *({**RIGHT, "id": f"l-{n}", **bad} for n in range(10)))
    assert found.by_kind == {
        "unknown source components": 10,
        "wrong ports": 10,
        "wrong criticalities": 10,
    }
    assert found.count == 30
    assert len(found.faults) == checks.FAULTS_KEPT_MAX
    assert [(f.line, f.path) for f in found.faults[:4]] == [
        (2, "source"),
        (2, "port"),
        (2, "criticality"),
        (3, "source"),
    ]


def test_a_long_or_broken_value_is_shown_on_one_short_line(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _, found = judged(connection, RIGHT | {"source": "a\nb" + "c" * 200})
    message = found.faults[0].message
    assert message == f"source component 'a b{'c' * 54}...' does not exist"


def test_in_a_large_estate_only_likely_names_are_compared() -> None:
    known = [f"sys-{n:05d}.app" for n in range(5000)]
    assert checks.nearest("sys-04321.aap", known) == "; the nearest is 'sys-04321.app'"
