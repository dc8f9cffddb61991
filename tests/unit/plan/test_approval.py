"""A person's yes, to exactly what, and whether it still counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from migrator.errors import InputError, RefusedError
from migrator.ids import PersonId
from migrator.inventory.canonical import inventory_digest
from migrator.inventory.model import Inventory
from migrator.plan.approval import (
    Approval,
    add_approval,
    approval_path,
    approvals_from_text,
    check_approval,
    inputs_of,
    make_approval,
    sentence,
    standing,
)
from migrator.plan.model import Plan, PlannedGate
from migrator.plan.seal import Inputs, Seal, make_seal
from small_plan import LINKS_DIGEST, a_plan, an_inventory, at, with_move, with_wave

ANNA, BERTIL = PersonId("anna"), PersonId("bertil")
NOW = at("10 12:00")


def digested(inventory: Inventory) -> Inventory:
    return replace(inventory, digest=inventory_digest(inventory))


INVENTORY = digested(an_inventory())


def inputs(
    plan: Plan, inventory: Inventory = INVENTORY, version: str = "1.2.3", manifests: str = "m"
) -> Inputs:
    return inputs_of(plan, inventory, LINKS_DIGEST, manifests, version)


def a_seal(of: Inputs, *, passed: bool = True) -> Seal:
    return make_seal(
        "small",
        of,
        passed=passed,
        seed=1,
        steps_exercised=(),
        undos_exercised=(),
        waves_unwound=(),
        not_exercised=(),
    )


def an_approval(
    plan: Plan | None = None, person: PersonId = ANNA, seal: Seal | None = None
) -> Approval:
    plan = plan or a_plan()
    return make_approval(
        plan, INVENTORY, inputs(plan), person, "user1", NOW, seal=seal, statement='so "be" it'
    )


def test_what_was_approved_is_said_in_one_sentence() -> None:
    assert sentence(a_plan()) == (
        "4 moves in 2 waves, Fri 13 Oct 18:00 to Sun 15 Oct 18:00 Europe/Stockholm"
    )
    assert an_approval().approved == sentence(a_plan())


def test_only_a_decision_maker_of_the_plan_may_approve_it() -> None:
    with pytest.raises(RefusedError) as caught:
        an_approval(person=PersonId("david"))
    assert caught.value.reference == "not-a-decision-maker"
    assert "anna, bertil" in caught.value.hint


def test_where_the_plan_names_no_decision_makers_anybody_may() -> None:
    nobody = PlannedGate(at("14 06:00"), ())
    plan = with_wave(with_wave(a_plan(), "w1", gate=nobody), "w2", gate=nobody)
    assert an_approval(plan, PersonId("david")).person == "david"
    verdict = check_approval(plan, INVENTORY, inputs(plan), an_approval(plan, PersonId("david")))
    assert verdict.valid


def test_a_seal_of_this_plan_is_kept_by_its_short_form() -> None:
    seal = a_seal(inputs(a_plan()))
    assert an_approval(seal=seal).seal == seal.short_form


def test_a_seal_of_another_plan_is_refused() -> None:
    other = with_move(a_plan(), "web", switch=at("13 19:15"))
    with pytest.raises(RefusedError) as caught:
        an_approval(seal=a_seal(inputs(other, manifests="n")))
    assert caught.value.reference == "seal-does-not-fit"
    assert "another plan and another manifests" in caught.value.message


def test_a_seal_of_a_failed_dry_run_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        an_approval(seal=a_seal(inputs(a_plan()), passed=False))
    assert "failed" in caught.value.message


# --- does it still count -------------------------------------------------------------------------


def test_an_approval_counts_while_nothing_has_changed() -> None:
    verdict = check_approval(a_plan(), INVENTORY, inputs(a_plan()), an_approval())
    assert (verdict.valid, verdict.changed, verdict.lapsed_because) == (True, (), ())


def test_a_changed_plan_lapses_it_and_the_changed_parts_are_named() -> None:
    plan = with_move(a_plan(), "night", end=at("14 09:30"))
    plan = replace(plan, constraints=replace(plan.constraints, moves_per_wave_max=4))
    verdict = check_approval(plan, INVENTORY, inputs(plan), an_approval())
    assert not verdict.valid
    assert verdict.lapsed_because == ("the plan changed: constraints, wave w2",)


def test_another_order_of_the_waves_is_a_change_of_its_own() -> None:
    plan = a_plan(waves=a_plan().waves[::-1])
    verdict = check_approval(plan, INVENTORY, inputs(plan), an_approval())
    assert verdict.lapsed_because == ("the plan changed: order of the waves",)


def test_a_changed_inventory_names_its_changed_files() -> None:
    people = replace(INVENTORY.people, people=INVENTORY.people.people[:-1])
    inventory = digested(replace(INVENTORY, people=people))
    verdict = check_approval(a_plan(), inventory, inputs(a_plan(), inventory), an_approval())
    assert verdict.lapsed_because == ("the inventory changed: people",)


def test_a_change_that_no_part_explains_is_still_a_change() -> None:
    inventory = replace(INVENTORY, digest="9" * 64)  # as when only a manifest changed
    verdict = check_approval(a_plan(), inventory, inputs(a_plan(), inventory), an_approval())
    assert verdict.lapsed_because == ("the inventory changed",)


def test_changed_links_and_manifests_lapse_it() -> None:
    now = replace(inputs(a_plan(), manifests="n"), links_digest="9")
    verdict = check_approval(a_plan(), INVENTORY, now, an_approval())
    assert verdict.lapsed_because == ("the links changed", "the manifests or probes.yaml changed")


def tolerating(*words: str) -> Plan:
    policy = replace(a_plan().policy, approval_lapses_when=words)
    return a_plan(policy=policy)


def test_what_the_policy_tolerates_is_named_and_lapses_nothing() -> None:
    plan = tolerating("plan", "inventory")
    verdict = check_approval(plan, INVENTORY, inputs(plan, manifests="n"), an_approval(plan))
    assert verdict.valid
    assert verdict.changed == ("the manifests or probes.yaml changed",)


@pytest.mark.parametrize(
    ("word", "version", "valid"),
    [
        ("program_major", "2.0.0", False),
        ("program_major", "1.3.0", True),
        ("program_major", "1.2.4", True),
        ("program_minor", "2.2.3", False),
        ("program_minor", "1.3.3", False),
        ("program_minor", "1.2.4", True),
        ("program_patch", "2.2.3", False),
        ("program_patch", "1.2.4", False),
        ("program_patch", "1.2", False),
    ],
)
def test_a_new_program_lapses_it_from_the_part_that_the_policy_names(
    word: str, version: str, *, valid: bool
) -> None:
    plan = tolerating("plan", word)
    verdict = check_approval(plan, INVENTORY, inputs(plan, version=version), an_approval(plan))
    assert verdict.valid is valid
    assert verdict.changed == (f"migrator is {version}; it was 1.2.3",)


def test_versions_that_differ_only_in_their_spelling_are_a_patch() -> None:
    plan = tolerating("program_patch")
    approval = replace(an_approval(plan), inputs=inputs(plan, version="1.2."))
    verdict = check_approval(plan, INVENTORY, inputs(plan, version="1.2"), approval)
    assert not verdict.valid


def test_somebody_who_decides_no_more_has_approved_nothing() -> None:
    approval = an_approval(person=BERTIL)
    gate = PlannedGate(at("13 18:30"), (ANNA,))
    plan = with_wave(with_wave(a_plan(), "w1", gate=gate), "w2", gate=gate)
    same = replace(approval, inputs=inputs(plan))
    verdict = check_approval(plan, INVENTORY, inputs(plan), same)
    assert verdict.lapsed_because == ("bertil decides at no gate of the plan any more",)


def test_each_approval_gets_its_own_verdict() -> None:
    old = with_move(a_plan(), "web", end=at("13 20:35"))
    approvals = (an_approval(old), an_approval(person=BERTIL))
    found = standing(a_plan(), INVENTORY, inputs(a_plan()), approvals)
    assert [verdict.valid for _, verdict in found] == [False, True]


# --- the file ------------------------------------------------------------------------------------


def test_approvals_survive_their_file_in_the_order_they_were_given() -> None:
    first = an_approval(seal=a_seal(inputs(a_plan())))
    second = replace(an_approval(person=BERTIL), statement="å: #1\n\u2028 \U0001f600")
    text = add_approval(add_approval(None, first, "f"), second, "f")
    assert approvals_from_text(text, "f") == (first, second)


def test_what_stands_in_the_file_already_is_left_as_it_is() -> None:
    one = add_approval(None, an_approval(), "f")
    two = add_approval(one, an_approval(person=BERTIL), "f")
    assert two.startswith(one)


def test_parts_of_a_second_are_left_out() -> None:
    approval = make_approval(
        a_plan(),
        INVENTORY,
        inputs(a_plan()),
        ANNA,
        "user1",
        NOW.replace(microsecond=5),
        seal=None,
        statement="",
    )
    assert approval.at == NOW


@pytest.mark.parametrize("text", ["", "schema_version: 1\n", "- x\n"])
def test_a_file_that_holds_no_approvals_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        approvals_from_text(text, "f")
    assert caught.value.reference == "broken-approval"


@pytest.mark.parametrize(
    "text",
    [
        "approvals: []\nschema_version: 1\n",
        "schema_version: 1\napprovals: []\n",
        "approvals:\n  []\nschema_version:\n  1\n",
    ],
)
def test_a_file_whose_end_is_not_the_end_of_its_list_gets_no_approval(text: str) -> None:
    with pytest.raises(InputError) as caught:
        add_approval(text, an_approval(), "f")
    assert caught.value.reference == "broken-approval"


def test_approvals_lie_beside_their_plan() -> None:
    assert approval_path(PurePosixPath("plans/x.yaml")) == "plans/x.approval.yaml"
