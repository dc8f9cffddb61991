"""What people meet on the pages: who gets in, what a form does, and what it must never do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.engine.states import CheckState
from run_with_pages import ASKED, CHECK, DECIDER, OTHER, SECOND_CHECK, Pages, pages_of_a_run


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def verdict(
    pages: Pages, said: str, note: str = "", check: str = CHECK, side: str = "new"
) -> dict[str, str]:
    """The form of a check, filled in."""
    form = pages.form(f"/checks/{check}", "/verdicts")
    return {**form, "said": said, "note": note, "side": side}


def test_a_stranger_is_sent_to_the_sign_in_and_learns_nothing(pages: Pages) -> None:
    for path in ("/", "/checks", f"/checks/{CHECK}", "/weekend", "/decide"):
        answer = pages.client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
    assert pages.client.get("/stream").status_code == 401


def test_an_invitation_is_looked_at_without_being_spent(pages: Pages) -> None:
    link = f"/in/{pages.invitation(ASKED).token}"
    for _ in range(2):
        assert "Handler" in pages.client.get(link).text
    assert pages.client.post(link, follow_redirects=False).status_code == 303
    assert pages.client.get("/checks").status_code == 200
    assert pages.client.post(link).status_code == 403, "it works once"


def test_a_code_signs_in_and_guessing_is_slowed_down(pages: Pages) -> None:
    code = pages.invitation(ASKED).code
    for _ in range(5):
        assert pages.client.post("/sign-in", data={"code": "AAAA-AAAA"}).status_code == 403
    slow = pages.client.post("/sign-in", data={"code": code})
    assert (slow.status_code, slow.headers["retry-after"]) == (429, "600")


def test_a_typed_code_opens_the_checks(pages: Pages) -> None:
    code = pages.invitation(ASKED).code
    answer = pages.client.post("/sign-in", data={"code": code.lower()}, follow_redirects=False)
    assert answer.headers["location"] == "/"
    assert pages.client.get("/").url.path == "/checks"


def test_a_handler_sees_the_one_thing_to_do_and_answers_it(pages: Pages) -> None:
    pages.sign_in(ASKED)
    text = pages.client.get("/checks").text
    assert f'href="/checks/{CHECK}"' in text
    answer = pages.client.post("/verdicts", data=verdict(pages, "works"))
    assert answer.url.path.startswith("/receipts/")
    taken, ticked = pages.lead()
    assert isinstance(taken, ev.CommandTaken)
    assert not taken.asserted, "whoever is signed in has proved who it is"
    assert ticked == ev.TickGiven(CHECK, 1, ASKED, "works", "")
    assert f'href="/checks/{CHECK}"' not in pages.client.get("/checks").text


def test_a_form_that_is_sent_twice_is_one_verdict(pages: Pages) -> None:
    pages.sign_in(ASKED)
    form = verdict(pages, "works_but", "letters take a minute")
    for _ in range(3):
        assert pages.client.post("/verdicts", data=form).status_code == 200
    ticks = [each for each in pages.lead() if isinstance(each, ev.TickGiven)]
    assert len(ticks) == 1
    assert pages.store.note(ticks[0].note_digest) == "letters take a minute"
    assert pages.client.post("/verdicts", data=form).status_code == 200
    assert pages.lead() == []


def test_a_form_of_before_with_another_answer_is_refused_aloud(pages: Pages) -> None:
    pages.sign_in(ASKED)
    form = verdict(pages, "works")
    pages.client.post("/verdicts", data=form)
    again = pages.client.post("/verdicts", data={**form, "said": "does_not_work", "note": "no"})
    assert again.status_code == 409
    assert [e.verdict for e in pages.lead() if isinstance(e, ev.TickGiven)] == ["works"]


@pytest.mark.parametrize(
    ("said", "note"), [("", ""), ("perhaps", ""), ("works_but", "  "), ("does_not_work", "")]
)
def test_a_half_filled_form_records_nothing(pages: Pages, said: str, note: str) -> None:
    pages.sign_in(ASKED)
    answer = pages.client.post("/verdicts", data=verdict(pages, said, note))
    assert answer.status_code == 422
    assert pages.leader.journal.take_commands() == ()


@pytest.mark.parametrize("said", ["works", "does_not_work"])
def test_a_verdict_on_the_old_sides_screen_does_not_count_and_is_asked_for_anew(
    pages: Pages, said: str
) -> None:
    pages.sign_in(ASKED)
    receipt = pages.client.post("/verdicts", data=verdict(pages, said, "a note", side="old"))
    _, found = pages.lead()
    assert isinstance(found, ev.WrongSideSeen)
    check = pages.seen.run.checks[CHECK]
    assert (check.state, check.ticks, check.wrong_side) == (CheckState.ASSIGNED, {}, (ASKED,))
    assert "notice warn" in pages.client.get(receipt.url.path).text
    again = verdict(pages, "works")
    pages.client.post("/verdicts", data=again)
    assert [e.verdict for e in pages.lead() if isinstance(e, ev.TickGiven)] == ["works"]


@pytest.mark.parametrize("side", ["", "left"])
def test_a_check_with_a_mark_wants_to_know_which_side_was_seen(pages: Pages, side: str) -> None:
    pages.sign_in(ASKED)
    assert (
        pages.client.post("/verdicts", data=verdict(pages, "works", side=side)).status_code == 422
    )
    whoever = pages.client.post("/verdicts", data=verdict(pages, "cannot_judge", side=side))
    assert whoever.status_code == 200, "who cannot judge need not know"


def test_a_refusal_holds_nobody_up_and_shows_what_follows(pages: Pages) -> None:
    pages.sign_in(ASKED)
    pages.client.post("/verdicts", data=verdict(pages, "does_not_work", "the page stays white"))
    pages.lead()
    assert pages.seen.run.checks[CHECK].state is CheckState.REFUSED
    text = pages.client.get(f"/checks/{CHECK}").text
    assert 'action="/verdicts"' not in text


def test_a_verdict_is_taken_back_from_its_receipt(pages: Pages) -> None:
    pages.sign_in(ASKED)
    receipt = pages.client.post("/verdicts", data=verdict(pages, "works")).url.path
    pages.lead()
    form = pages.form(receipt, "/withdrawals")
    pages.client.post("/withdrawals", data=form)
    assert any(isinstance(each, ev.TickWithdrawn) for each in pages.lead())


def test_what_the_engine_refuses_stands_on_the_receipt(pages: Pages) -> None:
    pages.sign_in(ASKED)
    form = {**verdict(pages, "works"), "target": SECOND_CHECK}
    pages.leader.note(ev.TickGiven(SECOND_CHECK, 1, OTHER, "works", ""))
    pages.leader.note(ev.CheckPassed(SECOND_CHECK, 1))
    receipt = pages.client.post("/verdicts", data=form).url.path
    (refused,) = pages.lead()
    assert isinstance(refused, ev.CommandRefused)
    assert "Andra har redan kontrollerat det här" in pages.client.get(receipt).text


def test_a_receipt_is_for_whoever_it_was_given_to(pages: Pages) -> None:
    pages.sign_in(ASKED)
    receipt = pages.client.post("/verdicts", data=verdict(pages, "works")).url.path
    pages.sign_in(OTHER)
    assert pages.client.get(receipt).status_code == 404


def test_a_form_of_another_session_or_another_site_does_nothing(pages: Pages) -> None:
    pages.sign_in(OTHER)
    foreign = pages.form("/checks", "/sign-out")["form"]
    pages.sign_in(ASKED)
    form = verdict(pages, "works")
    assert pages.client.post("/verdicts", data={**form, "form": foreign}).status_code == 422
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.test"}):
        assert pages.client.post("/verdicts", data=form, headers=headers).status_code == 403
    assert pages.leader.journal.take_commands() == ()


def test_a_handler_decides_on_no_wave(pages: Pages) -> None:
    pages.sign_in(ASKED)
    assert pages.client.get("/decide").status_code == 403
    form = {**verdict(pages, "works"), "verb": "unwind", "target": "w01", "reason": "because"}
    assert pages.client.post("/decisions", data=form).status_code == 403
    assert pages.leader.journal.take_commands() == ()


def test_a_decider_holds_a_wave_with_a_reason(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    form = pages.form("/checks", "/sign-out")
    deed = {"command": "5f0c1c5e-6a53-4c86-9f7a-0d2b7f1f7a11", "saw": "1", "target": "w01"}
    deed |= {"form": form["form"], "verb": "hold"}
    assert pages.client.post("/decisions", data=deed).status_code == 422, "no reason was given"
    pages.client.post("/decisions", data={**deed, "reason": "the printers stand still"})
    assert any(isinstance(each, ev.WaveHeld) for each in pages.lead())
    assert "the printers stand still" in pages.client.get("/weekend").text


def test_a_verb_that_no_page_gives_is_not_taken(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    form = pages.form("/checks", "/sign-out")
    deed = {"command": "5f0c1c5e-6a53-4c86-9f7a-0d2b7f1f7a11", "saw": "1", "target": "w01"}
    for verb in ("override", "amend", "replan", "nonsense"):
        answer = pages.client.post(
            "/decisions", data={**deed, "form": form["form"], "verb": verb, "reason": "x"}
        )
        assert answer.status_code == 422
    assert pages.leader.journal.take_commands() == ()


def test_whoever_signs_out_is_out(pages: Pages) -> None:
    pages.sign_in(ASKED)
    pages.client.post("/sign-out", data=pages.form("/checks", "/sign-out"))
    assert pages.client.get("/checks", follow_redirects=False).status_code == 303


def test_every_answer_keeps_foreign_code_and_caches_out(pages: Pages) -> None:
    pages.sign_in(ASKED)
    for path in ("/checks", "/nowhere", "/static/pages.js"):
        headers = pages.client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert pages.client.get("/checks").headers["cache-control"] == "no-store"


def test_what_people_typed_is_text_and_never_code(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    form = pages.form("/checks", "/sign-out")
    deed = {"command": "5f0c1c5e-6a53-4c86-9f7a-0d2b7f1f7a11", "saw": "1", "target": "w01"}
    evil = "<script>alert(1)</script>"
    pages.client.post(
        "/decisions", data={**deed, "form": form["form"], "verb": "hold", "reason": evil}
    )
    pages.lead()
    text = pages.client.get("/weekend").text
    assert evil not in text
    assert "&lt;script&gt;" in text


def test_language_is_chosen_and_a_way_back_leads_nowhere_else(pages: Pages) -> None:
    pages.sign_in(ASKED)
    assert '<html lang="sv">' in pages.client.get("/checks").text
    there = pages.client.post(
        "/language", data={"language": "en", "back": "//evil.test"}, follow_redirects=False
    )
    assert there.headers["location"] == "/"
    assert '<html lang="en">' in pages.client.get("/checks").text


def test_a_body_of_a_gigabyte_is_not_read(pages: Pages) -> None:
    pages.sign_in(ASKED)
    form = {**verdict(pages, "works"), "note": "x" * 200_000}
    assert pages.client.post("/verdicts", data=form).status_code in {413, 422}
    assert pages.leader.journal.take_commands() == ()
