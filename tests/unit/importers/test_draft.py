"""Ids made of other people's names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrator.ids import is_id
from migrator.importers.draft import as_id, unique_id


@given(st.text(max_size=300))
def test_any_name_becomes_an_id(name: str) -> None:
    assert is_id(as_id(name))


@given(st.lists(st.text(max_size=120), max_size=20))
def test_ids_never_meet(names: list[str]) -> None:
    taken: set[str] = set()
    for name in names:
        own = unique_id(as_id(name), taken)
        assert is_id(own)
        assert own not in taken
        taken.add(own)


def test_a_good_name_stays_as_it_is() -> None:
    assert as_id("ts-order.v2_x") == "ts-order.v2_x"
    assert as_id("Bakery Web") == "bakery-web"
