"""`migrator run --platform commands`: what is asked before its first line, and going on with it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import practising
from by_command import by_command, effects, live_sides
from itineraries import an_itinerary
from migrator.cli import app, going_on, run, run_reading
from migrator.conductor.clock import wall_now
from migrator.engine import events as ev
from migrator.engine.ports import OperatorCommand
from migrator.plan.model import Itinerary, Window
from migrator.store.pinned_files import FileToPin
from migrator.store.sql import open_store
from migrator.wiring.live import Live

HELD = 3
LIVE = ("run", "plan.yaml", "--platform", "commands", "--name", "night", "--leave-when-held")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class _Plan:
    """The plan that is read: how it is read apart is tested with a real process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, world: Path) -> None:
        self._monkeypatch = monkeypatch
        self.itinerary, self.files = by_command(world, waves=("a",), stateless="")
        self.is_for(-1, 1)

    def is_for(self, begins: float, ends: float) -> None:
        """Its window begins and ends so many hours from now."""
        now = wall_now()
        window = Window(now + timedelta(hours=begins), now + timedelta(hours=ends), "UTC")
        self.reads(replace(self.itinerary, window=window), self.files)

    def reads(
        self,
        itinerary: Itinerary,
        files: Sequence[FileToPin] = (),
        approved: tuple[str, ...] = ("anna",),
        lapsed: tuple[str, ...] = (),
    ) -> None:
        self.itinerary = itinerary
        read = run_reading.Read(itinerary, approved, lapsed, tuple(files))
        self._monkeypatch.setattr(run, "read_apart", lambda _plan, _inventory: read)


@pytest.fixture
def world(tmp_path: Path) -> Path:
    folder = tmp_path / "world"
    folder.mkdir()
    return folder


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch, world: Path) -> _Plan:
    """A plan that may begin now, here."""
    return _Plan(monkeypatch, world)


def begun() -> list[str]:
    """The live runs that have a first line."""
    if not practising.FOLDER.exists():
        return []
    with open_store(practising.FOLDER, practice=False) as store:
        return [row.name for row in store.runs()]


def first_line() -> ev.RunStarted:
    with open_store(practising.FOLDER, practice=False) as store:
        line = next(iter(store.journal("night", lead=False).lines()))
    assert isinstance(line.event, ev.RunStarted)
    return line.event


@pytest.fixture
def _begun_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run has its first line, and is left at once."""

    def leave(led: Live, _name: str, _waits: bool, _shown: run.Shown) -> int:
        led.files.close()
        led.journal.release()
        return 0

    monkeypatch.setattr(run, "_lead", leave)


@pytest.mark.slow
def test_a_live_run_performs_its_acts_by_programs_and_takes_them_back(
    plan: _Plan, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody answers its gate in time, so what was prepared ahead of it goes back."""
    hour = replace(plan.itinerary.policy, gate_deadline_minutes=0.01)
    plan.reads(replace(plan.itinerary, policy=hour), plan.files)
    assert app.run([*LIVE, "--yes", "--as", "anna"]) == 1
    told = capsys.readouterr()

    assert "LIVE" in told.err
    assert "in real time; every act is performed by what the plan declares" in told.err
    did = [line.partition(" ")[2] for line in effects(world)]
    assert (did[0], did[-1]) == ("a/prepare", "a/remove")
    assert live_sides(world) == {"a": "old"}
    first = first_line()
    assert (first.practice, first.mode, first.target) == (False, "wall", plan.itinerary.target)


def test_a_live_run_is_begun_once_and_gone_on_with_after_that(
    plan: _Plan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*LIVE, "--or-continue", "--yes", "--as", "anna"]
    place = str(practising.FOLDER)
    assert going_on.begun_already(place, "night", practice=False) is None
    with monkeypatch.context() as only:
        only.setattr(run, "_lead", lambda led, *_: led.journal.release() or 0)
        assert app.run(words) == 0
    assert going_on.begun_already(place, "night", practice=False) == "night"
    assert going_on.begun_already(place, "night") is None, "no practice run is it"

    pause()
    capsys.readouterr()
    assert app.run(words) == HELD
    assert "night: goes on after line" in capsys.readouterr().err
    assert begun() == ["night"]
    assert app.run(["run", "--continue", "night", "--leave-when-held"]) == HELD
    assert plan.itinerary.legs.keys() == {"a"}


def pause() -> None:
    """Let whoever leads the run next leave it."""
    with open_store(practising.FOLDER, practice=False) as store:
        store.journal("night", lead=False).submit(
            OperatorCommand("c1", "pause", "anna", asserted=True, target="", reason="", saw=0)
        )


@pytest.mark.usefixtures("_begun_only")
def test_a_run_without_a_name_is_called_after_its_plan_and_who_began_it_is_kept(
    plan: _Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.cli.run_live.os_user", lambda: "stranger")
    words = [word for word in LIVE if word not in {"--name", "night"}]
    assert app.run([*words, "--yes"]) == 0
    assert begun() == [f"{plan.itinerary.plan_name}-p1"]
    with open_store(practising.FOLDER, practice=False) as store:
        assert next(iter(store.journal("latest", lead=False).lines())).actor == "stranger"


# --- what is asked before -------------------------------------------------------------------------


@pytest.mark.parametrize("lapsed", [(), ("the links have changed",)])
def test_a_live_run_wants_an_approval_that_counts(
    plan: _Plan, lapsed: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    plan.reads(plan.itinerary, plan.files, (), lapsed)
    assert app.run([*LIVE, "--yes"]) == HELD
    told = capsys.readouterr().err
    assert "see: runbooks/not-approved.md" in told
    assert all(why in told for why in lapsed)
    assert begun() == []


@pytest.mark.parametrize("hours", [(1, 3), (-3, -1)])
def test_a_live_run_begins_inside_its_window(
    plan: _Plan, hours: tuple[float, float], capsys: pytest.CaptureFixture[str]
) -> None:
    plan.is_for(*hours)
    assert app.run([*LIVE, "--yes"]) == 2
    assert "see: runbooks/outside-window.md" in capsys.readouterr().err
    assert begun() == []


def test_everything_that_is_missing_is_told_at_once_and_before_anything_is_typed(
    plan: _Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = replace(an_itinerary(waves=("a",)), window=plan.itinerary.window)
    plan.reads(bare)
    assert app.run([*LIVE, "--yes"]) == 2
    told = capsys.readouterr().err
    assert "see: runbooks/act-cannot-be-performed.md" in told
    assert "nothing says how 'prepare' is performed" in told
    assert "nothing says how 'copy' is performed" in told
    assert begun() == []


@pytest.mark.usefixtures("plan")
def test_where_nobody_can_type_a_script_says_yes(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run([*LIVE]) in {2, HELD}
    told = capsys.readouterr().err
    assert "see: runbooks/live-not-confirmed.md" in told
    assert "--yes" in told
    assert begun() == []


@pytest.mark.parametrize("typed", ["\n", "y\n", "yes\n", "the cluster\n"])
def test_another_word_than_the_targets_name_begins_nothing(
    plan: _Plan,
    typed: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal(typed))
    assert app.run([*LIVE]) in {2, HELD}
    told = capsys.readouterr().err
    assert f"type the target's name ({plan.itinerary.target}) to begin" in told
    assert f"{plan.itinerary.target} was not typed; nothing was begun" in told
    assert begun() == []


@pytest.mark.usefixtures("_begun_only")
def test_the_targets_name_begins_the_run(plan: _Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", _Terminal(f"{plan.itinerary.target}\n"))
    assert app.run([*LIVE, "--as", "anna"]) == 0
    assert begun() == ["night"]
