"""A column map: the YAML file that says what the columns of somebody's table mean.

Read by `csv_links.py` for `migrator import csv --map`; `column_map_suggest.py` writes drafts of it.
All faults of a map are told at once with their lines. `bind` fits a map to one file's header: the
same map serves every file with these columns, in whatever order they stand. What each key means
stands in docs/importing-tables.md.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.importers.column_map_values import Keys, Values
from migrator.importers.flow_hosts import HostRules, KnownHost
from migrator.importers.nodes import Node
from migrator.importers.table_file import ENCODINGS, Looks
from migrator.inventory.yaml_text import decode, read_yaml
from migrator.links.csv_map import Reading, pattern_fault, time_format_fault
from migrator.links.csv_map_sql import Condition, Pick

ROLES: Final = (
    "source", "source_ip", "target", "target_ip", "protocol", "port", "calls", "data_class",
    "criticality", "first_seen", "last_seen",
)  # fmt: skip
CONSTANTS: Final = ("protocol", "port", "data_class", "criticality")
TRANSLATED: Final = ("protocol", "port", "data_class", "criticality")
DELIMITER_WORDS: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
TESTS: Final = ("is", "not", "matches", "matches_not")
MAP_BYTES_MAX: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RoleColumns:
    """Where a role's value stands: the first of the columns that is not empty."""

    columns: tuple[str, ...]
    pick: Pick | None = None
    line: int | None = None  # None: not from a file


@dataclass(frozen=True, slots=True)
class RowTest:
    """A condition that a row must meet to be used."""

    column: str
    kind: str
    values: tuple[str, ...]
    line: int | None = None

    @property
    def said(self) -> str:
        """The condition in words, for the report."""
        return f"{self.column} {self.kind.replace('_', ' ')} {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """A whole map. `file` is its name in faults."""

    file: str
    roles: Mapping[str, RoleColumns]
    looks: Looks = field(default_factory=Looks)
    constants: Mapping[str, str] = field(default_factory=dict)
    translate: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keep: tuple[RowTest, ...] = ()
    time_formats: tuple[str, ...] = ("iso",)
    zone: str = "UTC"
    window_days: float | None = None  # None: the time from the first row to the last
    per_day: bool = False  # the calls are a day's already
    hosts: HostRules = field(default_factory=HostRules)
    hosts_table: Path | None = None  # None: no table of hosts
    times_must_fit: bool = True  # a time in no known form makes its row a bad one
    optional: frozenset[str] = frozenset()  # roles whose columns a file need not have


def read_column_map(path: Path) -> ColumnMap:
    """Read and check a map; every fault at once."""
    try:
        if path.stat().st_size > MAP_BYTES_MAX:
            raise _faulty(path.name, [Fault(path.name, None, "", "larger than 4 MiB: no map")])
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            "import-path-missing",
            f"the map {path} cannot be opened: {error.strerror}",
            hint="name the map with --map, or have a draft written: --suggest-map",
        ) from error
    document = read_yaml(decode(content, path.name), path.name)
    values = Values(path.name)
    found = _read(Node(path.name, document, document.data), values, path)
    if values.faults:
        raise _faulty(path.name, values.faults)
    return found


def bind(column_map: ColumnMap, header: Sequence[str], columns: int, shown: str) -> Reading:
    """Fit the map to a file's columns; raise InputError where one is missing or stands twice."""
    names = [_plain(name) for name in header]
    faults: list[Fault] = []

    def position(name: str, path: str, line: int | None) -> int | None:
        plain = _plain(name)
        numbered = re.fullmatch(r"#([0-9]{1,4})", plain)
        if numbered and plain not in names and 1 <= int(numbered[1]) <= columns:
            return int(numbered[1]) - 1
        if names.count(plain) == 1:
            return names.index(plain)
        if plain in names:
            said = f"{shown} has the column '{name}' twice; say which by its number, '#3'"
        else:
            near = difflib.get_close_matches(plain, names, n=1)
            nearest = f"; the nearest is '{header[names.index(near[0])]}'" if near else ""
            said = f"{shown} has no column '{name}'{nearest}"
        faults.append(Fault(column_map.file, line, path, said))
        return None

    roles: dict[str, tuple[int, ...]] = {}
    for role, wanted in column_map.roles.items():
        asked = [
            name
            for name in wanted.columns
            if role not in column_map.optional or _plain(name) in names
        ]
        places = [position(name, f"columns.{role}", wanted.line) for name in asked]
        if places:
            roles[role] = tuple(place for place in places if place is not None)
    keep = [
        Condition(place, test.kind, test.values, test.said)
        for number, test in enumerate(column_map.keep)
        if (place := position(test.column, f"keep[{number}].column", test.line)) is not None
    ]
    if faults:
        raise InputError(
            "map-does-not-fit",
            f"the map {column_map.file} does not fit {shown}",
            hint="correct the names in the map, or have a draft written from this file: "
            "--suggest-map",
            faults=tuple(faults),
        )
    picks = {role: one.pick for role, one in column_map.roles.items() if one.pick is not None}
    return Reading(roles, tuple(keep), picks, column_map.time_formats, column_map.times_must_fit)


