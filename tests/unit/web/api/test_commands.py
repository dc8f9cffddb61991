"""Commands by the API: once, by whom they may be given, with an answer that says what became."""

from __future__ import annotations

import json
import uuid

import pytest

from migrator.engine.commands import VERBS
from migrator.web.api.commands import NEEDS_REASON, TAKES
from programs import API, a_program
from run_with_pages import ASKED, CHECK, DECIDER, OTHER, Pages

WORKS = {"verdict": "works", "side": "new"}


def test_a_verdict_is_kept_then_taken_and_the_answer_says_so(pages: Pages) -> None:
    program = a_program(pages, ASKED)
    given = program.give("tick", CHECK, details=WORKS)
    assert (given.status_code, given.json()["answer"]) == (202, "waiting")
    pages.lead()
    later = program.get(f"/commands/{given.json()['id']}").json()
    assert (later["answer"], later["why"]) == ("taken", "")
    assert pages.leader.run.checks[CHECK].ticks == {ASKED: "works"}


def test_what_followed_is_told_to_those_who_may_read_the_journal(pages: Pages) -> None:
    handler, decider = a_program(pages, ASKED), a_program(pages, DECIDER)
    tick = handler.give("tick", CHECK, details=WORKS).json()["id"]
    hold = decider.give("hold", "w01", reason="odd figures").json()["id"]
    pages.lead()
    assert handler.get(f"/commands/{tick}").json()["followed"] == []
    kinds = [each["kind"] for each in decider.get(f"/commands/{hold}").json()["followed"]]
    assert "WaveHeld" in kinds


def test_the_same_question_again_is_the_same_command(pages: Pages) -> None:
    program = a_program(pages, ASKED)
    body = {"id": str(uuid.uuid4()), "verb": "tick", "target": CHECK, "details": WORKS, "seen": 1}
    first = program.post("/commands", body)
    assert program.post("/commands", {**body, "seen": 2}).json() == first.json()
    assert len(pages.leader.journal.take_commands()) == 1
    pages.lead()
    again = program.post("/commands", body)
    assert (again.status_code, again.json()["answer"]) == (200, "taken")
    assert len(pages.leader.run.checks[CHECK].ticks) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"details": {"verdict": "cannot_judge"}},
        {"target": "function-1-2@w01"},
        {"note": "another one", "details": WORKS},
    ],
)
def test_the_same_id_with_other_words_is_refused(pages: Pages, other: dict[str, object]) -> None:
    program = a_program(pages, ASKED)
    body = {
        "id": str(uuid.uuid4()), "verb": "tick", "target": CHECK, "details": WORKS, "seen": 1,
        "note": "as it was",
    }  # fmt: skip
    assert program.post("/commands", body).status_code == 202
    assert program.post("/commands", body).status_code == 202
    answer = program.post("/commands", {**body, **other})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:migrator:doubled")
    somebody_else = a_program(pages, OTHER).post("/commands", body)
    assert somebody_else.status_code == 409


def test_a_refused_command_says_why_in_the_engines_words(pages: Pages) -> None:
    program = a_program(pages, DECIDER)
    given = program.give("release", "w01", reason="all is well").json()["id"]
    pages.lead()
    answer = program.get(f"/commands/{given}").json()
    assert answer["answer"] == "refused"
    assert "w01" in answer["why"]


def test_nobody_sees_what_became_of_anothers_command(pages: Pages) -> None:
    given = a_program(pages, ASKED).give("tick", CHECK, details=WORKS).json()["id"]
    assert a_program(pages, DECIDER).get(f"/commands/{given}").status_code == 404
    assert a_program(pages, ASKED).get("/commands/nonsense").status_code == 404
    assert a_program(pages, ASKED, "look").get(f"/commands/{given}").status_code == 403


NONSENSE: list[tuple[dict[str, object], str]] = [
    ({"verb": "hold"}, "lacks-reason"),
    ({"verb": "hold", "reason": "  "}, "lacks-reason"),
    ({"verb": "override", "reason": "x"}, "lacks-verb"),
    ({"verb": "tick"}, "lacks-verdict"),
    ({"verb": "tick", "target": CHECK, "details": {"verdict": "works"}}, "lacks-side"),
    ({"verb": "tick", "details": {**WORKS, "side": "left"}}, "lacks-side"),
    ({"verb": "tick", "details": {**WORKS, "verdict": "works_but"}}, "lacks-note"),
    ({"verb": "tick", "details": {**WORKS, "note_digest": "00"}}, "lacks-sense"),
    ({"verb": "tick", "details": {**WORKS, "left_behind": "19900101-2384"}}, "lacks-number"),
    ({"verb": "hold", "reason": "x", "note": "y"}, "lacks-sense"),
    ({"verb": "hold", "reason": "x", "details": {"source": "z"}}, "lacks-sense"),
    ({"verb": "hold", "target": "a\0b", "reason": "x"}, "nonsense"),
    ({"verb": "hold", "reason": "x", "seen": True}, "nonsense"),
    ({"verb": "hold", "reason": "x", "force": "yes"}, "nonsense"),
    ({"verb": "hold", "reason": "x", "id": "mine"}, "nonsense"),
]


def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(pages: Pages) -> None:
    program = a_program(pages, DECIDER)
    for body, reference in NONSENSE:
        whole = {"id": str(uuid.uuid4()), "target": "w01", "seen": 1, **body}
        answer = program.post("/commands", whole)
        found = (answer.status_code, answer.json()["type"])
        assert found == (422, f"urn:migrator:{reference}"), body
    assert pages.leader.journal.take_commands() == ()


def test_half_a_letter_is_no_text(pages: Pages) -> None:
    program = a_program(pages, DECIDER)
    body = {"id": str(uuid.uuid4()), "verb": "hold", "target": "w01", "reason": "X", "seen": 1}
    answer = pages.client.post(
        f"{API}/commands",
        content=json.dumps(body).replace("X", "\\ud800").encode(),
        headers={**program.named, "content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:migrator:nonsense")


def test_troubles_are_told_in_the_callers_language(pages: Pages) -> None:
    program = a_program(pages, DECIDER)
    body = {"id": "mine"}
    swedish = program.post("/commands", body, **{"accept-language": "sv-SE, en;q=0.5"})
    english = program.post("/commands", body, **{"accept-language": "en"})
    assert swedish.headers["content-language"] == "sv"
    assert english.json()["title"] == "It cannot be understood"
    assert swedish.json()["title"] != english.json()["title"]
    assert [each["where"] for each in english.json()["faults"]] == [
        "body.id", "body.verb", "body.seen",
    ]  # fmt: skip


def test_a_body_that_is_too_large_is_not_read(pages: Pages) -> None:
    answer = a_program(pages, DECIDER).give("hold", "w01", reason="x" * 100_000)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:migrator:too-large")


def test_the_details_that_verbs_take_are_of_verbs_that_the_engine_knows() -> None:
    assert set(TAKES) <= set(VERBS)
    assert set(VERBS) >= NEEDS_REASON
    assert "note_digest" not in set().union(*TAKES.values())
    # What only this program may say: of a note, of what was shown, of who stands at another screen.
    for named in ("seen", "second", "code_digest", "os_user", "key", "source", "times"):
        assert named not in set().union(*TAKES.values())
