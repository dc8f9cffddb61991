"""Sentences: the three of the first screen, the line of each failure, the timeline of a wave.

Used by pages and by the short text of the terminal, so that both say the same. A sentence is made
of facts of the StoryBook; where a fact is missing the sentence is left out, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.reports.story import (
    AttemptStory,
    Decision,
    StoryBook,
    TroubleStory,
    UnwindStory,
)
from migrator.reports.texts import Texts
from migrator.reports.words import (
    CHECKS,
    DECISIONS,
    DRY_RUNS,
    RESULTS,
    TROUBLES,
    VERDICTS,
    act_word,
)

LATE: Final = 10**9
"""A place after every journal line of the same moment: what follows from it is told after it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of a timeline."""

    at: datetime
    seq: int
    text: str
    tone: str  # good, warn, bad, calm


def person(book: StoryBook, who: str) -> str:
    """A person's name (or several, as the engine lists them); the id where it is unknown."""
    if ", " in who:
        return ", ".join(person(book, one) for one in who.split(", "))
    member = book.itinerary.members.get(who)
    return member.name if member is not None else who


def subsystem(book: StoryBook, which: str) -> str:
    """A subsystem's name, or its id."""
    return book.itinerary.names.get(which, which)


def actor(t: Texts, book: StoryBook, decision: Decision) -> str:
    """Who decided, and how sure we are of it."""
    if decision.by == "policy":
        return t._("The plan's rule")
    if decision.by in {"engine", "conductor"}:
        return t._("The program, by the plan's rule")
    name = person(book, decision.by)
    if decision.second:
        name = t.listed([name, person(book, decision.second)])
    if decision.simulated:
        return t._("%(name)s (simulated)", name=name)
    if decision.asserted:
        return t._("%(name)s (name given, not proven)", name=name)
    return name


def decided(t: Texts, book: StoryBook, decision: Decision) -> str:
    """A decision as a sentence."""
    text = t._("%(who)s %(did)s", who=actor(t, book, decision), did=t._(DECISIONS[decision.what]))
    if decision.until is not None:
        text = t._("%(text)s, until %(time)s", text=text, time=t.time(decision.until))
    if decision.reason and decision.reason != "simulated":  # the actor's words say that already
        text = t._("%(text)s: “%(reason)s”", text=text, reason=decision.reason)
    if decision.dry_run in DRY_RUNS:
        text = t._("%(text)s; %(tried)s", text=text, tried=t._(DRY_RUNS[decision.dry_run]))
    if decision.seen:
        text = t._("%(text)s (what was shown: %(digest)s)", text=text, digest=decision.seen[:16])
    return text


def planned_sentence(t: Texts, book: StoryBook) -> str:
    """What was planned."""
    it, window = book.itinerary, book.itinerary.window
    return t.ngettext(
        "The plan was to move %(subsystems)s from %(source)s to %(target)s in one wave,"
        " between %(startday)s %(start)s and %(endday)s %(end)s.",
        "The plan was to move %(subsystems)s from %(source)s to %(target)s in %(num)s waves,"
        " between %(startday)s %(start)s and %(endday)s %(end)s.",
        len(it.waves),
        subsystems=t.ngettext("%(num)s subsystem", "%(num)s subsystems", book.counts.planned),
        source=it.source or t._("the old platform"),
        target=it.target or t._("the new platform"),
        startday=t.weekday(window.start),
        start=t.time(window.start),
        endday=t.weekday(window.end),
        end=t.time(window.end),
    )


def happened_sentence(t: Texts, book: StoryBook) -> str:
    """What happened to the subsystems."""
    counts = book.counts
    if counts.moved == counts.planned:
        text = t._("All of them moved")
    elif counts.moved:
        text = t._(
            "%(moved)s of %(planned)s moved",
            moved=t.number(counts.moved),
            planned=t.number(counts.planned),
        )
    else:
        text = t._("None of them stands on the new side")
    parts = [text]
    if counts.returned:
        parts.append(
            t.ngettext(
                "%(num)s was taken back to the old side",
                "%(num)s were taken back to the old side",
                counts.returned,
            )
        )
    if counts.blocked:
        parts.append(
            t.ngettext("%(num)s was never begun", "%(num)s were never begun", counts.blocked)
        )
    if counts.stuck:
        parts.append(
            t.ngettext(
                "%(num)s is stuck and needs a person",
                "%(num)s are stuck and need a person",
                counts.stuck,
            )
        )
    rest = counts.planned - counts.moved - counts.returned - counts.blocked - counts.stuck
    if rest > 0:
        parts.append(
            t.ngettext(
                "%(num)s stands on the old side, its move not finished",
                "%(num)s stand on the old side, their moves not finished",
                rest,
            )
        )
    return t.listed(parts) + "."


