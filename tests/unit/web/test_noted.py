"""What a wave's page says of disturbances, of suspects and of what works only nearly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.engine import events as ev
from run_with_pages import ASKED, CHECK, DECIDER, OTHER, Pages, pages_of_a_run

MOVE = "sickness-intake"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def told(pages: Pages, person: str, path: str = "/waves/w01") -> str:
    pages.sign_in(person)
    return pages.client.get(path, headers={"accept-language": "en"}).text


def filed(pages: Pages) -> None:
    pages.leader.note(
        ev.TickGiven(CHECK, 1, ASKED, "works_but", ""),
        ev.DefectFiled("F1", CHECK, 1, "function-1-1", "w01", ASKED, ""),
    )
    pages.catch_up()


def test_a_wave_lead_takes_a_defect_for_a_refusal_with_a_reason(pages: Pages) -> None:
    filed(pages)
    assert "Take it for a refusal" in told(pages, "lead-01")
    form = pages.form("/waves/w01", "/decisions")
    assert (form["verb"], form["target"]) == ("raise", "F1")
    answer = pages.client.post(
        "/decisions", data={**form, "reason": "letters are wrong"}, follow_redirects=False
    )
    assert answer.status_code == 303
    (raised,) = [event for event in pages.lead() if isinstance(event, ev.DefectRaised)]
    assert (raised.by, raised.reason) == ("lead-01", "letters are wrong")
    text = told(pages, "lead-01")
    assert "taken for a refusal" in text
    assert "Take it for a refusal" not in text


def test_a_handler_sees_that_there_is_a_defect_and_neither_name_nor_button(pages: Pages) -> None:
    filed(pages)
    text = told(pages, OTHER)
    assert "Works, but ... (1)" in text
    assert "Take it for a refusal" not in text
    assert pages.seen.itinerary.members[ASKED].name not in text


def test_what_fails_shows_where_to_look_first(pages: Pages) -> None:
    assert "Where to look first" not in told(pages, DECIDER), "nothing fails yet"
    pages.leader.note(ev.TickGiven(CHECK, 1, ASKED, "does_not_work", "ab" * 32))
    pages.catch_up()
    text = told(pages, DECIDER)
    assert "Where to look first" in text
    assert f'href="/graph/{MOVE}"' in text
    assert "Where to look first" not in told(pages, DECIDER, "/waves/w02")


def test_what_is_disturbed_stands_on_its_wave_and_its_subsystem_and_nowhere_else(
    pages: Pages,
) -> None:
    pages.leader.note(
        ev.DisturbanceOpened(
            "D1", "k", MOVE, "person", "the printers stand", ASKED, "lead-01",
            pages.leader.now, "policy",
        )
    )  # fmt: skip
    pages.catch_up()
    for path in ("/waves/w01", f"/subsystems/{MOVE}"):
        assert "the printers stand" in told(pages, "handler-09", path), path
    for path in ("/waves/w02", "/subsystems/parental-intake"):
        assert "the printers stand" not in told(pages, "handler-09", path), path


def test_a_report_begins_with_what_it_is_about(pages: Pages) -> None:
    text = told(pages, ASKED, f"/subsystems/{MOVE}")
    assert f'href="/disturbances?target={MOVE}#report"' in text
    form = told(pages, ASKED, f"/disturbances?target={MOVE}")
    assert f'name="about" value="{MOVE}"' in form
