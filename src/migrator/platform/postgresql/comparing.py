"""Whether two ends hold the same rows: counted and summed on each server, in one snapshot each.

Called with the writers of both sides out. A row's text is hashed and the hashes are summed, so
the order does not matter and no row leaves a server; only where a table differs are keys fetched,
a few, found through buckets. Nothing is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Final, cast

from migrator.platform.postgresql.catalog import Sequence, Table, in_sql, shown
from migrator.platform.postgresql.naming import quoted
from migrator.platform.postgresql.session import Session, both

KEYS_SHOWN_MAX: Final = 5
KEY_CHARS_MAX: Final = 60

BUCKETS: Final = 4096
"""A table of ten million rows has 2,500 in each; so much is fetched of a bucket that differs."""

BUCKET_ROWS_MAX: Final = 20_000
COMPARE_SECONDS_MAX: Final = 4 * 3600.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A table whose rows are not the same on both ends."""

    table: str
    source_rows: int
    target_rows: int
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As people read it; the keys are examples."""
        keys = f"; keys such as {', '.join(self.keys)}" if self.keys else ""
        return (
            f"{self.table}: {self.source_rows} rows on the source, {self.target_rows} on the "
            f"target{keys}"
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison came to. `written` are rows that are newer on the target than a moment."""

    tables: int
    rows: int
    bytes: int
    differences: tuple[Difference, ...] = ()
    sequences: tuple[str, ...] = ()
    written: int = 0
    seconds: float = 0.0

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences and not self.sequences

    @property
    def lost(self) -> tuple[str, ...]:
        """What differs, a line each."""
        return (*map(str, self.differences), *self.sequences)

    def __str__(self) -> str:
        """The figures."""
        return (
            f"{self.rows} rows in {self.tables} tables ({self.bytes} bytes on the target) "
            f"compared in {self.seconds:.1f} s"
        )


@dataclass(frozen=True, slots=True)
class _Sum:
    rows: int
    hashes: int
    written: int = 0


async def compare(
    source: Session,
    target: Session,
    tables: tuple[Table, ...],
    sequences: tuple[Sequence, ...],
    *,
    since_xid: int = 0,
    tell: Callable[[str], None] = lambda _words: None,
) -> Comparison:
    """Compare table by table. `since_xid` counts the target's rows written from there on."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    differences = []
    rows = written = 0
    async with source.snapshot(), target.snapshot():
        size = await target.number(
            "SELECT coalesce(sum(pg_table_size(t::regclass)), 0) FROM unnest(%s::text[]) t",
            [in_sql(table.name) for table in tables],
        )
        for number, table in enumerate(tables, start=1):
            here, there = await both(_sum(source, table), _sum(target, table, since_xid))
            rows += there.rows
            written += there.written
            if (here.rows, here.hashes) != (there.rows, there.hashes):
                keys = await _keys(source, target, table)
                differences.append(Difference(shown(table.name), here.rows, there.rows, keys))
            tell(f"compared {number} of {len(tables)} tables, {rows} rows")
        uneven = tuple([text async for text in _uneven(source, target, sequences)])
    return Comparison(
        len(tables), rows, size, tuple(differences), uneven, written, loop.time() - begun
    )


async def carry_sequences(giver: Session, taker: Session, sequences: Iterable[Sequence]) -> int:
    """Set each sequence of the taker to the giver's; how many were not there already."""
    moved = 0
    for each in sequences:
        state = await _state(giver, each)
        if state == await _state(taker, each):
            continue
        await taker.rows("SELECT setval(%s::regclass, %s, %s)", in_sql(each.name), *state)
        moved += 1
    return moved


async def _uneven(
    source: Session, target: Session, sequences: Iterable[Sequence]
) -> AsyncIterator[str]:
    for each in sequences:
        here, there = await _state(source, each), await _state(target, each)
        if here != there:
            yield f"sequence {shown(each.name)}: {here[0]} on the source, {there[0]} on the target"


async def _state(session: Session, sequence: Sequence) -> tuple[int, bool]:
    text = f"SELECT last_value, is_called FROM {in_sql(sequence.name)}"  # noqa: S608 - quoted
    (row,) = await session.rows(text)
    return cast("int", row[0]), row[1] is True


def _row_hash(table: Table) -> str:
    columns = ", ".join(f"t.{quoted(name)}" for name in table.column_names)
    return f"hashtextextended(ROW({columns})::text, 0)"


def _key_text(table: Table) -> str:
    return f"ROW({', '.join(f't.{quoted(name)}' for name in table.key)})::text"


async def _sum(session: Session, table: Table, since_xid: int = 0) -> _Sum:
    # A row's xmin stays readable for two thousand million transactions; a weekend has fewer.
    newer = f"count(*) FILTER (WHERE age(t.xmin) <= age('{since_xid}'::xid))" if since_xid else "0"
    text = (
        f"SELECT count(*), coalesce(sum({_row_hash(table)}), 0)::text, {newer} "  # noqa: S608
        f"FROM ONLY {in_sql(table.name)} t"
    )
    (row,) = await session.rows(text, seconds=COMPARE_SECONDS_MAX)
    return _Sum(cast("int", row[0]), int(str(row[1])), cast("int", row[2]))


async def _keys(source: Session, target: Session, table: Table) -> tuple[str, ...]:
    """Some keys of rows that are not the same, in the order of their text."""
    if not table.key:
        return ()
    bucket = f"hashtextextended({_key_text(table)}, 1) & {BUCKETS - 1}"
    text = (
        f"SELECT {bucket}, count(*), sum({_row_hash(table)})::text "  # noqa: S608 - quoted
        f"FROM ONLY {in_sql(table.name)} t GROUP BY 1"
    )
    here, there = await both(
        source.rows(text, seconds=COMPARE_SECONDS_MAX),
        target.rows(text, seconds=COMPARE_SECONDS_MAX),
    )
    uneven = sorted({cast("int", row[0]) for row in set(here) ^ set(there)})[:KEYS_SHOWN_MAX]
    text = (
        f"SELECT {_key_text(table)}, {_row_hash(table)} FROM ONLY {in_sql(table.name)} t "  # noqa: S608
        f"WHERE {bucket} = ANY (ARRAY{uneven}::bigint[]) LIMIT {BUCKET_ROWS_MAX}"
    )
    ours, theirs = await both(
        source.rows(text, seconds=COMPARE_SECONDS_MAX),
        target.rows(text, seconds=COMPARE_SECONDS_MAX),
    )
    keys = sorted({str(row[0]) for row in set(ours) ^ set(theirs)})
    return tuple(key[:KEY_CHARS_MAX] for key in keys[:KEYS_SHOWN_MAX])
