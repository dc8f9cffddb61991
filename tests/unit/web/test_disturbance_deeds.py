"""Forms about disturbances: commands that the engine answers, or a word on what is missing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.engine import events as ev
from run_with_pages import ASKED, DECIDER, OTHER, Pages, pages_of_a_run

MOVE = "sickness-intake"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def send(pages: Pages, page: str, action: str, **fields: object) -> int:
    """Fill a page's form in and send it."""
    data = {**pages.form(page, action), **fields}
    return pages.client.post(action, data=data, follow_redirects=False).status_code


def reported(pages: Pages, person: str = ASKED, **fields: object) -> None:
    pages.sign_in(person)
    words = {"about": MOVE, "reason": "the printers\n stand still", **fields}
    assert send(pages, "/disturbances", "/disturbances", **words) == 303


def of_kind(events: list[ev.Event], kind: type[ev.Event]) -> list[ev.Event]:
    return [event for event in events if isinstance(event, kind)]


def test_a_handler_reports_and_everybody_sees_it_with_its_clock(pages: Pages) -> None:
    reported(pages)
    (opened,) = of_kind(pages.lead(), ev.DisturbanceOpened)
    assert isinstance(opened, ev.DisturbanceOpened)
    assert (opened.target, opened.reason) == (MOVE, "the printers stand still")
    assert opened.owner == ASKED
    pages.sign_in("handler-09")
    text = pages.client.get("/disturbances", headers={"accept-language": "en"}).text
    assert "the printers stand still" in text
    assert f'data-until="{opened.red_at.isoformat(timespec="seconds")}"' in text
    assert "yellow" in text


def test_a_name_is_as_good_as_an_id_and_nothing_means_everything(pages: Pages) -> None:
    reported(pages, about="Sickness intake")
    reported(pages, about="")
    reported(pages, about="", reason="and the lifts")
    events = of_kind(pages.lead(), ev.DisturbanceOpened)
    found = [
        (each.target, each.reason) for each in events if isinstance(each, ev.DisturbanceOpened)
    ]
    assert found == [
        (MOVE, "the printers stand still"),
        ("", "the printers stand still"),
        ("", "and the lifts"),
    ]


def test_a_second_report_about_the_same_subsystem_is_a_line_of_the_first(pages: Pages) -> None:
    reported(pages)
    reported(pages, OTHER, reason="no paper comes out")
    events = pages.lead()
    assert len(of_kind(events, ev.DisturbanceOpened)) == 1
    (noted,) = of_kind(events, ev.DisturbanceNoted)
    assert isinstance(noted, ev.DisturbanceNoted)
    assert (noted.text, noted.times) == ("no paper comes out", 2)


def test_it_is_given_people_written_about_and_closed(pages: Pages) -> None:
    reported(pages, DECIDER)
    pages.lead()
    page = "/disturbances/D1"
    people = {"owner": "lead-01", "members": ["decider-02"], "room": "4", "link": "https://a.b/1"}
    assert send(pages, page, "/disturbances/people", **people) == 303
    assert send(pages, page, "/disturbances/log", text="a fuse") == 303
    (staffed,) = of_kind(pages.lead(), ev.DisturbanceStaffed)
    assert isinstance(staffed, ev.DisturbanceStaffed)
    assert (staffed.owner, staffed.members, staffed.room) == ("lead-01", ("decider-02",), "4")
    text = pages.client.get(page).text
    assert 'href="https://a.b/1"' in text
    assert "a fuse" in text
    over = {"cause": "a fuse", "reason": "changed, and paper comes out"}
    assert send(pages, page, "/disturbances/close", **over) == 303
    (closed,) = of_kind(pages.lead(), ev.DisturbanceClosed)
    assert isinstance(closed, ev.DisturbanceClosed)
    assert closed.cause == "a fuse"
    text = pages.client.get(page).text
    assert 'action="/disturbances/log"' not in text, "what is over has no forms"


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("/disturbances", {"reason": " "}),
        ("/disturbances/log", {"text": ""}),
        ("/disturbances/close", {"cause": "a fuse", "reason": ""}),
        ("/disturbances/close", {"cause": "", "reason": "changed"}),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept(
    pages: Pages, action: str, fields: dict[str, str]
) -> None:
    reported(pages, DECIDER)
    pages.lead()
    page = "/disturbances" if action == "/disturbances" else "/disturbances/D1"
    assert send(pages, page, action, **fields) == 422
    assert pages.lead() == []


@pytest.mark.parametrize("action", ["people", "log", "close"])
def test_a_handler_only_reports(pages: Pages, action: str) -> None:
    reported(pages)
    pages.lead()
    text = pages.client.get("/disturbances/D1").text
    assert f'action="/disturbances/{action}"' not in text
    data = pages.form("/disturbances", "/disturbances")
    data |= {"target": "D1", "text": "x", "cause": "x", "reason": "x", "room": "4"}
    data["command"] = str(uuid.uuid4())
    assert pages.client.post(f"/disturbances/{action}", data=data).status_code == 403
    assert pages.lead() == []


def test_a_receipt_says_what_was_reported_and_leads_back_to_it(pages: Pages) -> None:
    reported(pages, DECIDER, about="")
    pages.lead()
    forms = pages.form("/disturbances/D1", "/disturbances/log")
    for action, fields, there in (
        ("/disturbances/log", {**forms, "text": "a fuse"}, "/disturbances/D1"),
        (
            "/disturbances",
            {**pages.form("/disturbances", "/disturbances"), "reason": "and the lifts"},
            "/disturbances",
        ),
    ):
        receipt = pages.client.post(action, data=fields)  # the browser follows to it
        main = receipt.text.partition("<main")[2]
        assert f'href="{there}"' in main, action
    assert "and the lifts" in main
    assert "allt" in main or "the whole" in main


def test_what_somebody_wrote_is_only_text(pages: Pages) -> None:
    reported(pages, DECIDER, reason="<img src=x onerror=alert(1)>")
    pages.lead()
    for path in ("/disturbances", "/disturbances/D1", "/weekend", "/decide"):
        assert "<img" not in pages.client.get(path).text, path


def test_what_never_was_has_no_page(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    for path in ("/disturbances/D9", "/disturbances/%00", "/disturbances/d1"):
        assert pages.client.get(path).status_code == 404, path
