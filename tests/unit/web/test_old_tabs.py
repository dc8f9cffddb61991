"""A form that comes too late, twice or from the wrong person gets a page that one understands.

Nothing of it may count, and nobody may be left to guess. In both languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from migrator.conductor.clock import wall_now
from migrator.engine import events as ev
from run_with_pages import ASKED, CHECK, DECIDER, OTHER, Pages, pages_of_a_run


@pytest.fixture(params=["sv", "en"])
def pages(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        found.client.headers["accept-language"] = request.param
        yield found


def verdict(pages: Pages, said: str = "works", note: str = "") -> dict[str, str]:
    form = pages.form(f"/checks/{CHECK}", "/verdicts")
    return {**form, "said": said, "note": note, "side": "new"}


def in_words(pages: Pages, sv: str, en: str) -> str:
    return {"sv": sv, "en": en}[pages.client.headers["accept-language"]]


def refused(pages: Pages, form: dict[str, str]) -> str:
    """What a person reads who sends a form that the engine refuses."""
    receipt = pages.client.post("/verdicts", data=form).url.path
    assert any(isinstance(each, ev.CommandRefused) for each in pages.lead())
    text = pages.client.get(receipt).text
    alert = re.search(r'role="alert">(.*?)</div>', text, re.DOTALL)
    assert alert is not None
    assert 'lang="en"' not in alert.group(1), "it is in the reader's language"
    return alert.group(1)


def passed(pages: Pages) -> None:
    pages.leader.note(ev.TickGiven(CHECK, 1, OTHER, "works", ""), ev.CheckPassed(CHECK, 1))


def void(pages: Pages) -> None:
    pages.leader.note(ev.CheckVoided(CHECK, 1))


def said_no(pages: Pages) -> None:
    pages.leader.note(ev.TickGiven(CHECK, 1, OTHER, "does_not_work", ""))


def opened_again(pages: Pages) -> None:
    pages.leader.note(ev.CheckVoided(CHECK, 1), ev.CheckOpened(CHECK, 1, "a" * 16, "b" * 16))


@pytest.mark.parametrize(
    ("meanwhile", "sv", "en"),
    [
        (passed, "Andra har redan kontrollerat", "Others have verified this already"),
        (void, "gått tillbaka till gamla sidan", "has gone back to the old side"),
        (said_no, "Någon annan hann säga", "Somebody else said before you"),
        (opened_again, "började om", "the check began anew"),
    ],
)
def test_a_verdict_from_a_page_of_before_counts_nothing_and_says_why(
    pages: Pages, meanwhile: Callable[[Pages], None], sv: str, en: str
) -> None:
    if meanwhile is opened_again:
        pages.leader.note(ev.CheckVoided(CHECK, 1), ev.CheckOpened(CHECK, 1, "c" * 16, "d" * 16))
        pages.catch_up()
    pages.sign_in(ASKED)
    form = verdict(pages)
    meanwhile(pages)
    assert in_words(pages, sv, en) in refused(pages, form)
    assert ASKED not in pages.leader.run.checks[CHECK].ticks


def test_a_second_verdict_from_another_tab_says_that_the_first_one_counts(pages: Pages) -> None:
    pages.sign_in(ASKED)
    first, second = verdict(pages), verdict(pages, "works_but", "slow")
    pages.client.post("/verdicts", data=first)
    pages.lead()
    # The check passed with the first one, so this is asked of one that still waits for another.
    pages.leader.run.checks[CHECK].state = pages.leader.run.checks[CHECK].state.__class__.ASSIGNED
    words = refused(pages, second)
    assert in_words(pages, "Du har redan svarat", "You have answered this check") in words
    assert pages.leader.run.checks[CHECK].ticks[ASKED] == "works"


def test_a_verdict_of_somebody_who_may_not_is_not_counted(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    form = {**verdict_of_another(pages), "form": pages.form("/checks", "/sign-out")["form"]}
    words = refused(pages, form)
    assert in_words(pages, "till för andra", "is for others") in words


def verdict_of_another(pages: Pages) -> dict[str, str]:
    """A form of a page that this person never gets: she may not verify the check."""
    pages.sign_in(ASKED)
    form = verdict(pages)
    pages.sign_in(DECIDER)
    return form


def test_a_verdict_after_the_sign_in_has_ended_says_so_and_records_nothing(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.sign_in(ASKED)
    form = verdict(pages)
    monkeypatch.setattr("migrator.web.doors.wall_now", lambda: wall_now() + timedelta(days=30))
    answer = pages.client.post("/verdicts", data=form)
    assert answer.status_code == 403
    assert in_words(pages, "Du är inte inloggad längre", "You are not signed in") in answer.text
    assert pages.leader.journal.take_commands() == ()


def test_a_verdict_for_a_check_that_a_new_plan_dropped_says_that_it_is_gone(pages: Pages) -> None:
    pages.sign_in(ASKED)
    form = verdict(pages)
    for run in (pages.leader.run, pages.seen.run):
        checks = tuple(each for each in run.itinerary.checks if each.id != CHECK)
        run.itinerary = replace(run.itinerary, checks=checks)
    assert in_words(pages, "finns inte längre", "not there any more") in refused(pages, form)


def test_taking_back_too_late_says_so(pages: Pages) -> None:
    pages.sign_in(ASKED)
    receipt = pages.client.post("/verdicts", data=verdict(pages)).url.path
    pages.lead()
    form = pages.form(receipt, "/withdrawals")
    pages.leader.now += timedelta(minutes=6)
    late = pages.client.post("/withdrawals", data=form).url.path
    pages.lead()
    text = pages.client.get(late).text
    assert in_words(pages, "för sent att ta tillbaka", "too late to take the answer back") in text


def test_a_check_that_somebody_else_took_is_not_taken_twice(pages: Pages) -> None:
    pages.leader.note(ev.CheckHandedOver(CHECK, 1, ASKED, "", None, ASKED, "lunch"))
    pages.leader.note(ev.TickGiven("function-1-2@w01", 1, OTHER, "works", ""))
    pages.catch_up()
    pages.sign_in(ASKED)
    form = pages.form(f"/checks/{CHECK}", "/mine")
    limit = pages.leader.now + timedelta(minutes=45)
    pages.leader.note(ev.CheckAssigned(CHECK, 1, OTHER, limit, claimed=True))
    receipt = pages.client.post("/mine", data={**form, "verb": "claim"}).url.path
    pages.lead()
    text = pages.client.get(receipt).text
    assert in_words(pages, "Någon annan har redan", "Somebody else has this check") in text


def test_a_page_of_a_handler_shows_no_word_of_the_command_line(pages: Pages) -> None:
    pages.sign_in(ASKED)
    for path in ("/checks", f"/checks/{CHECK}"):
        text = re.sub(r"<[^>]*>", " ", pages.client.get(path).text)
        for word in ("quorum", "migrator tick", "attempt", "eligible", "RUN"):
            assert word not in text, (path, word)
