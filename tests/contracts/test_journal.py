"""What every journal does, in memory, SQLite and PostgreSQL: `engine.ports.Journal` and a desk."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.engine.ports import Entry, Journal, OperatorCommand
from migrator.errors import InputError, RefusedError
from migrator.plan.itinerary import itinerary_digest
from migrator.store.chain import NO_HASH, verify
from migrator.store.memory import MemoryJournal
from migrator.store.sql import open_store
from migrator.store.sql_journal import SqlJournal
from postgresql_server import server
from weekend import an_itinerary

RUN = "weekend"
ITINERARY = an_itinerary()
AT = datetime(2023, 10, 14, 1, tzinfo=UTC)
COMMAND = OperatorCommand(
    "c1", "pause", "anna", True, "run", "lunch", 7, (("until", "13:00"), ("by", "Åsa"))
)
TAKEN = ev.CommandTaken("c1", "pause", "run", "anna", True, "lunch", 7)

LOOKS_MAX = 200_000
"""A look takes some microseconds; all of them are a few seconds."""

AnyJournal = MemoryJournal | SqlJournal


POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@pytest.fixture(params=["memory", "sqlite", POSTGRESQL])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyJournal]:
    if request.param == "memory":
        yield MemoryJournal(RUN, ITINERARY, {"bertil": "digest"})
        return
    where = tmp_path / "store" if request.param == "sqlite" else server().database()
    with open_store(where, practice=True) as store:
        made = store.create_run(
            RUN, ITINERARY, seed=1, mode="virtual", target="nowhere", plan_digest="p"
        )
        store.put_codes(RUN, {"bertil": "digest"})
        yield made


def entry(event: ev.Event, minute: int = 0, actor: str = "engine") -> Entry:
    return Entry(AT + timedelta(minutes=minute), actor, event)


def test_it_fits_the_port(journal: AnyJournal) -> None:
    port: Journal = journal

    assert tuple(port.lines()) == ()


def test_what_was_appended_is_read_in_order(journal: AnyJournal) -> None:
    events = [ev.RunPaused("lunch: Åsa"), ev.StepStarted("web", "copy", 1, 1, "t", AT)]
    first = journal.append([entry(event) for event in events])
    second = journal.append([entry(ev.RunResumed(""), 5, "anna")])

    lines = tuple(journal.lines())

    assert lines == first + second
    assert [line.seq for line in lines] == [1, 2, 3]
    assert [line.event for line in lines] == [*events, ev.RunResumed("")]
    assert [line.actor for line in lines] == ["engine", "engine", "anna"]
    assert lines[2].at == AT + timedelta(minutes=5)


def test_lines_may_be_asked_for_after_a_line(journal: AnyJournal) -> None:
    lines = journal.append([entry(ev.RunPaused(str(n))) for n in range(4)])

    assert tuple(journal.lines(2)) == lines[2:]
    assert tuple(journal.lines(4)) == ()


def test_every_line_follows_the_one_before(journal: AnyJournal) -> None:
    assert journal.head == NO_HASH
    journal.append([entry(ev.RunPaused("a")), entry(ev.RunPaused("b"))])
    journal.append([entry(ev.RunPaused("c"))])

    proven = verify(RUN, journal.lines())

    assert (proven.count, proven.head) == (3, journal.head)


def test_the_same_facts_give_the_same_head_in_every_journal(journal: AnyJournal) -> None:
    journal.append([entry(ev.RunPaused("a"))])

    assert journal.head == "c1e9e56f672ebb453603011f0dc33423b7dde21997231ab81eeed9f79fa999e4"


def test_nothing_is_a_commit_too(journal: AnyJournal) -> None:
    assert journal.append([]) == ()
    assert journal.head == NO_HASH


def test_a_fact_that_cannot_be_written_takes_its_whole_commit_with_it(journal: AnyJournal) -> None:
    journal.append([entry(ev.RunPaused("a"))])
    started = ev.RunStarted(RUN, "virtual", True, "x", AT, None, float("nan"), 1, "p", "i", "0", ())

    with pytest.raises(ValueError, match="JSON"):
        journal.append([entry(ev.RunPaused("b")), entry(started)])

    assert [line.seq for line in journal.append([entry(ev.RunPaused("c"))])] == [2]
    assert verify(RUN, journal.lines()).count == 2


def test_a_half_letter_does_not_make_the_journal_unwritable(journal: AnyJournal) -> None:
    (line,) = journal.append([entry(ev.StepEnded("web", "copy", 1, "failed", "\udc80 \0"))])

    assert tuple(journal.lines()) == (line,)
    assert verify(RUN, journal.lines()).count == 1


def test_the_itinerary_is_the_one_that_was_pinned(journal: AnyJournal) -> None:
    assert journal.itinerary() == ITINERARY
    assert itinerary_digest(journal.itinerary()) == itinerary_digest(ITINERARY)


def test_codes_are_known_by_person(journal: AnyJournal) -> None:
    assert dict(journal.codes) == {"bertil": "digest"}


def test_a_command_waits_until_a_commit_answers_it(journal: AnyJournal) -> None:
    journal.submit(COMMAND)
    assert journal.take_commands() == (COMMAND,)
    assert journal.take_commands() == (COMMAND,)  # looking does not answer
    assert journal.answer_of("c1") is None

    journal.append([entry(ev.RunResumed("")), entry(TAKEN), entry(ev.RunPaused("lunch"))])

    assert journal.take_commands() == ()
    assert journal.answer_of("c1") == (TAKEN, ev.RunPaused("lunch"))


def test_commands_wait_in_the_order_in_which_they_came(journal: AnyJournal) -> None:
    later = replace(COMMAND, id="b")
    last = replace(COMMAND, id="a")
    for command in (COMMAND, later, last):
        journal.submit(command)

    journal.append([entry(ev.CommandRefused("b", "pause", "run", "anna", "no"))])

    assert journal.take_commands() == (COMMAND, last)


def test_a_command_that_comes_twice_is_answered_once(journal: AnyJournal) -> None:
    journal.submit(COMMAND)
    journal.submit(COMMAND)
    assert journal.take_commands() == (COMMAND,)
    journal.append([entry(TAKEN)])

    journal.submit(COMMAND)

    assert journal.take_commands() == ()
    assert journal.answer_of("c1") == (TAKEN,)


def test_the_first_answer_to_a_command_stays(journal: AnyJournal) -> None:
    journal.submit(COMMAND)
    journal.append([entry(TAKEN)])

    journal.append([entry(ev.CommandRefused("c1", "pause", "run", "anna", "doubled"))])

    assert journal.answer_of("c1") == (TAKEN,)


def test_another_command_with_the_same_id_is_refused(journal: AnyJournal) -> None:
    journal.submit(COMMAND)

    with pytest.raises(RefusedError) as caught:
        journal.submit(replace(COMMAND, verb="abort"))

    assert caught.value.reference == "command-doubled"
    assert journal.take_commands() == (COMMAND,)


def test_a_command_that_cannot_be_written_down_is_refused(journal: AnyJournal) -> None:
    with pytest.raises(InputError) as caught:
        journal.submit(replace(COMMAND, reason="\ud800"))

    assert caught.value.reference == "command-text"
    assert journal.take_commands() == ()


def test_an_unknown_command_has_no_answer(journal: AnyJournal) -> None:
    assert journal.answer_of("nothing") is None


def test_who_waits_for_commands_hears_that_one_may_have_come(journal: AnyJournal) -> None:
    if isinstance(journal, MemoryJournal):
        return  # its reader is in the same process, and is told
    other = SqlJournal(journal._database, journal._commits, RUN, journal._machine)
    before = journal.data_version()

    other.submit(COMMAND)

    # A server tells others a moment after it has told whoever wrote.
    assert any(journal.data_version() != before for _ in range(LOOKS_MAX))
    assert journal.take_commands() == (COMMAND,)


async def test_appends_that_nobody_waits_for_are_made_in_their_order(journal: AnyJournal) -> None:
    if isinstance(journal, MemoryJournal):
        return  # memory is never waited for
    asked = [journal.append_soon([entry(ev.RunPaused(str(n)))]) for n in range(20)]

    lines = [line for future in asked for line in await asyncio.wrap_future(future)]

    assert tuple(journal.lines()) == tuple(lines)
    assert [line.event for line in lines] == [ev.RunPaused(str(n)) for n in range(20)]
    assert verify(RUN, journal.lines()).count == 20
