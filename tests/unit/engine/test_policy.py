"""What a doubt about an act means, and which side holds authority after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from by_hand import a_task, recipe
from migrator.engine.policy import IN_DOUBT, authority_after, in_doubt
from migrator.plan.means import Command, InDoubt, Means
from migrator.plan.recipes import RECIPES

ASK = Means(InDoubt.ASK, command=Command(("/bin/true",)))


def test_a_doubt_means_what_the_kind_says_unless_the_means_say_otherwise() -> None:
    made = recipe(means={"copy": ASK, "remove": ASK}, tasks=[("copy", a_task("key", ASK))])
    assert IN_DOUBT["copy"] is not InDoubt.ASK
    assert [in_doubt(made, act) for act in ("copy", "remove", "key")] == [InDoubt.ASK] * 3
    assert in_doubt(made, "fence") is IN_DOUBT["fence"]


def test_an_act_that_the_recipe_has_not_got_is_known_by_its_kind() -> None:
    assert in_doubt(RECIPES["stateful"], "drain") is IN_DOUBT["drain"]


@pytest.mark.parametrize(
    ("like", "moves"),
    [
        ("stateful", {"fence": "none", "grant": "new", "grant-source": "old"}),
        ("stateless", {"switch": "new", "switch-back": "old"}),
    ],
)
def test_authority_moves_by_the_order_that_the_steps_keep_whatever_the_recipes_name(
    like: str, moves: dict[str, str]
) -> None:
    ours = replace(RECIPES[like], name="ours")
    asked = ("fence", "grant", "grant-source", "switch", "switch-back", "copy")
    found = {act: authority_after(ours, act) for act in asked}
    assert {act: side for act, side in found.items() if side is not None} == moves
