"""Tables of connections by a map: every row in a link or with its reason, the same twice."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.csv_links import import_csv
from migrator.importers.table_import import Outcome, Wanted
from migrator.inventory.model import LINK_COLUMNS, Kind
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links

PLAIN_MAP = """\
columns: {source: from, target: to, protocol: proto, port: port, calls: n, first_seen: at,
  last_seen: at}
"""
PLAIN = """\
from,to,proto,port,n,at
web,orders,TCP,8080,10,2026-03-01 00:00
orders,db,6,5432,30,2026-03-03 00:00
web,orders,tcp,8080,5,2026-03-05 00:00
"""


def outcome_of(
    folder: Path,
    table: str | bytes,
    column_map: str = PLAIN_MAP,
    *,
    dry_run: bool = False,
    skip_bad_rows: bool = False,
) -> Outcome:
    path = folder / "flows.csv"
    path.write_bytes(table if isinstance(table, bytes) else table.encode())
    (folder / "map.yaml").write_text(column_map, encoding="utf-8")
    wanted = Wanted(folder / "out", "us", dry_run=dry_run, skip_bad_rows=skip_bad_rows)
    return import_csv([path], folder / "map.yaml", wanted)


def links_of(folder: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    with (folder / "out" / "links.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert all(tuple(row) == LINK_COLUMNS for row in rows)
    return {(row["source"], row["target"], row["port"]): row for row in rows}


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_rows_of_one_link_are_summed_to_calls_a_day_by_the_window(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, PLAIN)
    links = links_of(tmp_path)
    assert set(links) == {("web", "orders", "8080"), ("orders", "db", "5432")}
    assert links["web", "orders", "8080"]["calls_per_day"] == "4"  # 15 calls in four days
    assert links["orders", "db", "5432"]["calls_per_day"] == "8"
    assert {row["protocol"] for row in links.values()} == {"tcp"}
    assert outcome.report.sums.days == 4
    assert (outcome.summary["rows"], outcome.summary["rows_in_links"]) == (3, 3)


def test_the_evidence_names_the_first_row_the_number_and_the_days(tmp_path: Path) -> None:
    outcome_of(tmp_path, PLAIN)
    said = links_of(tmp_path)["web", "orders", "8080"]["evidence"]
    assert said == "flow_table flows.csv:2 2 rows, 2026-03-01 to 2026-03-05 (seen in use)"


def test_the_check_accepts_what_is_written_and_reads_the_links(tmp_path: Path) -> None:
    outcome_of(tmp_path, PLAIN)
    inventory = read_inventory(tmp_path / "out")
    assert {each.id: each.kind for each in inventory.subsystems} == {
        "db": Kind.STATEFUL, "orders": Kind.STATELESS, "web": Kind.STATELESS,
    }  # fmt: skip
    assert read_links(inventory, None).count == 2


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    outcome_of(tmp_path, PLAIN)
    before = content(tmp_path / "out")
    outcome_of(tmp_path, PLAIN)
    assert content(tmp_path / "out") == before
    (tmp_path / "again.csv").write_text(PLAIN, encoding="utf-8")
    both = [tmp_path / "flows.csv", tmp_path / "again.csv"]
    twice = import_csv(both, tmp_path / "map.yaml", Wanted(tmp_path / "twice", "us"))
    assert (tmp_path / "twice" / "links.csv").read_bytes() == before["links.csv"]
    assert twice.summary["rows"] == 3
    page = (tmp_path / "twice" / "coverage.md").read_text(encoding="utf-8")
    assert "the same bytes as flows.csv" in page


def test_a_dry_run_counts_and_writes_nothing(tmp_path: Path) -> None:
    assert outcome_of(tmp_path, PLAIN, dry_run=True).summary["links"] == 2
    assert not (tmp_path / "out").exists()


def test_an_address_that_nothing_names_keeps_its_links(tmp_path: Path) -> None:
    table = "from,to,proto,port,n,at\n10.1.2.3,db,tcp,5432,7,\nweb,2001:db8::1,tcp,443,1,\n"
    outcome = outcome_of(tmp_path, table)
    assert {key[:2] for key in links_of(tmp_path)} == {
        ("unknown-10.1.2.3", "db"),
        ("web", "unknown-2001-db8--1"),
    }
    assert [row[0] for row in outcome.report.unknown] == ["10.1.2.3", "2001:db8::1"]
    unknown = next(
        each for each in read_inventory(tmp_path / "out").subsystems if each.id == "unknown"
    )
    assert unknown.kind is Kind.EXTERNAL
    assert {each.name for each in unknown.components} == {"unknown:10.1.2.3", "unknown:2001:db8::1"}
    data = json.loads((tmp_path / "out" / "coverage.json").read_text(encoding="utf-8"))
    assert data["unknown_addresses"][0] == {
        "address": "10.1.2.3", "links": 1, "calls_per_day": 7,
    }  # fmt: skip


def test_a_name_beside_an_address_names_it_in_other_rows(tmp_path: Path) -> None:
    table = "a,ai,b,bi\nweb,10.0.0.1,db,10.0.0.2\n,10.0.0.1,,10.0.0.2\n"
    column_map = "columns: {source: a, source_ip: ai, target: b, target_ip: bi}\n"
    outcome = outcome_of(tmp_path, table, column_map)
    assert list(links_of(tmp_path)) == [("web", "db", "")]
    assert outcome.summary["unknown_addresses"] == 0


def test_an_address_beside_two_names_names_neither(tmp_path: Path) -> None:
    table = "a,ai,b\nweb,10.0.0.1,db\nshop,10.0.0.1,db\n,10.0.0.1,db\n"
    outcome_of(tmp_path, table, "columns: {source: a, source_ip: ai, target: b}\n")
    assert {key[0] for key in links_of(tmp_path)} == {"web", "shop", "unknown-10.0.0.1"}
    assert "several names" in (tmp_path / "out" / "coverage.md").read_text(encoding="utf-8")


def test_bad_rows_are_all_counted_and_the_first_named_by_line(tmp_path: Path) -> None:
    bad = "".join(f"web,db,tcp,{port},1,\n" for port in range(70_000, 70_030))
    table = PLAIN + "web,db,tcp,443\n" + bad + ",db,tcp,443,1,\nweb,db,tcp,443,few,\n"
    with pytest.raises(InputError) as caught:
        outcome_of(tmp_path, table)
    assert caught.value.reference == "table-rows"
    assert caught.value.count == 33
    assert len(caught.value.faults) == 20
    assert [fault.line for fault in caught.value.faults[:3]] == [5, 6, 7]
    assert not (tmp_path / "out").exists()


def test_lines_after_a_broken_row_are_still_the_files_lines(tmp_path: Path) -> None:
    table = PLAIN + "too,short\ncache,db,tcp,6379,1,\nlast,db,tcp,1,x,\n"
    outcome = outcome_of(tmp_path, table, skip_bad_rows=True)
    assert [fault.line for fault in outcome.report.faults] == [5, 7]
    assert "flows.csv:6 " in links_of(tmp_path)["cache", "db", "6379"]["evidence"]
    assert outcome.summary["rows_bad"] == 2


@pytest.mark.parametrize("mark", ["\n", "\r\n"])
def test_quoted_line_breaks_do_not_shift_the_lines(tmp_path: Path, mark: str) -> None:
    table = f'from,to,note{mark}web,db,"two{mark}lines"{mark}shop,db,x{mark}bad,,y{mark}{mark}'
    column_map = "columns: {source: from, target: to}\n"
    outcome = outcome_of(tmp_path, table, column_map, skip_bad_rows=True)
    assert "flows.csv:4 " in links_of(tmp_path)["shop", "db", ""]["evidence"]
    assert [(fault.line, fault.path) for fault in outcome.report.faults] == [(5, "target")]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "windows-1252"), ("utf-16", "utf-16")],
)
def test_what_spreadsheets_write_is_found_out(tmp_path: Path, encoding: str, said: str) -> None:
    table = "från;till;antal\r\nwebb;kö-lager;1 200\r\nwebb;kö-lager;3.0\r\n".encode(encoding)
    column_map = "columns: {source: från, target: till, calls: antal}\ntimes: {window_days: 3}\n"
    outcome = outcome_of(tmp_path, table, column_map)
    seen = outcome.report.tables[0]
    assert (seen.encoding, seen.delimiter) == (said, "semicolon")
    names = {each.name for each in read_inventory(tmp_path / "out").subsystems}
    assert names == {"webb", "kö-lager"}
    assert [row["calls_per_day"] for row in links_of(tmp_path).values()] == ["401"]


def test_conditions_translations_and_constants(tmp_path: Path) -> None:
    table = "s;t;act;sev;svc\nweb;db;ALLOW;high;tcp/5432\nweb;db;deny;low;tcp/22\n"
    column_map = """\
