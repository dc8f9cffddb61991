"""What the person at a gate is shown: the facts of the run that speak for or against a go.

Called by `migrator gate`, which shows the sheet and stores it by digest, so that nobody has to ask
later what was known. Plain data with times as text, canonical once it is encoded. Pure; what
nothing has computed is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import takewhile
from typing import Final

from migrator.engine.events import LinksJudged, time_to_text
from migrator.engine.foresight import advice
from migrator.engine.run import MoveRecord, Run
from migrator.engine.states import CheckState, Side, WaveState
from migrator.engine.waits import waits
from migrator.plan.model import StepKind, WaveLeg
from migrator.reports.linking import coverage_said
from migrator.reports.noted import defects, suspected
from migrator.reports.texts import texts

FORMAT: Final = "migrator gate 1"
_GONE: Final = frozenset({WaveState.RETURNED, WaveState.BLOCKED, WaveState.DECLINED})
_BASELINE: Final = StepKind.BASELINE.value

Rows = list[dict[str, object]]


def gate_sheet(run: Run, now: datetime, wave: str, name: str, head: str) -> dict[str, object]:
    """The sheet of one gate at run time `now`. The wave must be one of the run's."""
    leg = next(leg for leg in run.itinerary.waves if leg.id == wave)
    earlier = tuple(takewhile(lambda other: other.id != wave, run.itinerary.waves))
    record = run.waves[wave]
    return {
        **_expected(run, now),
        "format": FORMAT,
        "run": name,
        "line": run.seq,
        "head": head,
        "run_time": time_to_text(now),
        "wave": wave,
        "name": leg.name,
        "attempt": record.attempt,
        "state": record.state.value,
        "moves": list(leg.moves),
        "gate": {
            "opened": _text(record.opened_at),
            "deadline": _text(record.gate_deadline),
            "unanswered": run.itinerary.policy.gate_default,
            "deciders": list(leg.deciders),
        },
        "earlier": [
            {"wave": each.id, "name": each.name, "state": run.waves[each.id].state.value}
            for each in earlier
        ],
        "open_checks": list(_open_checks(run, earlier)),
        "holds": list(_holds(run)),
        **_noted(run),
        "links": _covered(run),
        "regressed": list(_regressed(run, earlier)),
        "unproved": list(_unproved(run, earlier)),
        "exceptions": list(run.exceptions),
        "limits": [
            {"limit": each.limit, "until": time_to_text(each.until), "by": each.by}
            for each in sorted(run.signed.values(), key=lambda limit: (limit.until, limit.limit))
        ],
        "waits": [
            {
                "subject": wait.subject,
                "what": wait.what,
                "waits_for": wait.waits_for,
                "on_whom": wait.on_whom,
                "until": _text(wait.until),
            }
            for wait in waits(run, now)
            if wait.human and wait.subject != wave
        ],
    }


def _expected(run: Run, now: datetime) -> dict[str, dict[str, object]]:
    """What the last forecast says of a go; nothing where nobody makes one."""
    found = advice(run, now)
    if found is None:
        return {}
    made = found.made
    return {
        "forecast": {
            "go": found.go,
            "binding": run.itinerary.policy.forecast.binding,
            "reasons": list(found.reasons),
            "made": time_to_text(made.made),
            "knows": made.knows,
            "fits": made.fits,
            "forward_first": made.forward_first,
            "end_p80": _text(made.end_p80),
            "turn_back_by": _text(made.limit),
            "digest": made.digest,
        }
    }


def _noted(run: Run) -> dict[str, Rows]:
    """What handlers noted, and whom that points at; left out where there is nothing of it."""
    t = texts("en", run.itinerary.window.time_zone)
    rows: dict[str, Rows] = {
        "defects": [
            {"defect": row.id, "check": row.check, "wave": row.wave, "person": row.person}
            for row in defects(run, t)
            if not row.gone
        ],
        "suspects": [
            {"part": row.part, "other": row.other, "reasons": list(row.reasons)}
            for row in suspected(run, t)
        ],
    }
    return {key: found for key, found in rows.items() if found}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else time_to_text(moment)


def _open_checks(run: Run, earlier: tuple[WaveLeg, ...]) -> Iterator[dict[str, object]]:
    """The checks of what stays moved that have not passed."""
    for leg in earlier:
        if run.waves[leg.id].state in _GONE:
            continue
        for check in run.checks_of[leg.id]:
            known = run.checks.get(check.id)
            if known is not None and known.attempt != run.waves[leg.id].attempt:
                known = None
            if known is not None and known.state is CheckState.PASSED:
                continue
            yield {
                "check": check.id,
                "wave": leg.id,
                "state": "not opened" if known is None else known.state.value,
                "person": "" if known is None else known.person,
            }


def _holds(run: Run) -> Iterator[dict[str, object]]:
    for wave in run.waves.values():
        for hold in wave.holds:
            yield {
                "wave": wave.id,
                "subject": hold.subject,
                "cause": hold.cause,
                "since": time_to_text(hold.since),
                "unwind_at": _text(hold.unwind_at),
            }


def _staying(run: Run, earlier: tuple[WaveLeg, ...]) -> Iterator[tuple[str, MoveRecord]]:
    """The moves of earlier waves that stand on the new side."""
    for leg in earlier:
        for move in leg.moves:
            if run.authority[move] is Side.NEW:
                yield leg.id, run.moves[move]


def _last_look(record: MoveRecord) -> LinksJudged | None:
    looks = [judged for look, judged in record.judged.items() if look != _BASELINE]
    return looks[-1] if looks else None


def _covered(run: Run) -> dict[str, object] | None:
    """What was proved of the estate's links before anything moved; None: nobody has said."""
    if run.covered is None:
        return None
    return {**asdict(run.covered), "said": coverage_said(run.covered)}


def _regressed(run: Run, earlier: tuple[WaveLeg, ...]) -> Iterator[dict[str, object]]:
    for wave, record in _staying(run, earlier):
        judged = _last_look(record)
        if judged is not None and judged.regressed:
            yield {
                "move": record.id,
                "wave": wave,
                "look": judged.look,
                "links": judged.regressed,
                "examples": list(judged.examples),
                "waived": list(record.waived.get(judged.look, ())),
                "causes": list(judged.causes),
            }


def _unproved(run: Run, earlier: tuple[WaveLeg, ...]) -> Iterator[dict[str, object]]:
    """Links that nobody has looked at since the switch: none of a move's, or some of them."""
    for wave, record in _staying(run, earlier):
        judged = _last_look(record)
        if judged is None:
            why = "no look at its links since it switched"
            yield {"move": record.id, "wave": wave, "links": None, "why": why}
        else:
            for links, why in (
                (judged.deferred, "the other end was being moved at that moment"),
                (judged.unproved, "they could not be looked at"),
                (judged.untestable, "they are declared untestable, with what is watched instead"),
            ):
                if links:
                    yield {"move": record.id, "wave": wave, "links": links, "why": why}
