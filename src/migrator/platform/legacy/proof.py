"""The proof of a bring-back: what was written on the target is on the old side again, all of it.

Called by `platform.py` after the act. The proof is a command that prints one JSON object; anything
else that it does (fails, prints two, contradicts itself) proves nothing. What is not proved must
never count as brought back: the old side would get authority over less than there was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from migrator.engine.ports import ActResult
from migrator.errors import MigratorError
from migrator.plan.means import Command
from migrator.platform.legacy.command import Answer, Commands
from migrator.platform.legacy.facts import ActFacts
from migrator.platform.legacy.showing import last_lines

LOST_SHOWN_MAX: Final = 200
"""More than so many single losses are counted, not listed."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the proof says. Complete only when its figures and its list agree."""

    complete: bool
    on_target: int
    returned: int
    lost: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Tell whether nothing is lost."""
        return self.complete and self.on_target == self.returned and not self.lost


async def prove(commands: Commands, act: ActFacts, command: Command) -> ActResult:
    """Done with the figures, or failed as unproven with what is lost."""
    try:
        answer = await commands.ask(act, command)
    except MigratorError as error:
        return _unproven(f"the proof could not be made: {error.reference}: {error.message}")
    if answer.exit not in command.expects:
        return _unproven(f"the proof failed: {answer.told}")
    proof = read_proof(answer)
    if proof is None:
        return _unproven(f"the proof printed no single JSON object: {last_lines(answer.output)}")
    figures = f"{proof.returned} of {proof.on_target} came back"
    if not proof.holds:
        return _unproven(figures, proof.lost)
    return ActResult("done", f"proved: {figures}, nothing is lost")


def read_proof(answer: Answer) -> Proof | None:
    """The one JSON object with all its fields in their types; None for anything else."""
    found = _objects(answer.output)
    if len(found) != 1:
        return None
    words = found[0]
    complete, lost = words.get("complete"), words.get("lost")
    on_target, returned = words.get("on_target"), words.get("returned")
    if not isinstance(complete, bool) or not isinstance(lost, list):
        return None
    if type(on_target) is not int or type(returned) is not int or min(on_target, returned) < 0:
        return None
    return Proof(complete, on_target, returned, tuple(map(str, lost)))


def _objects(text: str) -> list[dict[str, object]]:
    """The JSON objects of an output: it as a whole, or its lines that are one."""
    found: list[dict[str, object]] = []
    for piece in (text, *text.splitlines()):
        try:
            words = json.loads(piece)
        except (ValueError, RecursionError):
            continue
        if isinstance(words, dict):
            found.append(words)
            if piece is text:
                break
    return found


def _unproven(why: str, lost: tuple[str, ...] = ()) -> ActResult:
    """The act as failed. Nobody names what is lost: then that itself is the loss."""
    shown = lost[:LOST_SHOWN_MAX]
    if len(lost) > len(shown):
        shown += (f"and {len(lost) - len(shown)} more",)
    return ActResult("failed", f"unproven: {why}", lost=shown or (f"not known: {why}",))
