"""The digest of a plan covers what it means, and nothing of how it is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from migrator.plan.digest import canonical, canonical_json, grouped, plan_digest, short
from migrator.plan.means import Command, InDoubt, Means
from migrator.plan.model import StepKind
from migrator.plan.text import plan_from_text, plan_to_text
from small_plan import NAMES, a_plan, at, with_move


def test_comments_and_the_order_of_keys_change_nothing() -> None:
    text = plan_to_text(a_plan(), NAMES)
    bare = "\n".join(line.split("  #")[0] for line in text.splitlines() if line[:1] != "#")
    blocks = bare.strip().split("\n\n")
    turned = "\n\n".join([*reversed(blocks[:2]), *blocks[2:]])
    assert turned != text
    assert plan_digest(plan_from_text(turned, "x")) == plan_digest(a_plan())


def test_another_switch_is_another_digest() -> None:
    changed = with_move(a_plan(), "web", switch=at("13 19:11"))
    assert plan_digest(changed) != plan_digest(a_plan())


def test_the_zone_in_which_a_time_is_written_changes_nothing() -> None:
    elsewhere = at("13 19:10").astimezone(timezone(timedelta(hours=9)))
    assert plan_digest(with_move(a_plan(), "web", switch=elsewhere)) == plan_digest(a_plan())


def test_a_whole_number_is_the_same_with_and_without_a_point() -> None:
    policy = replace(a_plan().policy, soak_minutes=30.0)
    other = replace(a_plan().policy, soak_minutes=30)
    first, second = (plan_digest(a_plan(policy=p)) for p in (policy, other))
    assert first == second
    assert canonical(0.5) == 0.5


def test_true_is_not_one() -> None:
    assert canonical_json([True, 1]) == "[true,1]"


def test_the_digest_is_64_hex_digits_and_has_a_short_form() -> None:
    digest = plan_digest(a_plan())
    assert len(bytes.fromhex(digest)) == 32
    assert short(digest).replace(" ", "") == digest[:12]
    assert [len(part) for part in short(digest).split()] == [4, 4, 4]
    assert grouped("abcdef", 16) == "abcd ef"


def test_means_without_a_dry_run_have_the_digest_that_they_had_before_there_were_any() -> None:
    means = Means(InDoubt.ASK, command=Command(("./x.sh",)))
    plain = canonical(means)
    assert isinstance(plain, dict)
    assert sorted(plain) == [
        "call", "command", "in_doubt", "manual", "observe", "observe_call", "proof", "wait",
    ]  # fmt: skip
    tried = replace(means, dry_run=Command(("./x.sh", "--check")))
    assert canonical(tried) == plain | {"dry_run": canonical(tried.dry_run)}


def test_what_has_no_canonical_form_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        canonical(object())
    with pytest.raises(AssertionError):
        canonical({1: "one"})
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("inf"))


def test_enums_stand_for_their_words() -> None:
    assert canonical_json({StepKind.COPY: StepKind.FENCE}) == '{"copy":"fence"}'
