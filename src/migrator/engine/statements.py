"""The verbs that put a person's words on record: sign a stated limit, record what was done by hand.

Called by `commands`; the CLI asks `unfit` before a command is written anywhere. A record tells
people and does nothing. A limit binds people; one, `no full unwind after`, the engine knows too:
what was held until it is signed goes on.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from migrator.engine import events as ev
from migrator.engine.asking import Effects, Refusal, deciders, may_decide
from migrator.engine.foresight import TURN_BACK, WORDS, clock, covers
from migrator.engine.gates import later_gate
from migrator.engine.policy import FORECAST
from migrator.engine.ports import OperatorCommand
from migrator.engine.run import Run

TEXT_MAX: Final = 500
"""A journal is kept for good: it holds what was done, not its whole log."""

LIMIT_MAX: Final = 120

RUN: Final = "run"
"""The subject of a record that is about the run as a whole."""

_PERSONAL_NUMBER: Final = re.compile(
    r"(?<!\d)(?:\d{2})?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])"
    r"\s?[-+\N{EN DASH}]?\s?\d{4}(?!\d)"
)
"""A Swedish personal or co-ordination number, with or without its century and its sign."""


def personal_number(text: str) -> bool:
    """Tell whether a text holds what may be a citizen's number."""
    return _PERSONAL_NUMBER.search(text) is not None


def unfit(text: str, most: int = TEXT_MAX) -> str:
    """Why a text is not kept in a journal; empty where it may be."""
    if not text.strip():
        return "there are no words in it"
    if len(text) > most:
        return f"it has {len(text)} characters, and {most} are kept at most"
    if personal_number(text):
        return "it holds what looks like a personal identity number, and a journal never forgets"
    return ""


def sign(run: Run, command: OperatorCommand, now: datetime, _c: Mapping[str, str]) -> Effects:
    """State a limit in the name of those who decide. The newer hour of the same words counts."""
    may_decide(run, command, deciders(run))
    limit = " ".join(command.target.split())
    if not command.reason:
        raise Refusal("a limit needs a reason; it is read by those who were not there")
    _fit("the limit", limit, LIMIT_MAX)
    _fit("the reason", command.reason)
    try:
        until = datetime.fromisoformat(command.detail("until"))
    except ValueError:
        raise Refusal("a limit ends with its hour, such as 2023-10-15T18:00+02:00") from None
    if until.tzinfo is None:
        raise Refusal("the hour of a limit needs an offset, such as +02:00")
    if until <= now:
        raise Refusal(f"{until.isoformat()} has passed; nothing could be kept by it any more")
    known = run.signed.get(limit.casefold())
    if known is not None and known.until == until:
        raise Refusal(f"{known.by} has signed that already, with the same hour")
    made = ev.Signed(limit, until, command.actor, command.reason)
    return [made, *_let_go(run, made, now)]


def _let_go(run: Run, signed: ev.Signed, now: datetime) -> Effects:
    """Let go on what was held only until this was signed; its gates get that time back.

    Who goes forward only needs no weekend that ends before turning back is too late, either.
    """
    if signed.limit.casefold() != WORDS or run.forecast is None or run.forecast.limit is None:
        return []
    if not covers(run, signed, now, now):
        return []
    effects: Effects = []
    for wave in run.waves.values():
        over = [hold for hold in wave.holds if hold.subject in {TURN_BACK, FORECAST}]
        why = f"signed: {signed.limit} {clock(run, signed.until)}"
        effects += [ev.HoldReleased(wave.id, hold.subject, signed.by, why) for hold in over]
        if over and wave.decided_at is None and len(wave.holds) == len(over):
            held = now - min(hold.since for hold in over)
            effects += later_gate(wave, held, signed.by, "for as long as held")
    return effects


def record(run: Run, command: OperatorCommand, _now: datetime, _c: Mapping[str, str]) -> Effects:
    """Write down what was done by hand. Nothing follows from it."""
    subject, text = command.target, command.detail("text").strip()
    if not _known(run, subject):
        acts = [f"{move}/{act}" for move in run.moves for act in run.moves[move].steps]
        near = difflib.get_close_matches(subject, [RUN, *run.waves, *run.moves, *acts], 1)
        raise Refusal(f"nothing is called {subject!r}" + (f"; {near[0]}?" if near else ""))
    _fit("the text", text)
    if command.reason:
        _fit("the reason", command.reason)
    made = ev.HandRecorded(subject, text, command.actor, command.reason)
    if any((old.subject, old.text, old.by) == (subject, text, made.by) for old in run.by_hand):
        raise Refusal(f"{command.actor} has recorded these very words for {subject} already")
    return [made]


def _known(run: Run, subject: str) -> bool:
    move, slash, act = subject.partition("/")
    if move in run.moves:
        return not slash or act in run.moves[move].steps or act in run.moves[move].undos
    return subject == RUN or subject in run.waves


def _fit(what: str, text: str, most: int = TEXT_MAX) -> None:
    why = unfit(text, most)
    if why:
        raise Refusal(f"{what} is not kept: {why}")
