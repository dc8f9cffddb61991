"""The worse links of a sweep, brought to `causes.py` as columns of numbers.

Called by `judging.py`, on its connection and its view `judged`. Only the links that are worse
become objects; those that answer are numbered and counted where they lie.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from migrator.probes.candidates import ATTRIBUTES
from migrator.probes.causes import (
    Explained,
    Failure,
    explain,
    table_of,
    values_worth_a_look,
)
from migrator.probes.verdicts import GREEN, WORSE, words

if TYPE_CHECKING:
    import duckdb

    from migrator.probes.candidates import Codes

EXAMINED_MAX: Final = 100_000
"""So many worse links, spread evenly over all of them, show the same causes as more would."""

_THREE: Final = r"^(\d+\.\d+\.\d+)\.\d+$"
_TWO: Final = r"^(\d+\.\d+)\.\d+\.\d+$"
"""The beginning of an IPv4 address that its network is named by."""


def explain_worse(connection: duckdb.DuckDBPyConnection) -> tuple[Explained, int]:
    """Explain the worse links; make the table `link_causes`. Also gives how many were examined."""
    _attributes(connection)
    failures = _failures(connection)
    if failures:
        names = values_worth_a_look(failures)
        explained = explain(failures, table_of(failures, names, _numbered(connection, names)))
    else:
        explained = Explained((), (), 0)
    connection.execute(
        "CREATE TABLE link_causes AS"
        " SELECT unnest($1::VARCHAR[]) AS link, unnest($2::INTEGER[]) AS cause",
        [[failure.link for failure in failures], list(explained.cause_of)],
    )
    return explained, len(failures)


def _attributes(connection: duckdb.DuckDBPyConnection) -> None:
    """Name the view with the attributes of every link that is worse or answers."""
    shown = [
        str(address)
        for (address,) in connection.execute(
            "SELECT DISTINCT address FROM judged WHERE contains(address, ':')"
        ).fetchall()
    ]
    networks = [_networks(address) for address in shown]
    connection.execute(
        "CREATE TEMP TABLE networks AS SELECT unnest($1::VARCHAR[]) AS address,"
        " unnest($2::VARCHAR[]) AS network, unnest($3::VARCHAR[]) AS wide_network",
        [shown, [narrow for narrow, _ in networks], [wide for _, wide in networks]],
    )
    three, two = (f"regexp_extract(address, '{form}', 1)" for form in (_THREE, _TWO))
    connection.execute(
        "CREATE VIEW explained_by AS SELECT link, verdict, word, detail, target, a.address,"  # noqa: S608 - our own words
        " source, vantage, target_subsystem, source_subsystem, coalesce(port::VARCHAR, '') AS port,"
        " protocol, coalesce(n.network, a.network) AS network,"
        " coalesce(n.wide_network, a.wide_network) AS wide_network FROM (SELECT *,"
        f" CASE WHEN {three} <> '' THEN {three} || '.0/24' ELSE '' END AS network,"
        f" CASE WHEN {two} <> '' THEN {two} || '.0.0/16' ELSE '' END AS wide_network"
        f" FROM judged WHERE verdict IN {words(*WORSE, *GREEN)}) AS a"
        " LEFT JOIN networks AS n ON n.address = a.address"
    )


def _networks(address: str) -> tuple[str, str]:
    """The /64 and the /48 of an IPv6 address; a port in brackets or a zone is left out."""
    try:
        bare = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return "", ""
    return tuple(  # type: ignore[return-value]
        str(ipaddress.IPv6Network((bare, length), strict=False)) for length in (64, 48)
    )


def _failures(connection: duckdb.DuckDBPyConnection) -> list[Failure]:
    """The worse links as objects; where they are too many, a share without any pattern."""
    columns = ", ".join(f"coalesce({name}, '')" for name in ATTRIBUTES)
    rows = connection.execute(
        f"SELECT link, CASE verdict WHEN 'regressed' THEN word ELSE verdict END,"  # noqa: S608 - our own names
        f" coalesce(detail, ''), {columns} FROM explained_by WHERE verdict IN {words(*WORSE)}"
        f" ORDER BY md5(link), link LIMIT {EXAMINED_MAX}"
    ).fetchall()
    return sorted(
        (Failure(link, tuple(values), word, detail) for link, word, detail, *values in rows),
        key=lambda failure: failure.link,
    )


def _numbered(
    connection: duckdb.DuckDBPyConnection, names: dict[str, tuple[str, ...]]
) -> dict[str, Codes]:
    """The answering links as codes of the values that the failures have; 0: another value."""
    import numpy as np

    joins, codes = [], []
    for attribute in ATTRIBUTES:
        connection.execute(
            f"CREATE TEMP TABLE code_{attribute} AS SELECT unnest($1::VARCHAR[]) AS value,"
            " unnest(range(1, 1 + len($1::VARCHAR[])))::INTEGER AS code",
            [list(names[attribute])],
        )
        joins.append(
            f"LEFT JOIN code_{attribute} ON code_{attribute}.value = explained_by.{attribute}"
        )
        codes.append(f"coalesce(code_{attribute}.code, 0)::SMALLINT AS {attribute}")
    found = connection.execute(
        f"SELECT {', '.join(codes)} FROM explained_by {' '.join(joins)}"  # noqa: S608 - our own names
        f" WHERE verdict IN {words(*GREEN)}"
    ).fetchnumpy()
    return {attribute: np.asarray(found[attribute], dtype=np.int64) for attribute in ATTRIBUTES}
