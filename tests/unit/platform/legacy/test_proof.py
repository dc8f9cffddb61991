"""A bring-back counts only when its proof says so without contradicting itself."""

from __future__ import annotations

import json

import pytest

from migrator.plan.means import Command
from migrator.platform.legacy.command import Answer, Commands
from migrator.platform.legacy.facts import ActFacts
from migrator.platform.legacy.proof import prove, read_proof

WHOLE = {"complete": True, "on_target": 7, "returned": 7, "lost": []}


def holds(output: str) -> bool | None:
    """Whether an output proves it; None where it says nothing."""
    proof = read_proof(Answer(0, output, 0))
    return None if proof is None else proof.holds


@pytest.mark.parametrize(
    ("changed", "proved"),
    [
        ({}, True),
        ({"complete": False}, False),
        ({"returned": 6}, False),
        ({"lost": ["row 7"]}, False),
        ({"complete": 1}, None),
        ({"returned": "7"}, None),
        ({"returned": True, "on_target": True}, None),
        ({"returned": -1, "on_target": -1}, None),
        ({"lost": "nothing"}, None),
    ],
)
def test_only_agreeing_figures_prove_it(changed: dict[str, object], proved: bool | None) -> None:
    assert holds(json.dumps({**WHOLE, **changed})) is proved


def test_there_is_one_object_and_no_second() -> None:
    text = json.dumps(WHOLE)
    assert holds(json.dumps(WHOLE, indent=2))
    assert holds(f"counting\n{text}\n")
    assert holds(f"{text}\n{text}") is None
    assert holds("") is None
    assert holds("[" * 100_000) is None
    assert holds(json.dumps([WHOLE])) is None


async def test_what_is_lost_is_listed_and_a_broken_proof_proves_nothing(
    commands: Commands, act: ActFacts
) -> None:
    lost = json.dumps({**WHOLE, "complete": False, "returned": 5, "lost": ["case 4", "case 9"]})
    found = await prove(commands, act, Command(("echo", lost)))
    assert (found.outcome, found.lost) == ("failed", ("case 4", "case 9"))
    assert found.detail == "unproven: 5 of 7 came back"
    proved = await prove(commands, act, Command(("echo", json.dumps(WHOLE))))
    assert (proved.outcome, proved.lost) == ("done", ())
    script = f"echo '{json.dumps(WHOLE)}'; exit 1"
    for command in (Command(("sh", "-c", script)), Command(("no-such-proof",)), Command(("true",))):
        broken = await prove(commands, act, command)
        assert broken.outcome == "failed"
        assert broken.detail.startswith("unproven: ")
        assert broken.lost
