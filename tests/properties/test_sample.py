"""Whatever size is asked for, the sample is an inventory without faults and with exact counts."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from migrator.importers.sample import sample_texts
from migrator.importers.sample_estate.estate import Size, draw_estate
from migrator.importers.sample_estate.functions import competences_of, draw_functions
from migrator.importers.sample_estate.links import link_chunks
from migrator.importers.sample_estate.pairs import draw_pairs
from migrator.importers.sample_estate.people import PATTERNS, draw_roster
from migrator.inventory.reader import read_inventory

SIZES = st.integers(2, 90).flatmap(
    lambda subsystems: st.builds(
        Size, st.just(subsystems), st.integers(subsystems, 3_000), st.integers(0, 2**32 - 1)
    )
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(SIZES)
@example(Size(2, 2, 0))
@example(Size(9, 9, 1))
def test_every_sample_is_an_inventory_without_faults(size: Size) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in sample_texts(draw_estate(size)).items():
            (folder / file).write_text(text, encoding="utf-8")
        inventory = read_inventory(folder)
    assert len(inventory.moving) == size.subsystems
    assert len({c.id for s in inventory.subsystems for c in s.components}) == sum(
        len(s.components) for s in inventory.subsystems
    )


@settings(max_examples=15, deadline=None)
@given(SIZES)
@example(Size(2, 2, 0))
@example(Size(7, 7, 0))
def test_no_check_waits_for_a_handler_who_never_comes(size: Size) -> None:
    estate = draw_estate(size)
    functions = draw_functions(estate)
    roster = draw_roster(estate, competences_of(functions))
    for function in functions:
        for shifts in PATTERNS.values():
            there = [p for p in roster.people if p.shifts == shifts]
            able = [p for p in there if function.competence in p.competences]
            assert len(able) >= 2, (function.id, shifts)


@settings(max_examples=15, deadline=None)
@given(SIZES)
@example(Size(2, 2, 0))
def test_every_sample_has_exactly_the_links_that_were_asked_for(size: Size) -> None:
    estate = draw_estate(size)
    known = {c.id for draft in estate.drafts for c in draft.components}
    rows = 0
    for chunk in link_chunks(estate):
        rows += chunk.num_rows
        assert set(chunk.column("source").to_pylist()) <= known
        assert set(chunk.column("target").to_pylist()) <= known
    assert rows == size.links


@settings(max_examples=15, deadline=None)
@given(SIZES)
def test_pairs_are_sorted_once_each_and_no_partner_calls_itself(size: Size) -> None:
    pairs = draw_pairs(draw_estate(size))
    both = list(zip(pairs.source.tolist(), pairs.target.tolist(), strict=True))
    assert both == sorted(set(both))
