"""A field that came later is written when it says something, and never before."""

from __future__ import annotations

from dataclasses import dataclass, field

from migrator.plan.later import LATER, written


@dataclass(frozen=True)
class Row:
    """One old field and two that came later."""

    old: str | None = None
    none: str | None = field(default=None, metadata=LATER)
    zero: int = field(default=0, metadata=LATER)


def test_what_says_nothing_is_not_written_if_it_came_later() -> None:
    assert dict(written(Row())) == {"old": None}
    assert dict(written(Row("a", "b", 1))) == {"old": "a", "none": "b", "zero": 1}
    assert dict(written(Row(none="", zero=0))) == {"old": None, "none": ""}