def trouble_sentence(t: Texts, book: StoryBook) -> str:
    """What went wrong, or that nothing did; and whether the window was kept."""
    found = [trouble for trouble in book.troubles if trouble.kind != "undo_failed"]
    end = book.itinerary.window.end
    if book.ended and book.end <= end:
        time = t._(
            "the run ended %(day)s %(time)s, %(left)s before the window did",
            day=t.weekday(book.end),
            time=t.time(book.end),
            left=t.between(book.end, end),
        )
    elif book.ended:
        time = t._("the run ended %(late)s after the window did", late=t.between(end, book.end))
    else:
        time = t._(
            "the run still goes on, and this page shows it at %(time)s", time=t.time(book.end)
        )
    if not found:
        return t._("Nothing had to be stopped; %(time)s.", time=time)
    # The gravest is told first: what was taken back, before what a person let go on.
    first = next((trouble for trouble in found if trouble.unwind is not None), found[0])
    what = t._(
        "%(trouble)s in wave %(wave)s, %(day)s %(at)s",
        trouble=t._(TROUBLES[first.kind]),
        wave=first.wave,
        day=t.weekday(first.at),
        at=t.clock(first.at),
    )
    what = _followed(t, first, what)
    more = len(found) - 1
    if more:
        what = t.ngettext(
            "%(what)s, and %(num)s more trouble is told below",
            "%(what)s, and %(num)s more troubles are told below",
            more,
            what=what,
        )
    return t._("%(what)s; %(time)s.", what=what, time=time)


def _followed(t: Texts, trouble: TroubleStory, what: str) -> str:
    """What a trouble led to, in the same sentence."""
    at = trouble.result_at
    if trouble.result in {"returned", "part_returned"} and at is not None:
        return t._(
            "%(what)s: what had moved was back on the old side %(day)s %(at)s",
            what=what,
            day=t.weekday(at),
            at=t.clock(at),
        )
    if trouble.result in {"released", "unstuck"} and at is not None:
        return t._("%(what)s: a person let it go on %(day)s %(at)s", what=what,
                   day=t.weekday(at), at=t.clock(at))  # fmt: skip
    return t._("%(what)s: it still waits for a person", what=what)


def three_sentences(t: Texts, book: StoryBook) -> tuple[str, str, str]:
    """What was planned, what happened, what went wrong."""
    return planned_sentence(t, book), happened_sentence(t, book), trouble_sentence(t, book)


def result_sentence(t: Texts, trouble: TroubleStory) -> str:
    """How a failure ended."""
    text = t._(RESULTS[trouble.result])
    if trouble.result_at is None:
        return text
    return t._(
        "%(result)s It took %(time)s, from %(since)s to %(at)s.",
        result=text,
        time=t.between(trouble.at, trouble.result_at),
        since=t.time(trouble.at),
        at=t.time(trouble.result_at),
    )


def unwind_sentence(t: Texts, book: StoryBook, unwind: UnwindStory) -> str:
    """Who began an unwind, and of how much."""
    by_rule = unwind.by in {"engine", "conductor", "policy"}
    return t.ngettext(
        "%(who)s began to take back %(num)s subsystem.",
        "%(who)s began to take back %(num)s subsystems.",
        len(unwind.moves),
        who=t._("The program") if by_rule else person(book, unwind.by),
    )


def bridge_sentences(t: Texts, book: StoryBook, unwind: UnwindStory) -> tuple[str, ...]:
    """What an unwind leaves to the bridges, and why all of its wave went; nothing if unknown."""
    said = []
    if unwind.widened:
        said.append(
            t._("All of the wave goes back, because a part of it would overload the bridges.")
        )
    found = unwind.carried
    if found is None or (found.calls_per_hour_max is None and not found.heaviest):
        return tuple(said)
    calls = t.number(found.calls_per_hour)
    most = "" if found.calls_per_hour_max is None else t.number(found.calls_per_hour_max)
    if found.overloaded:
        said.append(
            t._(
                "Bridges then carry %(calls)s calls an hour, and they can %(most)s: too many.",
                calls=calls,
                most=most,
            )
        )
    elif most:
        said.append(
            t._(
                "Bridges then carry %(calls)s of the %(most)s calls an hour that they can.",
                calls=calls,
                most=most,
            )
        )
    else:
        said.append(t._("Bridges then carry %(calls)s calls an hour.", calls=calls))
    if found.heaviest:
        first = found.heaviest[0]
        said.append(
            t._(
                "The heaviest bridge that it opens again: %(source)s to %(target)s.",
                source=subsystem(book, first.source),
                target=subsystem(book, first.target),
            )
        )
    return tuple(said)


