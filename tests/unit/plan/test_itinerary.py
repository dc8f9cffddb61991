"""Plan and inventory joined: legs, waves, checks, people; and the digest that pins them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from estates import a_pair
from migrator.ids import FunctionId, PersonId, ShiftId, SubsystemId, TeamId
from migrator.inventory.model import (
    Estimate,
    Function,
    Irreversible,
    Kind,
    LatencyClass,
    Part,
    Role,
    SideMark,
)
from migrator.links.table import Pair
from migrator.plan.checks_to_come import eligible_handlers
from migrator.plan.itinerary import (
    itinerary_digest,
    itinerary_json,
    make_itinerary,
)
from migrator.plan.minutes import step_minutes, undo_minutes
from migrator.plan.model import Itinerary, PairLeg, StepKind, UndoKind
from migrator.plan.recipes import RECIPES
from migrator.plan.verifying import Verifying
from small_plan import a_function, a_person, a_plan, a_subsystem, an_inventory, at

S, U = StepKind, UndoKind


def joined(*pairs: Pair, **changes: object) -> Itinerary:
    """The small plan with its inventory, one thing of the inventory changed."""
    return make_itinerary(a_plan(), an_inventory(**changes), pairs, "plan-digest")


def test_what_the_plan_says_is_taken_over_by_value() -> None:
    itinerary = joined()

    assert (itinerary.plan_name, itinerary.plan_digest) == ("small", "plan-digest")
    assert (itinerary.source, itinerary.target) == ("hall", "cluster")
    assert itinerary.copy_gib_per_hour == 60
    assert itinerary.window == a_plan().window
    assert [wave.id for wave in itinerary.waves] == ["w1", "w2"]
    assert itinerary.waves[1].moves == ("ledger", "night", "payments")
    assert itinerary.stays == a_plan().stays
    assert itinerary.names["bank"] == "The bank"


def test_an_estate_without_places_has_plain_words_for_them_and_no_limits() -> None:
    plan = replace(a_plan(), source=None, target=None)
    itinerary = make_itinerary(plan, an_inventory(places=()), (), "")

    assert (itinerary.source, itinerary.target) == ("old platform", "new platform")
    assert itinerary.copy_gib_per_hour is itinerary.bridge_calls_per_hour is None


def test_a_leg_has_its_subsystems_facts_and_its_planned_hours() -> None:
    leg = joined().legs["payments"]

    assert (leg.wave, leg.recipe, leg.kind, leg.team) == ("w2", "stateful", "stateful", "blue")
    assert (leg.criticality, leg.copy_gib) == (5, 10)
    assert leg.planned_switch == at("14 08:30")
    assert leg.fixed == ((at("14 08:00"), at("14 12:00"), "the bank"),)
    assert leg.blackouts == ((at("14 01:00"), at("14 04:00"), "the night's payments"),)
    assert (leg.irreversible, leg.irreversible_at) == (None, None)


def test_an_irreversible_act_is_kept_with_its_hour() -> None:
    late = a_subsystem("web", Kind.STATELESS, irreversible=Irreversible("sent", at("14 12:00")))
    others = [s for s in an_inventory().subsystems if s.id != "web"]
    leg = joined(subsystems=(*others, late)).legs["web"]

    assert (leg.irreversible, leg.irreversible_at) == ("sent", at("14 12:00"))


def test_relations_become_what_comes_before_and_what_moves_together() -> None:
    legs = joined().legs

    assert legs["payments"].after == ("ledger",)
    assert legs["ledger"].together == ("ledger", "night")
    assert legs["ledger"].after == legs["web"].after == legs["web"].together == ()


def test_who_stays_is_waited_for_by_nobody() -> None:
    inventory = an_inventory()
    relations = tuple(
        replace(relation, members=(SubsystemId("cobol"), *relation.members))
        for relation in inventory.relations
    )
    legs = joined(relations=relations).legs

    assert legs["payments"].after == ("ledger",)
    assert legs["night"].together == ("ledger", "night")


def test_a_wave_names_the_waves_that_it_needs() -> None:
    plan = a_plan()
    relation = replace(
        an_inventory().relations[0], members=(SubsystemId("web"), SubsystemId("payments"))
    )
    itinerary = make_itinerary(plan, an_inventory(relations=(relation,)), (), "")

    assert itinerary.waves[1].hard_predecessors == ("w1",)
    assert itinerary.waves[0].hard_predecessors == ()
    assert (itinerary.waves[0].pilot, itinerary.waves[0].lead) == (True, "anna")
    assert itinerary.waves[0].deciders == ("anna", "bertil")


# --- minutes ------------------------------------------------------------------------------------


def test_minutes_are_the_recipes_shares_unless_the_subsystem_knows_better() -> None:
    own = {"copy": Estimate(25, 40), "retire": Estimate(2, 3), "stop-target": Estimate(1, 2)}
    subsystem = a_subsystem("ledger", Kind.STATEFUL)
    subsystem = replace(subsystem, durations={**subsystem.durations, **own})
    minutes = step_minutes(subsystem, RECIPES["stateful"], 30)
    undos = undo_minutes(subsystem, RECIPES["stateful"])

    assert minutes[S.PREPARE] == Estimate(6.0, 8.0)
    assert minutes[S.COPY] == Estimate(25, 40)
    assert minutes[S.VERIFY] == Estimate(20, 30)
    assert minutes[S.SOAK] == Estimate(30, 30)
    assert minutes[S.ACCEPT].p50 == 0
    assert minutes[S.RETIRE] == Estimate(2, 3)
    assert minutes[S.FINALISE] == Estimate(5, 6.5, assumed=True)
    assert undos[U.BRING_BACK] == Estimate(9, 13.5)
    assert undos[U.STOP_TARGET] == Estimate(1, 2)


def test_what_was_assumed_stays_marked_as_assumed() -> None:
    subsystem = a_subsystem(
        "x",
        Kind.STATELESS,
        durations={
            "move": Estimate(10, 20, assumed=True),
            "verify": Estimate(5, 6, assumed=True),
            "unwind": Estimate(10, 20, assumed=True),
        },
    )
    steps = step_minutes(subsystem, RECIPES["stateless"], 30)

    assert steps[S.START].assumed
    assert steps[S.VERIFY].assumed
    assert not steps[S.SOAK].assumed
    assert undo_minutes(subsystem, RECIPES["stateless"])[U.REMOVE].assumed


def test_a_recipe_without_a_verify_or_a_soak_needs_no_minutes_for_them() -> None:
    recipe = RECIPES["stateless"]
    short = replace(recipe, steps=tuple(s for s in recipe.steps if s.kind is S.SWITCH))

    assert set(step_minutes(a_subsystem("x", Kind.STATELESS), short, 30)) == {
        S.SWITCH, S.FINALISE, S.RETIRE,
    }  # fmt: skip


# --- links --------------------------------------------------------------------------------------


def test_pairs_keep_their_strictest_class_and_count_for_both_ends() -> None:
    pair = replace(
        a_pair("web", "payments", weight=9, links=3),
        by_latency={LatencyClass.BATCH: 2, LatencyClass.INTERACTIVE: 1, LatencyClass.ASYNC: 0},
    )
    itinerary = joined(pair, a_pair("bank", "payments", links=2))

    assert itinerary.pairs[0] == PairLeg(
        SubsystemId("web"), SubsystemId("payments"), 3, 9, LatencyClass.INTERACTIVE, pair.examples,
        pair.calls_per_day,
    )  # fmt: skip
    assert itinerary.legs["payments"].links == 5
    assert itinerary.legs["web"].links == 3
    assert itinerary.legs["ledger"].links == 0


def test_a_pair_of_no_class_counts_as_a_batch_link() -> None:
    assert joined(replace(a_pair("web", "bank"), by_latency={})).pairs[0].latency is (
        LatencyClass.BATCH
    )


# --- checks -------------------------------------------------------------------------------------


def test_a_function_is_checked_in_every_wave_that_moves_its_heart() -> None:
    checks = {check.id: check for check in joined().checks}

    assert set(checks) == {"ask@w1", "pay@w2"}
    assert checks["pay@w2"].core == ("ledger", "night", "payments")
    assert checks["pay@w2"].eligible == ("cecilia",)


def test_a_function_over_two_waves_has_a_check_in_each() -> None:
    pay = a_function("pay", "web", "payments", "ledger", "night")
    checks = {check.id: check.core for check in joined(functions=(pay,)).checks}

    assert checks == {"pay@w1": ("web",), "pay@w2": ("ledger", "night", "payments")}


def test_what_is_only_passed_makes_no_check_of_its_own_but_is_named() -> None:
    pay = a_function(
        "pay", quorum=2, side_mark=SideMark("top", "1", "2"), possible_after=at("14 09:00"),
        leaves_behind="a krona",
        exercises={SubsystemId("payments"): Part.CORE, SubsystemId("ledger"): Part.PASSING,
                   SubsystemId("web"): Part.PASSING},
    )  # fmt: skip
    checks = {check.id: check for check in joined(functions=(pay,)).checks}
    check = checks["pay@w2"]

    assert (check.core, check.passing) == (("payments",), ("ledger",))
    assert (check.quorum, check.side_mark) == (2, ("top", "1", "2"))
    assert (check.possible_after, check.leaves_behind) == (at("14 09:00"), "a krona")
    assert set(checks) == {"pay@w2", "team.ledger@w2", "team.night@w2", "team.web@w1"}


def test_a_subsystem_in_no_function_is_checked_by_its_own_team() -> None:
    check = next(c for c in joined(functions=()).checks if c.id == "team.web@w1")

    assert (check.function, check.core, check.quorum) == (None, ("web",), 1)
    assert check.eligible == ("david",)
    assert check.minutes == Estimate(20, 30)
    assert set(check.name) == {"sv", "en"}


def test_named_handlers_verify_and_else_everybody_with_the_competence() -> None:
    people = (
        a_person("cecilia", Role.HANDLER),
        a_person("dan", Role.HANDLER, competences=("pensions",)),
        a_person("eva", Role.ENGINEER),
    )
    anybody = a_function("pay", "payments")
    named = replace(anybody, handlers=(PersonId("dan"), PersonId("eva")))

    assert [person.id for person in eligible_handlers(anybody, people)] == ["cecilia"]
    assert [person.id for person in eligible_handlers(named, people)] == ["dan", "eva"]
    assert a_function("x", "web").id == FunctionId("x")


# --- people -------------------------------------------------------------------------------------


def test_people_have_their_hours_sorted_and_teams_their_seats() -> None:
    people = an_inventory().people
    anna = replace(people.people[0], shifts=(ShiftId("sat"), ShiftId("fri"), ShiftId("gone")))
    itinerary = joined(people=replace(people, people=(anna, *people.people[1:])))
    member = itinerary.members["anna"]

    assert member.shifts == (
        (at("13 18:00"), at("14 06:00")), (at("14 06:00"), at("15 18:00")),
    )  # fmt: skip
    assert member.roles == ("decision_maker", "wave_lead")
    assert itinerary.crews[TeamId("blue")].seats == (
        (at("13 18:00"), at("14 06:00"), 2), (at("14 06:00"), at("15 18:00"), 3),
    )  # fmt: skip


def test_seats_in_a_shift_that_nobody_has_are_no_seats() -> None:
    people = an_inventory().people
    (team,) = people.teams
    changed = replace(team, seats={ShiftId("gone"): 7})

    assert joined(people=replace(people, teams=(changed,))).crews["blue"].seats == ()


# --- the digest ---------------------------------------------------------------------------------


def test_the_digest_pins_every_field() -> None:
    itinerary = joined(a_pair("web", "payments"))
    leg = itinerary.legs["web"]
    digests = {
        itinerary_digest(each)
        for each in (
            itinerary,
            replace(itinerary, links=itinerary.links + 1),
            replace(itinerary, policy=replace(itinerary.policy, soak_minutes=31)),
            replace(itinerary, legs={**itinerary.legs, "web": replace(leg, criticality=1)}),
            replace(itinerary, pairs=()),
            replace(itinerary, stays=()),
        )
    }
    assert len(digests) == 6
    assert itinerary_digest(itinerary) == itinerary_digest(joined(a_pair("web", "payments")))


def test_the_text_is_canonical_json() -> None:
    text = itinerary_json(joined())
    data = json.loads(text)

    assert text == json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert data["window"]["start"] == a_plan().window.start.isoformat()
    assert data["stays"][0]["review_date"] == "2025-01-01"
    assert data["policy"]["on"]["abort"]["act"] == "unwind"
    assert data["legs"]["web"]["step_minutes"]["switch"]["p50"] == pytest.approx(4.8)


def test_competent_deputies_stand_in_for_handlers_who_are_named() -> None:
    people = (
        a_person("dan", Role.HANDLER, deputy=PersonId("eva")),
        a_person("eva", Role.HANDLER),
        a_person("fia", Role.HANDLER, deputy=PersonId("gun")),
        a_person("gun", Role.HANDLER, competences=("pensions",)),
    )
    named = replace(a_function("pay", "payments"), handlers=(PersonId("dan"), PersonId("fia")))
    inventory = an_inventory()
    both = replace(inventory, people=replace(inventory.people, people=people))

    def deputies(function: Function) -> tuple[str, ...]:
        changed = replace(both, functions=(function,))
        made = make_itinerary(a_plan(), changed, (), "1a" * 32)
        return next(check for check in made.checks if check.function == "pay").deputies

    assert deputies(named) == ("eva",)
    assert deputies(replace(named, handlers=())) == ()


def test_passing_parts_of_other_waves_are_known_where_the_policy_asks_for_them() -> None:
    function = a_function("pay", "payments")
    passing = replace(function, exercises={**function.exercises, SubsystemId("web"): Part.PASSING})
    inventory = replace(an_inventory(), functions=(passing,))

    def elsewhere(reopen: str) -> tuple[str, ...]:
        plan = a_plan()
        policy = replace(plan.policy, verifying=Verifying(reopen=reopen))
        made = make_itinerary(replace(plan, policy=policy), inventory, (), "1a" * 32)
        return next(check for check in made.checks if check.function == "pay").elsewhere

    assert elsewhere("passing") == ("web",)
    assert elsewhere("core") == ()


def test_an_itinerary_of_before_deputies_and_later_parts_keeps_its_digest() -> None:
    text = itinerary_json(joined())

    for word in ("deputies", "elsewhere", "verifying"):
        assert f'"{word}"' not in text
