"""Over all sweeps the newest word counts, and whatever leaves the program is safe to open."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from migrator.probes.agent import wire
from migrator.probes.history import COLUMNS, RULE_COLUMNS, Judged, Known, Wanted, knowing, tame
from migrator.probes.judging import judge
from sweeps import Looked, a_sweep, read_columns


def judged(folder: Path, *links: Looked, baseline: Path | None = None) -> Judged:
    a_sweep(folder, *links)
    judge(folder, baseline=baseline, untestable=(), waived=(), today=date(2023, 10, 14))
    return Judged(folder, folder.name)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    """Three sweeps: one only planned, an older one, and a newer one of fewer links."""
    folder = tmp_path_factory.mktemp("sweeps")
    names = ("a", "b", "c", "d")
    planned = a_sweep(
        folder / "planned",
        *(Looked(name, reason="no-address" if name == "d" else "") for name in names),
        Looked("u", reason="untestable", rule=0),
    )
    first = judged(folder / "first", Looked("a"), Looked("b"), Looked("c", source="api.app"))
    second = judged(
        folder / "second",
        Looked("a", wire.TLS, detail="=cmd()", criticality=5),
        Looked("b", ""),
        baseline=first.folder,
    )
    rules = (("untestable", 0, ("team-mq", "nobody may write", "its depth", "")),)
    with knowing([Judged(planned, "none yet", rules), first, second], folder) as opened:
        yield opened


def words(rows: list[dict[str, object]]) -> dict[object, str]:
    return {row["link"]: f"{row['sweep']}: {row['verdict']} {row['reason']}" for row in rows}


def test_the_newest_sweep_that_had_a_link_in_scope_says_what_is_known(known: Known) -> None:
    assert words(known.links(Wanted(), 99)) == {
        "a": "second: regressed ",
        "b": "second: unproved not-looked-at",
        "c": "first: same ",
        "d": "none yet: unproved no-address",
        "u": "none yet: untestable ",
    }


def test_what_matters_most_comes_first_and_no_more_than_asked(known: Known) -> None:
    assert [row["link"] for row in known.links(Wanted(), 2)] == ["a", "b"]


def test_counts_are_those_of_the_links(known: Known) -> None:
    assert sum(each.links for each in known.counts()) == known.number(Wanted()) == 5
    assert [each.source_subsystem for each in known.counts("api")] == ["api"]


def test_links_are_filtered_by_verdict_and_by_either_end(known: Known) -> None:
    assert known.number(Wanted(verdicts=("unproved", "regressed"))) == 3
    assert known.number(Wanted(subsystem="api")) == 1
    assert known.number(Wanted(subsystem="kassa", verdicts=("same",))) == 1
    assert known.number(Wanted(link="it's")) == 0


def test_a_link_that_is_set_aside_says_who_answers_for_it(known: Known) -> None:
    (row,) = known.links(Wanted(verdicts=("untestable",)), 9)
    assert [row[name] for name in RULE_COLUMNS] == [
        "team-mq", "nobody may write", "its depth", "",
    ]  # fmt: skip


def test_one_links_history_is_every_sweep_that_had_it_the_oldest_first(known: Known) -> None:
    assert [(row["sweep"], row["verdict"]) for row in known.history("a")] == [
        ("none yet", "unproved"), ("first", "same"), ("second", "regressed"),
    ]  # fmt: skip
    assert known.history("nobody") == []


def test_links_with_a_name_like_it_are_found(known: Known) -> None:
    assert known.near("dd", 1) == ["d"]


def test_a_csv_file_holds_every_link_and_runs_nothing(known: Known, tmp_path: Path) -> None:
    known.write(Wanted(), tmp_path / "links.csv")
    with (tmp_path / "links.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["link"] for row in rows] == ["a", "b", "c", "d", "u"]
    assert tuple(rows[0]) == (*COLUMNS, *RULE_COLUMNS)
    assert rows[0]["detail"] == "'=cmd()"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert tame(text) == f"'{text}"


def test_numbers_and_ordinary_texts_stay_as_they_are() -> None:
    assert [tame(value) for value in (-1, 2.5, None, "web.app", "")] == [
        -1, 2.5, None, "web.app", "",
    ]  # fmt: skip


def test_a_json_file_is_one_document(known: Known, tmp_path: Path) -> None:
    known.write(Wanted(), tmp_path / "links.json")
    rows = json.loads((tmp_path / "links.json").read_text("utf-8"))
    assert [row["link"] for row in rows] == ["a", "b", "c", "d", "u"]
    known.write(Wanted(link="nobody"), tmp_path / "none.json")
    assert json.loads((tmp_path / "none.json").read_text("utf-8")) == []


def test_a_parquet_file_keeps_the_types(known: Known, tmp_path: Path) -> None:
    path = tmp_path / "it's.parquet"
    known.write(Wanted(verdicts=("same",)), path)
    assert read_columns(path, "link", "port", "total_ms") == [("c", 5432, 2.0)]
