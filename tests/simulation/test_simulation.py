"""The simulation itself: a seed is played the same each time, and what is broken is noticed."""

from __future__ import annotations

import importlib.util
import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from itineraries import an_itinerary
from migrator.engine.ports import Entry, Line
from migrator.errors import JournalError
from migrator.store.memory import MemoryJournal
from simulation import lives, soak, stores
from simulation.stores import Fenced, MemoryStore


def contract(root: Path) -> ModuleType:
    """The contract suite of journals."""
    file = root / "tests" / "contracts" / "test_journal.py"
    spec = importlib.util.spec_from_file_location("journal_contract", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_fenced_journal_keeps_the_contract_of_journals(root: Path) -> None:
    suite = contract(root)
    asked: list[Callable[[MemoryJournal], object]] = [
        test
        for name, test in inspect.getmembers(suite, inspect.isfunction)
        if name.startswith("test_") and not inspect.iscoroutinefunction(test)
    ]
    assert len(asked) > 12
    for test in asked:
        journal = Fenced(suite.RUN, suite.ITINERARY)
        journal.codes = {"bertil": "digest"}
        test(journal)


def test_whoever_was_displaced_writes_nothing() -> None:
    store = MemoryStore(an_itinerary())
    first, second = store.lead(), store.lead()

    with pytest.raises(JournalError, match="epoch 1 has passed"):
        first.append([])

    assert second.append([]) == ()


@pytest.mark.parametrize("seed", [7, 10])  # every tenth seed is kept by SQLite
def test_a_seed_is_played_the_same_each_time(seed: int) -> None:
    first, second = soak.play(seed), soak.play(seed)

    assert first == second
    assert first.failures == {}
    assert first.steps > 0


def test_some_weekends_break_no_promise(capsys: pytest.CaptureFixture[str]) -> None:
    assert soak.main(["--seeds", "21-29"]) == 0

    assert "9 seeds, " in capsys.readouterr().out


def test_a_broken_fence_is_noticed_and_its_seed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unfenced(journal: Fenced, entries: Sequence[Entry]) -> tuple[Line, ...]:
        return MemoryJournal.append(journal, entries)

    monkeypatch.setattr(stores.Fenced, "append", unfenced)
    monkeypatch.setattr(lives.Simulation, "plan_trouble", _freeze_soon)

    assert soak.main(["--seeds", "3"]) == 1

    said = capsys.readouterr().out
    assert "a displaced conductor wrote" in said or "crashed" in said
    assert "make soak-seeds SEEDS=3" in said


def _freeze_soon(simulation: lives.Simulation) -> None:
    simulation._next = (simulation.boundaries + 20, "freeze")


def test_seeds_are_one_or_a_range() -> None:
    assert list(soak.read_seeds("17")) == [17]
    assert list(soak.read_seeds("1-3")) == [1, 2, 3]


def test_the_figures_are_kept_with_what_was_played(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(root / "benchmarks")
    kept = tmp_path / "soak.json"

    soak.main(["--seeds", "5", "--result", str(kept)])

    (figure,) = json.loads(kept.read_text(encoding="utf-8"))["figures"]
    assert (figure["value"], figure["peers"]["seeds"]) == (0, "5")
