"""The page of a join: each part only where there is something to say."""

from __future__ import annotations

from migrator.importers.joining_names import Names
from migrator.importers.joining_report import Joined, joined_data, joined_page, summary
from migrator.links.joining import JoinedCounts

COUNTS = JoinedCounts((3, 2), 4, 0, {1: 3, 2: 1}, (2, 1), {"seen-not-declared": 1})


def a_join(**changes: tuple[str, ...]) -> Joined:
    return Joined(
        "all",
        ("ours", "se|en"),
        COUNTS,
        Names(elsewhere=[("app", "shop", "web")]),
        (("pay", "pay-service"),),
        changes.get("aliases", ()),
        (),
        ("unknown-10.0.0.5",),
        (),
        "ours",
    )


def test_what_is_open_is_on_the_page() -> None:
    page = joined_page(a_join(aliases=("typo",)))
    for word in ("pay-service", "unknown-10.0.0.5", "typo", "se\\|en", "shop"):
        assert word in page
    assert "Not carried" not in page


def test_the_summary_counts_what_several_saw() -> None:
    assert summary(a_join())["seen_by_several"] == 1
    assert summary(a_join())["seen_not_declared"] == 1


def test_the_data_names_each_source_with_its_rows() -> None:
    assert joined_data(a_join())["sources"] == [
        {"name": "ours", "rows": 3, "links_of_its_own": 2},
        {"name": "se|en", "rows": 2, "links_of_its_own": 1},
    ]
