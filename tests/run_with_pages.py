"""A practice run in which handlers are asked just now, for tests of pages; and somebody who leads.

The journal is a real one in a real store. `Leader` answers commands with the engine's own code, one
round at a time, because a conductor would play on by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from fastapi.testclient import TestClient

from migrator.conductor.clock import wall_now
from migrator.engine import events as ev
from migrator.engine.commands import answer
from migrator.engine.fold import apply
from migrator.engine.ports import Entry
from migrator.engine.run import Run, new_run
from migrator.store.sign_in import Invited
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from migrator.web.app import Served, create_app
from migrator.web.following import Following
from migrator.web.seen import SeenRun, see_run
from weekend import DECIDER, HANDLERS, a_weekend, minutes

NAME = "autumn"
LOOK_SECONDS = 0.01
LOOKS_MAX = 3_000
ASKED = HANDLERS[0]
OTHER = HANDLERS[1]
CHECK = "function-1-1@w01"
SECOND_CHECK = "function-1-2@w01"


@dataclass
class Leader:
    """Whoever leads the run."""

    journal: SqlJournal
    run: Run
    now: datetime

    def note(self, *events: ev.Event) -> None:
        """Write facts down."""
        for line in self.journal.append([Entry(self.now, "engine", each) for each in events]):
            apply(self.run, line.at, line.event)

    def answer(self) -> list[ev.Event]:
        """Answer every command on the desk, one after the other."""
        found: list[ev.Event] = []
        for command in self.journal.take_commands():
            self.now += timedelta(seconds=1)
            events = answer(self.run, command, self.now, {})
            self.note(*events)
            found += events
        return found


@dataclass
class Pages:
    """The pages of the run, and a visitor's browser."""

    store: Store
    leader: Leader
    seen: SeenRun
    client: TestClient
    loop: asyncio.AbstractEventLoop | None = None  # of a real server, where there is one

    @property
    def following(self) -> Following:
        """What keeps the pages up to date."""
        found = self.client.app.state.following  # type: ignore[attr-defined] # starlette's own
        assert isinstance(found, Following)
        return found

    def invitation(self, person: str) -> Invited:
        """An invitation for somebody."""
        now = wall_now()
        (invited,) = self.store.sign_in(NAME).invite([person], now, now + timedelta(hours=1))
        return invited

    def sign_in(self, person: str) -> None:
        """Sign somebody in on this browser."""
        self.client.cookies.clear()
        answer = self.client.post(f"/in/{self.invitation(person).token}", follow_redirects=False)
        assert answer.status_code == 303, answer.text

    def catch_up(self) -> None:
        """Show what was written since; a real server sees it by itself."""
        if self.loop is None:
            self.following.take(self.seen.journal.lines(self.seen.run.seq))
            return
        for _ in range(LOOKS_MAX):
            if self.seen.run.seq >= self.leader.run.seq:
                return
            time.sleep(LOOK_SECONDS)
        raise AssertionError("the pages do not follow their run")

    def on_the_loop(self, act: Callable[[], None]) -> None:
        """Do something where the server's own tasks run."""
        assert self.loop is not None, "there is a server"

        async def done() -> None:
            act()

        asyncio.run_coroutine_threadsafe(done(), self.loop).result(10)

    def lead(self) -> list[ev.Event]:
        """Let the leader answer, and the pages show it."""
        found = self.leader.answer()
        self.catch_up()
        return found

    def form(self, path: str, action: str) -> dict[str, str]:
        """The hidden fields of a form on a page, as a browser would send them."""
        import re

        text = self.client.get(path).text
        (body,) = re.findall(
            rf'<form method="post" action="{re.escape(action)}"(.*?)</form>', text, re.DOTALL
        )[:1]
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', body))


@contextmanager
def pages_of_a_run(folder: Path, *, pictures: bool = True) -> Iterator[Pages]:
    """The first wave has moved, and two handlers are asked; they may send pictures."""
    weekend = a_weekend(2, 3)
    policy = weekend.itinerary.policy
    verifying = replace(policy.verifying, pictures=pictures)
    policy = replace(policy, verifying=verifying)
    weekend = replace(weekend, itinerary=replace(weekend.itinerary, policy=policy))
    wave = weekend.itinerary.waves[0]
    decided = weekend.gate(wave)
    last = max(weekend.steps(weekend.itinerary.legs[move], decided) for move in wave.moves)
    with open_store(folder, practice=True) as store:
        journal = store.create_run(
            NAME, weekend.itinerary, seed=7, mode="scaled", target="simulated", plan_digest="p"
        )
        leader = Leader(journal, new_run(weekend.itinerary), last)
        lines = [
            Entry(at, actor, _named(event))
            for at, actor, event in sorted(weekend.facts, key=lambda fact: fact[0])
        ]
        for line in journal.append(lines):
            apply(leader.run, line.at, line.event)
        leader.now = last + minutes(1)
        for check, person in ((CHECK, ASKED), (SECOND_CHECK, OTHER)):
            limit = leader.now + minutes(45)
            leader.note(ev.CheckOpened(check, 1), ev.CheckAssigned(check, 1, person, limit))
        seen = see_run(NAME, folder)
        app = create_app(seen, Served())
        try:
            # https, because the cookie is for safe connections only. Used without `with`, because
            # the task that follows the run would then take lines in another thread than the test.
            yield Pages(store, leader, seen, TestClient(app, base_url="https://pages.test"))
        finally:
            seen.store.close()
            journal.release()


def _named(event: ev.Event) -> ev.Event:
    """The run's first line, by the name and kind that it has in the store."""
    if not isinstance(event, ev.RunStarted):
        return event
    return replace(event, name=NAME, mode="scaled", speed=60.0)


__all__ = ["ASKED", "CHECK", "DECIDER", "NAME", "OTHER", "SECOND_CHECK", "Pages", "pages_of_a_run"]