def _plain(name: str) -> str:
    """Names are compared without case and surplus blanks: exports change both between versions."""
    return " ".join(name.split()).casefold()


def _read(root: Node, values: Values, path: Path) -> ColumnMap:
    """The whole map, with whatever is wrong in `values.faults`."""
    if not isinstance(root.value, dict):
        values.fault(root, "a map is a mapping with the key `columns`; see --suggest-map")
        return ColumnMap(path.name, {})
    values.keys(
        root,
        Keys(
            ("columns",),
            (
                "schema_version",
                "file",
                "constants",
                "translate",
                "keep",
                "times",
                "calls_are",
                "hosts",
            ),
        ),
    )
    version = root.get("schema_version")
    if version.exists and version.value != 1:
        values.fault(version, "this program reads maps of schema_version 1")
    times, hosts = root.get("times"), root.get("hosts")
    values.keys(times, Keys((), ("formats", "zone", "window_days")))
    table = values.text(hosts.get("table"))
    calls_are = values.one_of(root.get("calls_are"), ("counted", "per_day"))
    return ColumnMap(
        file=path.name,
        roles=_roles(root.get("columns"), values),
        looks=_looks(root.get("file"), values),
        constants=_constants(root.get("constants"), values),
        translate=_translations(root.get("translate"), values),
        keep=_tests(root.get("keep"), values),
        time_formats=_formats(times.get("formats"), values),
        zone=_zone(times.get("zone"), values),
        window_days=values.positive(times.get("window_days")),
        per_day=calls_are == "per_day",
        hosts=_hosts(hosts, values),
        hosts_table=None if table is None else path.parent / table,
    )


def _looks(node: Node, values: Values) -> Looks:
    values.keys(node, Keys((), ("encoding", "delimiter", "header_line", "ragged")))
    delimiter = values.text(node.get("delimiter"))
    if delimiter is not None:
        delimiter = DELIMITER_WORDS.get(delimiter, delimiter)
        if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
            values.fault(node.get("delimiter"), "wants comma, semicolon, tab, bar or one sign")
            delimiter = None
    line = node.get("header_line")
    number = 0 if line.text in {"none", "0"} else line.number
    if line.exists and (number is None or not 0 <= number <= 1000):
        values.fault(line, "wants the line on which the header stands, or `none`")
        number = None
    return Looks(
        encoding=values.one_of(node.get("encoding"), ENCODINGS),
        delimiter=delimiter,
        header_line=1 if number is None else number,
        ragged=values.flag(node.get("ragged")),
    )


