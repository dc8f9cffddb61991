"""The facts of a run for programs (stable keys) and in a few lines for the terminal.

`run_facts` is the JSON of `report --format json` and the part of `rehearse --format json` that
tells of a run; its keys are a promise and are only ever added to. Times carry their offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from migrator.engine.suspecting import suspects_of
from migrator.reports import narrative
from migrator.reports.disturbed import disturbed_lines
from migrator.reports.story import Carried, Decision, StoryBook, TroubleStory
from migrator.reports.texts import Texts
from migrator.reports.words import OUTCOMES, TROUBLES, WAVE_OUTCOMES, practice_words

Facts = Mapping[str, object]


def run_facts(book: StoryBook, reference: str) -> dict[str, object]:
    """The run as plain data; the ledger's keys are null where no simulated world kept one."""
    counts, ledger = book.counts, book.ledger
    zone = ZoneInfo(book.itinerary.window.time_zone)
    return {
        "run": reference,
        "outcome": book.outcome,
        "mode": book.started.mode,
        "practice": book.started.practice,
        "target": book.started.target,
        "plan": book.itinerary.plan_name,
        "plan_digest": book.itinerary.plan_digest,
        "seed": book.started.seed,
        "started": _time(book.begin, zone),
        "ended": _time(book.end, zone) if book.ended else None,
        "waves": [
            {
                "id": wave.leg.id,
                "name": wave.leg.name,
                "outcome": wave.outcome,
                "attempts": len(wave.attempts),
                "planned_start": _time(wave.planned_start, zone),
                "planned_end": _time(wave.planned_end, zone),
                "started": _time(wave.started, zone),
                "ended": _time(wave.ended, zone),
                "moves": list(wave.leg.moves),
            }
            for wave in book.waves
        ],
        "planned": counts.planned,
        "moved": counts.moved,
        "returned": counts.returned,
        "blocked": counts.blocked,
        "stuck": counts.stuck,
        "checks": counts.checks,
        "checks_passed": counts.checks_passed,
        "handlers": counts.handlers,
        "retries": counts.retries,
        "troubles": [_trouble(trouble, zone) for trouble in book.troubles],
        "exceptions": [_decision(decision, zone) for decision in book.exceptions],
        "remains": {move: list(things) for move, things in book.remains},
        "disturbances": [
            {
                "id": each.id,
                "level": each.level.value,
                "target": each.target,
                "source": each.source,
                "reason": each.reason,
                "owner": each.owner or None,
                "times": each.times,
                "opened": _time(each.opened, zone),
                "red_at": _time(each.red_at, zone),
                "reddened": _time(each.reddened, zone),
                "closed": _time(each.closed, zone),
                "cause": each.cause or None,
                "note": each.note or None,
            }
            for each in book.run.disturbances.values()
        ],
        "defects": [
            {
                "id": each.id,
                "check": each.check,
                "function": each.function,
                "wave": each.wave,
                "attempt": each.attempt,
                "person": each.person,
                "at": _time(each.at, zone),
                "raised_by": each.raised_by or None,
            }
            for each in book.run.defects.values()
            if not each.withdrawn
        ],
        "left_behind": [
            {
                "check": each.check,
                "wave": each.wave,
                "attempt": each.attempt,
                "person": each.person,
                "reference": each.reference,
                "at": _time(each.at, zone),
            }
            for each in book.run.left_behind
        ],
        "suspects": [
            {"part": each.part, "other": each.other or None, "score": round(each.score, 3)}
            for each in suspects_of(book.run)
        ],
        "both_live_seconds": ledger.both_live_seconds if ledger else None,
        "rows_lost": ledger.rows_lost if ledger else None,
        "effects_doubled": ledger.effects_doubled if ledger else None,
        "violations": list(ledger.violations) if ledger else None,
        "events": book.lines,
        "journal_hash": book.head,
    }


def _trouble(trouble: TroubleStory, zone: ZoneInfo) -> Facts:
    unwind = trouble.unwind
    return {
        "wave": trouble.wave,
        "attempt": trouble.attempt,
        "at": _time(trouble.at, zone),
        "trouble": trouble.kind,
        "subject": trouble.subject,
        "cause": trouble.cause,
        "decisions": [_decision(decision, zone) for decision in trouble.decisions],
        "unwound": [move for move, _ in unwind.returned] if unwind else [],
        "bridges": _bridges(unwind.carried, widened=unwind.widened) if unwind else None,
        "result": trouble.result,
        "result_at": _time(trouble.result_at, zone),
        "line": trouble.seq,
    }


