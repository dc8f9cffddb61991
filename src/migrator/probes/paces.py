"""Which looks became slower, asked of groups first and of single looks last.

Called by `judging.py`. Looks of one vantage point at one target are compared with the baseline's as
a whole, then looks of one vantage point at one subsystem, by the test of `slower.py`. DuckDB only
picks the groups whose medians differ enough to be worth the test, which are few.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from migrator.probes.slower import RULE, compare, is_suspect

if TYPE_CHECKING:
    import duckdb

GROUPS: Final = ("target", "target_subsystem")
SUSPECTS_MAX: Final = 50_000
"""More suspects than that are a slow day and not slow links; the groups say so."""


def find_slow(
    connection: duckdb.DuckDBPyConnection, *, rows: str, repeats: str
) -> tuple[list[str], list[str]]:
    """Name the looks that are slower, and those that look so and are too few to be sure; sorted.

    `rows` selects look, vantage, target, target_subsystem, now_ms, before_ms; `repeats` is what
    to read look and total_ms of repeated looks from. Empty texts: there is nothing to read.
    """
    if not rows:
        return [], []
    connection.execute(f"CREATE TEMP TABLE pairs AS {rows}")
    slow: set[str] = set()
    for group in GROUPS:
        for samples in _worth_a_test(connection, group):
            before = [was for _, was, _ in samples]
            if compare(before, [now for _, _, now in samples]).slower:
                # Only those of the group that are slow themselves.
                slow |= {look for look, was, now in samples if is_suspect(was, now)}
    suspects = _suspects(connection)
    more = _samples(connection, repeats) if repeats and suspects else {}
    left: list[str] = []
    for look, (was, now) in suspects.items():
        if look in slow:
            continue
        if compare([was], more.get(look, [now])).slower:
            slow.add(look)
        else:
            left.append(look)
    connection.execute("DROP TABLE pairs")
    return sorted(slow), sorted(left)


def _worth_a_test(
    connection: duckdb.DuckDBPyConnection, group: str
) -> list[list[tuple[str, float, float]]]:
    """The looks of each group whose medians differ by enough, of groups with enough looks."""
    found = connection.execute(
        f"SELECT p.vantage, p.{group}, p.look, p.before_ms, p.now_ms FROM pairs AS p"  # noqa: S608 - our own names and numbers
        f" JOIN (SELECT vantage, {group} FROM pairs GROUP BY ALL HAVING count(*) >= {RULE.enough}"
        f" AND median(now_ms) >= {RULE.ratio_min} * median(before_ms)"
        f" AND median(now_ms) - median(before_ms) >= {RULE.more_ms_min}) AS g"
        f" ON g.vantage = p.vantage AND g.{group} = p.{group} ORDER BY ALL"
    ).fetchall()
    groups: dict[tuple[str, str], list[tuple[str, float, float]]] = defaultdict(list)
    for vantage, name, look, was, now in found:
        groups[str(vantage), str(name)].append((str(look), float(was), float(now)))
    return list(groups.values())


def _suspects(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[float, float]]:
    """Looks that are slower by enough to matter; of several baselines, the slowest counts."""
    found = connection.execute(
        "SELECT look, max(before_ms), max(now_ms) FROM pairs GROUP BY look"  # noqa: S608 - our own numbers
        f" HAVING max(now_ms) >= {RULE.ratio_min} * max(before_ms)"
        f" AND max(now_ms) - max(before_ms) >= {RULE.more_ms_min}"
        f" ORDER BY look LIMIT {SUSPECTS_MAX}"
    ).fetchall()
    return {str(look): (float(was), float(now)) for look, was, now in found}


def _samples(connection: duckdb.DuckDBPyConnection, repeats: str) -> dict[str, list[float]]:
    """All times of the looks that were made more than once."""
    found = connection.execute(
        f"SELECT look, list(total_ms ORDER BY total_ms) FROM {repeats} GROUP BY look"  # noqa: S608 - quoted
    ).fetchall()
    return {str(look): [float(ms) for ms in times] for look, times in found}