def _roles(node: Node, values: Values) -> dict[str, RoleColumns]:
    values.keys(node, Keys((), ROLES))
    roles: dict[str, RoleColumns] = {}
    for role, one in node.entries():
        if role not in ROLES or not one.exists:
            continue
        pick = None
        named = one
        if isinstance(one.value, dict):
            values.keys(one, Keys(("column",), ("pick",)))
            named = one.get("column")
            text = values.text(one.get("pick"))
            if text is not None and values.usable(one.get("pick"), pattern_fault(text)):
                pick = Pick(text)
                if "(" not in text:
                    values.fault(one.get("pick"), "wants a group in brackets: the part that counts")
        columns = values.texts(named)
        if columns:
            roles[role] = RoleColumns(columns, pick, one.line)
    for end in ("source", "target"):
        if node.exists and end not in roles and f"{end}_ip" not in roles:
            values.fault(node, f"says neither {end} nor {end}_ip: which column is it?")
    return roles


def _constants(node: Node, values: Values) -> dict[str, str]:
    values.keys(node, Keys((), CONSTANTS))
    return {
        key: text
        for key, one in node.entries()
        if key in CONSTANTS and (text := values.text(one)) is not None
    }


def _translations(node: Node, values: Values) -> dict[str, dict[str, str]]:
    values.keys(node, Keys((), TRANSLATED))
    found: dict[str, dict[str, str]] = {}
    for role, one in node.entries():
        if role in TRANSLATED and values.mapping(one):
            meant = {key.strip().lower(): value.text or "" for key, value in one.entries()}
            found[role] = meant
    return found


def _tests(node: Node, values: Values) -> tuple[RowTest, ...]:
    found = []
    for one in values.parts(node):
        values.keys(one, Keys(("column",), TESTS))
        column = values.text(one.get("column"))
        asked = [kind for kind in TESTS if one.get(kind).exists]
        if len(asked) != 1:
            values.fault(one, f"wants one of {', '.join(TESTS)}")
            continue
        given = one.get(asked[0])
        texts = values.texts(given, empty=True)
        if asked[0].startswith("matches"):
            texts = tuple(text for text in texts if values.usable(given, pattern_fault(text)))
        if column is not None and texts:
            found.append(RowTest(column, asked[0], texts, one.line))
    return tuple(found)


def _formats(node: Node, values: Values) -> tuple[str, ...]:
    formats = values.texts(node) if node.exists else ("iso",)
    return tuple(one for one in formats if values.usable(node, time_format_fault(one))) or ("iso",)


def _zone(node: Node, values: Values) -> str:
    from zoneinfo import ZoneInfo

    text = values.text(node) or "UTC"
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        values.fault(node, f"'{text}' is no time zone; one is Europe/Stockholm")
        return "UTC"
    return text


def _hosts(node: Node, values: Values) -> HostRules:
    values.keys(node, Keys((), ("known", "table", "strip_domain", "subsystem", "external")))
    strip = node.get("strip_domain")
    every = strip.value is True
    group = values.text(node.get("subsystem"))
    if group is not None:
        try:
            if not re.compile(group).groups:
                values.fault(node.get("subsystem"), "wants a group in brackets: the subsystem")
        except re.error as error:
            values.fault(node.get("subsystem"), f"is no regular expression: {error}")
    outside = values.texts(node.get("external"))
    for text in outside:
        if "/" in text:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                values.fault(node.get("external"), f"'{text}' is no network; one is 10.1.0.0/16")
    known = node.get("known")
    values.mapping(known)
    return HostRules(
        known={
            key: KnownHost(component)
            for key, one in known.entries()
            if (component := values.text(one)) is not None
        },
        strip_domains=None if every else () if strip.value is False else values.texts(strip),
        subsystem=group,
        external=outside,
    )


def _faulty(file: str, faults: Sequence[Fault]) -> InputError:
    return InputError(
        "map-faults",
        f"the map {file} has {len(faults)} fault{'' if len(faults) == 1 else 's'}",
        hint="mend the lines named here; docs/importing-tables.md explains each key",
        faults=tuple(faults),
    )
