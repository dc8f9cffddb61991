"""The sample's links in bulk: where they start and end, how they are spread, what they weigh."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pytest

from migrator.importers.sample_estate import links
from migrator.importers.sample_estate.estate import (
    CALLS_PER_LINK_MEAN,
    Estate,
    Size,
    draw_estate,
)
from migrator.importers.sample_estate.links import PROTOCOLS, SCHEMA, link_chunks
from migrator.importers.sample_estate.pairs import Pairs, draw_pairs
from migrator.inventory.model import LINK_COLUMNS, LatencyClass

DEFAULT: Final = Size(subsystems=77, links=60_000, seed=1)


@cache
def an_estate(size: Size = DEFAULT) -> Estate:
    return draw_estate(size)


@cache
def rows() -> dict[str, list[object]]:
    table = pa.Table.from_batches(list(link_chunks(an_estate())), schema=SCHEMA)
    columns: dict[str, list[object]] = table.to_pydict()
    return columns


def outer(pairs: Pairs) -> Iterator[tuple[int, int, int]]:
    for i, j, count in zip(
        pairs.source.tolist(), pairs.target.tolist(), pairs.count.tolist(), strict=True
    ):
        if i != j:
            yield i, j, count


def test_columns_are_those_of_the_inventory() -> None:
    assert tuple(SCHEMA.names) == LINK_COLUMNS


def test_ids_are_numbered_without_a_gap() -> None:
    assert rows()["id"] == [f"l{number:08}" for number in range(1, DEFAULT.links + 1)]


def test_both_ends_are_components_of_the_estate() -> None:
    known = {c.id for draft in an_estate().drafts for c in draft.components}
    assert set(rows()["source"]) <= known
    assert set(rows()["target"]) <= known


def test_target_can_answer_the_protocol() -> None:
    roles = {c.id: c.role for draft in an_estate().drafts for c in draft.components}
    answers = {protocol.name: set(protocol.roles) for protocol in PROTOCOLS}
    met = {
        (protocol, roles[str(target)])
        for protocol, target in zip(rows()["protocol"], rows()["target"], strict=True)
    }
    assert [(protocol, role) for protocol, role in met if role not in answers[str(protocol)]] == []


def test_port_belongs_to_the_protocol_and_files_have_none() -> None:
    ports = {protocol.name: set(protocol.ports) for protocol in PROTOCOLS}
    met = set(zip(rows()["protocol"], rows()["port"], strict=True))
    assert [(name, port) for name, port in met if port not in ports[str(name)]] == []
    assert ("file", None) in met


def test_every_protocol_and_latency_class_is_met() -> None:
    assert set(rows()["protocol"]) == {protocol.name for protocol in PROTOCOLS}
    assert set(rows()["latency_class"]) == {latency.value for latency in LatencyClass}


def test_figures_lie_in_their_ranges() -> None:
    assert set(rows()["criticality"]) == {1, 2, 3, 4, 5}
    calls = np.array(rows()["calls_per_day"])
    assert calls.min() >= 1
    # Log-normal: the mean is far above the median.
    assert calls.mean() > 3 * np.median(calls)


def test_bridge_is_sized_by_the_calls_that_are_drawn() -> None:
    calls = np.array(rows()["calls_per_day"])
    assert calls.mean() == pytest.approx(CALLS_PER_LINK_MEAN, rel=0.1)


def test_every_subsystem_is_linked() -> None:
    pairs = draw_pairs(an_estate())
    met = {i for i, j, _ in outer(pairs)} | {j for _, j, _ in outer(pairs)}
    assert met == set(range(len(an_estate().drafts)))


@pytest.mark.parametrize("size", [DEFAULT, Size(77, 340_000, 9), Size(300, 20_000, 2)])
def test_back_edges_are_two_to_ten_per_cent(size: Size) -> None:
    estate = an_estate(size)
    inside = [
        (i, j)
        for i, j, _ in outer(draw_pairs(estate))
        if "external" not in {estate.drafts[i].entry.kind, estate.drafts[j].entry.kind}
    ]
    share = sum(i > j for i, j in inside) / len(inside)
    assert 0.02 <= share <= 0.1


def test_hubs_draw_the_most_callers() -> None:
    estate = an_estate()
    callers: dict[str, int] = defaultdict(int)
    for _, j, _ in outer(draw_pairs(estate)):
        callers[estate.drafts[j].id] += 1
    first = sorted(callers, key=lambda id_: -callers[id_])[:12]
    assert {"personregister", "behorighet", "loggning"} <= set(first)


def test_out_degrees_have_a_long_tail() -> None:
    degrees: dict[int, int] = defaultdict(int)
    for i, _, _ in outer(draw_pairs(an_estate())):
        degrees[i] += 1
    assert max(degrees.values()) > 3 * np.median(list(degrees.values()))


def test_most_links_belong_to_few_pairs() -> None:
    counts = sorted((count for _, _, count in outer(draw_pairs(an_estate()))), reverse=True)
    assert sum(counts[: len(counts) // 10]) >= 0.45 * sum(counts)


def test_a_tenth_of_the_links_stay_inside_their_subsystem() -> None:
    pairs = draw_pairs(an_estate())
    inner = int(pairs.count[pairs.source == pairs.target].sum())
    assert 0.1 <= inner / DEFAULT.links <= 0.14


def test_benefits_call_their_own_family_more_than_another() -> None:
    estate = an_estate(Size(300, 20_000, 2))
    own, others = 0, 0
    for i, j, _ in outer(draw_pairs(estate)):
        one, two = estate.drafts[i].entry.family, estate.drafts[j].entry.family
        if "gemensam" not in {one, two}:
            own, others = own + (one == two), others + (one != two)
    # There are eight families: without communities own ones would be one in six or so.
    assert own > others


@pytest.mark.parametrize("links_wanted", [20, 21, 60, 500])
def test_few_links_are_dealt_out_exactly_and_reach_every_caller(links_wanted: int) -> None:
    estate = an_estate(Size(20, links_wanted, 5))
    pairs = draw_pairs(estate)
    assert int(pairs.count.sum()) == links_wanted
    assert int(pairs.count.min()) >= 1
    callers = {i for i, _, _ in outer(pairs)}
    moving = [n for n, draft in enumerate(estate.drafts) if draft.moves]
    assert [n for n in moving if n not in callers] == []


def test_rows_are_the_same_however_they_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    size = Size(10, 500, 1)
    whole = pa.Table.from_batches(list(link_chunks(draw_estate(size))), schema=SCHEMA)
    monkeypatch.setattr(links, "CHUNK_ROWS", 200)
    chunks = list(link_chunks(draw_estate(size)))
    assert [chunk.num_rows for chunk in chunks] == [200, 200, 100]
    # Each chunk draws by itself, so only the structure is common to both.
    cut = pa.Table.from_batches(chunks, schema=SCHEMA)
    assert cut["id"].equals(whole["id"])
    assert pairs_in(cut) == pairs_in(whole)


def pairs_in(table: pa.Table) -> list[tuple[str, str]]:
    ends = zip(table["source"].to_pylist(), table["target"].to_pylist(), strict=True)
    return [(str(one).split(".")[0], str(two).split(".")[0]) for one, two in ends]