columns:
  source: s
  target: t
  criticality: sev
  protocol: {column: svc, pick: '^([a-z]+)/'}
  port: {column: svc, pick: '/([0-9]+)$'}
keep:
  - {column: act, is: [allow, permit]}
constants: {data_class: "=internal"}
translate: {criticality: {high: 5, low: 1}}
"""
    outcome = outcome_of(tmp_path, table, column_map)
    (row,) = links_of(tmp_path).values()
    assert (row["port"], row["criticality"], row["data_class"]) == ("5432", "5", "'=internal")
    assert row["latency_class"] == "transactional"
    assert outcome.summary["rows_not_kept"] == 1
    assert "not kept: act is allow, permit" in (tmp_path / "out/coverage.md").read_text()


def test_a_table_of_hosts_says_whose_an_address_is(tmp_path: Path) -> None:
    (tmp_path / "hosts.csv").write_text(
        "Address,Component,Subsystem,Kind\n10.0.0.9,orders.db,orders,stateful\n", encoding="utf-8"
    )
    table = "s,t\nweb-01.example.test,10.0.0.9\nweb-02.example.test,pay.partner.test\n"
    column_map = """\
columns: {source: s, target: t}
hosts: {table: hosts.csv, strip_domain: example.test, subsystem: '^([a-z]+)-',
  external: ['*.partner.test']}