def subject_words(t: Texts, book: StoryBook, subject: str) -> str:
    """What is in trouble: a step of a subsystem, a check, or a wave."""
    move, slash, act = subject.partition("/")
    if slash:
        return t._(
            "%(subsystem)s, the step: %(step)s",
            subsystem=subsystem(book, move),
            step=act_word(t, act),
        )
    leg = next((check for check in book.itinerary.checks if check.id == subject), None)
    if leg is not None:
        return t._("the check: %(check)s", check=leg.name.get(t.language, leg.id))
    if subject in book.run.waves:
        return t._("wave %(wave)s", wave=subject)
    return subsystem(book, subject)


def timeline(t: Texts, book: StoryBook, attempt: AttemptStory) -> tuple[Moment, ...]:
    """What happened in an attempt of a wave, in order: the moments that people ask about."""
    found: list[Moment] = []
    if attempt.gate_opened is not None:
        found.append(Moment(attempt.gate_opened, 0, t._("The decision was asked for."), "calm"))
    found += [_of_decision(t, book, decision) for decision in attempt.decisions]
    acts = [act for move in attempt.moves for act in move.acts if act.nth]
    if acts:
        first = min(acts, key=lambda act: act.seq)
        found.append(Moment(first.started, first.seq, t._("The first step began."), "calm"))
    for move in attempt.moves:
        if move.switched is not None:
            text = t._("%(name)s was switched to the new side.", name=move.leg.name)
            found.append(Moment(move.switched, LATE, text, "calm"))
        if move.returned is not None:
            text = t._("%(name)s works on the old side again.", name=move.leg.name)
            found.append(Moment(move.returned, LATE, text, "warn"))
    found += _of_checks(t, book, attempt)
    for trouble in attempt.troubles:
        text = f"{t._(TROUBLES[trouble.kind])}: {trouble.cause}"
        found.append(Moment(trouble.at, trouble.seq, text, "bad"))
        found += [
            _of_decision(t, book, decision)
            for decision in trouble.decisions
            if decision not in attempt.decisions
        ]
        if trouble.unwind is not None and trouble.kind != "unwind":
            text = unwind_sentence(t, book, trouble.unwind)
            found.append(Moment(trouble.unwind.at, trouble.unwind.seq, text, "warn"))
    if attempt.verified is not None:
        found.append(
            Moment(attempt.verified, LATE + 1, t._("Every check of the wave was verified."), "good")
        )
    if attempt.ended is not None:
        found.append(Moment(attempt.ended, LATE + 2, _end_words(t, attempt), _end_tone(attempt)))
    unique = dict.fromkeys(sorted(found, key=lambda m: (m.at, m.seq)))
    return tuple(unique)


def _end_tone(attempt: AttemptStory) -> str:
    return "good" if attempt.outcome in {"accepted", "committed", "committing"} else "warn"


def _end_words(t: Texts, attempt: AttemptStory) -> str:
    if attempt.outcome in {"accepted", "committed", "committing"}:
        return t._("The wave was accepted.")
    if attempt.outcome == "returned":
        return t._("The whole wave is back on the old side.")
    if attempt.outcome == "blocked":
        return t._("The wave was blocked: %(because)s.", because=attempt.because)
    return t._("The wave was declined: %(because)s.", because=attempt.because)


def _of_decision(t: Texts, book: StoryBook, decision: Decision) -> Moment:
    tone = "calm" if decision.what in {"go", "release", "again", "commit"} else "warn"
    return Moment(decision.at, decision.seq, decided(t, book, decision) + ".", tone)


def _of_checks(t: Texts, book: StoryBook, attempt: AttemptStory) -> list[Moment]:
    found = []
    for check in attempt.checks:
        name = check.leg.name.get(t.language, check.leg.id)
        for tick in check.ticks:
            if tick.verdict in {"does_not_work", "cannot_judge"}:
                text = t._(
                    "%(who)s about “%(check)s”: %(verdict)s.",
                    who=person(book, tick.person),
                    check=name,
                    verdict=t._(VERDICTS[tick.verdict]),
                )
                tone = "bad" if tick.verdict == "does_not_work" else "warn"
                found.append(Moment(tick.at, tick.seq, text, tone))
        if check.outcome == "passed" and check.ended is not None:
            text = t._(
                "“%(check)s”: %(outcome)s.",
                check=name,
                outcome=t._(CHECKS["passed"]),
            )
            found.append(Moment(check.ended, LATE, text, "good"))
    return found
