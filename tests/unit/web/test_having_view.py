"""Who has a check and who could; what a page offers is what the engine takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.web.having_view import Having, attending, having, may_refuse_late
from run_with_pages import ASKED, CHECK, DECIDER, OTHER, SECOND_CHECK, Pages, pages_of_a_run


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


def of(pages: Pages, person: str, check: str = CHECK) -> Having:
    leg = next(each for each in pages.leader.run.itinerary.checks if each.id == check)
    return having(pages.leader.run, leg, person, pages.leader.now)


def freed(pages: Pages, check: str = CHECK) -> None:
    person = pages.leader.run.checks[check].person
    pages.leader.note(ev.CheckHandedOver(check, 1, person, "", None, person, "lunch"))
    pages.catch_up()


def test_a_check_is_mine_or_somebodys_or_to_be_taken(pages: Pages) -> None:
    assert of(pages, ASKED).mine
    other = of(pages, OTHER)
    assert (other.mine, other.takeable) == (False, False)
    assert other.who == pages.leader.run.itinerary.members[ASKED].name
    freed(pages)
    assert of(pages, ASKED).takeable
    assert not of(pages, OTHER).takeable, "she has another one to answer"
    assert not of(pages, DECIDER).takeable, "she may not verify it"


def test_only_who_is_free_and_may_is_offered_for_handing_over(pages: Pages) -> None:
    free, *_ = (id_ for id_, _ in of(pages, ASKED).others)
    assert free != ASKED
    limit = pages.leader.now + timedelta(minutes=45)
    freed(pages, SECOND_CHECK)
    pages.leader.note(ev.CheckAssigned(SECOND_CHECK, 1, free, limit))
    assert free not in [id_ for id_, _ in of(pages, ASKED).others], "she has another one now"


def test_what_is_offered_is_taken_by_the_engine(pages: Pages) -> None:
    freed(pages)
    pages.sign_in(ASKED)
    form = pages.form(f"/checks/{CHECK}", "/mine")
    pages.client.post("/mine", data={**form, "verb": "claim"})
    assert [type(each) for each in pages.lead()] == [ev.CommandTaken, ev.CheckAssigned]
    freed(pages, SECOND_CHECK)
    form = pages.form(f"/checks/{CHECK}", "/mine")
    to = of(pages, ASKED).others[0][0]
    pages.client.post("/mine", data={**form, "verb": "hand-over", "to": to, "reason": "lunch"})
    assert [type(each) for each in pages.lead()] == [ev.CommandTaken, ev.CheckHandedOver]
    assert pages.leader.run.checks[CHECK].person == to


def test_handing_over_without_a_reason_or_by_another_verb_does_nothing(pages: Pages) -> None:
    pages.sign_in(ASKED)
    form = pages.form(f"/checks/{CHECK}", "/mine")
    for wrong in ({"verb": "hand-over", "reason": " "}, {"verb": "abort"}, {"verb": "go"}):
        assert pages.client.post("/mine", data={**form, **wrong}).status_code == 422
    assert pages.leader.journal.take_commands() == ()


def test_what_was_verified_can_be_refused_later_from_its_page(pages: Pages) -> None:
    leg = next(each for each in pages.leader.run.itinerary.checks if each.id == CHECK)
    assert not may_refuse_late(pages.leader.run, leg, ASKED)
    pages.leader.note(ev.TickGiven(CHECK, 1, ASKED, "works", ""), ev.CheckPassed(CHECK, 1))
    pages.catch_up()
    assert may_refuse_late(pages.leader.run, leg, ASKED)
    assert not may_refuse_late(pages.leader.run, leg, DECIDER)
    pages.sign_in(ASKED)
    form = {**pages.form(f"/checks/{CHECK}", "/verdicts"), "note": "it is white now", "side": "new"}
    assert form["said"] == "does_not_work"
    pages.client.post("/verdicts", data=form)
    assert any(isinstance(each, ev.TickGiven) for each in pages.lead())
    assert pages.leader.run.checks[CHECK].ticks[ASKED] == "does_not_work"


def test_nobody_is_asked_to_be_there_where_the_plan_does_not_want_it(pages: Pages) -> None:
    assert attending(pages.leader.run, ASKED, pages.leader.now) == ""


def test_whoever_is_needed_says_so_once_and_can_leave(pages: Pages) -> None:
    run = pages.leader.run
    policy = run.itinerary.policy
    verifying = replace(policy.verifying, presence="required")
    run.itinerary = replace(run.itinerary, policy=replace(policy, verifying=verifying))
    assert attending(run, ASKED, pages.leader.now) == "", "in practice everybody is there"
    assert run.started is not None
    run.started = replace(run.started, practice=False)
    assert attending(run, ASKED, pages.leader.now) == "ask"
    assert attending(run, DECIDER, pages.leader.now) == "", "nothing is given to her"
    run.arrived[ASKED] = pages.leader.now
    assert attending(run, ASKED, pages.leader.now) == "here"


def test_the_button_of_whoever_is_there_is_taken_by_the_engine(pages: Pages) -> None:
    for run in (pages.leader.run, pages.seen.run):
        policy = run.itinerary.policy
        verifying = replace(policy.verifying, presence="required")
        run.itinerary = replace(run.itinerary, policy=replace(policy, verifying=verifying))
        assert run.started is not None
        run.started = replace(run.started, practice=False)
    pages.sign_in(ASKED)
    form = pages.form("/checks", "/mine")
    assert form["verb"] == "arrive"
    pages.client.post("/mine", data=form)
    assert [type(each) for each in pages.lead()] == [ev.CommandTaken, ev.PersonArrived]
    pages.leader.now += timedelta(minutes=1)
    form = pages.form("/checks", "/mine")
    assert form["verb"] == "leave"
