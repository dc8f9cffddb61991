"""`migrator graph` answers three questions in four forms."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from builders import a_link, csv_of, write_inventory
from migrator.cli import app
from migrator.ids import ComponentId

LINKS = csv_of(
    a_link("l-1", calls_per_day=5000),
    a_link("l-2", calls_per_day=9, port=None),
    a_link("l-3", source=ComponentId("payments.app"), target=ComponentId("ledger.app")),
    a_link("l-4", source=ComponentId("ledger.app"), target=ComponentId("web.app"), calls_per_day=2),
    a_link("l-5", source=ComponentId("ledger.app"), target=ComponentId("ledger.db")),
    a_link("l-6", source=ComponentId("payments.app"), target=ComponentId("bank.api")),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_inventory(tmp_path / "ours", links=LINKS)


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    assert app.run(["graph", *(str(word) for word in words)]) == 0
    return capsys.readouterr().out


def facts(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, object]:
    found = json.loads(said(capsys, *words, "--format", "json"))
    assert isinstance(found, dict)
    return found


def test_the_summary_explains_circle_atoms_order_and_hubs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, folder)
    assert "6 subsystems, 4 pairs, 5 links between subsystems and 1 inside one" in text
    assert "Largest circle of links: 3 of 6 subsystems, 4 links" in text
    assert "for example: payments -> ledger -> web -> payments" in text
    assert "A circle of links forces nothing" in text
    assert "They are 3 atoms that switch independently." in text
    assert "ledger -> web" in text
    assert "with night, web: they share a file (Operations)" in text
    assert "ledger before payments" in text
    assert "payments   " in text


def test_the_summary_as_data_has_stable_keys(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = facts(capsys, folder)
    assert sorted(found) == [
        "arcs", "atoms", "before", "cycles", "digest", "hubs", "inventory", "links",
        "links_between", "nodes", "weight",
    ]  # fmt: skip
    assert found["before"] == [["ledger", "payments"]]
    assert found["hubs"] == ["payments", "web", "ledger", "bank"]
    circles = found["cycles"]
    assert isinstance(circles, list)
    (cycle,) = circles
    assert cycle["members"] == ["ledger", "payments", "web"]
    assert [arc["target"] for arc in cycle["bridges"]] == ["web"]
    assert cycle["forces_one_wave"] is False
    assert [node["id"] for node in found["nodes"]] == [  # type: ignore[attr-defined]  # JSON
        "archive", "bank", "ledger", "night", "payments", "web",
    ]  # fmt: skip


def test_an_estate_without_links_or_relations_has_a_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, write_inventory(tmp_path / "bare", relations=None))
    assert "No circle of links." in text
    assert "No declaration forces subsystems together." in text
    assert "No links between subsystems, so no hubs." in text
    assert "in order" not in text


def test_why_shows_each_hop_with_its_busiest_links(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, folder, "--why", "web", "ledger")
    assert "web depends on ledger by links, in 2 hops:" in text
    first, second = (
        text.index("l-1  web.app -> payments.app  https:443"),
        text.index("l-2  web.app"),
    )
    assert first < second
    assert "payments -> ledger: 1 link, 1,200 calls a day" in text
    assert "No declaration ties them" in text


def test_why_says_when_it_is_the_other_way_round(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, folder, "--why", "bank", "web")
    assert "bank does not depend on web by links." in text
    assert "It is the other way round: --why web bank" in text
    assert "other way round" not in said(capsys, folder, "--why", "archive", "web")


def test_why_names_the_declaration_that_ties_two(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, folder, "--why", "night", "web")
    assert "night and web must move together, by declaration:" in text
    assert "they share a file" in text
    for ends in (("ledger", "payments"), ("payments", "ledger")):
        text = said(capsys, folder, "--why", *ends)
        assert "ledger must switch before payments, by declaration:" in text


def test_why_a_subsystem_depends_on_itself_needs_no_answer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "web is itself" in said(capsys, folder, "--why", "web", "web")


def test_why_as_data_tells_no_way_from_an_empty_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = facts(capsys, folder, "--why", "web", "bank")
    hops = found["route"]
    assert isinstance(hops, list)
    assert [(hop["source"], hop["target"]) for hop in hops] == [
        ("web", "payments"),
        ("payments", "bank"),
    ]
    assert [row["id"] for row in hops[0]["examples"]] == ["l-1", "l-2"]
    assert facts(capsys, folder, "--why", "bank", "web")["route"] is None
    together = facts(capsys, folder, "--why", "night", "web")
    assert together["must_move_together"] is True
    assert facts(capsys, folder, "--why", "ledger", "payments")["must_move_together"] is False


def test_around_counts_who_is_affected(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, folder, "--around", "ledger")
    assert "General ledger (ledger)" in text
    assert "down, it affects 1 subsystems directly and 2 in all" in text
    assert "it needs 1 subsystems directly and 3 in all" in text
    assert "Further away" not in text
    wider = said(capsys, folder, "--around", "ledger", "--depth", "2")
    assert "Further away: bank" in wider
    assert "Calls" not in said(capsys, folder, "--around", "bank")


def test_around_as_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = facts(capsys, folder, "--around", "bank")
    assert found["distance"] == {"bank": 0, "payments": 1}
    assert found["affected"] == ["ledger", "payments", "web"]


@pytest.mark.parametrize("question", [(), ("--around", "web"), ("--why", "web", "bank")])
def test_every_question_can_be_drawn(
    folder: Path, capsys: pytest.CaptureFixture[str], question: tuple[str, ...]
) -> None:
    root = ET.fromstring(said(capsys, folder, *question, "--format", "svg"))  # noqa: S314
    assert root.tag.endswith("svg")
    dot = said(capsys, folder, *question, "--format", "dot")
    assert dot.startswith("digraph ")
    assert '"web" -> "payments"' in dot


def test_a_way_that_is_not_there_cannot_be_drawn(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["graph", str(folder), "--why", "bank", "web", "--format", "svg"]) == 2
    assert "see: runbooks/no-route.md" in capsys.readouterr().err


def test_the_answer_can_go_into_a_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("text", "svg"):
        target = tmp_path / f"answer.{form}"
        code = app.run(["graph", str(folder), "--format", form, "-o", str(target)])
        told = capsys.readouterr()
        assert (code, told.out) == (0, "")
        assert "written: " in told.err
        assert target.read_text(encoding="utf-8").endswith("\n")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("paymets", "did you mean payments?"),
        ("Web front", "did you mean web?"),
        ("qqqqq", "lists all subsystems under nodes"),
    ],
)
def test_an_unknown_subsystem_is_met_with_the_nearest(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, hint: str
) -> None:
    assert app.run(["graph", str(folder), "--around", name]) == 2
    told = capsys.readouterr().err
    assert f"there is no subsystem '{name}' in Small estate" in told
    assert hint in told


def test_two_questions_at_once_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["graph", str(folder), "--why", "web", "bank", "--around", "web"]
    assert app.run(words) == 2
    assert "--why and --around are two questions" in capsys.readouterr().err


def test_how_far_without_around_what_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["graph", str(folder), "--depth", "2"]) == 2
    assert "name X with --around" in capsys.readouterr().err


def test_a_file_in_no_folder_is_input_to_mend(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.run(["graph", str(folder), "-o", "nowhere/graph.txt"]) == 2
    assert "runbooks/output-not-possible.md" in capsys.readouterr().err


def test_a_long_table_is_cut_with_a_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"sys-{number:02d}" for number in range(25)]
    subsystems = "subsystems:\n" + "".join(
        f"  - {{id: {name}, name: {name}, kind: stateless}}\n" for name in ["web", *names]
    )
    links = csv_of(
        *(a_link(f"l-{n}", source=ComponentId(n), target=ComponentId("web")) for n in names)
    )
    folder = write_inventory(
        tmp_path / "wide", subsystems=subsystems, links=links, relations=None, functions=None,
        calendar=None, people=None,
    )  # fmt: skip
    assert "and 5 more" in said(capsys, folder, "--around", "web")
    # Around web with two hops, from a leaf: the others are far and are cut too.
    far = said(capsys, folder, "--around", "sys-00", "--depth", "2")
    assert "Further away: sys-01" in far
    assert "and 4 more" in far
