"""The pages that look closer: what is on them, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.engine import events as ev
from run_with_pages import ASKED, CHECK, DECIDER, Pages, pages_of_a_run

MOVE = "sickness-intake"
CLOSER = ("/waves/w01", f"/subsystems/{MOVE}", "/journal", "/roster")


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def test_a_stranger_learns_nothing_from_any_of_them(pages: Pages) -> None:
    for path in (*CLOSER, "/waves/none", "/subsystems/none"):
        answer = pages.client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path


def test_the_wall_leads_to_every_wave_and_subsystem(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    wall = pages.client.get("/weekend").text
    itinerary = pages.seen.itinerary
    wanted = [f"/waves/{leg.id}" for leg in itinerary.waves]
    wanted += [f"/subsystems/{move}" for move in itinerary.legs]
    for path in wanted:
        assert f'href="{path}"' in wall
        assert pages.client.get(path).status_code == 200, path


def test_what_is_not_there_is_said_to_be_missing(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    for path in ("/waves/none", "/waves/%00", "/subsystems/cobol-core", "/subsystems/" + "x" * 900):
        assert pages.client.get(path).status_code == 404, path


def test_a_handler_sees_how_it_stands_and_not_who_said_what(pages: Pages) -> None:
    pages.leader.note(ev.TickGiven(CHECK, 1, ASKED, "works", ""))
    pages.catch_up()
    name = pages.seen.itinerary.members[ASKED].name
    for person, told in ((DECIDER, True), ("handler-09", False)):
        pages.sign_in(person)
        for path in ("/waves/w01", f"/subsystems/{MOVE}"):
            text = pages.client.get(path).text
            assert (name in text) is told, path
            assert ("/journal" in text) is told, path


def test_the_journal_and_the_roster_are_not_for_handlers(pages: Pages) -> None:
    pages.sign_in(ASKED)
    for path in ("/journal", "/journal?kind=TickGiven", "/roster"):
        assert pages.client.get(path).status_code == 403, path


def test_a_waves_page_tells_what_happened_to_it_and_to_no_other(pages: Pages) -> None:
    pages.leader.note(ev.WaveHeld("w01", 1, "operator", "w01", (), "the printers stand", None))
    pages.catch_up()
    pages.sign_in(DECIDER)
    assert "the printers stand" in pages.client.get("/waves/w01").text
    assert "the printers stand" not in pages.client.get("/waves/w02").text


def test_the_journal_is_leafed_through_to_its_first_line(pages: Pages) -> None:
    import re

    pages.sign_in(DECIDER)
    path, seen = "/journal", list[int]()
    for _ in range(9):
        text = pages.client.get(path).text
        seen += [int(each) for each in re.findall(r'</time> <span class="hint">(\d+)<', text)]
        older = re.search(r'href="(/journal\?before=\d+)"', text)
        if older is None:
            break
        path = older[1]
    assert seen == list(range(pages.seen.run.seq, 0, -1))


def test_a_filter_stays_while_one_leafs_back(pages: Pages) -> None:
    for number in range(120):
        pages.leader.note(ev.HandRecorded("w01", f"note {number}", DECIDER, "because"))
    pages.catch_up()
    pages.sign_in(DECIDER)
    text = pages.client.get(f"/journal?wave=w01&kind=HandRecorded&person={DECIDER}").text
    assert "note 119" in text
    assert "note 19<" not in text
    older = f"/journal?wave=w01&amp;person={DECIDER}&amp;kind=HandRecorded&amp;before="
    assert older in text
    assert 'value="HandRecorded" selected' in text


def test_a_filter_stays_when_the_language_is_changed(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    back = 'name="back" value="/journal?wave=w01&amp;kind=StepEnded"'
    assert back in pages.client.get("/journal?wave=w01&kind=StepEnded").text


@pytest.mark.parametrize(
    "asked",
    ["before=-1", "before=x", "before=9999999999999999999", "before=0", "wave=%00", "kind=Nonsense",
     "person=%3Cscript%3E", "before=%D9%A3"],
)  # fmt: skip
def test_odd_questions_to_the_journal_get_a_page(pages: Pages, asked: str) -> None:
    pages.sign_in(DECIDER)
    answer = pages.client.get(f"/journal?{asked}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_what_people_wrote_is_text_on_every_page(pages: Pages) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=y>"
    pages.leader.note(ev.WaveHeld("w01", 1, "operator", MOVE, (MOVE,), evil, None))
    pages.leader.note(ev.HandRecorded(MOVE, evil, DECIDER, evil))
    pages.catch_up()
    pages.sign_in(DECIDER)
    for path in ("/waves/w01", f"/subsystems/{MOVE}", "/journal", "/weekend"):
        text = pages.client.get(path).text
        assert "<script>alert" not in text, path
        assert "<img" not in text, path
    assert "&lt;script&gt;alert(1)" in pages.client.get("/journal").text


def test_the_roster_counts_who_has_signed_in(pages: Pages) -> None:
    pages.invitation("handler-03")
    pages.sign_in(ASKED)
    pages.sign_in(DECIDER)
    text = pages.client.get("/roster").text
    assert "1 av 12" in text
    assert text.count("inbjuden, aldrig inloggad") == 1
    assert f'href="/waves/w01">{pages.seen.itinerary.checks[0].name["sv"]}' in text


def test_navigation_shows_each_role_its_pages(pages: Pages) -> None:
    everybody = ["/checks", "/weekend", "/disturbances", "/links", "/graph"]
    leading = [*everybody[:2], "/decide", *everybody[2:], "/journal", "/roster", "/access"]
    for person, wanted in ((ASKED, everybody), (DECIDER, leading)):
        pages.sign_in(person)
        nav = pages.client.get("/weekend").text.partition("<nav")[2].partition("</nav>")[0]
        assert [part.partition('"')[0] for part in nav.split('href="')[1:]] == wanted
