"""What a run knows of its links before anything moves, and which looks need no declared means."""

from __future__ import annotations

import json
import os
from pathlib import Path

from itineraries import an_itinerary
from migrator.probes.model import SUMMARY_FILE
from migrator.probes.summary import Counts, Summary, summary_facts
from migrator.store.sql import Store, open_store
from migrator.wiring.proof_of_links import covered_by, declares_looks, with_looks


def swept(
    store: Store, name: str, when: int, *, scope: str = "", purpose: str = "baseline"
) -> None:
    """A judged sweep in the store's folder, that ended at that second."""
    counts = tuple(
        Counts("kassa", "lon", verdict, reason, links, links)
        for verdict, reason, links in (
            ("same", "", 20),
            ("flaky", "", 2),
            ("was_broken", "", 3),
            ("unproved", "no-vantage", 4),
            ("untestable", "", 5),
            ("waived", "not-looked-at", 6),
        )
    )
    summary = Summary(name, purpose, scope, "", "2023-10-13", 40, 40, counts)
    folder = store.folder / "sweeps" / name
    folder.mkdir(parents=True)
    path = folder / SUMMARY_FILE
    path.write_text(json.dumps(summary_facts(summary)), "utf-8")
    os.utime(path, (when, when))


def test_the_newest_sweep_of_the_whole_estate_is_what_is_known(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=False) as store:
        swept(store, "b1", 100)
        swept(store, "b2", 1_697_227_200)
        swept(store, "w01", 1_697_227_300, scope="w01")
        swept(store, "p1", 1_697_227_400, purpose="probe-links")
        found = covered_by(store, an_itinerary(waves=("a", "b")))
    assert found is not None
    assert (found.sweep, found.swept_at) == ("b2", "2023-10-13T22:00+02:00")
    assert (found.proved, found.broken, found.unproved) == (22, 3, 4)
    assert (found.untestable, found.waived, found.links) == (5, 6, 40)
    parts = (found.proved, found.broken, found.unproved, found.untestable, found.waived)
    assert sum(parts) == found.links


def test_where_nobody_has_looked_every_link_is_unproved(tmp_path: Path) -> None:
    itinerary = an_itinerary(waves=("a", "b"), links=("ab:7",))
    with open_store(tmp_path, practice=False) as store:
        found = covered_by(store, itinerary)
    assert found is not None
    assert (found.sweep, found.links, found.unproved, found.proved) == ("", 7, 7, 0)


def test_an_estate_without_links_has_nothing_to_cover(tmp_path: Path) -> None:
    with open_store(tmp_path, practice=False) as store:
        assert covered_by(store, an_itinerary(waves=("a", "b"))) is None


def test_looks_need_no_means_where_sweeps_make_them() -> None:
    assert declares_looks(frozenset({"inventory/probes.yaml"}))
    assert not declares_looks(frozenset({"inventory/links.csv"}))
    alone, beside = with_looks(None), with_looks(lambda _move, act: f"not {act}")
    assert alone("a", "probe-links") == beside("a", "soak") == ""
    assert alone("a", "switch") == "nothing says how 'switch' is performed"
    assert beside("a", "switch") == "not switch"
