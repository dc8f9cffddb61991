"""The digest of links can be recomputed by anybody who reads its formula."""

from __future__ import annotations

import hashlib

from migrator.inventory.model import LINK_COLUMNS
from migrator.links import database
from migrator.links.digest import combine, links_digest

ROWS: tuple[tuple[object, ...], ...] = (
    ("l-1", "a", "b", "https", 443, "personal", 10, "async", 3, "brandväggslogg"),
    ("l-2", "b", "a", "jdbc", None, None, 10**12, "batch", 1, ""),
    ("l-3", "a", "b", "mq", 1, "", 0, "interactive", 5, None),
)


def digest(*rows: tuple[object, ...]) -> str:
    with database.connect() as connection:
        numbers = {"port": "INTEGER", "calls_per_day": "BIGINT", "criticality": "TINYINT"}
        columns = ", ".join(f"{name} {numbers.get(name, 'VARCHAR')}" for name in LINK_COLUMNS)
        connection.execute(f"CREATE TABLE rows ({columns})")
        place = f"INSERT INTO rows VALUES ({', '.join('?' * 10)})"  # noqa: S608 - question marks
        for row in rows:
            connection.execute(place, list(row))
        return links_digest(connection, "rows")


def by_the_formula(*rows: tuple[object, ...]) -> str:
    """The four steps of the module's text, in plain Python."""
    total = 0
    for row in rows:
        text = "\x1f".join("" if value is None else str(value) for value in row)
        total += int.from_bytes(
            hashlib.md5(text.encode(), usedforsecurity=False).digest(), "little"
        )
    tail = f"migrator-links-1 {len(rows)} {total % 2**128:032x}"
    return hashlib.sha256(tail.encode()).hexdigest()


def test_the_formula_is_the_one_that_is_written_down() -> None:
    assert digest(*ROWS) == by_the_formula(*ROWS)


def test_the_order_of_rows_does_not_matter() -> None:
    assert digest(*ROWS) == digest(*reversed(ROWS))


def test_the_sum_of_many_rows_wraps_as_the_formula_says() -> None:
    rows = [(f"l-{n}", *ROWS[0][1:]) for n in range(300)]
    assert digest(*rows) == by_the_formula(*rows)


def test_a_missing_value_and_an_empty_one_are_the_same() -> None:
    row = list(ROWS[1])
    row[5] = ""
    assert digest(tuple(row)) == digest(ROWS[1])


def test_every_field_counts() -> None:
    # The digest of rows is compared with the formula, so the formula is what must see a change.
    plain = by_the_formula(ROWS[0])
    changed = [
        (
            *ROWS[0][:place],
            value + 1 if isinstance(value, int) else f"{value}x",
            *ROWS[0][place + 1 :],
        )
        for place, value in enumerate(ROWS[0])
    ]
    assert digest(*changed) == by_the_formula(*changed)
    assert len({plain, *(by_the_formula(row) for row in changed)}) == 11


def test_a_row_that_stands_twice_counts_twice() -> None:
    assert digest(ROWS[0], ROWS[0]) != digest(ROWS[0])


def test_no_links_have_a_digest_too() -> None:
    assert digest() == combine(0, 0) == by_the_formula()
