"""A column map: read with all its faults at once, and fitted to a file's header."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.column_map import ColumnMap, RoleColumns, bind, read_column_map

WHOLE = """\
schema_version: 1
file: {encoding: windows-1252, delimiter: semicolon, header_line: 3, ragged: true}
columns:
  source: [Host, Address]
  target: {column: Endpoint, pick: '^([^:]+)'}
  port: {column: Endpoint, pick: ':([0-9]+)$'}
  calls: Count
  first_seen: Date
constants: {protocol: tcp, criticality: 4}
translate: {port: {"0": ""}}
keep:
  - {column: Action, not: deny}
  - {column: Host, matches: '^[a-z]'}
times: {formats: ['%d/%m/%Y', iso], zone: Europe/Stockholm, window_days: 14}
calls_are: per_day
hosts:
  known: {10.0.0.1: orders-db}
  table: hosts.csv
  strip_domain: true
  subsystem: '^([a-z]+)'
  external: [10.9.0.0/16, '*.partner.test']
"""


def a_map(folder: Path, text: str) -> ColumnMap:
    path = folder / "map.yaml"
    path.write_text(text, encoding="utf-8")
    return read_column_map(path)


def faults_of(folder: Path, text: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(InputError) as caught:
        a_map(folder, text)
    assert caught.value.reference == "map-faults"
    return [(fault.line, fault.path, fault.message) for fault in caught.value.faults]


def test_every_key_of_a_map_is_understood(tmp_path: Path) -> None:
    found = a_map(tmp_path, WHOLE)
    assert found.roles["source"].columns == ("Host", "Address")
    assert found.looks.delimiter == ";"
    assert (found.looks.header_line, found.looks.ragged) == (3, True)
    assert found.constants == {"protocol": "tcp", "criticality": "4"}
    assert found.translate == {"port": {"0": ""}}
    assert [test.said for test in found.keep] == ["Action not deny", "Host matches ^[a-z]"]
    assert (found.zone, found.window_days, found.per_day) == ("Europe/Stockholm", 14, True)
    assert found.hosts.strip_domains is None
    assert found.hosts.known["10.0.0.1"].component == "orders-db"
    assert found.hosts_table == tmp_path / "hosts.csv"


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    found = faults_of(
        tmp_path,
        "columns:\n  sourse: a\n  target: {column: b, pick: '('}\nconstants: {calls: 1}\n"
        "keep:\n  - {column: c}\ntimes: {zone: No/Where, formats: '%Q', window_days: -1}\n"
        "hosts: {subsystem: 'x', external: [10.0.0.0/99]}\nfile: {delimiter: long, encoding: x}\n",
    )
    lines = {(line, path) for line, path, _ in found}
    assert lines >= {
        (2, "columns.sourse"), (1, "columns"), (3, "columns.target.pick"), (4, "constants.calls"),
        (6, "keep[0]"), (7, "times.zone"), (7, "times.formats"), (7, "times.window_days"),
        (8, "hosts.subsystem"), (8, "hosts.external"), (9, "file.delimiter"), (9, "file.encoding"),
    }  # fmt: skip
    assert any("do you mean 'source'" in message for _, _, message in found)


@pytest.mark.parametrize("text", ["", "[]", "just text", "columns: 7", "columns: {source: a}"])
def test_what_is_no_map_is_refused(tmp_path: Path, text: str) -> None:
    assert faults_of(tmp_path, text)


def test_a_map_that_is_not_there_is_input_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_column_map(tmp_path / "none.yaml")
    assert caught.value.reference == "import-path-missing"


def test_names_are_fitted_without_case_and_surplus_blanks() -> None:
    column_map = ColumnMap(
        "m",
        {"source": RoleColumns(("Source  Name", "#3")), "target": RoleColumns(("DEST",))},
        optional=frozenset(("port",)),
    )
    reading = bind(column_map, ("dest", "source name", "", "port"), 4, "t.csv")
    assert reading.roles == {"source": (1, 2), "target": (0,)}


def test_an_optional_column_may_be_missing() -> None:
    roles = {
        "source": RoleColumns(("a",)),
        "target": RoleColumns(("b",)),
        "port": RoleColumns(("c",)),
    }
    column_map = ColumnMap("m", roles, optional=frozenset(("port",)))
    assert set(bind(column_map, ("a", "b"), 2, "t.csv").roles) == {"source", "target"}


def test_the_map_in_the_documentation_is_one(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "importing-tables.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    first = lines.index("    schema_version: 1")
    last = next(n for n in range(first, len(lines)) if lines[n] and not lines[n].startswith("    "))
    found = a_map(tmp_path, "\n".join(line[4:] for line in lines[first:last]))
    assert set(found.roles) >= {"source", "target", "port", "calls", "last_seen"}
    assert found.hosts.external == ("203.0.113.0/24", "*.partner.test")
