"""`migrator links` answers what is unproved, why, and who owns it, also before any sweep."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from builders import write_inventory
from migrator.cli import app
from migrator.inventory.model import LINK_COLUMNS
from migrator.probes import keeping
from migrator.probes.agent import wire
from migrator.probes.judging import judge
from migrator.probes.model import Match, Untestable, Waiver
from sweeps import Looked, a_sweep

TODAY: Final = date(2023, 10, 14)

PROBES: Final = """\
allow: [10.0.0.0/8]
vantages: [{id: here, kind: here}]
stands: [{old: here, new: here}]
addresses: {ledger.app: 10.0.0.1}
untestable:
  - match: {component: payments.app}
    reason: nobody may write
    owner: team-mq
    watch: the queue's depth
"""

Printed = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a baseline, a sweep after a move, and one that nobody judged."""
    folder = tmp_path_factory.mktemp("estate") / "sweeps"
    names = [f"l{number}" for number in range(30)]
    before = a_sweep(folder / "wave-1-baseline", *(Looked(name) for name in names))
    blocked = [Looked(name, wire.TIMEOUT, detail="no answer in 3 s") for name in names[:12]]
    after = a_sweep(
        folder / "wave-1-probe-links",
        *blocked,
        *(Looked(name, target="folkbok.api", address="10.2.2.2") for name in names[12:24]),
        Looked("l24", "", vantage="web.old"),
        Looked("l25", reason="no-address", target="folkbok.queue"),
        Looked("l26", reason="untestable", rule=0),
        Looked("l27", side=wire.OLD, expected=wire.NEW, marked=True),
        Looked("l28", wire.DNS),
        Looked("l29", ms=5_000.0),
    )
    keeping.keep_losses(after, {"web.old": "Permission denied"})
    waived = (Waiver(Match(link="l28"), "the night shift", "known", date(2023, 10, 20)),)
    untestable = (Untestable(Match(), "nobody may write", "team-mq", "the queue's depth"),)
    judge(before, baseline=None, untestable=(), waived=(), today=TODAY)
    judge(after, baseline=before, untestable=untestable, waived=waived, today=TODAY)
    a_sweep(folder / "wave-2-baseline", Looked("l0"))
    # The order of the sweeps is that of their planning.
    for second, name in enumerate(("wave-1-baseline", "wave-1-probe-links", "wave-2-baseline")):
        os.utime(folder / name / "sweep.json", (1_000 + second, 1_000 + second))
    return folder


def all_of(sweeps: Path) -> list[str]:
    return [str(each) for each in sorted(sweeps.iterdir())]


def told(capsys: Printed, *words: str, code: int = 0) -> list[str]:
    assert app.run(["links", *words]) == code
    return capsys.readouterr().out.splitlines()


def facts(capsys: Printed, *words: str) -> dict[str, object]:
    found = json.loads("\n".join(told(capsys, *words, "--format", "json")))
    assert isinstance(found, dict)
    return found


def column(lines: Sequence[str], text: str) -> str:
    return next(line for line in lines if text in line)


