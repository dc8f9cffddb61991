"""Candidates for a cause: combinations of attributes, counted among failures and answering links.

Used by `causes.py` alone, which takes the best candidate again and again. Everything is counted in
columns of whole numbers with numpy, which is imported where it is used, as it is not small. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Codes: TypeAlias = NDArray[np.int64]

Common: TypeAlias = tuple[tuple[str, str], ...]
"""Attributes with the value that each has."""

ATTRIBUTES: Final = (
    "target",
    "address",
    "source",
    "vantage",
    "target_subsystem",
    "source_subsystem",
    "network",  # /24, or /64
    "port",
    "protocol",
    "wide_network",  # /16, or /48
)
"""From the most concrete to the least: of two that explain the same, the first is said."""

SAY_THE_SAME: Final = frozenset(
    {
        frozenset(pair)
        for pair in (
            ("target", "target_subsystem"),
            ("source", "source_subsystem"),
            ("address", "network"),
            ("address", "wide_network"),
            ("network", "wide_network"),
        )
    }
)
"""One contains the other, so that together they say no more than one of them."""

FROM: Final = ("source", "source_subsystem", "vantage")
TO: Final = ("target_subsystem", "network", "wide_network")
"""What a rule of a firewall speaks of: from whom, to where, on which port. The only triples."""

FAULT, WEAKNESS = "fault", "weakness"
_PRICES: Final = {FAULT: (300, 4), WEAKNESS: (25, 1)}
"""What an answering link costs, in hundredths of a failure, and how much the kind is worth."""


SPACE_MAX: Final = 1_000_000
"""Combinations of values that are counted in one table of 8 MB."""


@dataclass(frozen=True, slots=True)
class Table:
    """Failures and answering links as numbers: one array an attribute.

    Code 0 is every value that is not in `names`; code i is `names[attribute][i - 1]`.
    """

    names: Mapping[str, tuple[str, ...]]
    failing: Mapping[str, Codes]
    answering: Mapping[str, Codes]


@dataclass(frozen=True, slots=True)
class Grouping:
    """The candidates of one combination of attributes; the last one stands for all others."""

    attributes: tuple[str, ...]
    member: Codes  # of each failure, its candidate
    failing: Codes  # of each candidate; none of the last one
    answering: Codes
    parts: Mapping[str, Codes]  # of each candidate, its code of each attribute


def groupings(table: Table, least: int) -> Iterator[Grouping]:
    """Every single attribute, every pair, and the triples that rules of firewalls are made of."""
    yield from (_grouping(table, (one,), least) for one in ATTRIBUTES)
    for pair in combinations(ATTRIBUTES, 2):
        if frozenset(pair) not in SAY_THE_SAME:
            yield _grouping(table, pair, least)
    for start in FROM:
        for end in TO:
            yield _grouping(table, (start, end, "port"), least)


def _grouping(table: Table, attributes: tuple[str, ...], least: int) -> Grouping:
    """Count the candidates of one combination in both kinds of links.

    The failures say which combinations occur often enough to be a line; only answering links that
    have one of their values are then looked at, as there are fifty times as many of those.
    """
    import numpy as np

    joint = np.zeros(len(table.failing[attributes[0]]), dtype=np.int64)
    valued = np.ones(len(joint), dtype=bool)
    for attribute in attributes:
        joint = joint * (len(table.names[attribute]) + 1) + table.failing[attribute]
        valued &= table.failing[attribute] != 0
    kept, counts = np.unique(joint[valued], return_counts=True)
    kept, counts = kept[counts >= least], counts[counts >= least]
    parts: dict[str, Codes] = {}
    rest = kept
    for attribute in reversed(attributes):
        width = len(table.names[attribute]) + 1
        parts[attribute] = np.append(rest % width, 0)
        rest = rest // width
    answering = _answering(table, attributes, kept, parts)
    return Grouping(attributes, _places(kept, joint), np.append(counts, 0), answering, parts)


def _answering(
    table: Table, attributes: tuple[str, ...], kept: Codes, parts: Mapping[str, Codes]
) -> Codes:
    """Count the answering links of each candidate, and none for the last one."""
    import numpy as np

    widths = {each: len(table.names[each]) + 1 for each in attributes}
    columns = [table.answering[each] for each in attributes]
    space = math.prod(widths.values())
    if space > SPACE_MAX:
        # Too many combinations to count them all: only the links with a wanted value of each.
        rows = np.ones(len(columns[0]), dtype=bool)
        for attribute, column in zip(attributes, columns, strict=True):
            wanted = np.zeros(widths[attribute], dtype=bool)
            wanted[parts[attribute][:-1]] = True
            rows &= wanted[column]
        columns = [column[rows] for column in columns]
    joint = columns[0]
    for attribute, column in zip(attributes[1:], columns[1:], strict=True):
        joint = joint * widths[attribute] + column
    if space > SPACE_MAX:
        counted = np.bincount(_places(kept, joint), minlength=len(kept) + 1)[:-1]
    else:
        counted = np.bincount(joint, minlength=space)[kept]
    return np.append(counted, 0)


def _places(kept: Codes, joint: Codes) -> Codes:
    """Where each value stands in `kept`, which is sorted; behind its end where it is not in it."""
    import numpy as np

    if len(kept) == 0:
        return np.zeros(len(joint), dtype=np.int64)
    places = np.searchsorted(kept, joint)
    found = kept[np.minimum(places, len(kept) - 1)] == joint
    return np.where(found, places, len(kept))


def best(
    table: Table, groupings: Sequence[Grouping], left: NDArray[np.bool_], least: int
) -> tuple[str, Common, tuple[int, int]] | None:
    """The candidate that gains most and explains `least` failures or more; None if none gains.

    A second attribute must pay for the longer sentence: one failure, and two in a hundred.
    """
    import numpy as np

    chosen: tuple[int, int, tuple[int, ...], tuple[str, ...]] | None = None
    found: tuple[str, Common, tuple[int, int]] | None = None
    for grouping in groupings:
        more = len(grouping.attributes) - 1
        gained = np.bincount(grouping.member[left], minlength=len(grouping.failing))
        gained[grouping.failing == 0] = 0
        longer = more * (100 + 2 * gained)
        order = tuple(ATTRIBUTES.index(each) for each in grouping.attributes)
        for kind, (price, worth) in _PRICES.items():
            score = worth * (100 * gained - price * grouping.answering - longer)
            score[gained < least] = 0
            top = int(score.max())
            if top <= 0 or (chosen is not None and -top > chosen[0]):
                continue
            for candidate in np.flatnonzero(score == top).tolist():
                values = tuple(
                    table.names[each][int(grouping.parts[each][candidate]) - 1]
                    for each in grouping.attributes
                )
                rank = (-top, more, order, values)
                if chosen is None or rank < chosen:
                    chosen = rank
                    common = tuple(zip(grouping.attributes, values, strict=True))
                    failing, answering = grouping.failing[candidate], grouping.answering[candidate]
                    found = kind, common, (int(failing), int(failing + answering))
    return found


def matching(table: Table, common: Common) -> NDArray[np.bool_]:
    """Which failures have all these values."""
    import numpy as np

    together = np.ones(len(table.failing[ATTRIBUTES[0]]), dtype=bool)
    for attribute, value in common:
        together &= table.failing[attribute] == table.names[attribute].index(value) + 1
    return together
