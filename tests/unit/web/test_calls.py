"""The page of a call: who sees it, that opening it changes nothing, and whose answer stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from called_pages import a_call
from migrator.notices.answering import read_book
from pages import read_page
from run_with_pages import ASKED, CHECK, DECIDER, OTHER, Pages, pages_of_a_run

CALL = "aaaabbbbcccc"
STRANGER = "handler-09"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        a_call(found, CALL)
        yield found


def answered_by(pages: Pages) -> str:
    answer = read_book(pages.seen.journal).answers.get(CALL)
    return "" if answer is None else answer.person


def take(pages: Pages) -> int:
    """Press the button on the page."""
    form = pages.form(f"/calls/{CALL}", f"/calls/{CALL}")
    return pages.client.post(f"/calls/{CALL}", data=form, follow_redirects=False).status_code


def test_opening_a_call_changes_nothing_and_pressing_the_button_does(pages: Pages) -> None:
    pages.sign_in(ASKED)
    text = pages.client.get(f"/calls/{CALL}").text
    assert f'href="/checks/{CHECK}"' in text
    assert answered_by(pages) == ""
    assert take(pages) == 303
    assert answered_by(pages) == ASKED
    after = pages.client.get(f"/calls/{CALL}").text
    assert pages.seen.itinerary.members[ASKED].name in after
    assert f'action="/calls/{CALL}"' not in after


def test_the_first_answer_stands(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    form = pages.form(f"/calls/{CALL}", f"/calls/{CALL}")
    pages.sign_in(ASKED)
    take(pages)
    pages.sign_in(DECIDER)
    pages.client.post(f"/calls/{CALL}", data={**form, "form": form["form"]})
    assert answered_by(pages) == ASKED


def test_whom_it_does_not_concern_learns_nothing_of_it(pages: Pages) -> None:
    pages.sign_in(STRANGER)
    for name in (CALL, "dddddddddddd", "%00", "x" * 400):
        answer = pages.client.get(f"/calls/{name}")
        assert answer.status_code == 404, name
    token = pages.form("/checks", "/sign-out")["form"]
    command = "12345678-1234-4234-8234-123456789012"
    sent = pages.client.post(f"/calls/{CALL}", data={"form": token, "command": command})
    assert sent.status_code == 403
    assert answered_by(pages) == ""


def test_a_form_that_is_not_of_this_session_takes_nothing_in_hand(pages: Pages) -> None:
    pages.sign_in(OTHER)
    token = pages.form("/checks", "/sign-out")["form"]
    pages.sign_in(ASKED)
    form = pages.form(f"/calls/{CALL}", f"/calls/{CALL}")
    for wrong in ({**form, "form": token}, {**form, "command": "1"}, {"form": form["form"]}):
        assert pages.client.post(f"/calls/{CALL}", data=wrong).status_code == 422
    assert answered_by(pages) == ""


def test_a_stranger_is_asked_to_sign_in(pages: Pages) -> None:
    for path in (f"/calls/{CALL}", "/handover"):
        answer = pages.client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_pages_are_whole_in_both_languages(pages: Pages, language: str) -> None:
    pages.sign_in(DECIDER)
    pages.client.cookies.set("language", language)
    for path in (f"/calls/{CALL}", "/handover", "/handover?hours=2", "/handover?hours=x"):
        page = read_page(pages.client.get(path).text)
        assert page.language == language
        assert next(level for level, _ in page.headings) == 1
        assert page.unbalanced == []


def test_the_handover_note_names_what_moved_and_who_is_waited_for(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    text = pages.client.get("/handover?hours=96").text
    assert "/waves/w01" in text
    assert pages.seen.itinerary.members[ASKED].name in text
    pages.sign_in(ASKED)
    assert pages.client.get("/handover").status_code == 403
