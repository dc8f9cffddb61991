"""`migrator plan` and `migrator explain`: files in, a plan out, and why it is like that."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from builders import edited, write_inventory
from migrator.cli import app
from migrator.cli import plan as plan_command
from migrator.conductor import clock
from migrator.plan.digest import plan_digest
from migrator.plan.model import Plan
from migrator.plan.text import plan_from_text, read_plan
from migrator.wiring import forecasting
from planned import PEOPLE, edit
from small_files import FILES


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # the cache of links is made here
    return write_inventory(tmp_path / "estate", people=PEOPLE)


def planned(estate: Path, *options: str) -> int:
    return app.run(["plan", str(estate), "--evaluations", "20", *options])


def facts(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_a_plan_is_written_where_asked_and_can_be_read_back(
    estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plans" / "ours.yaml"
    assert planned(estate, "-o", str(out)) == 0
    plan = read_plan(out)
    assert plan.name == "ours"
    assert plan.inventory.path == "../estate"
    said = capsys.readouterr()
    assert "w01" in said.out
    assert "exposure" in said.out
    assert "migrator lint" in said.err
    assert sorted(path.name for path in out.parent.iterdir()) == ["ours.yaml"]
    assert app.run(["lint", str(out)]) == 0


def test_the_json_has_the_documented_keys(
    estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ours.yaml"
    assert planned(estate, "-o", str(out), "--seed", "5", "--format", "json") == 0
    found = facts(capsys)
    plan = read_plan(out)
    assert found["digest"] == plan_digest(plan)
    assert found["seed"] == 5
    assert found["exposure_hours"] == plan.figures.exposure_hours
    assert found["makespan_hours"] == plan.figures.makespan_hours
    waves = found["waves"]
    assert isinstance(waves, list)
    assert [(w["id"], w["moves"]) for w in waves] == [
        (wave.id, [move.subsystem for move in wave.moves]) for wave in plan.waves
    ]
    peers = found["peers"]
    assert isinstance(peers, dict)
    assert {"layering", "risk ascending"} <= set(peers)
    assert found["lint_errors"] == 0


def test_without_a_file_the_plan_itself_is_printed(
    estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planned(estate) == 0
    assert plan_from_text(capsys.readouterr().out, "stdout").name == "Small estate"


def test_the_same_seed_writes_the_same_bytes(estate: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert planned(estate, "-o", str(tmp_path / f"{name}.yaml"), "--name", "same") == 0
    assert (tmp_path / "a.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()


def test_pins_are_never_lost_by_planning_anew(
    estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ours.yaml"
    assert planned(estate, "-o", str(out)) == 0
    pinned = "subsystem: ledger, "
    edit(out, pinned, pinned + "pinned: true, ")
    before = read_plan(out)
    capsys.readouterr()
    assert planned(estate, "-o", str(out)) == 2
    assert "pins-would-be-lost" in capsys.readouterr().err
    assert read_plan(out) == before
    assert planned(estate, "-o", str(out), "--keep", str(out), "--seed", "2") == 0
    moves = [(w.id, m) for w in read_plan(out).waves for m in w.moves if m.pinned]
    assert [move.subsystem for _, move in moves] == ["ledger"]


def test_what_binds_is_told_with_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    places = edited("places", "cpu: 100", "cpu: 1")
    folder = write_inventory(tmp_path / "estate", people=PEOPLE, places=places)
    out = tmp_path / "ours.yaml"
    assert planned(folder, "-o", str(out)) == 2
    said = capsys.readouterr().err
    assert "runbooks/capacity-exceeded.md" in said
    assert not out.exists()


def test_an_interrupted_search_writes_the_best_plan_so_far_and_ends_with_130(
    estate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(_advance: object, _limit: object) -> object:
        def progress(_done: int, _total: int, _hours: float) -> None:
            raise KeyboardInterrupt

        return progress

    monkeypatch.setattr(plan_command, "_follow", interrupted)
    out = tmp_path / "ours.yaml"
    links = (
        "id,source,target,protocol,port,data_class,calls_per_day,latency_class,criticality,evidence\n"
        "l-1,web.app,ledger.app,https,443,internal,100,interactive,3,log\n"
    )
    (estate / "links.csv").write_text(links, encoding="utf-8")
    code = app.run(["plan", str(estate), "--evaluations", "500", "-o", str(out)])
    assert code == 130
    done = read_plan(out).figures.evaluations
    assert done < 500
    assert f"the best plan of {done} of 500" in capsys.readouterr().err


def test_explain_says_why_in_words_and_in_json(
    estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ours.yaml"
    assert planned(estate, "-o", str(out)) == 0
    capsys.readouterr()
    assert app.run(["explain", str(out), "payments"]) == 0
    said = capsys.readouterr().out
    assert "ledger must switch before it" in said
    assert "has an appointment with" in said
    assert "One wave to either side" in said
    assert app.run(["explain", str(out), "payments", "--format", "json"]) == 0
    found = facts(capsys)
    assert found["subsystem"] == "payments"
    assert {"because", "neighbours", "earlier", "later", "checks", "assumed"} <= set(found)


def test_explain_of_what_stays_is_an_answer_and_exit_code_2(
    estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ours.yaml"
    assert planned(estate, "-o", str(out)) == 0
    assert app.run(["explain", str(out), "archive"]) == 2
    assert "runs on the mainframe" in capsys.readouterr().err


def test_the_files_of_the_small_estate_are_what_these_tests_think() -> None:
    assert "cpu: 100" in FILES["places"]


def test_a_plan_is_not_written_over_a_folder(
    estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planned(estate, "-o", str(tmp_path)) == 2
    assert "runbooks/output-not-possible.md" in capsys.readouterr().err


def test_explaining_a_plan_for_another_inventory_warns(
    estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ours.yaml"
    planned(estate, "-o", str(out))
    assert app.run(["explain", str(out), "web"]) == 0
    assert capsys.readouterr().err.count("another inventory") == 0
    people = estate / "people.yaml"
    people.write_text(people.read_text("utf-8").replace("Eva E", "Eva F"), "utf-8")
    assert app.run(["explain", str(out), "web"]) == 0
    assert "another inventory" in capsys.readouterr().err


def test_an_explanation_plays_the_plan_and_its_neighbours_where_it_is_asked(
    estate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "ours.yaml"
    assert planned(estate, "-o", str(out), "--moves-per-wave-max", "2") == 0
    capsys.readouterr()
    played: list[Plan] = []

    def play(plan: Plan, *_: object, **__: object) -> SimpleNamespace:
        played.append(plan)
        until = datetime(2023, 10, 14, len(played), tzinfo=UTC)
        return SimpleNamespace(turn_back=SimpleNamespace(latest=until))

    monkeypatch.setattr(forecasting, "forecast_plan", play)
    wave = read_plan(out).waves[-1]
    name = wave.moves[0].subsystem
    assert app.run(["explain", str(out), name, "--turn-back"]) == 0
    said = capsys.readouterr().out
    assert "Until when everything could go back (400 sampled weekends)" in said
    assert "  as planned: Sat 01:00" in said
    assert played[0] == read_plan(out)
    assert all(name not in {m.subsystem for m in p.waves[-1].moves} for p in played[1:])


# --- people's hands ------------------------------------------------------------------------------


@pytest.fixture
def written(estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A plan of the small estate, with two waves: night and web together, ledger and payments."""
    out = tmp_path / "ours.yaml"
    assert planned(estate, "-o", str(out), "--moves-per-wave-max", "2") == 0
    capsys.readouterr()
    return out


