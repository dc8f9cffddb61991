"""The stream for programs: it goes on where it broke, and ends with its token."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import nullcontext

import pytest

from migrator.engine import events as ev
from migrator.web.api import events
from migrator.web.api.events import _frames
from migrator.web.guests import STREAMS_MAX, Guest, Guests
from migrator.web.hub import RESET
from migrator.web.stream import RETRY
from programs import a_program
from run_with_pages import ASKED, DECIDER, Pages


def frames(pages: Pages, last: int | None, guest: Guest | None = None) -> AsyncIterator[bytes]:
    return _frames(pages.following, last, nullcontext(guest or Guest()))


def told(frame: bytes) -> dict[str, object]:
    found = json.loads(frame.decode().split("data: ")[1])
    assert isinstance(found, dict)
    return found


async def test_what_was_missed_is_told_together_and_what_happens_next_follows(
    pages: Pages,
) -> None:
    before = pages.seen.run.seq
    pages.leader.note(ev.WaveHeld("w01", 1, "operator", "w01", (), "odd", None))
    pages.leader.note(ev.RunPaused("fire alarm"))
    pages.catch_up()
    stream = frames(pages, before)
    assert await anext(stream) == RETRY
    missed = await anext(stream)
    assert missed.startswith(b"id: %d\nevent: run\n" % (before + 2))
    assert told(missed)["waves"] == ["w01"]
    pages.leader.note(ev.RunResumed(""))
    pages.catch_up()
    assert told(await anext(stream))["seq"] == before + 3


async def test_whoever_missed_nothing_is_told_nothing_old(pages: Pages) -> None:
    stream = frames(pages, pages.seen.run.seq)
    assert await anext(stream) == RETRY
    pages.leader.note(ev.RunPaused("fire alarm"))
    pages.catch_up()
    assert told(await anext(stream))["seq"] == pages.seen.run.seq


async def test_whoever_missed_too_much_or_knows_another_run_reads_anew(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MISSED_MAX", 1)
    for last in (0, pages.seen.run.seq + 7):
        stream = frames(pages, last)
        assert await anext(stream) == RETRY
        assert await anext(stream) == RESET


async def test_a_stream_ends_when_its_token_has_ended(pages: Pages) -> None:
    guest = Guest(gone=True)
    assert [frame async for frame in frames(pages, None, guest)] == [RETRY]


async def test_a_reader_that_knows_a_line_misses_none_that_comes_while_it_is_told(
    pages: Pages,
) -> None:
    before = pages.seen.run.seq
    pages.leader.note(ev.RunPaused("fire alarm"))
    pages.catch_up()
    stream = frames(pages, before)
    assert await anext(stream) == RETRY
    # It comes after the stream has begun and before what was missed is read.
    pages.leader.note(ev.RunResumed(""))
    pages.catch_up()
    assert told(await anext(stream))["seq"] == before + 1
    assert told(await anext(stream))["seq"] == before + 2


def test_a_stream_is_for_those_who_see_the_weekend(pages: Pages) -> None:
    assert a_program(pages, DECIDER, "alarm").get("/events").status_code == 403


def test_one_token_has_so_many_streams_and_no_more(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = a_program(pages, ASKED)
    guests: Guests = pages.client.app.state.token_guests  # type: ignore[attr-defined] # starlette's
    monkeypatch.setitem(guests._guests, program.token, Guest(streams=STREAMS_MAX))
    answer = program.get("/events")
    assert (answer.status_code, answer.json()["type"]) == (429, "urn:migrator:too-many-streams")
