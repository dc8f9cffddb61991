"""Before a live run: every act that this machine cannot perform is named, all of them at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from by_command import by_command
from by_hand import clock, hand
from itineraries import an_itinerary
from migrator.errors import InputError
from migrator.plan.means import Call, Command, InDoubt, Means
from migrator.plan.model import Itinerary
from migrator.platform.legacy.preflight import refuse_what_cannot_be_performed

TRUE = Command(("/bin/sh", "-c", "true"))


@pytest.fixture
def itinerary(tmp_path: Path) -> Itinerary:
    """One stateful move of which every act can be performed."""
    world = tmp_path / "world"
    world.mkdir()
    return by_command(world, waves=("a",), stateless="")[0]


def with_means(itinerary: Itinerary, changed: dict[str, Means | None]) -> Itinerary:
    recipe = itinerary.recipes["stateful"]
    mended = replace(
        recipe,
        steps=tuple(replace(s, means=changed.get(s.key, s.means)) for s in recipe.steps),
        unwind=tuple(replace(u, means=changed.get(u.key, u.means)) for u in recipe.unwind),
        commit=tuple(replace(s, means=changed.get(s.key, s.means)) for s in recipe.commit),
    )
    return replace(itinerary, recipes={**itinerary.recipes, "stateful": mended})


def told(itinerary: Itinerary) -> list[str]:
    with pytest.raises(InputError) as caught:
        refuse_what_cannot_be_performed(itinerary, "plan.yaml")
    assert caught.value.reference == "act-cannot-be-performed"
    assert {fault.file for fault in caught.value.faults} == {"plan.yaml"}
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


def command(*argv: str, **words: object) -> Means:
    return Means(InDoubt.ASK, command=Command(argv, **words))  # type: ignore[arg-type]  # a test's own data


def test_a_plan_whose_every_act_can_be_performed_is_let_through(itinerary: Itinerary) -> None:
    refuse_what_cannot_be_performed(itinerary, "plan.yaml")
    by_people = with_means(itinerary, {"fence": hand("anna"), "drain": clock(1)})
    refuse_what_cannot_be_performed(by_people, "plan.yaml")


def test_a_plan_without_means_names_each_act_once_and_none_of_the_engines() -> None:
    recipe = an_itinerary(waves=("a",)).recipes["stateful"]
    found = told(an_itinerary(waves=("ab",)))
    acts = len(recipe.steps) - 2 + len(recipe.unwind) + len(recipe.commit)

    assert len(found) == acts
    assert found[0] == "recipes.stateful.steps[0]: nothing says how 'prepare' is performed"
    assert "recipes.stateful.unwind[1]: nothing says how 'bring-back' is performed" in found
    assert found[-1] == "recipes.stateful.commit[1]: nothing says how 'retire' is performed"
    assert not any("'verify'" in each or "'accept'" in each for each in found)


def test_only_recipes_that_are_used_are_asked_about(itinerary: Itinerary) -> None:
    unused = {**itinerary.recipes, "stateless": an_itinerary().recipes["stateless"]}
    refuse_what_cannot_be_performed(replace(itinerary, recipes=unused), "plan.yaml")


def test_missing_secrets_and_programs_are_told_together_with_missing_means(
    itinerary: Itinerary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOBODY_SET_THIS", raising=False)
    secret = {"PASSWORD": "env:NOBODY_SET_THIS", "KEY": f"file:{tmp_path}/nowhere"}
    call = Call("GET", "https://x/", secrets={"Authorization": "env:NOBODY_SET_THIS"})
    broken = with_means(
        itinerary,
        {
            "prepare": None,
            "copy": Means(InDoubt.OBSERVE, command=TRUE, observe=Command(("no-such-program",))),
            "final-copy": Means(InDoubt.ASK, TRUE, dry_run=Command(("no-such-dry-run",))),
            "fence": Means(InDoubt.ASK, command=Command(TRUE.argv, secrets=secret)),
            "grant": command("/no/such/program"),
            "start": command("./unpinned.sh"),
            "switch": Means(InDoubt.OBSERVE, call=call, observe_call=call),
            "bring-back": Means(InDoubt.ASK, command=TRUE, proof=Command(("no-such-proof",))),
            "retire": command("bin/unpinned.sh"),
        },
    )
    found = told(broken)

    assert [each.partition(": ")[0].removeprefix("recipes.stateful.") for each in found] == [
        "steps[0]", "steps[2]", "steps[4]", "steps[4]", "steps[5]", "steps[6]", "steps[8]",
        "steps[9]", "steps[9]", "unwind[1]", "commit[1]",
    ]  # fmt: skip
    assert found[1].endswith("'copy': there is no program no-such-program on this machine")
    assert "NOBODY_SET_THIS" in found[2]
    assert "nowhere" in found[3]
    assert found[4].endswith("'final-copy': there is no program no-such-dry-run on this machine")
    assert found[5].endswith("'start': ./unpinned.sh is neither in 'files' nor a whole path")
    assert found[6].endswith("'grant': there is no program /no/such/program on this machine")
    assert "NOBODY_SET_THIS" in found[7]
    assert found[9].endswith("'bring-back': there is no program no-such-proof on this machine")


def test_what_only_another_machine_or_the_moment_can_tell_is_not_asked(
    itinerary: Itinerary,
) -> None:
    refuse_what_cannot_be_performed(
        with_means(
            itinerary,
            {
                "fence": command("no-such-program", host="db-1"),
                "grant": command("/opt/{side}/grant"),
                "start": command("./here.sh", files=("here.sh",)),
            },
        ),
        "plan.yaml",
    )
