"""What people meet where something is wrong: an old address, a store that is away, odd numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.errors import EnvironmentFailed
from migrator.store.sessions import Session
from run_with_pages import ASKED, CHECK, DECIDER, Pages, pages_of_a_run

COMMAND = "5f0c1c5e-6a53-4c86-9f7a-0d2b7f1f7a11"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def away(*_: object) -> Session | None:
    raise EnvironmentFailed("store-unreachable", "the store is away", hint="wait")


def test_while_the_store_is_away_people_are_told_so(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.sign_in(ASKED)
    code = pages.invitation(ASKED).code
    form = pages.form("/checks", "/sign-out")
    for name in ("session", "invited", "spend_code", "spend_link", "leave"):
        monkeypatch.setattr(pages.client.app.state.entry.sign_in, name, away)  # type: ignore[attr-defined]
    for path in ("/", "/checks", "/weekend", "/stream", "/in/whatever", "/nowhere"):
        answer = pages.client.get(path)
        assert answer.status_code == 503, path
        assert answer.headers["retry-after"] == "5"
        assert "<h1>" in answer.text
    for path, data in (("/sign-in", {"code": code}), ("/in/whatever", {}), ("/sign-out", form)):
        assert pages.client.post(path, data=data).status_code == 503, path


def test_an_address_of_a_form_that_is_opened_as_a_page_is_no_page(pages: Pages) -> None:
    pages.sign_in(ASKED)
    for path in ("/verdicts", "/decisions", "/sign-out"):
        answer = pages.client.get(path)
        assert (answer.status_code, "<h1>" in answer.text) == (405, True)


def test_nobody_is_sent_to_a_host_that_the_question_named(pages: Pages) -> None:
    pages.sign_in(ASKED)
    for path in ("/checks/", "//evil.test/", "/static"):
        answer = pages.client.get(path, headers={"host": "evil.test"}, follow_redirects=False)
        assert "evil.test" not in answer.headers.get("location", "")


@pytest.mark.parametrize(
    "path", ["//evil.test/x", "/%2fevil.test/x", "/%5cevil.test", "/%09/evil.test"]
)
def test_no_link_on_a_page_leads_away_because_of_its_address(pages: Pages, path: str) -> None:
    pages.sign_in(ASKED)
    text = pages.client.get("https://pages.test" + path).text
    for led in ('href="//', 'href="/\\', 'href="/\t', 'value="//'):
        assert led not in text


@pytest.mark.parametrize("saw", ["-1", str(2**63), "9" * 5000, "1e3", "x", "\x00"])
def test_a_line_that_no_journal_has_was_not_seen(pages: Pages, saw: str) -> None:
    pages.sign_in(ASKED)
    form = pages.form(f"/checks/{CHECK}", "/verdicts")
    answer = pages.client.post(
        "/verdicts", data={**form, "saw": saw, "said": "works", "side": "new"}
    )
    assert answer.status_code == 422


@pytest.mark.parametrize("field", ["note", "target", "reason"])
def test_text_that_cannot_be_written_down_is_refused_and_nothing_is_kept(
    pages: Pages, field: str
) -> None:
    pages.sign_in(DECIDER)
    form = pages.form("/checks", "/sign-out")["form"]
    deed = {"form": form, "command": COMMAND, "saw": "1", "target": "w01"}
    filled = {"verb": "hold", "reason": "because"}
    path = "/verdicts" if field == "note" else "/decisions"
    if field == "note":
        filled = {"said": "cannot_judge"}
    answer = pages.client.post(path, data={**deed, **filled, field: "a\x00b"})
    assert answer.status_code == 422
    assert pages.leader.journal.take_commands() == ()


def test_of_two_who_decide_opposite_things_on_one_page_the_second_learns_it(pages: Pages) -> None:
    answers: dict[str, str] = {}
    for person, verb in ((DECIDER, "hold"), (DECIDER, "release")):
        pages.sign_in(person)
        form = pages.form("/checks", "/sign-out")["form"]
        command = COMMAND[:-1] + str(len(answers))
        deed = {"form": form, "command": command, "saw": "1", "target": "w01"}
        receipt = pages.client.post("/decisions", data={**deed, "verb": verb, "reason": "why"})
        answers[verb] = receipt.url.path
    pages.lead()
    assert all(path.startswith("/receipts/") for path in answers.values())
    for path in answers.values():
        assert "<h1>" in pages.client.get(path).text
