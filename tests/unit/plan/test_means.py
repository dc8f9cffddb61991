"""The word for a means, and which means the engine itself ends."""

from __future__ import annotations

import pytest

from migrator.plan.means import Call, Command, InDoubt, Manual, Means, Wait

KINDS = [
    (Means(InDoubt.ASK, command=Command(("x",))), "command", False),
    (Means(InDoubt.ASK, call=Call("GET", "https://x")), "http", False),
    (Means(InDoubt.REPEAT, manual=Manual({"en": "x"})), "manual", True),
    (Means(InDoubt.REPEAT, wait=Wait(minutes=1)), "wait-until", True),
]


@pytest.mark.parametrize(("means", "kind", "by_engine"), KINDS)
def test_a_means_is_known_by_its_word(means: Means, kind: str, by_engine: bool) -> None:
    assert means.kind == kind
    assert means.by_engine is by_engine


def test_the_programs_of_an_act_are_all_that_it_may_need() -> None:
    act, look, proof, dry = (Command((word,)) for word in ("act", "look", "proof", "dry"))
    means = Means(InDoubt.OBSERVE, act, observe=look, proof=proof, dry_run=dry)
    assert means.commands == (act, look, proof, dry)
    assert KINDS[1][0].commands == ()
