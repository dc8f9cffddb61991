"""Practice runs for tests: of the small plan, led by a thread of this process, or not led at all.

Everybody is really there, so time stands still at each gate and check: a test finds the run where
it expects it and never waits for a watch. Verbs come through a store of their own, as from another
process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from migrator.cli.runs import SeenRun
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.ports import Entry, Line
from migrator.engine.run import new_run
from migrator.plan.itinerary import make_itinerary
from migrator.plan.model import Itinerary
from migrator.platform.simulated.faults import PlannedFault
from migrator.store.sql import open_store
from migrator.wiring import Practised, Setting, begin_practice, practise, rehearsal
from small_plan import a_plan, an_inventory

FOLDER: Final = Path(".migrator")
EVERYBODY: Final = ("anna", "bertil", "cecilia")
QUICK: Final = 20_000.0
TRIES_MAX: Final = 1200
"""Looks at a run that is about to do something: a minute in all, hundreds of times enough."""


@cache
def small_itinerary() -> Itinerary:
    """Two waves, four moves, two checks, both of them Cecilia's."""
    return make_itinerary(a_plan(), an_inventory(), (), "d" * 64)


def played(name: str = "played") -> None:
    """A rehearsal of the small plan, kept in the store: no process ever leads it."""
    kept = rehearsal(small_itinerary(), seed=1, accidents=False, name=name)
    with open_store(FOLDER, practice=True) as store:
        store.keep(name, small_itinerary(), kept.lines, {})


def begun(name: str = "small-p1", play: tuple[str, ...] = EVERYBODY) -> None:
    """A practice run that has its first line and that nobody leads."""
    with open_store(FOLDER, practice=True) as store:
        setting = Setting(seed=1, speed=QUICK, play=play)
        begin_practice(store, small_itinerary(), name, setting).journal.release()


def begun_live(name: str = "night-1") -> None:
    """A live run that has its first line; nothing in this version leads one."""
    itinerary = small_itinerary()
    start = itinerary.window.start
    with open_store(FOLDER, practice=False) as store:
        journal = store.create_run(
            name, itinerary, seed=1, mode="wall", target="cluster-a", plan_digest=""
        )
        journal.append([Entry(start, "anna", replace(first_line(start), name=name))])
        journal.release()


def first_line(at: datetime) -> ev.RunStarted:
    """The first line of a live run."""
    return ev.RunStarted(
        name="", mode="wall", practice=False, target="cluster-a", anchor=at, wall=at, speed=1.0,
        seed=1, plan_digest="", itinerary_digest="", program="0", play=(),
    )  # fmt: skip


@contextmanager
def led(
    name: str = "small-p1",
    *,
    play: tuple[str, ...] = EVERYBODY,
    faults: tuple[PlannedFault, ...] = (),
) -> Iterator[list[Practised]]:
    """A practice run that a thread leads; the list holds its end, once it has one.

    A run that the test leaves in the middle is aborted, so that its thread ends.
    """
    done: list[Practised] = []
    ready = threading.Event()

    def lead() -> None:
        with open_store(FOLDER, practice=True) as store:
            setting = Setting(seed=1, speed=QUICK, play=play, faults=faults)
            practice = begin_practice(store, small_itinerary(), name, setting)
            ready.set()
            done.append(practise(practice))

    thread = threading.Thread(target=lead)
    thread.start()
    assert ready.wait(20)
    try:
        yield done
    finally:
        if not done:
            abort(name)
        thread.join(20)
        assert not thread.is_alive()


def abort(name: str) -> None:
    """End a run from outside."""
    from migrator.engine.ports import OperatorCommand

    with open_store(FOLDER, practice=True) as store:
        store.journal(name, lead=False).submit(
            OperatorCommand("the end", "abort", "anna", asserted=True, target="", reason="", saw=0)
        )


def until(holds: Callable[[], bool]) -> None:
    """Look again until it holds; a leader answers within milliseconds."""
    pause = threading.Event()
    for _ in range(TRIES_MAX):
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("what the test waits for never happened")


def seen_after(
    last: Callable[[Line], bool],
    *,
    faults: tuple[PlannedFault, ...] = (),
    led_by: str | None = "process 1 of anna on ops",
) -> SeenRun:
    """A practice run as it looks right after a line of a rehearsal of the small plan."""
    played = rehearsal(small_itinerary(), seed=1, faults=faults, accidents=False, name="small-p1")
    run = new_run(small_itinerary())
    nothing = cast("Any", None)  # nothing is read from a journal here
    seen = SeenRun("small-p1", cast("Any", _PracticeStore()), nothing, run.itinerary, run)
    seen.leader = led_by
    seen.reading = {"speed": 600.0}
    for line in played.lines:
        event = line.event
        if isinstance(event, ev.RunStarted):
            event = replace(event, mode="scaled", speed=600.0)
        apply(run, line.at, event)
        seen.recent.append(replace(line, event=event))
        if last(line):
            return seen
    raise AssertionError("the rehearsal has no such line")


class _PracticeStore:
    practice = True
