"""The verb waive: a named person lets a regressed link of a held move be.

Called by `commands`, and by `waits` to name what can be waived. A waived link is a decision and
never evidence: it is listed as an exception, the look that found it is not made green, and it
counts for that one look alone. The hold goes only when every regressed link of the look is waived;
a look names five of them at most, so a larger breakage is mended, overridden by two people, or
unwound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal, leading, may_decide
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import MoveRecord, Run, WaveRecord
from migrator.plan.model import Trouble

_FOR_LINKS: Final = frozenset({Trouble.LINKS_REGRESSED.value, Trouble.SOAK.value})


@dataclass(frozen=True, slots=True)
class _Look:
    """A look for which a wave is held, and what it found."""

    wave: WaveRecord
    move: MoveRecord
    name: str
    judged: ev.LinksJudged

    @property
    def subject(self) -> str:
        """What the wave is held for."""
        return f"{self.move.id}/{self.name}"

    @property
    def waived(self) -> tuple[str, ...]:
        """The links of this look that are let be."""
        return self.move.waived.get(self.name, ())

    @property
    def left(self) -> int:
        """How many regressed links nobody has waived, named or not."""
        return self.judged.regressed - len(self.waived)


def waive(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Let one link be, in every look that holds a wave for it."""
    link = command.target
    if not command.reason:
        raise Refusal("a waiver needs a reason; it is listed as an exception")
    held = _held_looks(run)
    if not held:
        raise Refusal("no wave is held for regressed links, so there is none to waive")
    found = [look for look in held if link in look.judged.examples]
    if not found:
        raise Refusal(f"{link!r} is not among the regressed links: {_named(held)}")
    fresh = [look for look in found if link not in look.waived]
    if not fresh:
        raise Refusal(f"{link} is waived already; left are: {_named(found)}")
    for look in fresh:
        may_decide(run, command, leading(run, look.wave.id))
    effects: Effects = []
    for look in fresh:
        left = look.left - 1
        effects.append(
            ev.LinkWaived(
                wave=look.wave.id,
                move=look.move.id,
                attempt=look.move.attempt,
                look=look.name,
                link=link,
                left=left,
                by=command.actor,
                reason=command.reason,
            )
        )
        if left == 0:
            why = f"every regressed link is waived: {command.reason}"
            effects.append(ev.HoldReleased(look.wave.id, look.subject, command.actor, why))
    return effects


def waivers(run: Run, subject: str) -> Iterator[tuple[str, str]]:
    """(verb line, consequence) for each link that one person may let be.

    None where the look has not named all that regressed: no waiver would lead anywhere.
    """
    for look in _held_looks(run):
        named = [link for link in look.judged.examples if link not in look.waived]
        if look.subject != subject or len(named) != look.left:
            continue
        rest = look.left - 1
        more = f"{rest} more regressed link{'s' * (rest > 1)} to decide on"
        for link in named:
            then = more if rest else "it is the last one"
            yield f"waive RUN {link} --reason ...", f"let be as an exception; {then}"


def _held_looks(run: Run) -> list[_Look]:
    """The looks that hold a wave and have named what regressed."""
    found = []
    for wave in run.waves.values():
        for hold in wave.holds:
            move, _, name = hold.subject.partition("/")
            if hold.trouble not in _FOR_LINKS or move not in run.moves:
                continue
            record = run.moves[move]
            judged = record.judged.get(name)
            # What an earlier try found says nothing of the one that failed without a look.
            if judged is None or record.judged_nth.get(name) != record.steps[name].nth:
                continue
            if judged.regressed:
                found.append(_Look(wave, record, name, judged))
    return found


def _named(looks: list[_Look]) -> str:
    """What can still be waived, and how much more there is."""
    words = []
    for look in looks:
        names = [link for link in look.judged.examples if link not in look.waived]
        more = look.left - len(names)
        rest = [f"{more} that it does not name"] if more else []
        words.append(f"{look.subject}: {', '.join(names + rest) or 'none'}")
    return "; ".join(words)
