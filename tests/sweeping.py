"""A small estate with links, and what may be probed in it: readable data for tests of sweeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from migrator.ids import ComponentId, SubsystemId
from migrator.links.table import LinkRow
from migrator.probes.facts import sweep_facts
from migrator.probes.model import (
    LINKS_COLUMNS,
    LINKS_FILE,
    LOOKS_COLUMNS,
    LOOKS_FILE,
    Address,
    Answers,
    Caps,
    Declared,
    Here,
    OverSsh,
    Patience,
    Purpose,
    Stand,
    SweepPlan,
    lines_file,
)
from migrator.probes.planning import Asked, plan_sweep

_TYPES: Final[dict[str, pa.DataType]] = {
    **dict.fromkeys(("id", "source", "target", "protocol"), pa.string()),
    **dict.fromkeys(("port", "criticality"), pa.int32()),
}
_SCHEMA: Final = pa.schema(_TYPES)
TODAY: Final = date(2023, 10, 13)
OWNERS: Final = {
    ComponentId(name): SubsystemId(name.partition(".")[0])
    for name in ("web.app", "payments.app", "ledger.app", "ledger.db", "night.job")
}


def answers(old: str, new: str) -> Answers:
    """The same for every caller."""
    return Answers(Address(old), Address(old), Address(new), Address(new))


def a_declaration(**changes: object) -> Declared:
    """Everybody on the old side is seen from `old`, on the new side from `new`."""
    declared = Declared(
        allow=("10.0.0.0/8",),
        caps=Caps(),
        patience=Patience(),
        vantages=(Here("new"), OverSsh("old", "old.example")),
        stands=(Stand(None, None, "old", "new"),),
        addresses={
            name: answers(f"10.1.0.{number}", f"10.2.0.{number}")
            for number, name in enumerate(OWNERS, start=1)
        },
        sample=0.0,
        digest="d" * 64,
    )
    return replace(declared, **changes)  # type: ignore[arg-type]  # a test's own data


def a_row(name: str, source: str, target: str, /, **changes: object) -> LinkRow:
    """A link of the small estate."""
    from builders import a_link

    return a_link(name, source=ComponentId(source), target=ComponentId(target), **changes)


def links_file(path: Path, rows: Sequence[LinkRow]) -> Path:
    """The rows as links.parquet, as far as a plan reads it."""
    table = pa.table({name: [getattr(row, name) for row in rows] for name in _TYPES}, _SCHEMA)
    pq.write_table(table, path)
    return path


def asked(folder: Path, rows: Sequence[LinkRow], /, **changes: object) -> Asked:
    """A question about these links: a baseline of everything, unless a test changes it."""
    question = Asked(
        id="s1",
        sweeps=folder / "sweeps",
        purpose=Purpose.BASELINE,
        scope="everything",
        members=(),
        sides={},
        seed=1,
        today=TODAY,
        links=links_file(folder / "links.parquet", rows),
        links_digest="l" * 64,
        owners=OWNERS,
        declared=a_declaration(),
    )
    return replace(question, **changes)  # type: ignore[arg-type]  # a test's own data


def planned(folder: Path, rows: Sequence[LinkRow], /, **changes: object) -> SweepPlan:
    """The plan for such a question."""
    return plan_sweep(asked(folder, rows, **changes))


def rows_of(plan: SweepPlan, file: str = LINKS_FILE) -> dict[str, dict[str, object]]:
    """The rows of links.parquet or looks.parquet, by link or look."""
    columns = {LINKS_FILE: LINKS_COLUMNS, LOOKS_FILE: LOOKS_COLUMNS}[file]
    table = pq.read_table(plan.folder / file)
    assert table.column_names == [name for name, _ in columns]
    return {str(row[columns[0][0]]): row for row in table.to_pylist()}


def reasons_of(plan: SweepPlan) -> dict[str, str]:
    """Each link's reason; empty where it has a look."""
    return {link: str(row["reason"]) for link, row in rows_of(plan).items()}


def told(plan: SweepPlan, vantage: str) -> list[dict[str, object]]:
    """What an agent hears, line by line."""
    file = lines_file(plan.folder, vantage)
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def bytes_of(plan: SweepPlan) -> dict[str, object]:
    """Everything that a plan is, in a form that two plans can be compared by."""
    return {
        "facts": sweep_facts(plan),
        "links": sorted(map(repr, rows_of(plan).values())),
        "looks": sorted(map(repr, rows_of(plan, LOOKS_FILE).values())),
        "lines": {point.id: told(plan, point.id) for point in plan.vantages},
    }