def waves_in(path: Path) -> dict[str, list[str]]:
    return {w.id: sorted(m.subsystem for m in w.moves) for w in read_plan(path).waves}


def test_a_pin_moves_its_subsystem_in_a_plan_and_says_what_that_costs(
    estate: Path, written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    was = waves_in(written)
    first, last = next(iter(was)), list(was)[-1]
    new = tmp_path / "new.yaml"
    asked = ["--from", str(written), "-o", str(new), "--moves-per-wave-max", "4"]
    name = was[last][-1]
    assert app.run(["plan", str(estate), *asked, "--pin", f"ledger={first}"]) in {0, 2}
    capsys.readouterr()
    there = list(was)[-2] if len(was) > 2 else last
    assert app.run(["plan", str(estate), *asked, "--pin", f"{name}={there}"]) == 0
    assert name in waves_in(new)[there]
    assert f"written: {new}" in capsys.readouterr().err
    assert app.run(["lint", str(new)]) == 0


def test_the_json_of_a_change_names_who_moved_and_why(
    estate: Path, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = list(waves_in(written))
    words = ["--merge", f"{names[-2]}+{names[-1]}", "--moves-per-wave-max", "4"]
    code = app.run(["plan", str(estate), "--from", str(written), *words, "--format", "json"])
    found = facts(capsys)
    assert code == 0
    assert found["told"] == [f"{names[-1]} is merged into {names[-2]} (--merge {words[1]})"]
    assert found["moved"] == []
    assert set(found) >= {"digest", "changes", "cost_lines", "waves", "exposure_hours", "what_if"}


def test_a_plan_that_supposes_something_says_so_and_lint_refuses_it(
    estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "if.yaml"
    words = ["--what-if", "+1 handler benefits 18-06", "--what-if", "copy +100"]
    assert planned(estate, "-o", str(out), *words) == 0
    said = capsys.readouterr().err
    assert "an estate that is not in the files yet" in said
    assert "people.yaml: 1 person with the role handler, the competence benefits" in said
    assert "places.yaml: capacity.copy_gib_per_hour" in said
    assert any("what-if: copy +100" in line for line in read_plan(out).assumed)
    assert app.run(["lint", str(out)]) == 2
    assert "another inventory" in capsys.readouterr().out


def test_who_is_left_out_takes_along_whoever_is_bound_to_it(
    estate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "less.yaml"
    assert planned(estate, "-o", str(out), "--without", "ledger") == 2
    assert "runbooks/scope-with-dependants.md" in capsys.readouterr().err
    assert planned(estate, "-o", str(out), "--without", "ledger,payments") == 0
    assert sorted(stay.subsystem for stay in read_plan(out).stays) == [
        "archive",
        "ledger",
        "payments",
    ]
    assert "subsystems.yaml: kind stays" in capsys.readouterr().err


def test_what_nobody_can_mean_is_refused_with_the_forms_that_are_meant(
    estate: Path, written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, page in (
        (["--from", str(written), "--pin", "legder=w01"], "unclear-request"),
        (["--from", str(written), "--pin", "web=w02", "--forbid", "night=w02"], "contradictory-"),
        (["--merge", "w01+w02"], "unclear-request"),
        (["--what-if", "everything"], "unclear-request"),
        (["--without", "ledgr"], "unclear-request"),
        (["--from", str(written), "--keep", str(written)], "usage"),
    ):
        assert planned(estate, *words) == 2
        said = capsys.readouterr()
        assert f"see: runbooks/{page}" in said.err
        assert said.out == ""


def test_a_limit_of_time_ends_the_search_and_the_plan_says_so(
    estate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    links = (
        "id,source,target,protocol,port,data_class,calls_per_day,latency_class,criticality,evidence\n"
        "l-1,web.app,ledger.app,https,443,internal,100,interactive,3,log\n"
    )
    (estate / "links.csv").write_text(links, encoding="utf-8")
    told = (datetime(2023, 10, 1, tzinfo=UTC) + timedelta(seconds=n) for n in range(100))
    monkeypatch.setattr(clock, "wall_now", lambda: next(told))
    out = tmp_path / "ours.yaml"
    words = ["--evaluations", "5000", "--seconds", "1", "-o", str(out)]
    assert app.run(["plan", str(estate), *words]) == 0
    assert "1 s are over" in capsys.readouterr().err
    (line,) = [line for line in read_plan(out).assumed if line.startswith("search: ")]
    assert "ended by a limit of 1 s" in line
    assert app.run(["lint", str(out)]) == 0
