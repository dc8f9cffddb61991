"""A run's refused checks as suspects: what they share, through the links and the last looks.

Called by whoever shows a hold, a gate or a report; it decides nothing. What a suspect is stands in
`verification/suspects.py`.
"""

from __future__ import annotations

from migrator.engine.run import Run
from migrator.engine.states import CheckState
from migrator.verification.suspects import Between, Exercise, Look, Suspect, suspects

_LOOKS = ("soak", "probe-links")
"""The newest look first: what the soak finds is later than what was probed at the switch."""


def suspects_of(run: Run, wave: str = "") -> tuple[Suspect, ...]:
    """Where to look first for what is refused in a wave, or in all of them."""
    verified = []
    for check in run.itinerary.checks:
        known = run.checks.get(check.id)
        if known is None or known.attempt != run.waves[check.wave].attempt:
            continue
        if known.state is CheckState.REFUSED:
            if wave in {"", check.wave}:
                verified.append(_exercise(check.id, check.core, check.passing, works=False))
        elif known.state is CheckState.PASSED and not known.overridden:
            verified.append(_exercise(check.id, check.core, check.passing, works=True))
    if all(each.works for each in verified):
        return ()
    pairs = [
        Between(pair.source, pair.target, pair.links, pair.examples) for pair in run.itinerary.pairs
    ]
    return suspects(verified, pairs, _looks(run))


def _exercise(
    check: str, core: tuple[str, ...], passing: tuple[str, ...], *, works: bool
) -> Exercise:
    return Exercise(check, frozenset(core), frozenset(passing), works)


def _looks(run: Run) -> list[Look]:
    found = []
    for move in run.moves.values():
        look = next((move.judged[name] for name in _LOOKS if name in move.judged), None)
        if look is not None and look.attempt == move.attempt:
            found.append(Look(move.id, look.regressed, look.examples, look.causes))
    return found
