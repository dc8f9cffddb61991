"""What changed between two plans, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from migrator.ids import PersonId, PlaceId, SubsystemId, TeamId, WaveId
from migrator.inventory.model import Kind, LatencyClass
from migrator.links.table import Pair
from migrator.plan.diff import cost_lines, diff_plans
from migrator.plan.disturbance import DisturbanceLimits
from migrator.plan.foresight import Foresight
from migrator.plan.means import InDoubt, Manual, Means
from migrator.plan.model import (
    Act,
    Figures,
    Plan,
    PlannedGate,
    PlannedWave,
    Reaction,
    Stay,
    StepKind,
    Trouble,
    Window,
)
from small_plan import NAMES, a_move, a_plan, an_inventory, at, with_move, with_wave


def told(a: Plan, b: Plan) -> list[str]:
    return [change.text for change in diff_plans(a, b, NAMES).changes]


def changed(**changes: object) -> list[str]:
    return told(a_plan(), replace(a_plan(), **changes))  # type: ignore[arg-type]  # test data


def test_a_plan_is_the_same_as_itself() -> None:
    diff = diff_plans(a_plan(), a_plan())
    assert diff.same
    assert diff.changes == ()
    assert cost_lines(diff) == ()


def test_a_move_to_another_wave_is_told_with_its_new_times() -> None:
    assert told(a_plan(), with_move(a_plan(), "night", wave="w1")) == [
        "night (Night run) moved from wave w2 to wave w1"
    ]
    moved = with_move(a_plan(), "night", wave="w1", switch=at("14 07:50"))
    assert told(a_plan(), moved) == [
        "night (Night run) moved from wave w2 to wave w1, switches 40m later"
    ]


def test_other_times_are_told_as_later_and_earlier() -> None:
    plan = with_move(
        a_plan(), "web", start=at("13 18:20"), switch=at("13 19:50"), end=at("13 22:00")
    )
    assert told(a_plan(), plan) == [
        "web (Web front) starts 10m earlier, switches 40m later and ends 1h30m later"
    ]


def test_a_move_that_keeps_its_length_is_told_once() -> None:
    was = next(m for wave in a_plan().waves for m in wave.moves if m.subsystem == "web")
    hour = timedelta(hours=1)
    plan = with_move(
        a_plan(), "web", start=was.start + hour, switch=was.switch + hour, end=was.end + hour
    )
    assert told(a_plan(), plan) == ["web (Web front) is 1h later as a whole"]


def test_two_changed_times_are_joined_by_and() -> None:
    plan = with_move(a_plan(), "web", start=at("13 18:20"), switch=at("13 19:50"))
    assert told(a_plan(), plan) == ["web (Web front) starts 10m earlier and switches 40m later"]


def test_a_new_move_and_a_move_that_is_gone_are_told() -> None:
    fewer = with_wave(a_plan(), "w2", moves=a_plan().waves[1].moves[:2])
    assert told(a_plan(), fewer) == ["payments (Payments) is gone from wave w2"]
    assert told(fewer, a_plan()) == [
        "payments (Payments) is new, in wave w2, switching Sat 14 Oct 08:30"
    ]


def test_recipe_team_and_pin_are_told() -> None:
    plan = with_move(a_plan(), "night", recipe="stateful", team=TeamId("red"), pinned=True)
    assert told(a_plan(), plan) == [
        "night (Night run): recipe batch -> stateful",
        "night (Night run): team blue -> red",
        "night (Night run) is now pinned to its wave",
    ]
    assert told(plan, a_plan())[-1] == "night (Night run) is no longer pinned to its wave"


def test_without_names_ids_stand_alone() -> None:
    diff = diff_plans(a_plan(), with_move(a_plan(), "night", pinned=True))
    assert diff.changes[0].text == "night is now pinned to its wave"
    assert (diff.changes[0].kind, diff.changes[0].subject) == ("move-pinned", "night")


def a_wave(name: str, *names: str) -> PlannedWave:
    moves = [a_move(n, Kind.STATELESS, "14 12:00", "14 12:30", "14 13:00") for n in names]
    gate = PlannedGate(at("14 12:00"), ())
    return PlannedWave(WaveId(name), name.title(), False, gate, None, tuple(moves))


def test_waves_come_and_go() -> None:
    more = a_plan(waves=(*a_plan().waves, a_wave("w3")))
    assert told(a_plan(), more) == ["wave w3 (W3) is new"]
    assert told(more, a_plan()) == ["wave w3 (W3) is gone"]


def test_a_wave_with_another_id_is_a_renamed_wave() -> None:
    plan = with_wave(a_plan(), "w2", id=WaveId("w5"))
    diff = diff_plans(a_plan(), plan, NAMES, (), an_inventory())
    assert [change.text for change in diff.changes] == ["wave w2 has the id w5 now"]
    assert cost_lines(diff) == ()


def test_a_wave_with_another_id_and_other_members_is_another_wave() -> None:
    plan = with_wave(a_plan(), "w2", id=WaveId("w5"), moves=a_plan().waves[1].moves[1:])
    assert {"wave w2 (Money) is gone", "wave w5 (Money) is new"} <= set(told(a_plan(), plan))


def test_another_order_of_the_waves_is_told() -> None:
    plan = a_plan(waves=a_plan().waves[::-1])
    assert told(a_plan(), plan) == ["the waves' order is w2, w1; it was w1, w2"]


def test_everything_about_a_wave_is_told() -> None:
    gate = PlannedGate(at("13 18:45"), (PersonId("bertil"),))
    plan = with_wave(a_plan(), "w1", name="First", pilot=False, gate=gate, lead=None)
    assert told(a_plan(), plan) == [
        "wave w1 is called 'First'; it was 'Pilot'",
        "wave w1 is no pilot any more",
        "the gate of wave w1 is 15m later",
        "wave w1 is decided by bertil; it was anna, bertil",
        "wave w1 is led by nobody; it was anna",
    ]
    assert "wave w1 is now a pilot" in told(plan, a_plan())


def test_the_window_is_told() -> None:
    window = Window(at("13 17:00"), at("15 20:00"), "Europe/Helsinki")
    assert changed(window=window) == [
        "the window's start is 1h earlier: Fri 13 Oct 18:00; it was Fri 13 Oct 19:00",
        "the window's end is 2h later: Sun 15 Oct 21:00; it was Sun 15 Oct 19:00",
        "the time zone is Europe/Helsinki; it was Europe/Stockholm",
    ]


def test_what_stays_is_told() -> None:
    bank = Stay(SubsystemId("bank"), "not ours", None)
    assert changed(stays=(bank,)) == [
        "bank (The bank) stays: not ours",
        "cobol (Old register) is no longer listed as staying",
    ]
    later = replace(a_plan().stays[0], review_date=date(2030, 1, 1))
    assert changed(stays=(later,)) == [
        "cobol (Old register) stays for another reason or until another day"
    ]


def test_constraints_are_told() -> None:
    constraints = replace(
        a_plan().constraints,
        moves_per_wave_max=9,
        forbidden_waves={SubsystemId("web"): (WaveId("w2"),)},
    )
    assert changed(constraints=constraints) == [
        "moves_per_wave_max 3 -> 9",
        "payments is forbidden in no wave; it was in w1",
        "web is forbidden in w2; it was in no wave",
    ]


def test_the_policy_is_told_as_the_file_shows_it() -> None:
    policy = a_plan().policy
    on = {**policy.on, Trouble.SOAK: Reaction(Act.UNWIND, veto_minutes=90)}
    new = replace(
        policy, on=on, soak_minutes=45, gate_default="wait", ahead_of_gate=(StepKind.PREPARE,)
    )
    assert changed(policy=new) == [
        "policy on.soak.act hold_then_unwind -> unwind",
        "policy on.soak.veto_minutes 15m -> 1h30m",
        "policy soak_minutes 30m -> 45m",
        "policy gate_default no-go -> wait",
        "policy ahead_of_gate [prepare, copy] -> [prepare]",
    ]


def test_other_limits_of_forecasts_are_told_one_by_one() -> None:
    policy = replace(a_plan().policy, forecast=Foresight(fits_min=0.9, decision_minutes=30))
    assert changed(policy=policy) == [
        "policy forecast.fits_min 0.8 -> 0.9",
        "policy forecast.decision_minutes 15m -> 30m",
    ]


def test_the_clock_of_disturbances_is_told_by_its_limits() -> None:
    limits = DisturbanceLimits(red_after_minutes=120, warn_share=0.75)
    assert changed(policy=replace(a_plan().policy, disturbances=limits)) == [
        "policy disturbances.red_after_minutes 4h -> 2h",
        "policy disturbances.warn_share 0.5 -> 0.75",
    ]


def test_an_answer_that_the_first_plan_had_not_is_told() -> None:
    policy = a_plan().policy
    on: dict[Trouble, Reaction] = dict(policy.on)
    del on[Trouble.ABORT]
    texts = told(a_plan(policy=replace(policy, on=on)), a_plan())
    assert texts[0] == "policy on.abort.act None -> unwind"


def test_recipes_are_told_with_their_order() -> None:
    recipes = a_plan().recipes
    stateless = recipes["stateless"]
    swapped = replace(
        stateless, steps=(stateless.steps[1], stateless.steps[0], *stateless.steps[2:])
    )
    (text,) = changed(recipes={**recipes, "stateless": swapped})
    assert text.startswith("recipe stateless: its steps are baseline prepare start")
    share = replace(
        stateless, unwind=(replace(stateless.unwind[0], share=0.5), *stateless.unwind[1:])
    )
    assert changed(recipes={**recipes, "stateless": share}) == [
        "recipe stateless: other shares or undos in its unwind"
    ]
    fewer = {name: recipe for name, recipe in recipes.items() if name != "batch"}
    assert changed(recipes=fewer) == ["the recipe batch is gone"]
    assert told(a_plan(recipes=fewer), a_plan()) == ["the recipe batch is new"]


def test_the_rest_of_the_document_is_told() -> None:
    made_from = replace(
        a_plan().inventory, path="elsewhere", links=5, digest="9" * 64, links_digest="8" * 64
    )
    plan = replace(
        a_plan(),
        name="other",
        target=PlaceId("moon"),
        inventory=made_from,
        assumed=("web: team",),
        figures=Figures(0, 0, 0, 0, 0),
    )
    assert told(a_plan(), plan) == [
        "name small -> other",
        "target cluster -> moon",
        "inventory path ../inventories/small -> elsewhere",
        "links 4 -> 5",
        "the plans were made from different inventory",
        "the plans were made from different links",
        "1 more figures are assumed, 0 no longer",
        "the planner's own figures differ (they are not reckoned anew after an edit)",
    ]


def test_acts_that_somebody_else_performs_are_named() -> None:
    plan = a_plan()
    recipe = plan.recipes["stateful"]
    by_hand = Means(InDoubt.REPEAT, manual=Manual({"en": "turn the key"}))
    steps = tuple(
        replace(step, means=by_hand) if step.key in {"fence", "grant"} else step
        for step in recipe.steps
    )
    changed = replace(plan, recipes={**plan.recipes, "stateful": replace(recipe, steps=steps)})
    assert told(plan, changed) == [
        "recipe stateful: performed otherwise in its steps: fence, grant"
    ]


@pytest.mark.parametrize(("weight", "share"), [(10, ", +14 %"), (0, "")])
def test_what_it_costs_is_told_for_what_is_different(weight: int, share: str) -> None:
    classes = {LatencyClass.ASYNC: 1}
    pairs = [
        Pair(SubsystemId("ledger"), SubsystemId("payments"), 1, weight, 1, classes, ()),
        Pair(SubsystemId("web"), SubsystemId("cobol"), 1, 5, 1, classes, ()),
    ]
    later = with_move(a_plan(), "payments", switch=at("14 08:42:36"), end=at("14 11:00"))
    lines = cost_lines(diff_plans(a_plan(), later, NAMES, pairs, an_inventory()))
    assert lines[-1] == "makespan 16.00 h -> 17.00 h (+1.00 h, +6 %)"
    assert any(share in line for line in lines if "exposure" in line) == bool(share)


def test_a_cost_that_was_nothing_has_no_share() -> None:
    lines = cost_lines(diff_plans(a_plan(waves=()), a_plan()))
    assert lines[0] == "makespan 0.00 h -> 16.00 h (+16.00 h)"


def test_waves_that_fill_or_empty_are_told() -> None:
    moved = with_move(a_plan(), "payments", wave="w1")
    lines = cost_lines(diff_plans(a_plan(), moved, NAMES, None, an_inventory()))
    assert lines == (
        "wave w1: 1 -> 2 moves",
        "wave w2: 3 -> 2 moves",
        "wave w1: 0 -> 1 of criticality 5",
        "wave w2: 1 -> 0 of criticality 5",
    )
    more = a_plan(waves=(*a_plan().waves, a_wave("w3", "eva")))
    assert "wave w3: 0 -> 1 moves" in cost_lines(diff_plans(a_plan(), more))
