"""The dry run's seal: equal findings give equal bytes and the same short form."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import PurePosixPath
from typing import get_args

import pytest

from migrator.errors import InputError
from migrator.plan.schema import LapseWord
from migrator.plan.seal import (
    SUBJECTS,
    Inputs,
    Seal,
    make_seal,
    manifests_digest,
    seal_from_text,
    seal_path,
    seal_to_text,
)

INPUTS = Inputs("1" * 64, "2" * 64, "3" * 64, "4" * 64, "0.1.0")


def a_seal(*, passed: bool = True) -> Seal:
    return make_seal(
        "small",
        INPUTS,
        passed=passed,
        seed=7,
        steps_exercised=["switch", "copy", "switch"],
        undos_exercised=["remove"],
        waves_unwound=["w1", "w2"],
        not_exercised=["retire: the simulated platform keeps the old side"],
    )


def test_a_seal_survives_its_file() -> None:
    assert seal_from_text(seal_to_text(a_seal()), "x.seal.json") == a_seal()


def test_a_seal_is_canonical_json() -> None:
    text = seal_to_text(a_seal())
    assert text.endswith("}\n")
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) + "\n" == text


def test_the_order_in_which_steps_were_tried_changes_nothing() -> None:
    assert a_seal().steps_exercised == ("copy", "switch")


def test_the_short_form_is_sixteen_digits_in_groups_of_four() -> None:
    short = a_seal().short_form
    assert [len(part) for part in short.split(" ")] == [4, 4, 4, 4]
    assert a_seal().digest.startswith(short.replace(" ", ""))


@pytest.mark.parametrize("field", ["plan_digest", "inventory_digest", "program_version"])
def test_another_input_is_another_seal(field: str) -> None:
    other = replace(a_seal(), inputs=replace(INPUTS, **{field: "9"}))
    assert other.short_form != a_seal().short_form


def test_a_failed_run_is_another_seal() -> None:
    assert a_seal(passed=False).result == "failed"
    assert a_seal(passed=False).digest != a_seal().digest


@pytest.mark.parametrize("text", ["{}", "[]", '{"schema_version": 2}', ""])
def test_what_is_no_seal_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        seal_from_text(text, "x.seal.json")
    assert caught.value.reference == "broken-seal"
    assert caught.value.faults


def test_a_seal_lies_beside_its_plan() -> None:
    assert seal_path(PurePosixPath("plans/x.yaml")) == "plans/x.seal.json"


def test_manifests_have_one_digest_in_any_order() -> None:
    files = [("b/2.yaml", b"two"), ("a/1.yaml", b"one")]
    assert manifests_digest(files) == manifests_digest(files[::-1])
    assert manifests_digest(files) != manifests_digest([("a/1.yaml", b"one"), ("b/2.yaml", b"")])
    assert manifests_digest(files) != manifests_digest([("c/1.yaml", b"one"), files[0]])


def test_the_words_of_the_policy_are_those_of_the_seal() -> None:
    assert get_args(LapseWord) == SUBJECTS
