"""What is known of the links: coverage, and what is worse, by wave and by cause. Pure.

Read by the page of the links. The numbers are those that the run was told: how much was proved
before anything moved, and what each look found against its own baseline. A cause is a sentence as
the search for causes wrote it; what one may do about it is said here, by what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from migrator.engine.events import LinksCovered, LinksJudged
from migrator.engine.run import MoveRecord, Run
from migrator.reports.texts import N_, Texts
from migrator.reports.words import LOOKS
from migrator.web.weekend_view import TONES, WORDS

LOST: Final = "lost"
WRONG_SIDE: Final = "wrong_side"
SLOWER: Final = "slower"
WORSE: Final = {
    LOST: N_("stopped answering"),
    WRONG_SIDE: N_("answered by the wrong side"),
    SLOWER: N_("much slower"),
}
TO_DO: Final = {
    LOST: N_(
        "See whether the new side listens and lets the caller in; the causes say what they share. "
        "If it cannot be mended in time, the wave goes back."
    ),
    WRONG_SIDE: N_(
        "Somebody still sends them to the other side: a fixed address, or a name that was kept. "
        "Mend it before the old side is shut down."
    ),
    SLOWER: N_("They answer. Compare with the load, and look again before you take anything back."),
}
LATEST: Final = ("prove-back", "soak", "probe-links", "baseline")
"""The look that says how a subsystem's links are now: the first of these that there is."""
CAUSES_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Failing:
    """One subsystem whose links are worse than before."""

    move: str
    name: str
    wave: str
    look: str
    sweep: str
    worse: int
    kinds: tuple[tuple[str, int, str], ...]  # in words, how many, what to do
    causes: tuple[str, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A cause, and the subsystems whose links it was found for."""

    said: str
    worse: int  # links that are worse in the looks that named it
    moves: tuple[tuple[str, str], ...]  # (id, name)
    waves: tuple[str, ...]


@dataclass(slots=True)
class WaveLinks:
    """A wave's links, added up over the newest look at each of its subsystems."""

    id: str
    name: str
    state: str
    tone: str
    moves: int
    looked_at: int = 0  # subsystems
    answer: int = 0
    worse: int = 0
    broken: int = 0
    waived: int = 0
    open: int = 0  # not looked at: put off, unproved, untestable


@dataclass(frozen=True, slots=True)
class Share:
    """One part of all links."""

    word: str
    links: int
    per_cent: str


@dataclass(frozen=True, slots=True)
class LinksPage:
    """Everything about the links."""

    links: int
    swept: bool
    swept_at: datetime | None
    sweep: str
    shares: tuple[Share, ...]
    worse: int
    failing: tuple[Failing, ...]
    causes: tuple[CauseRow, ...]
    waves: tuple[WaveLinks, ...]


@dataclass(slots=True)
class _Gathered:
    worse: int = 0
    moves: dict[str, str] = field(default_factory=dict)
    waves: set[str] = field(default_factory=set)


def links_page(run: Run, t: Texts, wave: str = "") -> LinksPage:
    """The links as they stand; with `wave` only those of its subsystems."""
    waves = tuple(_waves(run, t))
    failing = sorted(
        (each for each in _failing(run, t) if wave in {"", each.wave}),
        key=lambda each: (-each.worse, each.move),
    )
    covered = run.covered
    swept = covered is not None and bool(covered.sweep)
    return LinksPage(
        run.itinerary.links if covered is None or not swept else covered.links,
        swept,
        datetime.fromisoformat(covered.swept_at) if covered is not None and swept else None,
        covered.sweep if covered is not None else "",
        tuple(_shares(covered, t)) if covered is not None and swept else (),
        sum(each.worse for each in failing),
        tuple(failing),
        _causes(failing),
        tuple(each for each in waves if wave in {"", each.id}),
    )


def latest(record: MoveRecord) -> LinksJudged | None:
    """The newest look at a subsystem's links in this attempt."""
    return next((record.judged[look] for look in LATEST if look in record.judged), None)


def worse_now(record: MoveRecord) -> int:
    """How many links are worse than before the move and were not let be."""
    found = latest(record)
    if found is None or found.look == "baseline":
        return 0
    return max(0, found.regressed - len(record.waived.get(found.look, ())))


def _shares(covered: LinksCovered, t: Texts) -> Iterator[Share]:
    for word, links in (
        (t._("proved"), covered.proved),
        (t._("did not answer before the move either"), covered.broken),
        (t._("not proved"), covered.unproved),
        (t._("cannot be tested"), covered.untestable),
        (t._("let be, somebody answers for them"), covered.waived),
    ):
        part = 100 * links / covered.links if covered.links else 0.0
        # A hundred per cent is said only of all of them.
        digits = 1 if 0 < part < 1 or 99 < part < 100 else 0
        yield Share(word, links, t.number(part, digits))


def _failing(run: Run, t: Texts) -> Iterator[Failing]:
    for leg in run.itinerary.legs.values():
        record = run.moves[leg.id]
        worse, judged = worse_now(record), latest(record)
        if not worse or judged is None:
            continue
        kinds = (
            (LOST, judged.regressed - judged.wrong_side - judged.slower),
            (WRONG_SIDE, judged.wrong_side),
            (SLOWER, judged.slower),
        )
        yield Failing(
            leg.id,
            leg.name,
            leg.wave,
            t._(LOOKS[judged.look]),
            judged.sweep,
            worse,
            tuple((t._(WORSE[kind]), links, t._(TO_DO[kind])) for kind, links in kinds if links),
            judged.causes,
            judged.examples,
        )


def _causes(failing: list[Failing]) -> tuple[CauseRow, ...]:
    found: dict[str, _Gathered] = {}
    for each in failing:
        for said in each.causes:
            gathered = found.setdefault(said, _Gathered())
            gathered.worse += each.worse
            gathered.moves[each.move] = each.name
            gathered.waves.add(each.wave)
    rows = [
        CauseRow(said, one.worse, tuple(one.moves.items()), tuple(sorted(one.waves)))
        for said, one in found.items()
    ]
    rows.sort(key=lambda row: (-len(row.moves), -row.worse, row.said))
    return tuple(rows[:CAUSES_SHOWN])


def _waves(run: Run, t: Texts) -> Iterator[WaveLinks]:
    for leg in run.itinerary.waves:
        state = run.waves[leg.id].state
        row = WaveLinks(leg.id, leg.name, t._(WORDS[state]), TONES[state], len(leg.moves))
        for move in leg.moves:
            record = run.moves[move]
            judged = latest(record)
            if judged is None:
                continue
            row.looked_at += 1
            row.answer += judged.same + judged.better
            row.worse += worse_now(record)
            row.broken += judged.broken
            row.waived += judged.waived + len(record.waived.get(judged.look, ()))
            row.open += judged.deferred + judged.unproved + judged.untestable
        yield row