"""
    outcome_of(tmp_path, table, column_map)
    found = {str(each.id): each for each in read_inventory(tmp_path / "out").subsystems}
    assert {each.id for each in found["web"].components} == {"web-01", "web-02"}
    assert found["orders"].kind is Kind.STATEFUL
    assert found["pay.partner.test"].kind is Kind.EXTERNAL
    assert ("web-01", "orders.db", "") in links_of(tmp_path)


def test_a_machine_with_itself_and_one_component_make_no_link_and_are_counted(
    tmp_path: Path,
) -> None:
    table = "s,t\nweb,127.0.0.1\nweb,web\nWEB.,web\nweb,db\n"
    summary = outcome_of(tmp_path, table, "columns: {source: s, target: t}\n").summary
    assert summary["rows_of_a_machine_with_itself"] == 1
    assert summary["rows_inside_one_component"] == 2
    assert summary["links"] == 1


def test_a_table_without_any_link_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        outcome_of(tmp_path, "s,t\nweb,web\n", "columns: {source: s, target: t}\n")
    assert caught.value.reference == "table-no-links"


@pytest.mark.parametrize(
    "table",
    [b"", b"\n", b"one column\nvalue\n", b"\x00\x01\x81\x8d\xff", b"\xff\xfe\x00\x00s\0\0\0"],
)
def test_what_is_no_table_is_refused(tmp_path: Path, table: bytes) -> None:
    with pytest.raises(InputError) as caught:
        outcome_of(tmp_path, table)
    assert caught.value.reference in {"table-unreadable", "map-does-not-fit"}


def test_a_quotation_mark_that_never_closes_is_one_fault_with_its_line(tmp_path: Path) -> None:
    table = 's,t\nweb,db\n"open,db\nweb,cache\n'
    with pytest.raises(InputError) as caught:
        outcome_of(tmp_path, table, "columns: {source: s, target: t}\n")
    assert (caught.value.count, caught.value.faults[0].line) == (1, 3)


def test_a_map_that_does_not_fit_names_the_nearest_column(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        outcome_of(tmp_path, "form,to,to\na,b,c\n", "columns: {source: from, target: to}\n")
    assert caught.value.reference == "map-does-not-fit"
    said = " ".join(fault.message for fault in caught.value.faults)
    assert "the nearest is 'form'" in said
    assert "twice" in said


def test_missing_files_are_all_named(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(PLAIN_MAP, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        import_csv([tmp_path / "a", tmp_path / "b"], tmp_path / "map.yaml", Wanted(tmp_path, "us"))
    assert len(caught.value.faults) == 2


def test_columns_may_be_numbers_where_there_is_no_header(tmp_path: Path) -> None:
    column_map = "file: {header_line: none}\ncolumns: {source: '#1', target: '#2'}\n"
    outcome_of(tmp_path, b"\xef\xbb\xbfweb,db\nshop,db\n", column_map)
    links = links_of(tmp_path)
    assert {key[0] for key in links} == {"web", "shop"}
    assert "flows.csv:1 " in links["web", "db", ""]["evidence"]


def test_a_ragged_table_may_have_short_and_long_rows(tmp_path: Path) -> None:
    column_map = "file: {ragged: true}\ncolumns: {source: s, target: t, port: p}\n"
    outcome_of(
        tmp_path, 's,t,p\nweb,db\nshop,db,443,and,"more"\nx,db,1,a "quoted" word\n', column_map
    )
    assert set(links_of(tmp_path)) == {("web", "db", ""), ("shop", "db", "443"), ("x", "db", "1")}


def test_line_ends_of_an_old_macintosh_are_line_ends(tmp_path: Path) -> None:
    outcome_of(tmp_path, b"s,t\rweb,db\rshop,db\r", "columns: {source: s, target: t}\n")
    assert "flows.csv:3 " in links_of(tmp_path)["shop", "db", ""]["evidence"]


def test_more_broken_rows_than_are_kept_are_still_all_counted(tmp_path: Path) -> None:
    table = "s,t\n" + "web,db\nbroken\n" * 10_050
    with pytest.raises(InputError) as caught:
        outcome_of(tmp_path, table, "columns: {source: s, target: t}\n")
    assert (caught.value.count, len(caught.value.faults)) == (10_050, 20)
