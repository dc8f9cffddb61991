"""Each role against each question of the API: what `visitors` says, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from migrator.engine.commands import VERBS
from migrator.ids import PersonId
from migrator.plan.model import Member
from migrator.store.tokens import NARROW
from migrator.web.visitors import DOES, SEES, SENDS, Page, narrowed, visitor
from programs import Program, a_program
from run_with_pages import Pages, pages_of_a_run

ROLES = ("handler", "engineer", "wave_lead", "decision_maker", "auditor", "")
LOOKS = {
    "/run": Page.WEEKEND, "/waves": Page.WEEKEND, "/waves/w01": Page.WEEKEND,
    "/moves": Page.WEEKEND, "/checks": Page.WEEKEND, "/disturbances": Page.WEEKEND,
    "/forecast": Page.WEEKEND, "/checks/mine": Page.CHECKS, "/decisions": Page.DECIDE,
    "/journal": Page.JOURNAL, "/itinerary": Page.JOURNAL, "/beside": Page.JOURNAL,
    "/roster": Page.ROSTER,
}  # fmt: skip
"""Every look, and the page that shows the same; /me tells everybody who they are."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """One run for all: nobody answers what is asked here."""
    with pages_of_a_run(tmp_path_factory.mktemp("rights")) as found:
        yield found


def with_role(pages: Pages, role: str, only: str = "") -> Program:
    """A program of somebody who has this role alone."""
    person = f"only-{role or 'nobody'}"
    member = Member(PersonId(person), person, None, (role,) if role else (), None, (), None)
    members = pages.seen.run.itinerary.members
    assert isinstance(members, dict), "tests may add somebody"
    members[PersonId(person)] = member
    pages.seen.itinerary = pages.seen.run.itinerary
    return a_program(pages, person, only)


def test_every_look_is_in_the_table(pages: Pages) -> None:
    paths = pages.client.get("/api/v1/openapi.json").json()["paths"]
    looks = {path for path, kinds in paths.items() if "get" in kinds}
    known = {path.replace("w01", "{wave}") for path in LOOKS}
    assert looks == known | {"/me", "/moves/{subsystem}", "/commands/{command}", "/events"}
    assert {path for path, kinds in paths.items() if "post" in kinds} == {
        "/commands", "/alerts", "/reports",
    }  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_by_the_api_what_its_pages_show(pages: Pages, role: str) -> None:
    program = with_role(pages, role)
    for path, page in LOOKS.items():
        expected = 200 if role in SEES[page] else 403
        assert program.get(path).status_code == expected, path
    assert program.get("/moves/nothing").status_code == (404 if role else 403)
    assert program.get("/me").status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_a_role_gives_the_verbs_that_it_may_and_no_other(pages: Pages, role: str) -> None:
    program = with_role(pages, role)
    assert set(program.get("/me").json()["verbs"]) == {v for v in DOES if role in DOES[v]}
    for verb in sorted({*VERBS, *DOES}):
        # Lacks everything but the right: whoever has it is told what else is missing, or answered.
        body = {"id": str(uuid.uuid4()), "verb": verb, "target": "?", "reason": "x", "seen": 1}
        answer = program.post("/commands", body)
        if verb not in DOES:
            assert answer.json()["type"] == "urn:migrator:lacks-verb", verb
        elif role in DOES[verb]:
            assert answer.status_code in {202, 422}, verb
        else:
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:migrator:role"), verb
    desk = pages.leader.journal.take_commands()
    given = {command.verb for command in desk if command.actor == f"only-{role or 'nobody'}"}
    assert given <= {verb for verb in DOES if role in DOES[verb]}


@pytest.mark.parametrize("only", NARROW)
def test_a_token_that_was_made_for_less_does_that_alone(pages: Pages, only: str) -> None:
    program = with_role(pages, "decision_maker", only)
    for path in LOOKS:
        assert program.get(path).status_code == (200 if only == "look" else 403), path
    for verb in DOES:
        assert program.give(verb, "?", reason="x").status_code == 403, verb
    sends = {"/alerts": {"version": "4", "alerts": []}, "/reports": {"subject": "x"}}
    for path, body in sends.items():
        may = {"/alerts": "alarm", "/reports": "report"}[path] == only
        assert program.post(path, body).status_code == (202 if may else 403), path


@pytest.mark.parametrize("role", ROLES)
def test_alarms_come_by_their_own_tokens_only_and_reports_from_everybody_with_a_role(
    pages: Pages, role: str
) -> None:
    program = with_role(pages, role)
    assert program.post("/alerts", {"version": "4", "alerts": []}).status_code == 403
    expected = 202 if role in SENDS["reports"] else 403
    assert program.post("/reports", {"subject": "x"}).status_code == expected


def test_whoever_is_narrowed_loses_every_right_of_pages_too() -> None:
    member = Member(PersonId("a"), "A", None, ("decision_maker", "wave_lead"), None, (), None)
    whole = visitor("a", {"a": member}, "")
    for only in NARROW:
        less = narrowed(whole, only)
        assert not any(less.may(verb) for verb in DOES)
        assert not less.may_erase
        assert not less.may_end
