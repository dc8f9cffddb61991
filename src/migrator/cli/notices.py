"""`migrator notices RUN` and `migrator ack RUN CALL`: who was called for what, and who has it.

The book of calls is kept beside the journal by whoever leads the run. `ack` writes down that
somebody has a call in hand, so that nobody else is called for it; it decides nothing in the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.identity import AsOption, who
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, os_user, see_run
from migrator.cli.sentences import printable

if TYPE_CHECKING:
    from migrator.notices.book import Book, Item, Message

TROUBLE: Final = "calling"
TOLD_MAX: Final = 60
WHYS: Final = {
    "first": "asked first",
    "deputy": "as a deputy",
    "maker": "as a decision maker",
    "reminder": "reminded",
}


def notices(
    run: RunArgument,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """List who was called for what in a run, what became of each message, and who has it in hand.

    \b
    Examples:
      migrator notices latest
      migrator notices autumn-p1 --format json | jq '.messages[] | select(.state == "failed")'

    \b
    Keys of the JSON document: run, trouble (why nobody is called just now; empty when all is
    well), messages [id, person, channel, state, test, tries, told, at, sent, calls [call, what,
    why, until, answered_by, answered_at]].
    """
    from migrator.notices.answering import read_book

    seen = see_run(run, store)
    with seen.store:
        book = read_book(seen.journal)
        trouble = _trouble(seen)
        if form is Format.json:
            output.emit(
                {
                    "run": seen.name,
                    "trouble": trouble,
                    "messages": [_facts(seen, book, message) for message in book.messages],
                }
            )
        else:
            _show(seen, book, trouble)


def ack(
    run: RunArgument,
    call: Annotated[
        str, typer.Argument(metavar="CALL", help="Its name: the last part of its link.")
    ],
    person: AsOption = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Say that you have a call in hand, so that nobody else is called for it.

    \b
    Examples:
      migrator ack latest 3f9c02a1b7de --as anna

    It decides nothing: the gate, the hold or the clock still waits for its decision.
    """
    from migrator.conductor.clock import wall_now
    from migrator.notices.answering import acknowledge, leads

    seen = see_run(run, store)
    with seen.store:
        members = seen.itinerary.members
        by = who(person, os_user(), members)
        name = call.strip().rsplit("/", 1)[-1].lower()
        answer = acknowledge(
            seen.journal, name, by, wall_now(), how="terminal", leading=leads(seen.run, by)
        )
        has = members[answer.person].name if answer.person in members else answer.person
        output.show(
            f"{name}: {has} has it in hand"
            + ("" if answer.person == by else ", and said so before; nothing was changed")
        )


def _trouble(seen: SeenRun) -> str:
    kept = seen.journal.facts(TROUBLE)
    return str(kept.get("trouble", "")) if isinstance(kept, dict) else ""


def _facts(seen: SeenRun, book: Book, message: Message) -> dict[str, object]:
    return {
        "id": message.id,
        "person": message.person,
        "channel": message.channel,
        "state": message.state,
        "test": message.test,
        "tries": message.tries,
        "told": message.told,
        "at": seen.local(message.at),
        "sent": message.ended,
        "calls": [_call(seen, book, item) for item in message.items],
    }


def _call(seen: SeenRun, book: Book, item: Item) -> dict[str, object]:
    answer = book.answers.get(item.call)
    return {
        "call": item.call,
        "what": _what(seen, item),
        "why": item.why,
        "until": seen.local(item.until),
        "answered_by": None if answer is None else answer.person,
        "answered_at": None if answer is None else answer.at,
    }


def _show(seen: SeenRun, book: Book, trouble: str) -> None:
    if trouble:
        output.show(printable(f"NOBODY IS CALLED just now: {trouble}"))
    if not book.messages:
        output.show(f"{seen.mode} {seen.name}: nobody was called")
        if seen.journal.facts("notices") is None:
            output.say("the run was begun without --notices FILE: see docs/being-called.md")
        return
    rows = []
    for message in book.messages:
        for item in message.items:
            answer = book.answers.get(item.call)
            became = message.state.value + (" as a test" if message.test else "")
            if message.state.value in {"queued", "failed"} and message.told:
                became += f" ({message.told[:TOLD_MAX]})"
            rows.append(
                [
                    seen.clock(message.at),
                    item.call,
                    printable(_what(seen, item)),
                    message.person,
                    message.channel,
                    WHYS[item.why.value],
                    printable(became),
                    "" if answer is None else answer.person,
                ]
            )
    header = ["run time", "call", "what", "person", "by", "why", "became", "in hand of"]
    output.show(output.table(header, rows))


def _what(seen: SeenRun, item: Item) -> str:
    from migrator.reports.calls import title
    from migrator.reports.texts import texts

    return title(item, seen.itinerary, texts("en", seen.itinerary.window.time_zone))
