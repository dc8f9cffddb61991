"""Whatever an inventory or a person asks of the planner: a plan, or a refusal that helps; no hang.

Each estate is written as files and planned by the command line, as a person would. Where nothing is
refused, the plan must pass the independent check.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from builders import edited, write_inventory
from migrator.cli import app
from migrator.inventory.model import LINK_COLUMNS
from migrator.plan.text import read_plan
from migrator.schedule.process import Kernel
from planned import PEOPLE, edit

WEEKEND = ("2023-10-13T18:00", "2023-10-16T06:00")
HALF_HOUR = "{p50: 30m, p80: 45m}"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the cache of links is made here
    # What is refused and what is answered is the same with either search; this one starts at once.
    monkeypatch.setattr(Kernel, "can_search", property(lambda _: False))


def an_estate(
    folder: Path,
    count: int,
    links: Iterable[tuple[int, int]] = (),
    move: str | None = HALF_HOUR,
    window: tuple[str, str] = WEEKEND,
    **files: str,
) -> Path:
    """Write `count` stateless subsystems s000, s001, ... with links between some of them."""
    short = "verify: {p50: 10m, p80: 20m}, unwind: {p50: 10m, p80: 20m}"
    rows = [
        f"  - id: s{n:03d}\n    name: Number {n}\n    kind: stateless\n"
        f"    criticality: {1 + n % 5}\n    components: [{{id: s{n:03d}.app}}]\n"
        + ("" if move is None else f"    durations: {{move: {move}, {short}}}\n")
        for n in range(count)
    ]
    texts = {
        "inventory": "schema_version: 1\nname: Odd\nowner: Us\n",
        "subsystems": "subsystems:\n" + "".join(rows) if rows else "subsystems: []\n",
        "calendar": "time_zone: Europe/Stockholm\n"
        f'window: {{start: "{window[0]}", end: "{window[1]}"}}\n',
        **files,
    }
    folder.mkdir()
    for stem, text in texts.items():
        (folder / f"{stem}.yaml").write_text(text, "utf-8")
    lines = [
        f"l-{n},s{a:03d}.app,s{b:03d}.app,https,443,internal,100,interactive,3,log"
        for n, (a, b) in enumerate(links)
    ]
    if lines:
        text = "\n".join([",".join(LINK_COLUMNS), *lines, ""])
        (folder / "links.csv").write_text(text, "utf-8")
    return folder


def plans(folder: Path, *words: str) -> int:
    """Plan an estate; the exit code."""
    out = str(folder.with_suffix(".out.yaml"))
    return app.run(["plan", str(folder), "-o", out, "--evaluations", "40", *words])


def sound(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> None:
    """It is planned, and the independent check finds nothing wrong."""
    assert plans(folder, *words) == 0, capsys.readouterr().err
    assert app.run(["lint", str(folder.with_suffix(".out.yaml"))]) == 0, capsys.readouterr().out


def refused(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    page: str,
    *said: str,
    words: Iterable[str] = (),
) -> None:
    """It is refused: the page, the words, a way to mend it, and no plan."""
    capsys.readouterr()
    assert plans(folder, *words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"see: runbooks/{page}.md" in told.err
    assert "mend: " in told.err
    for each in said:
        assert each in told.err
    assert not folder.with_suffix(".out.yaml").exists()


# --- how many, and how they hang together --------------------------------------------------------


def test_nothing_to_move_is_refused_and_one_is_a_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(an_estate(tmp_path / "none", 0), capsys, "invalid-inventory", "write at least one")
    sound(an_estate(tmp_path / "one", 1), capsys)
    sound(an_estate(tmp_path / "two", 2, [(0, 1)]), capsys)


def test_hundreds_without_a_single_link_are_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound(an_estate(tmp_path / "loose", 200, window=(WEEKEND[0], "2023-10-18T06:00")), capsys)


@pytest.mark.slow
def test_a_thousand_without_a_single_link_are_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound(an_estate(tmp_path / "loose", 1000, window=(WEEKEND[0], "2023-10-20T06:00")), capsys)


def test_many_for_whom_the_window_is_too_short_are_told_what_binds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = an_estate(tmp_path / "loose", 120, window=(WEEKEND[0], "2023-10-14T06:00"))
    said = ("what binds most: the seats of team", "has all its seats taken Fri", "more seats for")
    refused(folder, capsys, "window-too-short", *said)


def test_a_graph_of_one_clique_is_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound(an_estate(tmp_path / "clique", 40, combinations(range(40), 2)), capsys)


def test_a_group_larger_than_any_wave_names_the_relation_to_break(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(
        f"  - {{kind: with, members: [s{a:03d}, s{b:03d}], owner: Ops, reason: a file}}\n"
        for a, b in pairwise(range(12))
    )
    folder = an_estate(tmp_path / "ring", 30, relations=f"relations:\n{rows}")
    said = ("12 moves must go together, a wave takes 6", "relations.yaml:7: relations[5]: without")
    refused(folder, capsys, "atom-too-large", *said, words=["--moves-per-wave-max", "6"])


# --- durations and hours -------------------------------------------------------------------------


def test_durations_that_are_missing_are_assumed_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = an_estate(tmp_path / "bare", 5, [(0, 1)], move=None)
    sound(folder, capsys)
    plan = read_plan(folder.with_suffix(".out.yaml"))
    assert "s000: durations.move" in plan.assumed


def test_absurd_durations_are_refused_with_their_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    below = an_estate(tmp_path / "below", 2, move="{p50: 45m, p80: 30m}")
    refused(below, capsys, "invalid-inventory", "subsystems.yaml:7:", "is below p50")
    years = an_estate(tmp_path / "years", 2, move="{p50: 20000h, p80: 30000h}")
    refused(years, capsys, "invalid-inventory", "from 0 to one year")
    month = an_estate(tmp_path / "month", 2, move="{p50: 700h, p80: 800h}")
    said = "subsystems.yaml:7: subsystems[s000].durations.move: half of the times it takes more"
    refused(month, capsys, "move-longer-than-window", said)


def test_moves_that_take_no_time_are_planned_and_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound(an_estate(tmp_path / "zero", 5, [(0, 1)], move="{p50: 0, p80: 0}"), capsys)
    assert "5 of the subsystems are said to move in no time" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("window", "hours"),
    [
        (("2024-03-30T18:00", "2024-04-01T06:00"), 35),
        (("2023-10-28T18:00", "2023-10-30T06:00"), 37),
    ],
)
def test_a_window_in_a_clock_change_has_the_hours_that_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], window: tuple[str, str], hours: int
) -> None:
    folder = an_estate(tmp_path / "clock", 30, pairwise(range(30)), window=window)
    assert plans(folder, "--moves-per-wave-max", "2") in {0, 2}
    said = capsys.readouterr()
    assert f"{hours}.0 h" in said.out + said.err
    sound(folder, capsys)


@pytest.mark.parametrize("start", ["2024-03-31T02:30", "2023-10-29T02:30"])
def test_an_hour_that_is_not_one_moment_is_refused_with_both_that_it_may_mean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], start: str
) -> None:
    folder = an_estate(tmp_path / "clock", 2, window=(start, f"{start[:8]}31T20:00"))
    refused(folder, capsys, "invalid-inventory", "calendar.yaml:2: window.start:", "+02:00")


def test_a_shift_that_ends_before_it_starts_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = (
        'shifts:\n  - {id: a, start: "2023-10-14T18:00", end: "2023-10-14T08:00"}\npeople: []\n'
    )
    folder = an_estate(tmp_path / "shift", 2, people=people)
    refused(folder, capsys, "invalid-inventory", "people.yaml:2: shifts[0].end", "before it starts")


# --- people and places ---------------------------------------------------------------------------


def test_a_function_that_nobody_may_verify_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    untrained = edited("functions", "competence: benefits", "competence: astronomy")
    folder = write_inventory(tmp_path / "estate", people=PEOPLE, functions=untrained)
    refused(folder, capsys, "invalid-inventory", "functions.yaml:", "'astronomy' are 0")


def test_a_quota_below_what_moves_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_inventory(
        tmp_path / "estate", people=PEOPLE, places=edited("places", "cpu: 100", "cpu: 1")
    )
    refused(folder, capsys, "capacity-exceeded", "places.yaml:", "cores are needed")


# --- pins ----------------------------------------------------------------------------------------


def test_contradictory_pins_in_a_plan_are_refused_with_the_plans_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    relation = (
        "relations:\n  - {kind: before, members: [s001, s002], owner: Ops, reason: an order}\n"
    )
    folder = an_estate(tmp_path / "pins", 12, pairwise(range(12)), relations=relation)
    old = tmp_path / "old.yaml"
    assert plans(folder, "--moves-per-wave-max", "3") == 0
    folder.with_suffix(".out.yaml").rename(old)
    lines = [
        edit(old, f"subsystem: {name}, ", f"subsystem: {name}, pinned: true, ")
        for name in ("s001", "s002")
    ]
    plan = read_plan(old)
    first = next(w.id for w in plan.waves if any(m.subsystem == "s001" for m in w.moves))
    second = next(w.id for w in plan.waves if any(m.subsystem == "s002" for m in w.moves))
    if first == second:
        words = ["--from", str(old), "--forbid", f"s001={first}"]
        refused(folder, capsys, "contradictory-requests", f"old.yaml:{lines[0]}:", words=words)
        return
    swapped = ["--from", str(old), "--pin", f"s001={second}", "--pin", f"s002={first}"]
    said = (f"--pin s001={second}", "declared: s001 before s002")
    refused(folder, capsys, "contradictory-requests", *said, words=swapped)
    forbid = ["--from", str(old), "--forbid", f"s001={first}"]
    refused(folder, capsys, "contradictory-requests", f"old.yaml:{lines[0]}:", words=forbid)


def test_a_pin_to_a_wave_that_cannot_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = an_estate(tmp_path / "pins", 12, pairwise(range(12)))
    for word, said in (
        ("s001=w99", "the last wave there can be is w12"),
        ("s001=friday", "the waves of a new plan are w01, w02"),
    ):
        refused(folder, capsys, "unclear-request", said, words=["--pin", word])
    refused(folder, capsys, "no-wave-fits", "the pilot, which takes", words=["--pin", "s004=w01"])