def _bridges(found: Carried | None, *, widened: bool) -> Facts | None:
    if found is None:
        return None
    return {
        "calls_per_hour": found.calls_per_hour,
        "calls_per_hour_max": found.calls_per_hour_max,
        "overloaded": found.overloaded,
        "widened": widened,
        "heaviest": [
            {
                "source": bridge.source,
                "target": bridge.target,
                "links": bridge.links,
                "calls_per_hour": bridge.calls_per_hour,
            }
            for bridge in found.heaviest
        ],
    }


def _decision(decision: Decision, zone: ZoneInfo) -> Facts:
    return {
        "what": decision.what,
        "at": _time(decision.at, zone),
        "wave": decision.wave,
        "subject": decision.subject,
        "by": decision.by,
        "second": decision.second or None,
        "reason": decision.reason,
        "simulated": decision.simulated,
        "seen": decision.seen or None,
        "dry_run": decision.dry_run or None,
        "line": decision.seq,
    }


def _time(moment: datetime | None, zone: ZoneInfo) -> str | None:
    """By the clocks of the window: the same text whether the journal was kept or just written."""
    return None if moment is None else moment.astimezone(zone).isoformat()


def summary_text(t: Texts, book: StoryBook, reference: str) -> str:
    """A dozen lines: mode, outcome, the three sentences, the waves, troubles, the chain's head."""
    lines = [
        practice_words(t, practice=book.started.practice, target=book.started.target),
        f"{reference}: {t._(OUTCOMES[book.outcome])}",
        "",
        *narrative.three_sentences(t, book),
        "",
    ]
    width = max((len(wave.leg.id) for wave in book.waves), default=0)
    for wave in book.waves:
        words = t._(WAVE_OUTCOMES[wave.outcome])
        when = (
            f"{t.time(wave.started)} \N{EN DASH} {t.time(wave.ended) if wave.ended else '...'}"
            if wave.started
            else t._("planned %(time)s", time=t.time(wave.planned_start))
        )
        size = t.ngettext("%(num)s subsystem", "%(num)s subsystems", len(wave.leg.moves))
        lines.append(f"  {wave.leg.id.ljust(width)}  {words:<22} {size:>14}  {when}")
    for trouble in book.troubles:
        lines += ["", f"{t._(TROUBLES[trouble.kind])}: {trouble.cause}"]
        lines += [
            f"  {t.time(decision.at)} {narrative.decided(t, book, decision)}"
            for decision in trouble.decisions
        ]
        if trouble.unwind is not None:
            begun = narrative.unwind_sentence(t, book, trouble.unwind)
            lines.append(f"  {t.time(trouble.unwind.at)} {begun}")
            lines += [f"  {each}" for each in narrative.bridge_sentences(t, book, trouble.unwind)]
        lines.append(f"  {narrative.result_sentence(t, trouble)}")
    lines += disturbed_lines(book.run, t)
    for decision in book.exceptions:
        lines.append(
            t._("Exception: %(what)s", what=narrative.decided(t, book, decision))
            + f" ({narrative.subject_words(t, book, decision.subject)})"
        )
    if book.ledger is not None:
        lines += ["", *_ledger(t, book)]
    lines += [
        "",
        t.ngettext("%(num)s journal line, head %(head)s", "%(num)s journal lines, head %(head)s",
                   book.lines, head=book.head),
        t._("Times are in %(zone)s.", zone=book.itinerary.window.time_zone),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _ledger(t: Texts, book: StoryBook) -> list[str]:
    ledger = book.ledger
    assert ledger is not None, "asked only where there is one"
    first = t._(
        "The simulated world counted %(seconds)s s with both sides live, %(rows)s rows lost and"
        " %(effects)s effects doubled.",
        seconds=t.number(ledger.both_live_seconds),
        rows=t.number(ledger.rows_lost),
        effects=t.number(ledger.effects_doubled),
    )
    return [first, *(f"  ! {violation}" for violation in ledger.violations)]
