"""Which rows are one link, what it is called then, and how its calls are counted."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrator.inventory.model import LINK_COLUMNS
from migrator.links.joining import JoinedCounts, JoinedEnd, JoinedSource, join_links
from small_inventories import Row, a_link, rows_of

PARTS = {"web": ["web.app", "web.job"], "db": ["db.pg", "db.cache"]}
WHOLE = {"web": ["web"], "db": ["db"]}


def parquet(path: Path, links: list[Row]) -> Path:
    """The rows as links/ keeps them once they were checked."""
    numbers = ("port", "calls_per_day", "criticality")
    columns = {
        name: [int(row[name] or 0) or None for row in links]
        if name in numbers
        else [row[name] for row in links]
        for name in LINK_COLUMNS
    }
    pq.write_table(pa.table(columns), path)
    return path


def join(
    tmp_path: Path, *sources: list[Row], declared: bool = False, whole: int | None = None
) -> tuple[list[Row], JoinedCounts]:
    """Join the rows of each source; `whole` is the source that knows subsystems only."""
    tables, ends = [], []
    tmp_path.mkdir(exist_ok=True)
    for number, links in enumerate(sources):
        parts = WHOLE if number == whole else PARTS
        path = None if not links else parquet(tmp_path / f"s{number}.parquet", links)
        tables.append(JoinedSource(f"s{number}", path, declared and number == 0))
        ends += [
            JoinedEnd(number, each, None if number == whole else each, name)
            for name, components in parts.items()
            for each in components
        ]
    work = tmp_path / "work"
    work.mkdir(parents=True)
    first = {"web": "web.app", "db": "db.pg"}
    counts = join_links(tables, ends, first, work)
    return rows_of(work / "links.csv"), counts


def shown(rows: list[Row]) -> list[tuple[str, str, str, str, str]]:
    keys = ("source", "target", "protocol", "port", "calls_per_day")
    return [(r[keys[0]], r[keys[1]], r[keys[2]], r[keys[3]], r[keys[4]]) for r in rows]


PRECISE = a_link("web.app", "db.pg", "postgresql", "5432", calls="10", evidence="a file")


def test_one_link_of_three_sources_has_three_evidences(tmp_path: Path) -> None:
    rows, counts = join(tmp_path, [PRECISE], [PRECISE], [PRECISE])
    (row,) = rows
    assert row["evidence"] == "s0: a file; s1: a file; s2: a file"
    assert counts.by_sources == {3: 1}


def test_calls_of_several_sources_are_the_same_calls_seen_again(tmp_path: Path) -> None:
    rows, _ = join(tmp_path, [PRECISE], [{**PRECISE, "calls_per_day": "30"}])
    assert rows[0]["calls_per_day"] == "30"


def test_rows_of_one_source_are_different_calls(tmp_path: Path) -> None:
    more = a_link("web.app", "db.pg", "tcp", "5432", calls="5")
    rows, _ = join(tmp_path, [PRECISE, more])
    assert shown(rows) == [("web.app", "db.pg", "postgresql", "5432", "15")]


@pytest.mark.parametrize(
    ("protocol", "port"), [("tcp", ""), ("tcp", "5432"), ("postgresql", ""), ("database", "")]
)
def test_a_row_that_says_less_joins_the_one_that_says_more(
    tmp_path: Path, protocol: str, port: str
) -> None:
    rows, _ = join(tmp_path, [PRECISE], [a_link("web.app", "db.pg", protocol, port)])
    assert shown(rows) == [("web.app", "db.pg", "postgresql", "5432", "10")]


def test_another_protocol_without_a_port_stays_another_link(tmp_path: Path) -> None:
    rows, _ = join(tmp_path, [PRECISE], [a_link("web.app", "db.pg", "http")])
    assert [(row["protocol"], row["port"]) for row in rows] == [
        ("http", ""),
        ("postgresql", "5432"),
    ]


def test_a_missing_port_joins_the_lowest_of_its_protocol(tmp_path: Path) -> None:
    ports = [a_link("web.app", "db.pg", "http", port) for port in ("8080", "81")]
    ports += [a_link("web.app", "db.pg", "smtp", "25"), a_link("web.app", "db.pg", "tcp", "80")]
    rows, _ = join(tmp_path, ports, [a_link("web.app", "db.pg", "http", calls="99")])
    assert [row["port"] for row in rows if row["calls_per_day"] == "99"] == ["81"]


def test_a_subsystem_as_an_end_joins_a_link_between_its_components(tmp_path: Path) -> None:
    own = a_link("web.job", "db.cache", "redis", "6379")
    rows, _ = join(tmp_path, [own], [a_link("web", "db", calls="7")], whole=1)
    assert shown(rows) == [("web.job", "db.cache", "redis", "6379", "7")]


def test_a_subsystem_as_an_end_is_its_first_component_where_nothing_says_more(
    tmp_path: Path,
) -> None:
    rows, _ = join(tmp_path, [], [a_link("db", "web", calls="7")], whole=1)
    assert shown(rows) == [("db.pg", "web.app", "tcp", "", "7")]


def test_a_port_that_contradicts_is_another_link(tmp_path: Path) -> None:
    own = a_link("web.job", "db.cache", "redis", "6379")
    rows, _ = join(tmp_path, [own], [a_link("web", "db", "tcp", "9999")], whole=1)
    assert [row["source"] for row in rows] == ["web.app", "web.job"]
    assert [row["port"] for row in rows] == ["9999", "6379"]


def test_the_first_source_gives_id_class_and_criticality(tmp_path: Path) -> None:
    first = {**PRECISE, "id": "ours", "criticality": "1", "latency_class": "batch"}
    rows, _ = join(tmp_path, [first], [{**PRECISE, "data_class": "personal"}])
    (row,) = rows
    assert (row["id"], row["criticality"], row["latency_class"]) == ("ours", "1", "batch")
    assert row["data_class"] == "personal"


def test_a_link_that_only_a_later_source_has_is_called_by_what_it_is(tmp_path: Path) -> None:
    rows, counts = join(tmp_path, [], [PRECISE])
    assert rows[0]["id"].startswith("l-")
    assert counts.alone == (0, 1)


def test_what_was_declared_and_what_was_seen_differ(tmp_path: Path) -> None:
    never = a_link("web.job", "db.pg", "http", "80")
    extra = a_link("web.app", "db.cache", "redis", "6379")
    _, counts = join(tmp_path, [PRECISE, never], [PRECISE, extra], declared=True)
    assert counts.findings == {"seen-not-declared": 1, "declared-never-seen": 1}
    found = rows_of(tmp_path / "work" / "findings.csv")
    assert [(row["finding"], row["target"], row["seen_by"]) for row in found] == [
        ("seen-not-declared", "db.cache", "s1"),
        ("declared-never-seen", "db.pg", "s0"),
    ]


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    links = [a_link("web.app", "db.pg", "tcp", str(port)) for port in range(1, 9)]
    one, _ = join(tmp_path / "one", links, [PRECISE])
    other, _ = join(tmp_path / "other", links[::-1], [PRECISE])
    assert one == other
