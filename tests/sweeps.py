"""Sweeps in a folder, as planning and agents leave them, written by hand for a test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from migrator.ids import SubsystemId
from migrator.links import database
from migrator.probes.agent import wire
from migrator.probes.facts import sweep_facts
from migrator.probes.model import (
    LINKS_COLUMNS,
    LINKS_FILE,
    LOOKS_COLUMNS,
    LOOKS_FILE,
    SWEEP_FILE,
    Columns,
    Purpose,
    SweepPlan,
    results_file,
)

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Looked:
    """A link with its look, and what came of it; `word` empty: no result."""

    link: str
    word: str = wire.OK
    reason: str = ""  # of no look at all
    rule: int | None = None
    source: str = "web.app"
    target: str = "kassa.db"
    protocol: str = "tcp"
    port: int | None = 5432
    criticality: int = 3
    vantage: str = "here"
    expected: str = wire.OLD
    side: str = ""
    marked: bool = False
    oks: int = -1  # as the word says
    tries: int = 1
    ms: float = 2.0
    detail: str = ""
    address: str = "10.1.2.3"
    touched: bool = True

    @property
    def look(self) -> str:
        return "" if self.reason else f"look-{self.link}"


def a_sweep(
    folder: Path,
    *looked: Looked,
    purpose: Purpose = Purpose.PROBE_LINKS,
    since: str = "",
) -> Path:
    """Write a sweep; its id is the folder's name."""
    folder.mkdir(parents=True)
    plan = SweepPlan(
        id=folder.name, folder=folder, purpose=purpose, scope="wave-1",
        members=(SubsystemId("kassa"),), seed=1, links=len(looked),
        touched=sum(each.touched for each in looked),
        looks=sum(not each.reason for each in looked), reasons={}, vantages=(), seconds=0.0,
        since=since,
    )  # fmt: skip
    (folder / SWEEP_FILE).write_text(json.dumps(sweep_facts(plan)), "utf-8")
    looks = [_look_row(place, each) for place, each in enumerate(looked, 1) if each.look]
    with database.connect() as connection:
        for file, columns, rows in (
            (folder / LINKS_FILE, LINKS_COLUMNS, [_link_row(each) for each in looked]),
            (folder / LOOKS_FILE, LOOKS_COLUMNS, looks),
        ):
            _write_columns(connection, file, columns, rows)
    append(folder, *looked)
    return folder


def append(folder: Path, *looked: Looked) -> None:
    """Append results as agents write them."""
    for each in looked:
        if each.word and each.look:
            path = results_file(folder, each.vantage)
            path.parent.mkdir(exist_ok=True)
            with path.open("ab") as file:
                file.write(_result(each))


def again(link: Looked, times: Sequence[float]) -> list[Looked]:
    """The same look made several times, each with its milliseconds."""
    return [replace(link, ms=ms) for ms in times]


def _link_row(each: Looked) -> list[object]:
    subsystems = [each.source.partition(".")[0], each.target.partition(".")[0]]
    return [
        each.link, each.look, each.reason, each.rule, each.touched, each.source, each.target,
        *subsystems, each.protocol, each.port, each.criticality, each.vantage, each.expected,
    ]  # fmt: skip


def _look_row(place: int, each: Looked) -> list[object]:
    return [
        each.look, each.vantage, place, "tcp", each.address, each.port or 1, each.criticality, 1,
        each.marked, None,
    ]  # fmt: skip


def _result(each: Looked) -> bytes:
    good = each.word == wire.OK
    oks = each.oks if each.oks >= 0 else int(good)
    result = wire.Result(
        id=each.look, word=each.word, side=each.side, oks=oks, tries=each.tries, connect_ms=1.0,
        total_ms=each.ms, detail=each.detail, source="10.0.0.1", address=each.address,
    )  # fmt: skip
    return json.dumps(result).encode() + b"\n"


def _write_columns(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    columns: Columns,
    rows: Sequence[Sequence[object]],
) -> None:
    """Write rows as a Parquet file with these columns."""
    selected = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in columns)
    values = [[row[place] for row in rows] for place in range(len(columns))]
    connection.execute(f"CREATE OR REPLACE TABLE rows AS SELECT {selected}", values)
    connection.execute(f"COPY rows TO {database.text(str(path))} (FORMAT parquet)")


def read_columns(path: Path, *names: str) -> list[tuple[object, ...]]:
    """Read columns of a Parquet file, in the order of its first one."""
    with database.connect() as connection:
        return connection.execute(
            f"SELECT {', '.join(names)} FROM {database.parquet(path)} ORDER BY ALL"  # noqa: S608 - a test's own words
        ).fetchall()
