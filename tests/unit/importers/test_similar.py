"""Names that look alike are a question, never an answer."""

from __future__ import annotations

import pytest

from migrator.ids import ComponentId, SubsystemId
from migrator.importers.draft import DraftComponent, DraftSubsystem
from migrator.importers.similar import similar_names
from migrator.inventory.model import Kind


def a_draft(name: str, role: str = "process") -> DraftSubsystem:
    component = DraftComponent(ComponentId(name), name, role, None)
    return DraftSubsystem(SubsystemId(name), name, Kind.STATELESS, "", (component,))


@pytest.mark.parametrize(
    ("caller", "store"),
    [
        ("ts-order-service", "ts-order-mongo"),
        ("cartservice", "redis-cart"),
        ("orders", "orders-db"),
        ("valkey-stock-api", "stock-cache"),
    ],
)
def test_a_caller_and_a_store_of_one_stem_are_suspected(caller: str, store: str) -> None:
    (found,) = similar_names([a_draft(caller), a_draft(store, "store")], set())
    assert (found.source, found.target) == (caller, store)


def test_a_stem_that_is_only_part_of_another_is_not_alike() -> None:
    drafts = [a_draft("ts-order-service"), a_draft("ts-order-other-mongo", "store")]
    assert similar_names(drafts, set()) == []


def test_two_callers_or_two_stores_are_never_suspected() -> None:
    assert similar_names([a_draft("orders-api"), a_draft("orders-worker")], set()) == []


def test_a_pair_that_something_links_is_no_longer_suspected() -> None:
    drafts = [a_draft("orders"), a_draft("orders-db", "store")]
    assert similar_names(drafts, {frozenset(("orders", "orders-db"))}) == []


def test_a_name_without_a_stem_is_like_nothing() -> None:
    assert similar_names([a_draft("service"), a_draft("redis", "store")], set()) == []
