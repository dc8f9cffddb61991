"""Every bad input that a person can meet: what is said, where, how to mend it, and the exit code.

One table. Each case spoils one thing of a small estate (or of its plan, or of a kept run) and gives
the command line that meets it. What holds for all of them stands in the one test at the end: the
right code, a mend, a runbook page that exists, nothing on stdout, and never a traceback.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pytest

from builders import a_link, csv_of, edited, write_inventory
from migrator.cli import app
from migrator.inventory.model import LINK_COLUMNS
from planned import PEOPLE, a_planned_estate, edit

RUNBOOKS: Final = Path(__file__).parents[3] / "runbooks"
LINKS: Final = csv_of(*[a_link(f"l-{number}") for number in range(1, 6)])
PLAN: Final = "plan.yaml"


@dataclass(frozen=True, slots=True)
class Case:
    """What is spoilt, which command meets it, and what must be said."""

    name: str
    spoil: Callable[[Path], object]
    command: tuple[str, ...]
    code: int
    page: str
    says: tuple[str, ...]


def the_estate(**changes: str | None) -> Callable[[Path], object]:
    """The small estate with whole files replaced."""
    return lambda here: write_inventory(here / "estate", **{"people": PEOPLE, **changes})


def with_links(text: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    """The small estate with these links, as bytes of an encoding."""

    def spoil(here: Path) -> None:
        write_inventory(here / "estate", people=PEOPLE)
        (here / "estate" / "links.csv").write_bytes(text.encode(encoding))

    return spoil


def with_parquet(**columns: str) -> Callable[[Path], object]:
    """The small estate with links.parquet; columns named here are given another way (SQL)."""

    def spoil(here: Path) -> None:
        write_inventory(here / "estate", people=PEOPLE, links=LINKS)
        source, made = here / "estate" / "links.csv", here / "estate" / "links.parquet"
        shown = ", ".join(f"{columns.get(name, name)} AS {name}" for name in LINK_COLUMNS)
        with closing(duckdb.connect()) as connection:
            query = f"SELECT {shown} FROM read_csv('{source}')"  # noqa: S608 - our own file
            connection.execute(f"COPY ({query}) TO '{made}' (FORMAT parquet)")
        source.unlink()

    return spoil


def nothing(_: Path) -> None:
    """Nothing is spoilt: it is the command line that is wrong."""


def with_plan(old: str = "", new: str = "") -> Callable[[Path], object]:
    """The small estate's plan with one thing changed."""

    def spoil(here: Path) -> None:
        if old:
            edit(here / PLAN, old, new)

    return spoil


def another_inventory(here: Path) -> None:
    """A plan that is older than its inventory."""
    edit(here / "estate" / "subsystems.yaml", "cpu: 4", "cpu: 5")


def full_disk_for(name: str) -> Callable[[Path], object]:
    """Let everything written to a file go where there never is room."""
    return lambda here: (here / f".{name}.part").symlink_to("/dev/full")


def journal_by(sql: str) -> Callable[[Path], object]:
    """A kept run whose journal somebody changed behind migrator's back."""

    def spoil(here: Path) -> None:
        with closing(sqlite3.connect(here / ".migrator" / "practice.db")) as store:
            changed = store.execute(sql).rowcount
            store.commit()
        assert changed > 0, "the case spoils nothing"

    return spoil


