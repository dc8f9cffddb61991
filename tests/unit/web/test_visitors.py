"""Who sees and does what; every verb that a page gives is one that the engine knows."""

from __future__ import annotations

import pytest

from migrator.engine.commands import VERBS
from migrator.ids import PersonId
from migrator.plan.model import Member
from migrator.web.visitors import DOES, Page, Visitor, visitor


def a_visitor(*roles: str) -> Visitor:
    member = Member(PersonId("anna"), "Anna A", None, roles, None, (), None)
    return visitor("anna", {"anna": member}, "t")


OF_HANDLERS = {"tick", "withdraw", "claim", "hand-over", "arrive", "leave", "disturb"}


@pytest.mark.parametrize("verb", sorted(set(DOES) - OF_HANDLERS))
def test_a_handler_changes_nothing_but_verdicts_and_who_gives_them_and_reports(verb: str) -> None:
    assert not a_visitor("handler").may(verb)


@pytest.mark.parametrize("verb", sorted(DOES))
def test_an_auditor_changes_nothing_at_all(verb: str) -> None:
    assert not a_visitor("auditor").may(verb)


def test_every_verb_of_a_page_is_one_of_the_engine() -> None:
    assert set(DOES) <= set(VERBS)


@pytest.mark.parametrize("verb", ["override", "amend", "replan", "", "drop-table"])
def test_what_belongs_to_a_terminal_nobody_does_from_a_page(verb: str) -> None:
    assert not a_visitor("decision_maker", "wave_lead", "engineer", "handler").may(verb)


def test_only_a_decision_maker_makes_things_final() -> None:
    for verb in ("commit", "abort", "sign"):
        assert a_visitor("decision_maker").may(verb)
        assert not a_visitor("wave_lead", "engineer", "handler", "auditor").may(verb)


def test_an_auditor_sees_everything_but_other_peoples_work_lists() -> None:
    seen = {page for page in Page if a_visitor("auditor").sees(page)}
    assert seen == set(Page) - {Page.CHECKS}


def test_somebody_whom_the_plan_does_not_name_sees_nothing() -> None:
    member = Member(PersonId("bo"), "Bo B", None, ("handler",), None, (), None)
    stranger = visitor("anna", {"bo": member}, "t")
    assert not any(stranger.sees(page) for page in Page)
    assert not any(stranger.may(verb) for verb in DOES)


def test_an_estate_that_names_nobody_lets_whoever_was_invited_do_all() -> None:
    invited = visitor("anna", {}, "t")
    assert all(invited.sees(page) for page in Page)
    assert all(invited.may(verb) for verb in DOES)


def test_somebody_whom_the_plan_does_not_name_looks_by_claims_and_never_acts() -> None:
    member = Member(PersonId("bo"), "Bo B", None, ("handler",), None, (), None)
    stranger = visitor("anna", {"bo": member}, "t", ("auditor", "decision_maker", "handler"))
    assert stranger.sees(Page.JOURNAL)
    assert not any(stranger.may(verb) for verb in DOES)
    assert not stranger.may_end


def test_claims_give_roles_beside_those_of_the_plan() -> None:
    member = Member(PersonId("bo"), "Bo B", None, ("handler",), None, (), None)
    known = visitor("bo", {"bo": member}, "t", ("wave_lead",))
    assert known.may("tick")
    assert known.may("go")
    assert known.may_end
    assert not visitor("bo", {"bo": member}, "t").may_end