@pytest.mark.parametrize("columns", [80, 100])
def test_one_screen_says_what_is_proved_what_is_not_and_who_can_change_that(
    sweeps: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = told(capsys, *all_of(sweeps))
    assert max(map(len, lines)) <= columns
    assert lines[0] == "30 links, 12 proved (40.0 %)"
    assert [line.split()[:2] for line in lines[1:7]] == [
        ["12", "regressed"], ["1", "wrong"], ["1", "slower"],
        ["2", "unproved"], ["1", "untestable"], ["1", "waived"],
    ]  # fmt: skip
    assert column(lines, "no address on that side").split()[-1] == "folkbok"
    assert column(lines, "vantage point lost").split()[-1] == "web"
    assert column(lines, "untestable: ") == (
        "  1  untestable: nobody may write; owner: team-mq; instead: the queue's depth"
    )
    assert column(lines, "waived by") == "  1  waived by the night shift until 2023-10-20: known"
    assert column(lines, "vantage point web.old was lost") == (
        "  vantage point web.old was lost: Permission denied"
    )
    (header,) = (line for line in lines if line.startswith("answered by"))
    assert header.endswith("owner") == (columns == 100)


def test_a_sweep_that_was_not_judged_is_left_out_and_said(sweeps: Path, capsys: Printed) -> None:
    assert app.run(["links", *all_of(sweeps)]) == 0
    assert "wave-2-baseline was not judged yet and is left out" in capsys.readouterr().err


def test_without_any_judged_sweep_and_without_an_inventory_there_is_nothing_to_say(
    sweeps: Path, capsys: Printed
) -> None:
    assert app.run(["links", str(sweeps / "wave-2-baseline")]) == 2
    assert "see: runbooks/sweep-not-judged.md" in capsys.readouterr().err


def test_what_is_worse_is_listed_with_what_was_seen(sweeps: Path, capsys: Printed) -> None:
    lines = told(capsys, *all_of(sweeps), "--regressed")
    assert lines[:2] == [
        "l0  web.app -> kassa.db:5432",
        "    regressed; timeout: no answer in 3 s",
    ]
    assert column(lines, "wrong side") == "    wrong side; answered by old, expected new"
    assert column(lines, "slower") == "    slower; 2 ms before, 5,000 ms now"
    assert len(lines) == 28


def test_what_is_set_aside_is_listed_with_who_answers_for_it(sweeps: Path, capsys: Printed) -> None:
    lines = told(capsys, *all_of(sweeps), "--untestable", "--waived")
    assert lines[1::2] == [
        "    untestable: nobody may write; owner: team-mq; instead: the queue's depth",
        "    waived (regressed) by the night shift until 2023-10-20: known; dns",
    ]


def test_a_long_list_is_cut_and_says_how_to_have_all(
    sweeps: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.cli.links.SHOWN_MAX", 5)
    lines = told(capsys, *all_of(sweeps), "--verdict", "regressed")
    assert len(lines) == 11
    assert lines[-1] == "7 more; all of them: -o FILE.csv"


def test_nothing_found_is_said(sweeps: Path, capsys: Printed) -> None:
    assert told(capsys, *all_of(sweeps), "--verdict", "flaky") == ["no such links"]


def test_only_the_links_of_one_subsystem_are_counted(sweeps: Path, capsys: Printed) -> None:
    lines = told(capsys, *all_of(sweeps), "--subsystem", "folkbok")
    assert lines[0] == "13 links, 12 proved (92.3 %)"


def test_why_so_much_is_worse_is_said_in_few_lines(sweeps: Path, capsys: Printed) -> None:
    lines = told(capsys, *all_of(sweeps), "--causes")
    assert lines[0] == "wave-1-probe-links: 14 links are worse than before"
    assert lines[1].startswith("   1. all 14 links to kassa.db")
    assert lines[2] == "      e.g. l0, l1, l10, l11, l2"


def test_no_cause_is_said_where_nothing_is_worse(sweeps: Path, capsys: Printed) -> None:
    lines = told(capsys, str(sweeps / "wave-1-baseline"), "--causes")
    assert lines == ["nothing is worse than before"]


def test_one_link_is_followed_through_all_sweeps(sweeps: Path, capsys: Printed) -> None:
    assert told(capsys, *all_of(sweeps), "--link", "l27") == [
        "l27: web.app -> kassa.db:5432 (tcp)",
        "  wave-1-baseline     same, 2 ms, from here",
        "  wave-1-probe-links  wrong side; answered by old, expected new, 2 ms, from here",
    ]


def test_a_link_that_nobody_knows_is_refused_with_one_like_it(
    sweeps: Path, capsys: Printed
) -> None:
    assert app.run(["links", *all_of(sweeps), "--link", "l270"]) == 2
    said = capsys.readouterr().err
    assert "did you mean l20 or l27" in said
    assert "see: runbooks/unknown-link.md" in said


def test_programs_get_the_same_figures(sweeps: Path, capsys: Printed) -> None:
    found = facts(capsys, *all_of(sweeps), "--unproved", "--causes")
    whole = found["whole"]
    assert isinstance(whole, dict)
    assert (whole["links"], whole["proved"], whole["worse"]) == (30, 12, 14)
    unproved, links, causes = found["unproved"], found["links"], found["causes"]
    assert isinstance(unproved, list)
    assert isinstance(links, list)
    assert isinstance(causes, list)
    assert {each["reason"] for each in unproved} == {"no-address", "vantage-lost"}
    assert [each["link"] for each in links] == ["l24", "l25"]
    aside = found["set_aside"]
    assert isinstance(aside, list)
    assert [(each["verdict"], each["owner"], each["links"]) for each in aside] == [
        ("untestable", "team-mq", 1),
        ("waived", "the night shift", 1),
    ]
    assert causes[0]["causes"][0]["sentence"].startswith("all 14 links to kassa.db")
    (history,) = [facts(capsys, *all_of(sweeps), "--link", "l0")["history"]]
    assert isinstance(history, list)
    assert [each["verdict"] for each in history] == ["same", "regressed"]


def test_all_links_go_to_a_file(sweeps: Path, tmp_path: Path, capsys: Printed) -> None:
    file = tmp_path / "worse.csv"
    assert app.run(["links", *all_of(sweeps), "--regressed", "-o", str(file)]) == 0
    assert capsys.readouterr().err.endswith(f"written: {file} (14 links)\n")
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 14
    assert [path.name for path in tmp_path.iterdir()] == ["worse.csv"]


@pytest.mark.parametrize("name", ["links.xlsx", "links", "missing/links.csv"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, capsys: Printed, name: str
) -> None:
    assert app.run(["links", str(tmp_path / "nothing"), "-o", str(tmp_path / name)]) == 2
    assert "see: runbooks/output-not-possible.md" in capsys.readouterr().err


@pytest.fixture
def estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = write_inventory(tmp_path / "small")
    rows = [
        f"l-{number},web.app,{target},tcp,{port},internal,10,interactive,{number},seen"
        for number, (target, port) in enumerate(
            [("ledger.app", 443), ("ledger.db", 5432), ("payments.app", 1414)], start=1
        )
    ]
    (folder / "links.csv").write_text("\n".join([",".join(LINK_COLUMNS), *rows, ""]), "utf-8")
    return folder


def test_before_any_sweep_everything_is_unproved_and_says_why(
    estate: Path, capsys: Printed
) -> None:
    assert app.run(["links", str(estate)]) == 0
    printed = capsys.readouterr()
    assert "there is no probes.yaml" in printed.err
    lines = printed.out.splitlines()
    assert lines[0] == "Small estate: 3 links, 0 proved (0.0 %)"
    assert lines[1] == "no sweep was made or judged yet"
    assert column(lines, "no vantage point for the caller").split() == [
        "3", "no", "vantage", "point", "for", "the", "caller", "web", "green",
    ]  # fmt: skip


def test_what_is_declared_and_never_looked_at_is_unproved_too(
    estate: Path, capsys: Printed
) -> None:
    (estate / "probes.yaml").write_text(PROBES, "utf-8")
    lines = told(capsys, str(estate), "--unproved", "--untestable", "--waived")
    assert lines == [
        "l-3  web.app -> payments.app:1414",
        "    untestable: nobody may write; owner: team-mq; instead: the queue's depth",
        "l-2  web.app -> ledger.db:5432",
        "    unproved: no address on that side",
        "l-1  web.app -> ledger.app:443",
        "    unproved: not looked at",
    ]


def test_sweeps_of_an_estate_are_laid_over_what_is_planned(estate: Path, capsys: Printed) -> None:
    (estate / "probes.yaml").write_text(PROBES, "utf-8")
    sweep = a_sweep(
        Path(".migrator/sweeps/first"), Looked("l-1", target="ledger.app", source="web.app")
    )
    judge(sweep, baseline=None, untestable=(), waived=(), today=TODAY)
    assert told(capsys, str(estate))[0] == "Small estate: 3 links, 1 proved (33.3 %)"
    assert told(capsys, str(estate), "--link", "l-1") == [
        "l-1: web.app -> ledger.app:5432 (tcp)",
        "  none yet  unproved: not looked at, from here",
        "  first     same, 2 ms, from here",
    ]


def test_of_many_subsystems_those_with_the_least_proved_are_shown(
    tmp_path: Path, capsys: Printed
) -> None:
    links = [
        Looked(f"l{i:02}", target=f"s{i:02}.t", word="" if i == 27 else "ok") for i in range(30)
    ]
    sweep = a_sweep(tmp_path / "many", *links)
    judge(sweep, baseline=None, untestable=(), waived=(), today=TODAY)
    lines = told(capsys, str(sweep))
    (start,) = (number for number, line in enumerate(lines) if line.startswith("answered by"))
    assert lines[start + 1].split()[0] == "s27"
    assert column(lines, "more subsystems") == "10 more subsystems, nothing worse: --format json"


def test_a_probes_file_with_faults_is_refused_as_check_refuses_it(
    estate: Path, capsys: Printed
) -> None:
    (estate / "probes.yaml").write_text("allow: []\n", "utf-8")
    assert app.run(["links", str(estate)]) == 2
    assert "see: runbooks/invalid-probes.md" in capsys.readouterr().err


def test_an_unknown_subsystem_is_refused_with_one_like_it(estate: Path, capsys: Printed) -> None:
    assert app.run(["links", str(estate), "--subsystem", "nobody-knows-it"]) == 2
    assert "see: runbooks/unknown-subsystem.md" in capsys.readouterr().err


def test_a_folder_that_is_neither_a_sweep_nor_an_inventory_is_refused(
    tmp_path: Path, capsys: Printed
) -> None:
    assert app.run(["links", str(tmp_path)]) == 2
    assert "see: runbooks/missing-inventory.md" in capsys.readouterr().err
    assert app.run(["links", str(tmp_path), str(tmp_path / "other")]) == 2
    assert "one inventory is enough" in capsys.readouterr().err


def test_a_folder_of_sweeps_that_is_not_there_is_refused(estate: Path, capsys: Printed) -> None:
    assert app.run(["links", str(estate), "--sweeps", "nowhere"]) == 2
    assert "nowhere is no folder" in capsys.readouterr().err


def test_verdicts_that_are_cut_off_are_named_and_no_bug(tmp_path: Path, capsys: Printed) -> None:
    sweep = a_sweep(tmp_path / "cut", Looked("a"))
    judge(sweep, baseline=None, untestable=(), waived=(), today=TODAY)
    file = sweep / "verdicts.parquet"
    file.write_bytes(file.read_bytes()[:100])
    assert app.run(["links", str(sweep)]) == 1
    said = capsys.readouterr().err
    assert "verdicts.parquet" in said
    assert "see: runbooks/sweep-unreadable.md" in said