MANY: Final = csv_of(*[a_link(f"l-{number}", target="gone.app") for number in range(1, 31)])
CIRCLE: Final = """\
relations:
  - {kind: before, members: [ledger, payments], owner: Finance, reason: books}
  - {kind: before, members: [payments, web], owner: Finance, reason: screens}
  - {kind: before, members: [web, ledger], owner: Finance, reason: habit}
"""
CHECK: Final = ("check", "estate")
FILES_CASES: Final = (
    Case("missing folder", nothing, ("check", "nowhere"), 2, "missing-inventory",
         ("the folder nowhere does not exist", "name the folder")),
    Case("a file for a folder", the_estate(), ("check", "estate/inventory.yaml"), 2,
         "missing-inventory", ("is not a folder", "name the folder: estate")),
    Case("missing plan", nothing, ("lint", "none.yaml"), 2, "plan-not-found",
         ("there is no plan file none.yaml",)),
    Case("broken YAML", the_estate(relations="relations:\n  - {kind: with\n"), CHECK, 2,
         "broken-yaml", ("relations.yaml:3:", "the YAML parser stops here")),
    Case("a tab in YAML", the_estate(relations="relations:\n\t- x\n"), CHECK, 2,
         "broken-yaml", ("relations.yaml:2:", "spaces only")),
    Case("YAML that is not UTF-8", lambda here: (
        write_inventory(here / "estate") / "people.yaml").write_bytes(b"people: \xe5"), CHECK, 2,
         "broken-yaml", ("people.yaml:1:", "not UTF-8")),
    Case("wrong type", the_estate(subsystems=edited("subsystems", "criticality: 4",
         "criticality: four")), CHECK, 2, "invalid-inventory",
         ("subsystems.yaml:6: subsystems[0].criticality:", "found the text 'four'")),
    Case("wrong word", the_estate(subsystems=edited("subsystems", "kind: batch", "kind: bach")),
         CHECK, 2, "invalid-inventory", ("subsystems[3].kind:", "did you mean 'batch'?")),
    Case("unknown key", the_estate(subsystems=edited("subsystems", "criticality: 4",
         "criticalty: 4")), CHECK, 2, "invalid-inventory",
         ("subsystems[0].criticalty: unknown key", "did you mean 'criticality'?")),
    Case("twice the same subsystem", the_estate(subsystems=edited("subsystems", "- id: night",
         "- id: web")), CHECK, 2, "invalid-inventory",
         ("the subsystem 'web' stands twice: subsystems.yaml line",)),
    Case("twice the same component", the_estate(subsystems=edited("subsystems", "id: web.app",
         "id: payments.app")), CHECK, 2, "invalid-inventory",
         ("the component 'payments.app' stands twice",)),
    Case("twice the same person", the_estate(people=edited("people", "- {id: bo,",
         "- {id: anna,")), CHECK, 2, "invalid-inventory", ("the person 'anna' stands twice",)),
    Case("a circle of before", the_estate(relations=CIRCLE), CHECK, 2, "invalid-inventory",
         ("'ledger' before 'payments' (line 2)", "'web' before 'ledger' (line 4)",
          "take one of these declarations back")),
    Case("an hour that exists twice", the_estate(calendar=edited("calendar",
         "end: 2023-10-15T18:00", "end: 2023-10-29T02:30")), CHECK, 2, "invalid-inventory",
         ("calendar.yaml:2: window.end: 2023-10-29T02:30 exists twice",
          "write 2023-10-29T02:30+02:00 for the first or 2023-10-29T02:30+01:00")),
    Case("an hour that does not exist", the_estate(calendar=edited("calendar",
         "window: {start: 2023-10-13T18:00", "window: {start: 2023-03-26T02:30")), CHECK, 2,
         "invalid-inventory", ("window.start: 2023-03-26T02:30 does not exist in Europe",)),
)  # fmt: skip
LINKS_CASES: Final = (
    Case("links to nowhere", with_links(MANY), CHECK, 2, "links-rows",
         ("links.csv has 30 faults", "links.csv:2: target: target component 'gone.app' does not",
          "links.csv:21:", "and 10 more")),
    Case("twice the same link", with_links(csv_of(a_link(), a_link())), CHECK, 2, "links-rows",
         ("links.csv:3: id: link id 'l-1' is used by an earlier row",)),
    Case("wrong header", with_links(LINKS.replace("source,target", "from,kolumn", 1)), CHECK, 2,
         "links-columns", ("column 'from' should be named 'source'", "'target' is missing")),
    Case("wrong delimiter", with_links(LINKS.replace(",", ";")), CHECK, 2, "links-columns",
         ("separated by ';'", "separated by commas")),
    Case("wrong encoding", with_links(LINKS.replace("firewall log", "brandvägg"), "cp1252"),
         CHECK, 2, "links-unreadable", ("links.csv:2:", "Windows-1252, where it is 'ä'")),
    Case("UTF-16", with_links(LINKS, "utf-16"), CHECK, 2, "links-unreadable", ("UTF-16",)),
    Case("ragged rows", with_links(LINKS + "l-9,web.app\n" + "x," * 12 + "\n"), CHECK, 2,
         "links-rows", ("links.csv:7: 2 fields where 10", "links.csv:8: 13 fields where 10")),
    Case("Parquet with other types",
         with_parquet(port="port + 0.5", calls_per_day="calls_per_day::VARCHAR"), CHECK, 2,
         "links-columns", ("column 'port' has the type", "where whole numbers are expected",
                           "column 'calls_per_day' has the type VARCHAR")),
    Case("CSV called Parquet", lambda here: (
        write_inventory(here / "estate", people=PEOPLE) / "links.parquet").write_text(LINKS),
         CHECK, 2, "links-unreadable", ("not Parquet; if it is CSV, name it links.csv",)),
    Case("both CSV and Parquet", lambda here: (
        write_inventory(here / "estate", links=LINKS) / "links.parquet").write_text(LINKS),
         CHECK, 2, "invalid-inventory", ("links.csv and links.parquet are both here",)),
)  # fmt: skip
QUICK: Final = ("--evaluations", "5")
PLAN_CASES: Final = (
    Case("an atom larger than any wave", the_estate(),
         ("plan", "estate", "-o", "new.yaml", "--moves-per-wave-max", "1", *QUICK), 2,
         "atom-too-large", ("2 moves must go together, a wave takes 1: night, web",
                            "with: night, web (Operations: they share a file)")),
    Case("a window shorter than the plan", the_estate(calendar="""\
time_zone: Europe/Stockholm
window: {start: 2023-10-14T06:00, end: 2023-10-14T07:00}
"""), ("plan", "estate", "-o", "new.yaml", *QUICK), 2, "window-too-short",
         ("the window has 1.0 h: 3.0 h too short", "team blue:", "copies: 165 GiB")),
    Case("a plan with a window cut short", with_plan('end: "2023-10-15T18:00+02:00"',
         'end: "2023-10-14T08:30+02:00"'), ("rehearse", PLAN), 2, "unsound-plan",
         ("longer than its window", "`migrator lint` says how to mend")),
    Case("an hour twice in a plan", with_plan('end: "2023-10-15T18:00+02:00"',
         'end: "2023-10-29T02:30"'), ("lint", PLAN), 2, "broken-plan",
         ("window.end: 2023-10-29T02:30 exists twice",)),
    *(
        Case(f"a plan for another inventory: {words[0]}", another_inventory, words, 2,
             "plan-for-another-inventory", ("inventory.digest: the plan was made from another",))
        for words in (
            ("rehearse", PLAN), ("dry-run", PLAN), ("brief", PLAN), ("print", PLAN),
            ("approve", PLAN, "--as", "anna"), ("run", PLAN, "--platform", "simulated"),
        )
    ),
    Case("a plan that is no YAML", lambda here: (here / PLAN).write_text("waves: [\n"),
         ("rehearse", PLAN), 2, "broken-yaml", ("plan.yaml:",)),
    Case("a word that plans do not know", with_plan("default: no-go", "default: go"),
         ("dry-run", PLAN), 2, "broken-plan", ("policy.gates.default", "no-go")),
    Case("a key that plans do not know", with_plan("deciders:", "decider:"), ("lint", PLAN), 2,
         "broken-plan", ("unknown key 'decider'", "did you mean 'deciders'?")),
    Case("faults that are no list", lambda here: (here / "f.yaml").write_text("faults: 3\n"),
         ("rehearse", PLAN, "--fault", "f.yaml"), 2, "fault-file", ("f.yaml",)),
    Case("an export over a folder", nothing, ("graph", "estate", "-o", "estate"), 2,
         "output-not-possible", ("the file estate is a folder",)),
)  # fmt: skip
PLACE_CASES: Final = (
    Case("a full disk for a plan", full_disk_for("new.yaml"),
         ("plan", "estate", "-o", "new.yaml", *QUICK), 1, "disk-full",
         ("the disk is full: new.yaml could not be written", "make room")),
    Case("a full disk for a brief", full_disk_for("b.html"), ("brief", PLAN, "-o", "b.html"), 1,
         "disk-full", ("b.html",)),
    Case("a folder under a file", the_estate(), ("sample", "estate/inventory.yaml/x"), 1,
         "file-not-accessible", ("estate/inventory.yaml/x",)),
)  # fmt: skip


