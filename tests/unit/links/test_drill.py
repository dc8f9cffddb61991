"""Single links, looked at again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from builders import a_link, an_inventory, csv_of
from migrator.ids import ComponentId, SubsystemId
from migrator.links.drill import example_links
from migrator.links.load import read_links
from migrator.links.table import LinkTable

WEB = SubsystemId("web")
PAYMENTS = SubsystemId("payments")
LINKS = (
    a_link("l-1", calls_per_day=5, port=None, data_class="", evidence=""),
    a_link("l-2", calls_per_day=50),
    a_link("l-3", calls_per_day=50),
    a_link("l-4", source=ComponentId("payments.app"), target=ComponentId("web.app")),
)


def read(folder: Path) -> LinkTable:
    (folder / "links.csv").write_text(csv_of(*LINKS), encoding="utf-8")
    return read_links(an_inventory(folder=folder, links_file=Path("links.csv")), None)


def test_links_of_a_pair_come_with_the_most_calls_first(tmp_path: Path) -> None:
    assert example_links(read(tmp_path), WEB, PAYMENTS, 10) == (LINKS[1], LINKS[2], LINKS[0])


def test_no_more_than_the_limit_are_given(tmp_path: Path) -> None:
    assert example_links(read(tmp_path), WEB, PAYMENTS, 1) == (LINKS[1],)


def test_a_pair_without_links_has_no_examples(tmp_path: Path) -> None:
    assert example_links(read(tmp_path), WEB, SubsystemId("ledger"), 3) == ()


def test_an_estate_without_links_has_no_examples(tmp_path: Path) -> None:
    assert example_links(replace(read(tmp_path), parquet=None), WEB, PAYMENTS, 3) == ()
