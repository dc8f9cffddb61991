"""`migrator run` before its loop runs: what it refuses, and who is said to be there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import practising
from migrator.cli import app, run, run_reading, run_result
from migrator.engine.events import GateOpened
from migrator.errors import InputError
from migrator.store.pinned_files import file_to_pin, with_files
from migrator.store.sql import open_store
from migrator.wiring import Setting, begin_practice

READ = run_reading.Read(practising.small_itinerary(), (), ())


@pytest.fixture
def _read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is read already; how it is read apart is tested with a real process."""
    monkeypatch.setattr(run, "read_apart", lambda _plan, _inventory: READ)


@pytest.mark.parametrize("words", [[], ["plan.yaml", "--continue", "latest"]])
def test_a_run_is_begun_or_continued(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", *words]) == 2
    assert "--continue RUN" in capsys.readouterr().err


@pytest.mark.usefixtures("_read")
@pytest.mark.parametrize("words", [["--wall"], ["--platform", "kubernetes"]])
def test_real_time_wants_an_approval_first(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["run", "plan.yaml", *words]) == 3
    assert "see: runbooks/not-approved.md" in capsys.readouterr().err
    assert not practising.FOLDER.exists()


@pytest.mark.parametrize(
    ("words", "page"),
    [(["--platform", "mainframe"], "platform-unknown"), (["--wall"], "outside-window")],
)
def test_an_approved_plan_still_needs_a_platform_and_its_window(
    words: list[str],
    page: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = run_reading.Read(practising.small_itinerary(), ("anna",), ())
    monkeypatch.setattr(run, "read_apart", lambda _plan, _inventory: read)
    assert app.run(["run", "plan.yaml", *words]) == 2
    assert f"see: runbooks/{page}.md" in capsys.readouterr().err


@pytest.mark.usefixtures("_read")
def test_whoever_plays_must_be_in_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["run", "plan.yaml", "--play", "cecila"]) == 2
    assert "did you mean cecilia?" in capsys.readouterr().err


@pytest.mark.usefixtures("_read")
def test_a_weekend_is_practised_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["plan.yaml", "--speed", "50000", "--seed", "1", "--as", "anna", "--format", "json"]
    code = app.run(["run", *words])
    told = capsys.readouterr()
    facts = json.loads(told.out)

    # A machine that stands still for a moment may miss a gate's hour at this speed: the promises
    # hold whatever the outcome, and the exit code says which it is.
    assert facts["ended"]
    assert code == run_result.ENDS[facts["outcome"]]
    assert (facts["rows_lost"], facts["effects_doubled"], facts["violations"]) == (0, 0, [])
    assert facts["both_live_seconds"] == 0
    assert [(wave["id"], wave["attempts"]) for wave in facts["waves"]] == [("w1", 1), ("w2", 1)]
    assert told.err.startswith("ÖVNING/PRACTICE small-p1: 4 subsystems in 2 waves")
    assert "is switched to the new side" in told.err
    with open_store(practising.FOLDER, practice=True) as store:
        journal = store.journal("latest", lead=False)
        assert journal.leader() is None
        assert journal.verify().head == facts["journal_hash"]
        heads = (practising.FOLDER / "heads.jsonl").read_text(encoding="utf-8").splitlines()
        kept = {row["seq"]: row["head"] for row in map(json.loads, heads)}
        gates = {line.seq for line in journal.lines() if isinstance(line.event, GateOpened)}
        # A gate may share its commit with what was decided in the same moment.
        assert all(any(gate <= seq <= gate + 5 for seq in kept) for gate in gates)
        assert facts["journal_hash"] in kept.values()
        first = next(iter(journal.lines()))
        assert first.actor == "anna"
        assert isinstance(journal.facts("ledger"), dict)


@pytest.mark.usefixtures("_read")
def test_a_run_is_left_where_only_a_person_can_go_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # An undo that never works makes the wave stuck; its simulated lead tries once more.
    faults = tmp_path / "faults.yaml"
    faults.write_text(
        "faults:\n"
        "  - {kind: step_fails, subsystem: web, step: probe-links, times: 99}\n"
        "  - {kind: undo_fails, subsystem: web, times: 99}\n",
        encoding="utf-8",
    )
    words = ["--speed", "100000", "--fault", str(faults), "--leave-when-held", "--name", "sticks"]
    assert app.run(["run", "plan.yaml", *words]) == 3
    out = capsys.readouterr().out
    assert out.startswith("ÖVNING/PRACTICE sticks: left, not ended")
    assert "STUCK" in out


def test_only_a_run_that_was_led_can_be_continued(capsys: pytest.CaptureFixture[str]) -> None:
    practising.played()
    assert app.run(["run", "--continue", "played"]) == 2
    assert "see: runbooks/run-not-led.md" in capsys.readouterr().err


def test_a_lost_world_is_told_and_the_lease_given_back(capsys: pytest.CaptureFixture[str]) -> None:
    practising.begun()
    (practising.FOLDER / "worlds" / "small-p1.json").unlink()
    for _ in range(2):
        assert app.run(["run", "--continue", "latest"]) == 1
        assert "see: runbooks/world-missing.md" in capsys.readouterr().err


def test_an_error_of_the_reading_process_arrives_whole(tmp_path: Path) -> None:
    told = run_reading.read_plan_here(tmp_path / "nowhere.yaml", None)
    assert isinstance(told, tuple)
    assert told[:2] == ("InputError", "plan-not-found")


def test_a_plan_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        run_reading.read_apart(tmp_path / "nowhere.yaml", None)
    assert caught.value.reference == "plan-not-found"


def test_what_a_run_uses_is_in_its_store_and_stays_as_it_was(tmp_path: Path) -> None:
    script = tmp_path / "copy.sh"
    script.write_bytes(b"as it was")
    file = file_to_pin("script/copy.sh", script)
    itinerary = with_files(practising.small_itinerary(), [file])
    with open_store(practising.FOLDER, practice=True) as store:
        led = begin_practice(store, itinerary, "pinned", Setting(seed=1, speed=1.0), [file])
        led.journal.release()
        script.write_bytes(b"edited afterwards")

        assert store.journal("pinned", lead=False).itinerary().files == {
            "script/copy.sh": file.digest
        }
        assert store.pinned(file.digest) == b"as it was"
        with pytest.raises(InputError, match="changed while the run was being begun"):
            begin_practice(store, itinerary, "late", Setting(seed=1, speed=1.0), [file])
        assert [row.name for row in store.runs()] == ["pinned"]
