"""A plan as a file: what an engineer sees, and what is said about a file that is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from migrator.errors import EnvironmentFailed, InputError
from migrator.ids import SubsystemId
from migrator.inventory.yaml_text import read_yaml
from migrator.plan import schema
from migrator.plan.digest import canonical_json, plan_digest
from migrator.plan.disturbance import DisturbanceLimits
from migrator.plan.foresight import Foresight
from migrator.plan.model import Act, Reaction, StepKind, Trouble, UndoKind
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.plan.text import plan_from_text, plan_to_text, read_plan
from migrator.plan.verifying import Verifying
from small_plan import NAMES, a_plan, at, with_move, with_wave

TEXT = plan_to_text(a_plan(), NAMES)


def faults(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        plan_from_text(text, "plan.yaml")
    assert caught.value.reference == "broken-plan"
    return [str(fault) for fault in caught.value.faults]


def without(text: str, start: str, end: str) -> str:
    """The text without the block from one top-level key to the next."""
    return text[: text.index(f"\n{start}:")] + text[text.index(f"\n{end}:") :]


def test_a_written_plan_is_read_as_the_same_plan() -> None:
    assert plan_from_text(TEXT, "plan.yaml") == a_plan()


def test_each_move_is_one_line_with_its_name_beside_it() -> None:
    lines = [line for line in TEXT.splitlines() if "subsystem: ledger," in line]
    line = (
        "      - {subsystem: ledger, recipe: stateful, team: blue, "
        'start: "2023-10-14T06:00+02:00", switch: "2023-10-14T07:00+02:00", '
        'end: "2023-10-14T09:00+02:00"}  # General ledger'
    )
    assert lines == [line]


def test_a_move_to_another_wave_is_a_diff_of_two_lines() -> None:
    moved = plan_to_text(with_move(a_plan(), "night", wave="w1"), NAMES)
    before, after = TEXT.splitlines(), moved.splitlines()
    assert len(set(before) ^ set(after)) == 0
    assert sorted(before) == sorted(after)


def test_the_file_says_what_it_is_and_how_to_edit_it() -> None:
    head = TEXT.partition("schema_version")[0]
    assert "migrator lint" in head
    assert "migrator diff" in head


def test_times_are_written_as_the_clocks_of_the_window_show_them() -> None:
    after_the_change = datetime(2023, 10, 29, 1, 30, tzinfo=UTC)
    plan = with_move(a_plan(), "web", end=after_the_change)
    assert 'end: "2023-10-29T02:30+01:00"' in plan_to_text(plan)


def test_a_time_with_seconds_keeps_them() -> None:
    plan = with_move(a_plan(), "web", end=at("13 20:30:15"))
    text = plan_to_text(plan)
    assert 'end: "2023-10-13T20:30:15+02:00"' in text
    assert plan_from_text(text, "plan.yaml") == plan


def test_a_pinned_move_says_so() -> None:
    assert "pinned: true}" in plan_to_text(with_move(a_plan(), "web", pinned=True))


def test_a_plan_that_says_nothing_of_forecasts_is_the_plan_it_always_was() -> None:
    lines = [line for line in TEXT.splitlines(keepends=True) if "forecast: " not in line]
    silent = plan_from_text("".join(lines), "plan.yaml")
    assert silent == a_plan()
    assert plan_digest(silent) == plan_digest(a_plan())
    assert "forecast" not in canonical_json(silent)


def test_what_a_plan_asks_of_forecasts_is_read_and_digested() -> None:
    text = TEXT.replace("fits_min: 0.8", "fits_min: 0.9").replace("hold: false", "hold: true")
    plan = plan_from_text(text.replace("decision: 15m", "decision: 1h"), "plan.yaml")
    assert plan.policy.forecast == Foresight(fits_min=0.9, hold=True, decision_minutes=60)
    assert plan_digest(plan) != plan_digest(a_plan())


def test_what_a_plan_asks_of_verification_is_read_written_and_digested() -> None:
    plan = a_plan()
    rules = Verifying("passing", 12, 0, "required", 15, pictures=True)
    asked = replace(plan, policy=replace(plan.policy, verifying=rules))
    text = plan_to_text(asked)

    assert (
        "verifying: {reopen: passing, withdraw: 12m, remind: 0m, presence: required, "
        "absent: 15m, pictures: true}"
    ) in text
    assert plan_from_text(text, "plan.yaml") == asked
    assert plan_digest(asked) != plan_digest(plan)
    assert "verifying" not in plan_to_text(plan)
    assert "verifying" not in canonical_json(plan)


def test_the_clock_of_disturbances_is_read_written_and_digested() -> None:
    plan = a_plan()
    limits = DisturbanceLimits(red_after_minutes=120, warn_share=0.25, warn_minutes=5)
    changed = replace(plan, policy=replace(plan.policy, disturbances=limits))
    text = plan_to_text(changed)
    assert "disturbances: {red_after: 2h, warn_share: 0.25, warn_before: 5m}" in text
    assert plan_from_text(text, "plan.yaml") == changed
    assert plan_digest(changed) != plan_digest(plan)
    assert "disturbances" not in TEXT


def test_a_share_above_one_is_refused_with_its_line() -> None:
    assert "fits_min" in faults(TEXT.replace("fits_min: 0.8", "fits_min: 80"))[0]


def test_a_name_that_would_break_the_line_stays_a_comment() -> None:
    names = {SubsystemId("web"): "Web\nfront:\u2028 x", SubsystemId("night"): "\x07"}
    text = plan_to_text(a_plan(), names)
    assert "# Web front: x" in text
    assert plan_from_text(text, "plan.yaml") == a_plan()


def test_an_empty_plan_is_still_a_readable_file() -> None:
    plan = replace(
        a_plan(),
        waves=(),
        stays=(),
        recipes={},
        constraints=replace(a_plan().constraints, forbidden_waves={}),
        source=None,
        target=None,
    )
    assert plan_from_text(plan_to_text(plan), "plan.yaml") == plan


def test_empty_lists_inside_are_written_as_such() -> None:
    bare = replace(RECIPES["stateless"], name="bare", steps=(), unwind=(), commit=())
    plan = with_wave(
        replace(a_plan(), recipes={"bare": bare}, assumed=("web: durations.move",)),
        "w1",
        moves=(),
        lead=None,
    )
    assert plan_from_text(plan_to_text(plan), "plan.yaml") == plan


def test_a_policy_that_is_left_out_is_the_default_policy() -> None:
    plan = plan_from_text(without(TEXT, "policy", "recipes"), "plan.yaml")
    assert plan.policy == DEFAULT_POLICY


def test_recipes_that_are_left_out_are_the_programs_own() -> None:
    assert plan_from_text(without(TEXT, "recipes", "assumed"), "plan.yaml").recipes == RECIPES


def test_a_reaction_that_names_only_its_act_keeps_the_default_times() -> None:
    short = without(TEXT, "policy", "recipes").replace(
        "\nrecipes:", "\npolicy: {on: {soak: {act: unwind}, refused: {veto: 1h}}}\n\nrecipes:"
    )
    on = plan_from_text(short, "plan.yaml").policy.on
    assert on[Trouble.SOAK] == Reaction(Act.UNWIND, veto_minutes=15)
    assert on[Trouble.REFUSED] == Reaction(Act.HOLD_THEN_UNWIND, veto_minutes=60)


def test_a_time_without_an_offset_is_local_in_the_windows_zone() -> None:
    text = TEXT.replace('switch: "2023-10-13T19:10+02:00"', "switch: 2023-10-13T19:10")
    assert plan_from_text(text, "plan.yaml") == a_plan()


def test_an_hour_that_exists_twice_is_a_fault_that_names_both_offsets() -> None:
    text = TEXT.replace('"2023-10-13T19:10+02:00"', "2023-10-29T02:10")
    (fault,) = faults(text)
    assert "exists twice" in fault
    assert "+02:00" in fault
    assert "+01:00" in fault


def test_all_faults_are_told_at_once_with_their_lines() -> None:
    text = (
        TEXT.replace("  moves_per_wave_max:", "  moves_per_wave_maks:")
        .replace("default: no-go", "default: go")
        .replace("soak: 30m", "soak: [1]")
        .replace("kind: quiesce", "kind: quiece", 1)
        .replace('review_date: "2025-01-01"', "review_date: 2025")
        .replace('switch: "2023-10-13T19:10+02:00"', "switch: 19")
    )
    found = faults(text)
    assert [fault.split(": ")[1] for fault in found] == [
        "constraints.moves_per_wave_max",
        "constraints.moves_per_wave_maks",
        "waves[0].moves[0].switch",
        "stays[0].review_date",
        "policy.limits.soak",
        "policy.gates.default",
        "recipes.batch.steps[3].kind",
    ]
    assert "did you mean 'moves_per_wave_max'" in found[1]
    assert all(int(fault.split(":")[1]) > 1 for fault in found)


def test_a_review_date_that_is_none_is_a_fault() -> None:
    assert "no day" in faults(TEXT.replace('"2025-01-01"', '"2025-13-01"'))[0]


def test_an_unknown_time_zone_is_told_once_and_hides_nothing() -> None:
    found = faults(
        TEXT.replace("Europe/Stockholm", "Europe/Stockhlom").replace("links: 4", "links: x")
    )
    assert len(found) == 2
    assert "no time zone" in found[1]


@pytest.mark.parametrize("zone", ["time_zone: 12", "time_zone: [x]", "zone: UTC"])
def test_a_time_zone_that_is_no_text_is_a_fault(zone: str) -> None:
    assert any("time_zone" in f for f in faults(TEXT.replace("time_zone: Europe/Stockholm", zone)))


def test_a_boolean_is_no_duration() -> None:
    assert "wants a duration" in faults(TEXT.replace("soak: 30m", "soak: true"))[0]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "- a\n- b\n", "just words"])
def test_what_is_no_plan_at_all_is_refused(text: str) -> None:
    assert faults(text)


def test_an_id_with_capitals_is_refused() -> None:
    assert "wants an id" in faults(TEXT.replace("lead: anna", "lead: Anna", 1))[0]


def test_the_words_of_the_file_are_those_of_the_model() -> None:
    words = schema.plan_json_schema()
    assert isinstance(words["$defs"], dict)
    parts = words["$defs"]
    assert parts["RecipeStepPart"]["properties"]["kind"]["enum"] == [k.value for k in StepKind]
    assert parts["RecipeUndoPart"]["properties"]["kind"]["enum"] == [k.value for k in UndoKind]
    assert list(parts["OnPart"]["properties"]) == [
        "step_failed", "timed_out", "links_regressed", "refused", "unanswered", "undo_failed",
        "stalled", "soak", "turn_back", "abort",
    ]  # fmt: skip
    assert set(parts["OnPart"]["properties"]) == {trouble.value for trouble in Trouble}


def test_the_json_schema_accepts_what_is_written_and_names_what_it_is_for() -> None:
    document = schema.plan_json_schema()
    assert str(document["$schema"]).endswith("2020-12/schema")
    jsonschema.Draft202012Validator.check_schema(document)
    data = read_yaml(TEXT, "plan.yaml").data
    jsonschema.Draft202012Validator(document).validate(data)
    wrong = read_yaml(TEXT.replace("default: no-go", "default: go"), "plan.yaml").data
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(document).validate(wrong)


def test_a_plan_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(TEXT, encoding="utf-8")
    assert read_plan(path) == a_plan()


@pytest.mark.parametrize("name", ["none.yaml", ".", "plan.yaml/inside"])
def test_a_plan_that_is_not_there_is_an_input_to_mend(tmp_path: Path, name: str) -> None:
    (tmp_path / "plan.yaml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_plan(tmp_path / name)
    assert caught.value.reference == "plan-not-found"


def test_a_plan_that_is_no_utf_8_names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(b"name: \xff\n")
    with pytest.raises(InputError) as caught:
        read_plan(path)
    assert "0xff" in str(caught.value.faults[0])


def test_a_plan_on_a_path_that_cannot_be_asked_is_the_machines_failure(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed):
        read_plan(tmp_path / ("x" * 5000))


def test_microseconds_are_a_defect_of_whoever_made_the_plan() -> None:
    with pytest.raises(AssertionError):
        plan_to_text(with_move(a_plan(), "web", end=at("13 20:30:15.5")))
