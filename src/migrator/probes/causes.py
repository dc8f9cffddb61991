"""Many failures, few causes: what do the links that fail have in common?

Called by `judging.py` once the verdicts are there. A candidate is one, two or three attributes
with a value each ("network 10.20.30.0/24, port 5432"). It claims that its links fail; it gains the
failures that nothing has explained yet and pays for its links that answer. The best one is taken,
its failures are explained, and so on: greedy cover. There are three kinds of lines:

1. a fault: links with these attributes nearly all fail; an answering one costs three failures;
2. a weakness: they fail often, as behind a balancer with one dead member; it costs a quarter, and
   such a line must explain four times as much to be said instead of a fault;
3. a symptom: what is left, by the word and the shape of the detail. It explains nothing, and is
   still shorter than a list.

Fewer attributes win a tie, then the more concrete attribute, then the text: the same failures give
the same lines on every machine. Pure; numpy is imported where it is used, as it is not small.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from migrator.probes.candidates import ATTRIBUTES, Common, Table, best, groupings, matching

if TYPE_CHECKING:
    from migrator.probes.candidates import Codes

CAUSES_MAX: Final = 10
SYMPTOMS_KEPT: Final = 2
"""Lines kept for symptoms where there is more to say than fits: ten dead machines are no reason to
be silent about a thousand other failures."""

VALUES_MAX: Final = 1_000
"""Of each attribute, the values with the most failures. A value beyond explains next to nothing
where a thousand others explain more, and the tables stay small."""

EXAMPLES_MAX: Final = 5

SYMPTOM = "symptom"
_ONE_IN: Final = 500
"""A line for fewer than one in so many failures is chance where there are many."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One link that is worse than before. `values` are those of ATTRIBUTES, as texts."""

    link: str
    values: tuple[str, ...]
    word: str  # of wire, or the verdict's where it answered: wrong_side, slower
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """One line of the explanation.

    `explains` counts the failures that no line above it explains; `failing` and `looked` count all
    links with these attributes. A symptom has no attributes, and its `looked` means nothing.
    """

    kind: str
    attributes: Common
    words: tuple[tuple[str, int], ...]  # of what it explains, the most frequent first
    shape: str  # of the details, where they are all alike
    explains: int
    failing: int
    looked: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """The lines, which of them each failure has (None: none), and how many have none."""

    causes: tuple[Cause, ...]
    cause_of: tuple[int | None, ...]
    rest: int


def values_worth_a_look(failures: Sequence[Failure]) -> dict[str, tuple[str, ...]]:
    """The values of each attribute that can be part of a cause; empty ones never are.

    A value with fewer failures than a line must explain can be none either.
    """
    least = _least(len(failures))
    found = {}
    for place, attribute in enumerate(ATTRIBUTES):
        counts = Counter(failure.values[place] for failure in failures)
        counts.pop("", None)
        enough = [(value, number) for value, number in counts.items() if number >= least]
        most = sorted(enough, key=lambda item: (-item[1], item[0]))[:VALUES_MAX]
        found[attribute] = tuple(value for value, _ in most)
    return found


