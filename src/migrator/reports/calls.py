"""A call in its reader's words: the subject and text of a message, and the words of a call's page.

Called by `wiring/calling.py` for each send and by the page of a call. Only codes, ids and names of
the plan become words here: what somebody typed and what a program said stay on the page, behind a
sign-in, because mail is read by many machines. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from migrator.notices.book import Item, Message, State, Why
from migrator.notices.model import NEWS_ONLY, Kind
from migrator.plan.model import Itinerary
from migrator.reports.texts import N_, Texts
from migrator.reports.words import TROUBLES, practice_words

TITLES: Final = {
    Kind.GATE: N_("%(wave)s waits for go or no-go"),
    Kind.HOLD: N_("%(wave)s is held and waits for a decision"),
    Kind.VETO: N_("%(wave)s is held and is about to be taken back"),
    Kind.STUCK: N_("%(wave)s is stuck: a person must mend it"),
    Kind.REFUSED: N_("%(wave)s is accepted, and something in it does not work"),
    Kind.TURN_BACK: N_("Soon it is too late to turn back"),
    Kind.DISTURBANCE: N_("Disturbance %(subject)s (%(cause)s)"),
    Kind.STALLED: N_("%(wave)s: the step %(subject)s stands still"),
    Kind.DOUBT: N_("%(wave)s: nobody knows whether %(subject)s took effect"),
    Kind.CHECK: N_("A verdict is awaited: %(subject)s"),
    Kind.TASK: N_("A task waits to be done: %(subject)s"),
    Kind.SECOND: N_("Something waits for a second person"),
    Kind.PAUSED: N_("The run is paused"),
    Kind.COMMIT: N_("%(wave)s is accepted and can be made final"),
    Kind.OTHER: N_("Something waits for a decision: %(subject)s"),
}
CONSEQUENCES: Final = {
    "unwind": N_("then the wave is taken back by itself"),
    "no-go": N_("then it becomes a no-go"),
    "wait": N_("then it goes on waiting"),
    "held": N_("then the wave is held"),
    "passed-on": N_("then somebody else is asked"),
    "red": N_("then it becomes red: all hands, and the run holds"),
}
REASONS: Final = {
    Why.DEPUTY: N_("You are called as a deputy: nobody has said yet that they have it in hand."),
    Why.MAKER: N_(
        "You are called as a decision maker: nobody has said yet that they have it in hand."
    ),
    Why.REMINDER: N_("This is reminder %(nth)s: it still waits."),
}
LEVELS: Final = {"yellow": N_("yellow"), "red": N_("red")}
STATES: Final = {
    State.QUEUED: N_("on its way"),
    State.SENT: N_("sent"),
    State.FAILED: N_("could not be delivered"),
    State.LAPSED: N_("not needed any more"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """A message in words."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Setting:
    """Of which run a message speaks, and where its pages are. `test` says why it came here."""

    run: str
    practice: bool
    pages: str
    itinerary: Itinerary
    test: bool = False


def words_of(message: Message, setting: Setting, t: Texts) -> Words:
    """The subject and the text of a message."""
    marks = [t._("[TEST]")] if setting.test else []
    marks += [t._("[PRACTICE]")] if setting.practice else []
    first = title(message.items[0], setting.itinerary, t)
    if len(message.items) > 1:
        rest = len(message.items) - 1
        first = t.ngettext(
            "%(first)s, and %(num)s more", "%(first)s, and %(num)s more", rest, first=first
        )
    return Words(" ".join([*marks, first]), "\n".join(_lines(message, setting, t)))


def title(item: Item, itinerary: Itinerary, t: Texts) -> str:
    """What a call is about, in one line."""
    kind = Kind(item.kind)
    return t._(
        TITLES[kind],
        wave=wave_words(item.wave, itinerary, t),
        subject=subject_words(item, itinerary, t),
        cause=t._(LEVELS[item.cause]) if item.cause in LEVELS else item.cause,
    )


