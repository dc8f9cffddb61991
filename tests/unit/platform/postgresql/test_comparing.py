"""What a comparison says: the figures, and what differs, a line each."""

from __future__ import annotations

from migrator.platform.postgresql.comparing import Comparison, Difference


def test_two_equal_ends_are_told_with_their_figures() -> None:
    found = Comparison(tables=2, rows=10, bytes=4096, seconds=1.26)
    assert found.equal
    assert found.lost == ()
    assert str(found) == "10 rows in 2 tables (4096 bytes on the target) compared in 1.3 s"


def test_what_differs_is_listed_by_table_and_by_sequence() -> None:
    found = Comparison(
        tables=2,
        rows=10,
        bytes=0,
        differences=(Difference("public.t", 4, 5, ("(1)", "(2)")), Difference("public.u", 1, 1)),
        sequences=("sequence public.s: 3 on the source, 4 on the target",),
    )
    assert not found.equal
    assert found.lost == (
        "public.t: 4 rows on the source, 5 on the target; keys such as (1), (2)",
        "public.u: 1 rows on the source, 1 on the target",
        "sequence public.s: 3 on the source, 4 on the target",
    )


def test_a_sequence_alone_is_a_difference() -> None:
    assert not Comparison(1, 1, 1, sequences=("sequence public.s: ...",)).equal