def _least(failures: int) -> int:
    """How many failures a line must explain, symptoms apart.

    One link is its own explanation where all of them can be shown, and none elsewhere.
    """
    return 1 if failures <= CAUSES_MAX - SYMPTOMS_KEPT else max(2, failures // _ONE_IN)


def table_of(
    failures: Sequence[Failure],
    names: Mapping[str, tuple[str, ...]],
    answering: Mapping[str, Codes],
) -> Table:
    """Number the failures' values, as the answering links' were numbered."""
    import numpy as np

    failing = {}
    for place, attribute in enumerate(ATTRIBUTES):
        code = {value: number for number, value in enumerate(names[attribute], start=1)}
        numbers = [code.get(failure.values[place], 0) for failure in failures]
        failing[attribute] = np.array(numbers, dtype=np.int64)
    return Table(names, failing, answering)


def explain(failures: Sequence[Failure], table: Table) -> Explained:
    """Explain as many failures as possible in at most CAUSES_MAX lines."""
    import numpy as np

    left = np.ones(len(failures), dtype=bool)
    cause_of: list[int | None] = [None] * len(failures)
    causes: list[Cause] = []
    shapes = [shape_of(failure.detail) for failure in failures]

    def take(kind: str, common: Common, mine: Sequence[int], counts: tuple[int, int]) -> None:
        for place in mine:
            cause_of[place] = len(causes)
            left[place] = False
        causes.append(_cause(kind, common, failures, shapes, mine, counts))

    least = _least(len(failures))
    counted = list(groupings(table, least)) if failures else []
    while len(causes) < CAUSES_MAX - SYMPTOMS_KEPT and left.any():
        found = best(table, counted, left, least)
        if found is None:
            break
        kind, common, counts = found
        take(kind, common, np.flatnonzero(matching(table, common) & left).tolist(), counts)
    while len(causes) < CAUSES_MAX and left.any():
        alike: dict[tuple[str, str], list[int]] = {}
        for place in np.flatnonzero(left).tolist():
            alike.setdefault((failures[place].word, shapes[place]), []).append(place)
        _, mine = min(alike.items(), key=lambda item: (-len(item[1]), item[0]))
        take(SYMPTOM, (), mine, (len(mine), len(mine)))
    return Explained(tuple(causes), tuple(cause_of), int(left.sum()))


def _cause(
    kind: str,
    attributes: Common,
    failures: Sequence[Failure],
    shapes: Sequence[str],
    mine: Sequence[int],
    counts: tuple[int, int],
) -> Cause:
    words = Counter(failures[place].word for place in mine)
    alike = {shapes[place] for place in mine}
    return Cause(
        kind=kind,
        attributes=attributes,
        words=tuple(sorted(words.items(), key=lambda item: (-item[1], item[0]))),
        shape=alike.pop() if len(alike) == 1 else "",
        explains=len(mine),
        failing=counts[0],
        looked=counts[1],
        examples=tuple(sorted(failures[place].link for place in mine)[:EXAMPLES_MAX]),
    )


# --- Words -----------------------------------------------------------------------------------

_CHANGING: Final = re.compile(
    r"'[^']*'|\"[^\"]*\"|\b[0-9a-fA-F]*:[0-9a-fA-F:]+\b|\b\d[\w.:+-]*|\b[\w-]+(?:\.[\w-]+)+\b"
)


def shape_of(detail: str) -> str:
    """A detail without what differs from link to link: numbers, addresses, names, quotations."""
    return _CHANGING.sub("*", detail).strip()


_SAID: Final = {
    "source": "from {}",
    "source_subsystem": "from subsystem {}",
    "vantage": "seen from {}",
    "target": "to {}",
    "target_subsystem": "to subsystem {}",
    "address": "to address {}",
    "network": "to network {}",
    "wide_network": "to network {}",
    "port": "on port {}",
    "protocol": "by {}",
}
_ORDER: Final = tuple(_SAID)

WORDS_SAID_MAX: Final = 2


def sentence(cause: Cause) -> str:
    """One line for a person: how many of which links fail, and how."""
    about = " ".join(
        _SAID[attribute].format(value)
        for attribute, value in sorted(cause.attributes, key=lambda item: _ORDER.index(item[0]))
    )
    how = _how(cause)
    if cause.kind == SYMPTOM:
        links = "link" if cause.explains == 1 else "links"
        return f"{cause.explains:,} {links} with nothing in common but: {how}"
    if cause.failing == cause.looked:
        many = "the only link" if cause.looked == 1 else f"all {cause.looked:,} links"
    else:
        many = f"{cause.failing:,} of {cause.looked:,} links"
    more = (
        f"; {cause.explains:,} of them in no line above" if cause.explains < cause.failing else ""
    )
    return f"{many} {about}: {how}{more}"


def _how(cause: Cause) -> str:
    shown = cause.words[:WORDS_SAID_MAX]
    rest = sum(number for _, number in cause.words[WORDS_SAID_MAX:])
    alone = len(cause.words) == 1
    parts = [
        word.replace("_", " ") if alone else f"{word.replace('_', ' ')} {number:,}"
        for word, number in shown
    ]
    parts += [f"other {rest:,}"] if rest else []
    return ", ".join(parts) + (f" ({cause.shape})" if cause.shape else "")
