"""Pairs and digests of links do not depend on the order of rows or on the form of the file."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import a_link, an_inventory, csv_of
from migrator.ids import ComponentId
from migrator.inventory.model import LatencyClass
from migrator.links.load import read_links
from migrator.links.pairs import subsystem_pairs
from migrator.links.table import LinkRow, Pair

COMPONENTS = ("web.app", "payments.app", "ledger.app", "ledger.db", "bank.api")

links = st.builds(
    lambda source, target, calls, latency, criticality: a_link(
        source=ComponentId(source),
        target=ComponentId(target),
        calls_per_day=calls,
        latency_class=latency,
        criticality=criticality,
    ),
    st.sampled_from(COMPONENTS),
    st.sampled_from(COMPONENTS),
    st.integers(0, 10**9),
    st.sampled_from(LatencyClass),
    st.integers(1, 5),
)


def read(folder: Path, rows: list[LinkRow], form: str) -> tuple[str, tuple[Pair, ...]]:
    text = csv_of(*rows)
    (folder / "links.csv").write_text(text, encoding="utf-8")
    if form == "parquet":
        pq.write_table(pc.read_csv(folder / "links.csv"), folder / "links.parquet")
    inventory = an_inventory(folder=folder, links_file=Path(f"links.{form}"))
    table = read_links(inventory, None)
    return table.digest, subsystem_pairs(table, inventory)


@pytest.mark.slow
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(links, min_size=1, max_size=40), st.randoms(use_true_random=False))
def test_neither_order_nor_form_changes_digest_or_weights(
    tmp_path: Path, found: list[LinkRow], chance: random.Random
) -> None:
    rows = [a_link(**{**as_changes(link), "id": f"l-{n:03d}"}) for n, link in enumerate(found)]
    plain = read(tmp_path, rows, "csv")
    chance.shuffle(rows)
    assert read(tmp_path, rows, "csv") == plain
    assert read(tmp_path, rows, "parquet") == plain


def as_changes(link: LinkRow) -> dict[str, object]:
    """A link's fields, for a builder."""
    names = ("source", "target", "calls_per_day", "latency_class", "criticality")
    return {name: getattr(link, name) for name in names}