def wave_words(wave: str, itinerary: Itinerary, t: Texts) -> str:
    """A wave by id and name; the run where it is none."""
    leg = next((leg for leg in itinerary.waves if leg.id == wave), None)
    if leg is None:
        return t._("The run")
    return t._("Wave %(id)s (%(name)s)", id=leg.id, name=leg.name)


def subject_words(item: Item, itinerary: Itinerary, t: Texts) -> str:
    """What exactly it is about: a check by its name, everything else by its id."""
    check = next((each for each in itinerary.checks if each.id == item.subject), None)
    return item.subject if check is None else t.text(check.name)


def cause_words(item: Item, itinerary: Itinerary, t: Texts) -> str:
    """Why it waits, in the words of the trouble's class; empty where nothing went wrong."""
    if item.cause not in TROUBLES:
        return ""
    return f"{t._(TROUBLES[item.cause])}: {subject_words(item, itinerary, t)}"


def moment_words(moment: datetime, t: Texts) -> str:
    """A time that nobody can take for another one: 2023-10-14 03:15 CEST (Europe/Stockholm)."""
    return f"{t.local(moment):%Y-%m-%d %H:%M %Z} ({t.zone.key})"


def deadline_words(item: Item, t: Texts) -> str:
    """By when, and what comes of it otherwise; empty where there is no deadline."""
    if item.until is None:
        return ""
    by = t._("Until %(time)s", time=moment_words(item.until, t))
    return f"{by}; {t._(CONSEQUENCES[item.then])}" if item.then in CONSEQUENCES else by


def page_of(item: Item, pages: str) -> str:
    """The page where one does something about it."""
    if item.kind == Kind.CHECK:
        return f"{pages}/checks/{item.subject}"
    return f"{pages}/{'disturbances' if item.kind == Kind.DISTURBANCE else 'decide'}"


def _lines(message: Message, setting: Setting, t: Texts) -> list[str]:
    lines = []
    if setting.test:
        lines += [
            t._(
                "TEST: this would have gone to %(person)s by %(channel)s.",
                person=_name(message.person, setting.itinerary),
                channel=message.channel,
            )
        ]
    words = practice_words(t, practice=setting.practice, target=setting.itinerary.target)
    lines += [f"{words} ({setting.run})", ""]
    for item in message.items:
        lines += [*_item(item, setting, t), ""]
    lines.append(
        t._(
            "Sent to %(person)s. Answers to this message are not read.",
            person=_name(message.person, setting.itinerary),
        )
    )
    return lines


def _item(item: Item, setting: Setting, t: Texts) -> list[str]:
    itinerary = setting.itinerary
    lines = [title(item, itinerary, t)]
    if item.why in REASONS:
        lines.append(t._(REASONS[item.why], nth=item.nth))
    if cause := cause_words(item, itinerary, t):
        lines.append(cause)
    if item.since is not None:
        lines.append(t._("Since %(time)s", time=moment_words(item.since, t)))
    if deadline := deadline_words(item, t):
        lines.append(deadline)
    lines.append(t._("Decide here: %(page)s", page=page_of(item, setting.pages)))
    if item.kind not in NEWS_ONLY:
        page = f"{setting.pages}/calls/{item.call}"
        lines.append(t._("Say that you have it in hand: %(page)s", page=page))
    return lines


def _name(person: str, itinerary: Itinerary) -> str:
    member = itinerary.members.get(person)
    return person if member is None else member.name


def facts_of(message: Message, setting: Setting) -> dict[str, object]:
    """The message as data, for programs that take webhooks."""
    return {
        "run": setting.run,
        "practice": setting.practice,
        "test": setting.test,
        "calls": [
            {
                "call": item.call,
                "kind": item.kind,
                "wave": item.wave,
                "subject": item.subject,
                "cause": item.cause,
                "why": item.why.value,
                "since": None if item.since is None else item.since.isoformat(),
                "until": None if item.until is None else item.until.isoformat(),
                "then": item.then,
                "decide": page_of(item, setting.pages),
                "answer": f"{setting.pages}/calls/{item.call}",
            }
            for item in message.items
        ],
    }
