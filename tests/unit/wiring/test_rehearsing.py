"""What wiring keeps of a rehearsal: its journal, its head outside the store, and its turn."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from forecasts import FakeForecaster
from itineraries import an_itinerary
from migrator.engine.ports import Journal
from migrator.errors import JournalError
from migrator.store.chain import verify
from migrator.store.find import find_run
from migrator.store.heads import Beside, known_heads
from migrator.wiring import keep_rehearsal, rehearsal, run_name
from migrator.wiring import rehearsing as wiring
from migrator.wiring.rehearsing import FORECAST_EVERY


def test_the_head_of_a_rehearsal_is_kept_outside_the_store_so_that_a_cut_is_seen(
    tmp_path: Path,
) -> None:
    itinerary = an_itinerary()
    played = rehearsal(itinerary, seed=1, accidents=False)

    assert keep_rehearsal(played, itinerary, tmp_path)

    heads = known_heads(Beside(tmp_path, practice=True), played.name)
    assert [(head.seq, head.hash) for head in heads] == [(len(played.lines), played.head)]
    with pytest.raises(JournalError, match="known to have been there"):
        verify(played.name, played.lines[:-1], heads)


def test_a_weekend_that_is_played_again_is_the_latest_and_is_kept_once(tmp_path: Path) -> None:
    itinerary = an_itinerary()
    first, second = (rehearsal(itinerary, seed=seed, accidents=False) for seed in (1, 2))
    keep_rehearsal(first, itinerary, tmp_path)
    keep_rehearsal(second, itinerary, tmp_path)

    assert not keep_rehearsal(first, itinerary, tmp_path)

    store, name = find_run("latest", tmp_path)
    with store:
        assert name == first.name
        assert len(store.runs()) == 2


def test_another_program_gives_a_rehearsal_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    itinerary = an_itinerary()
    before = run_name(itinerary, 1, ())
    monkeypatch.setattr(wiring, "__version__", "9.9.9")

    assert run_name(itinerary, 1, ()) != before


def test_a_forecast_weekend_has_a_name_of_its_own_and_the_same_journal_again() -> None:
    fakes: list[FakeForecaster] = []

    def made(_journal: Journal) -> FakeForecaster:
        fakes.append(FakeForecaster())
        return fakes[-1]

    itinerary = an_itinerary()
    plain = rehearsal(itinerary, seed=1)
    first, second = (rehearsal(itinerary, seed=1, forecaster=made) for _ in range(2))

    assert first.name == f"{plain.name}-forecast"
    assert first.head == second.head
    assert first.outcome == plain.outcome
    assert all(fake.closed for fake in fakes)
    moments = [now for _, now in fakes[0].asked]
    assert all(b - a >= FORECAST_EVERY for a, b in pairwise(moments))
    assert len(moments) > 5
