"""What a verdict means, and when there are enough of them."""

from __future__ import annotations

import pytest

from migrator.verification.verdict import COUNTING, VERDICTS, enough, is_verdict


def test_there_are_four_verdicts_and_two_of_them_count() -> None:
    assert VERDICTS == ("works", "works_but", "does_not_work", "cannot_judge")
    assert {"works", "works_but"} == COUNTING
    assert all(is_verdict(verdict) for verdict in VERDICTS)
    assert not is_verdict("Works")


@pytest.mark.parametrize(
    ("ticks", "quorum", "said"),
    [
        ({}, 1, False),
        ({"anna": "works"}, 1, True),
        ({"anna": "works_but"}, 1, True),
        ({"anna": "works"}, 2, False),
        ({"anna": "works", "bo": "works_but"}, 2, True),
        ({"anna": "works", "bo": "cannot_judge"}, 2, False),
        ({"anna": "cannot_judge"}, 1, False),
        ({"anna": "works", "bo": "works", "cia": "does_not_work"}, 2, False),
    ],
)
def test_enough_people_say_that_it_works_and_nobody_that_it_does_not(
    ticks: dict[str, str], quorum: int, said: bool
) -> None:
    assert enough(ticks, quorum) is said
