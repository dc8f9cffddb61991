"""Links summed to pairs: the weights are those of the formula, link by link."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from builders import a_component, a_link, a_subsystem, an_inventory, csv_of
from migrator.ids import ComponentId
from migrator.inventory.model import LATENCY_WEIGHT, Inventory, LatencyClass
from migrator.links import pairs as module
from migrator.links.load import read_links
from migrator.links.pairs import inner_links, subsystem_pairs
from migrator.links.table import LinkRow, LinkTable, Pair

LINKS = (
    a_link("l-5", calls_per_day=10, latency_class=LatencyClass.BATCH, criticality=1),
    a_link("l-2", calls_per_day=999, latency_class=LatencyClass.ASYNC, criticality=2),
    a_link("l-9", calls_per_day=0, latency_class=LatencyClass.INTERACTIVE, criticality=4),
    a_link("l-3", calls_per_day=123_456, latency_class=LatencyClass.TRANSACTIONAL, criticality=5),
    a_link("l-4", source=ComponentId("payments.app"), target=ComponentId("ledger.db")),
    a_link("l-6", source=ComponentId("payments.app"), target=ComponentId("ledger.app")),
    a_link("l-7", source=ComponentId("ledger.app"), target=ComponentId("ledger.db")),
    a_link("l-8", source=ComponentId("ledger.db"), target=ComponentId("web.app")),
)


def read(folder: Path, *links: LinkRow) -> tuple[LinkTable, Inventory]:
    (folder / "links.csv").write_text(csv_of(*links), encoding="utf-8")
    inventory = an_inventory(folder=folder, links_file=Path("links.csv"))
    return read_links(inventory, None), inventory


def weight(link: LinkRow) -> int:
    """The formula of the contract, for one link."""
    part = 1000 * link.criticality * LATENCY_WEIGHT[link.latency_class]
    return round(part * math.log(1 + link.calls_per_day))


def test_pairs_are_directed_sorted_and_without_inner_links(tmp_path: Path) -> None:
    found = subsystem_pairs(*read(tmp_path, *LINKS))
    assert [(pair.source, pair.target, pair.links) for pair in found] == [
        ("ledger", "web", 1),
        ("payments", "ledger", 2),
        ("web", "payments", 4),
    ]


def test_a_weight_is_the_sum_of_the_rounded_weights_of_its_links(tmp_path: Path) -> None:
    found = subsystem_pairs(*read(tmp_path, *LINKS))
    assert found[2].weight == sum(weight(link) for link in LINKS[:4])
    assert all(isinstance(pair.weight, int) for pair in found)


def test_a_pair_knows_its_parts(tmp_path: Path) -> None:
    pair = subsystem_pairs(*read(tmp_path, *LINKS))[2]
    assert pair.calls_per_day == 10 + 999 + 123_456
    assert pair.by_latency == dict.fromkeys(LatencyClass, 1)
    assert pair.examples == ("l-2", "l-3", "l-5")


def test_latency_classes_without_links_are_absent(tmp_path: Path) -> None:
    pair = subsystem_pairs(*read(tmp_path, LINKS[0]))[0]
    assert pair.by_latency == {LatencyClass.BATCH: 1}
    assert pair.examples == ("l-5",)


def test_other_latency_weights_need_no_other_reading(tmp_path: Path) -> None:
    table, inventory = read(tmp_path, *LINKS)
    (tmp_path / "links.csv").unlink()
    flat = subsystem_pairs(table, inventory, dict.fromkeys(LatencyClass, 1))
    expected = sum(
        round(1000 * link.criticality * math.log(1 + link.calls_per_day)) for link in LINKS[:4]
    )
    assert flat[2].weight == expected


def test_pairs_that_were_summed_with_the_reading_are_not_summed_again(tmp_path: Path) -> None:
    table, inventory = read(tmp_path, *LINKS)
    again = subsystem_pairs(replace(table, pairs=None), inventory)
    assert table.parquet is not None
    table.parquet.unlink()
    assert subsystem_pairs(table, inventory) == again


def test_pairs_follow_components_that_have_moved_to_another_subsystem(tmp_path: Path) -> None:
    table, _ = read(tmp_path, *LINKS[:4])
    parts = tuple(a_component(name) for name in ("web.app", "payments.app"))
    merged = an_inventory(subsystems=(a_subsystem("shop", components=parts),))
    assert subsystem_pairs(table, merged) == ()


def test_where_pairs_are_too_many_one_example_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, inventory = read(tmp_path, *LINKS)
    table = replace(table, pairs=None)
    whole = subsystem_pairs(table, inventory)
    # Four pairs, one of them inner: at the limit all examples stay, below it they do not.
    monkeypatch.setattr(module, "PAIRS_WITH_EXAMPLES_MAX", 4)
    assert subsystem_pairs(table, inventory) == whole
    monkeypatch.setattr(module, "PAIRS_WITH_EXAMPLES_MAX", 3)
    assert [pair.examples for pair in subsystem_pairs(table, inventory)] == [
        ("l-8",),
        ("l-4",),
        ("l-2",),
    ]


def test_inner_links_are_counted_apart(tmp_path: Path) -> None:
    assert inner_links(*read(tmp_path, *LINKS)) == {"ledger": 1}


def test_an_estate_without_links_has_no_pairs() -> None:
    inventory = an_inventory()
    table = read_links(inventory, None)
    assert subsystem_pairs(table, inventory) == ()
    assert inner_links(table, inventory) == {}


def test_millions_of_calls_are_added_exactly(tmp_path: Path) -> None:
    links = [a_link(f"l-{n}", calls_per_day=10**12 - n) for n in range(20)]
    (pair,) = subsystem_pairs(*read(tmp_path, *links))
    assert isinstance(pair, Pair)
    assert pair.calls_per_day == sum(10**12 - n for n in range(20))