def _seen_from_all(name: str, sql: str, page: str, says: tuple[str, ...]) -> tuple[Case, ...]:
    commands = (("report", "latest"), ("status", "latest"), ("journal", "verify", "latest"))
    return tuple(
        Case(f"{name}: {words[0]}", journal_by(sql), words, 1, page, says) for words in commands
    )


JOURNAL_CASES: Final = (
    *_seen_from_all("a journal with a hole", "DELETE FROM journal WHERE seq BETWEEN 20 AND 22",
                    "journal-cut", ("line 20 of the journal of", "line 23 comes after line 19")),
    *_seen_from_all("an edited journal", "UPDATE journal SET actor = 'nobody' WHERE seq = 17",
                    "journal-edited", ("line 17 of the journal of", "was edited")),
)  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small estate, its plan, and one kept rehearsal of it."""
    here = tmp_path_factory.mktemp("kept")
    a_planned_estate(here)
    was = Path.cwd()
    os.chdir(here)
    try:
        assert app.run(["rehearse", PLAN, "--no-accidents", "--format", "json"]) == 0
    finally:
        os.chdir(was)
    return here


@pytest.fixture
def here(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in a folder of its own, from where the command is given."""
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(case: Case, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hold an answer to everything that an answer to bad input must be."""
    case.spoil(here)
    capsys.readouterr()
    code = app.run(list(case.command))
    said = capsys.readouterr()
    assert f"see: runbooks/{case.page}.md" in said.err, said.err
    assert code == case.code, said.err
    for words in case.says:
        assert words in said.err, said.err
    assert "\nmend: " in said.err
    page = (RUNBOOKS / f"{case.page}.md").read_text("utf-8")
    assert "**What to do.**" in page
    assert f"xit code {case.code}" in page, "the page names another exit code"
    assert "Traceback" not in said.out + said.err
    assert not list(here.glob(".migrator/crash-*"))
    # A result cut short must never be taken for a whole one.
    assert said.out == ""
    assert not list(here.glob("new.yaml"))


def named(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", FILES_CASES, ids=named)
def test_bad_files_are_told(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(case, tmp_path, capsys)


@pytest.mark.parametrize("case", LINKS_CASES, ids=named)
def test_bad_links_are_told(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(case, tmp_path, capsys)


@pytest.mark.parametrize("case", [*PLAN_CASES, *PLACE_CASES, *JOURNAL_CASES], ids=named)
def test_bad_plans_places_and_journals_are_told(
    case: Case, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(case, here, capsys)


def test_a_full_disk_behind_stdout_is_told(tmp_path: Path) -> None:
    write_inventory(tmp_path / "estate", people=PEOPLE)
    program = Path(sys.executable).parent / "migrator"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [program, "check", "estate"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, "see: runbooks/disk-full.md" in done.stderr) == (1, True)


def test_a_full_disk_leaves_no_half_file_behind(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full_disk_for("b.html")(here)
    assert app.run(["brief", PLAN, "-o", "b.html"]) == 1
    assert capsys.readouterr().out == ""
    assert [path.name for path in here.iterdir() if "b.html" in path.name] == []


@pytest.mark.parametrize("case", [FILES_CASES[7], LINKS_CASES[0], PLAN_CASES[2]], ids=named)
def test_programs_get_the_same_as_one_document(
    case: Case, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case.spoil(here)
    assert app.run([*case.command, "--format", "json"]) == case.code
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["reference"], bool(error["hint"])) == (case.page, True)
    assert all(set(fault) == {"file", "line", "path", "message"} for fault in error["faults"])
