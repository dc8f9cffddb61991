"""A practice check: as a real one to the eye, and nothing of it touches the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.store.practised import COMPUTER, TELEPHONE, Practised
from run_with_pages import ASKED, CHECK, DECIDER, NAME, OTHER, Pages, pages_of_a_run

PHONES = (
    "Mozilla/5.0 (Linux; Android 15; Mobile) Gecko/140.0 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
)
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        found.client.headers.update({"accept-language": "en", "user-agent": DESK})
        yield found


def tried(pages: Pages) -> dict[str, set[str]]:
    found = Practised(pages.store.database, NAME).by_person()
    return {person: set(devices) for person, devices in found.items()}


def answered(pages: Pages, said: str = "works", note: str = "") -> int:
    form = pages.form("/practice", "/practice")
    answer = pages.client.post("/practice", data={**form, "said": said, "note": note})
    assert answer.url.path in {"/practice", "/practice/done"}
    return answer.status_code


def test_it_is_of_her_own_function_and_says_that_it_is_practice(pages: Pages) -> None:
    pages.sign_in(ASKED)
    text = pages.client.get("/practice").text
    name = next(each for each in pages.seen.itinerary.checks if ASKED in each.eligible).name["en"]
    assert name in text
    assert "only for practice" in text


@pytest.mark.parametrize("said", ["works", "cannot_judge", "does_not_work"])
def test_an_answer_touches_nothing_of_the_run(pages: Pages, said: str) -> None:
    before = pages.leader.run.seq
    pages.sign_in(ASKED)
    assert answered(pages, said, "it is white") == 200
    assert pages.leader.journal.take_commands() == ()
    assert pages.leader.journal.lines(before) == ()
    assert tried(pages) == {ASKED: {COMPUTER}}


@pytest.mark.parametrize("browser", PHONES)
def test_each_kind_of_device_is_told_apart(pages: Pages, browser: str) -> None:
    pages.sign_in(ASKED)
    answered(pages)
    pages.client.headers["user-agent"] = browser
    assert "Will you use your telephone" in pages.client.get("/practice/done").text
    answered(pages)
    assert tried(pages) == {ASKED: {COMPUTER, TELEPHONE}}
    assert "both a telephone and a computer" in pages.client.get("/practice/done").text


def test_a_half_filled_form_comes_back_as_it_was(pages: Pages) -> None:
    pages.sign_in(ASKED)
    assert answered(pages, "") == 422
    assert answered(pages, "does_not_work", " ") == 422
    assert tried(pages) == {}


def test_strangers_and_forms_of_others_do_nothing(pages: Pages) -> None:
    pages.sign_in(OTHER)
    form = pages.form("/practice", "/practice")
    pages.sign_in(ASKED)
    assert pages.client.post("/practice", data={**form, "said": "works"}).status_code == 422
    pages.client.cookies.clear()
    assert pages.client.post("/practice", data={**form, "said": "works"}).status_code == 403
    assert pages.client.get("/practice", follow_redirects=False).status_code == 303
    assert tried(pages) == {}


def test_an_empty_page_offers_it_until_it_was_done_on_this_device(pages: Pages) -> None:
    pages.sign_in(ASKED)
    assert 'href="/practice"' not in pages.client.get("/checks").text, "first what is asked"
    pages.client.post(
        "/verdicts",
        data={**pages.form(f"/checks/{CHECK}", "/verdicts"), "said": "works", "side": "new"},
    )
    pages.lead()
    assert 'href="/practice"' in pages.client.get("/checks").text
    answered(pages)
    assert 'href="/practice"' not in pages.client.get("/checks").text
    pages.client.headers["user-agent"] = PHONES[0]
    assert 'href="/practice"' in pages.client.get("/checks").text


def test_whoever_verifies_nothing_is_not_asked_to_try(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    assert 'href="/practice"' not in pages.client.get("/checks").text


def test_the_roster_counts_who_has_tried_and_on_what(pages: Pages) -> None:
    pages.sign_in(ASKED)
    answered(pages)
    pages.sign_in(DECIDER)
    text = pages.client.get("/roster").text
    handlers = sum("handler" in each.roles for each in pages.seen.itinerary.members.values())
    assert f"1 of {handlers}" in text
    assert "have tried the pages (telephone 0, computer 1)" in text
    assert "tried on a computer" in text
