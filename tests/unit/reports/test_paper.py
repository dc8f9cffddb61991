"""The paper runbook."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest

from migrator.plan.model import Itinerary
from migrator.plan.unwind_order import unwind_arcs
from migrator.reports.paper import back_groups, contacts, paper_html, paper_text, wave_sheets
from migrator.reports.texts import texts
from pages import read_page
from weekend import an_itinerary


@pytest.fixture(scope="module")
def itinerary() -> Itinerary:
    return an_itinerary(2, 4)


def page(itinerary: Itinerary, language: str = "en", *, practice: bool = False) -> str:
    return paper_html(texts(language, "Europe/Stockholm"), itinerary, practice=practice)


def test_every_step_of_every_move_has_a_box_an_hour_and_a_signature(itinerary: Itinerary) -> None:
    rows = sum(len(itinerary.recipes[leg.recipe].steps) for leg in itinerary.legs.values())
    text = page(itinerary)
    checks = len(itinerary.checks)
    assert text.count('<td class="sign"></td><td class="sign"></td>') == rows + checks
    assert text.count('<span class="box">') == rows + checks + len(itinerary.legs)


def test_a_move_shows_each_step_with_its_undo_and_what_to_check(itinerary: Itinerary) -> None:
    text = read_page(page(itinerary)).text
    assert "switch the traffic . Change the route" in text or "switch the traffic. Change" in text
    assert "A call by the users' route is answered by the new side." in text
    assert "switch the traffic back; prove that the old side answers" in text


def test_those_who_decide_stand_at_the_gate_with_their_telephones(itinerary: Itinerary) -> None:
    text = read_page(page(itinerary)).text
    assert "Decider No. 1 010-555 02 01" in text
    assert "Decider No. 2 no telephone given" in text
    assert "Lead No. 1 010-555 03 01" in text


def test_only_handlers_on_duty_when_the_check_opens_stand_beside_it(itinerary: Itinerary) -> None:
    (first, *_), *_ = [wave.checks for wave in wave_sheets(itinerary)]
    assert first.on_duty
    for member in first.on_duty:
        assert any(start <= first.at < end for start, end in member.shifts)


def test_a_check_that_nobody_is_there_for_says_whom_to_call() -> None:
    itinerary = an_itinerary(1, 2)
    itinerary = replace(
        itinerary,
        members={key: replace(m, shifts=()) for key, m in itinerary.members.items()},
    )
    assert "Nobody on the roster" in read_page(page(itinerary)).text


def test_the_order_back_is_the_engines(itinerary: Itinerary) -> None:
    legs = [itinerary.legs[move] for move in itinerary.waves[0].moves]
    order = [leg.id for leg in sorted(legs, key=lambda leg: (leg.planned_switch, leg.id))]
    arcs = unwind_arcs(order, order, itinerary.pairs, itinerary.legs)
    groups = back_groups(itinerary, legs)
    place: dict[str, int] = {
        str(move): number for number, group in enumerate(groups) for move in group
    }
    assert sorted(place) == sorted(order)
    for move, waits_for in arcs.items():
        assert all(place[later] < place[move] for later in waits_for)
    for group in groups:
        for one, other in combinations(group, 2):
            assert other not in arcs[one]
            assert one not in arcs[other]


def test_a_slot_far_from_the_move_is_left_out_and_a_near_one_is_not() -> None:
    itinerary = an_itinerary(1, 1)
    (leg,) = itinerary.legs.values()
    near = (leg.planned_end + timedelta(hours=1), leg.planned_end + timedelta(hours=2), "batch")
    far = (leg.planned_end + timedelta(hours=40), leg.planned_end + timedelta(hours=41), "files")
    itinerary = replace(itinerary, legs={leg.id: replace(leg, blackouts=(near, far))})
    text = read_page(page(itinerary)).text
    assert ": batch" in text
    assert ": files" not in text


def test_every_wave_begins_with_the_mode_in_words(itinerary: Itinerary) -> None:
    live = read_page(page(itinerary, "sv")).text
    practice = read_page(page(itinerary, "sv", practice=True)).text
    assert live.count("SKARPT: new-cluster") >= 2 + len(itinerary.waves)
    assert "ÖVNING" not in live
    assert practice.count("ÖVNING") >= 2 + len(itinerary.waves)
    assert "SKARPT" not in practice


def test_the_telephone_list_names_everybody_once(itinerary: Itinerary) -> None:
    listed = [member.id for group in contacts(itinerary) for member in group.members]
    assert sorted(listed) == sorted(m.id for m in itinerary.members.values())


def test_what_may_run_ahead_of_the_gate_is_over_when_the_hands_on_part_begins() -> None:
    itinerary = an_itinerary(1, 4)
    ahead = {kind.value for kind in itinerary.policy.ahead_of_gate}
    assert ahead
    for wave in wave_sheets(itinerary):
        for sheet in wave.sheets:
            early = [row for row in sheet.rows if row.step in ahead]
            assert early == list(sheet.rows[: len(early)])
            assert sheet.rows[len(early)].at == sheet.leg.planned_start
            assert [row.at for row in sheet.rows] == sorted(row.at for row in sheet.rows)


def test_a_check_opens_when_its_own_core_moves_are_switched(itinerary: Itinerary) -> None:
    for wave in wave_sheets(itinerary):
        for check in wave.checks:
            core = [itinerary.legs[move].planned_switch for move in check.leg.core]
            assert check.at == max(*core, check.leg.possible_after or core[0])


def test_the_page_is_well_formed_and_needs_no_network(itinerary: Itinerary) -> None:
    found = read_page(page(itinerary, "sv"))
    assert found.unbalanced == []
    assert found.outside == []
    assert found.language == "sv"


def test_the_plain_text_fits_an_old_printer_and_holds_the_same(itinerary: Itinerary) -> None:
    text = paper_text(texts("en", "Europe/Stockholm"), itinerary, practice=True)
    assert "&" not in text.replace("& ", "")
    assert text.startswith("PRACTICE")
    boxes = sum(len(itinerary.recipes[leg.recipe].steps) for leg in itinerary.legs.values())
    undos = sum(len(itinerary.recipes[leg.recipe].unwind) for leg in itinerary.legs.values())
    assert text.count("[ ]") == boxes + undos + len(itinerary.checks) + len(itinerary.legs)


def test_an_estate_without_people_says_so() -> None:
    itinerary = replace(an_itinerary(1, 1), members={})
    text = read_page(page(itinerary)).text
    assert "The inventory names no people." in text
    assert "nobody is named" in text
