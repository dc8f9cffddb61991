"""The generated schemas agree with the program, and editors can read them."""

from __future__ import annotations

from typing import get_args

import pytest
from jsonschema import Draft202012Validator

from builders import edited
from migrator.inventory.schema import FILES, STEP_KINDS, DurationKey, json_schemas
from migrator.inventory.yaml_text import read_yaml
from migrator.plan.model import StepKind
from small_files import FILES as SMALL

SCHEMAS = json_schemas()


def errors(name: str, text: str) -> list[str]:
    data = read_yaml(text, name).data
    return [error.message for error in Draft202012Validator(SCHEMAS[name]).iter_errors(data)]


@pytest.mark.parametrize("name", [*FILES, "subsystems/*.yaml"])
def test_every_file_has_a_schema_of_the_named_dialect(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("stem", list(SMALL))
def test_small_estate_is_right_by_the_schemas_too(stem: str) -> None:
    assert errors(f"{stem}.yaml", SMALL[stem]) == []


@pytest.mark.parametrize(
    ("stem", "old", "new"),
    [
        ("subsystems", "criticality: 2", "criticality: 9"),
        ("subsystems", "tags: [finance]", "tagz: [finance]"),
        ("subsystems", "kind: batch", "kind: bach"),
        ("subsystems", "copy: {p50: 25m", "coppy: {p50: 25m"),
        ("subsystems", "p80: 80m", "p80: soon"),
        ("calendar", "2023-10-14T01:00", "tomorrow"),
        ("people", "seats: 2}", "seats: two}"),
    ],
)
def test_what_the_program_refuses_the_schemas_refuse(stem: str, old: str, new: str) -> None:
    assert len(errors(f"{stem}.yaml", edited(stem, old, new))) == 1


def test_one_file_of_subsystems_may_be_one_or_a_list() -> None:
    single = "id: a\nname: A\nkind: batch\n"
    assert errors("subsystems/*.yaml", single) == []
    assert errors("subsystems/*.yaml", SMALL["subsystems"]) == []
    assert errors("subsystems/*.yaml", single.replace("name", "nam")) != []


def test_durations_may_be_given_for_the_kinds_of_steps_that_plans_know() -> None:
    assert set(STEP_KINDS) | {"verify", "task"} == {kind.value for kind in StepKind}
    assert set(get_args(DurationKey)) == {"move", "verify", "unwind", *STEP_KINDS}
