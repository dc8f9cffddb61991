"""Combinations of attributes are counted rightly, however many of them there could be."""

from __future__ import annotations

import random
from collections import Counter
from itertools import product

import numpy as np
import pytest

from migrator.probes import candidates
from migrator.probes.candidates import ATTRIBUTES, Table, groupings

VALUES = 4


def a_table(chance: random.Random, failing: int, answering: int) -> Table:
    def codes(rows: int) -> dict[str, candidates.Codes]:
        return {
            attribute: np.array([chance.randint(0, VALUES) for _ in range(rows)], dtype=np.int64)
            for attribute in ATTRIBUTES
        }

    names = {
        attribute: tuple(f"{attribute}-{i}" for i in range(VALUES)) for attribute in ATTRIBUTES
    }
    return Table(names, codes(failing), codes(answering))


@pytest.mark.parametrize("space", [0, 10, 1_000_000])
def test_each_candidate_has_the_counts_that_going_through_all_links_gives(
    monkeypatch: pytest.MonkeyPatch, space: int
) -> None:
    monkeypatch.setattr(candidates, "SPACE_MAX", space)
    table = a_table(random.Random(5), 150, 400)
    for grouping in groupings(table, least=2):
        own = Counter(
            zip(*(table.failing[each].tolist() for each in grouping.attributes), strict=True)
        )
        theirs = Counter(
            zip(*(table.answering[each].tolist() for each in grouping.attributes), strict=True)
        )
        wanted = {
            values: (own[values], theirs[values])
            for values in product(range(1, VALUES + 1), repeat=len(grouping.attributes))
            if own[values] >= 2
        }
        found = {
            tuple(int(grouping.parts[each][place]) for each in grouping.attributes): (
                int(grouping.failing[place]),
                int(grouping.answering[place]),
            )
            for place in range(len(grouping.failing) - 1)
        }
        assert found == wanted
        members = Counter(grouping.member.tolist())
        assert [members[i] for i in range(len(found))] == grouping.failing[:-1].tolist()


def test_no_combination_says_one_thing_twice() -> None:
    table = a_table(random.Random(5), 30, 30)
    kinds = [grouping.attributes for grouping in groupings(table, least=1)]
    assert len(set(kinds)) == len(kinds)
    assert ("target", "target_subsystem") not in kinds
    assert ("source_subsystem", "network", "port") in kinds
