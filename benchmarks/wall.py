"""The wall after an event: from its commit until a browser shows it, and whether anything jumps.

The run has 77 subsystems in 11 waves, and thirteen copies of them: 1,001 in 143 waves. One process
serves the pages as `migrator serve` does; this one writes the journal, and looks with Chromium at a
wall of 2560 x 1440. An event is a disturbance that opens about a subsystem, or ends: it changes the
headline, a list and one wave's card. The time is from before the commit to the moment at which the
page's own script has put the new words in place. What jumps is how far, at most, the upper edge of
any part of the wall moves while all that happens. Beside it, without a browser: the server's part
of one page, and one neighbourhood of the graph, two steps far.
"""

from __future__ import annotations

import asyncio
import multiprocessing as mp
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from _copies import many
from _runs import RUN, begun, percentile, report
from playwright.async_api import Page, ViewportSize, async_playwright

from migrator.conductor.clock import wall_now
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.ports import Entry
from migrator.engine.run import Run, new_run
from migrator.plan.model import Itinerary
from migrator.reports.texts import texts
from migrator.store.sql import Store, open_store
from migrator.store.sql_journal import SqlJournal
from migrator.web.graph_picture import drawing
from migrator.web.graph_view import arcs_of, graph_page
from migrator.web.seen import see_run
from migrator.web.serving import Place, serve
from weekend_itinerary import DECIDER, LEAD, an_itinerary

SIZES: Final = ((77, 1), (1001, 13))
EVENTS: Final = 20
PAUSE_SECONDS: Final = 0.7
"""Between two events, so that each is one update; a burst is told in one frame."""

PAGES: Final = 20
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
WALL: Final = ViewportSize(width=2560, height=1440)
GOAL_MS: Final = 200.0
WATCH: Final = """
window.at = {}; window.edges = null; window.jumped = 0;
const look = () => {
  const now = {};
  for (const part of document.querySelectorAll("[data-live=wall]")) {
    now[part.id] = part.getBoundingClientRect().top + window.scrollY;
  }
  for (const id in window.edges || {}) {
    window.jumped = Math.max(window.jumped, Math.abs(now[id] - window.edges[id]));
  }
  window.edges = window.edges || now;
};
look();
new MutationObserver(() => {
  const shown = document.getElementById("disturbed").textContent;
  const found = shown.match(/event \\d+ happened/) || ["none"];
  if (!(found[0] in window.at)) { window.at[found[0]] = Date.now(); }
  if (found[0] === "none") { window.at["none"] = Date.now(); }
  look();
}).observe(document.body, { subtree: true, childList: true, characterData: true });
"""


def estate(copies: int) -> Itinerary:
    """So many times 77 subsystems."""
    one = an_itinerary(11, 7, hours_apart=4)
    if copies == 1:
        return one
    found = many(one, copies)
    ends = {end for pair in found.pairs for end in (pair.source, pair.target)}
    names = {str(end): str(end) for end in ends} | {
        str(n): leg.name for n, leg in found.legs.items()
    }
    return replace(found, names=names)


def serve_pages(folder: str, ready: Connection) -> None:
    """Serve the run as `migrator serve` does."""
    serve(see_run(RUN, folder), Place(port=0), ready.send)


class Journal:
    """Whoever leads the run."""

    def __init__(self, store: Store, itinerary: Itinerary) -> None:
        """Begin it."""
        self.journal: SqlJournal = store.create_run(
            RUN, itinerary, seed=1, mode="scaled", target="nowhere", plan_digest=""
        )
        self.run: Run = begun(self.journal, itinerary)
        self.now: datetime = itinerary.window.start + timedelta(hours=1)

    def note(self, event: ev.Event) -> float:
        """Write a fact down; the moment before, in milliseconds of the epoch."""
        self.now += timedelta(seconds=1)
        before = time.time() * 1000
        for line in self.journal.append([Entry(self.now, "engine", event)]):
            apply(self.run, line.at, line.event)
        return before


async def updates(page: Page, led: Journal) -> list[float]:
    """Let things happen; how long it takes until each is shown."""
    taken = []
    moves = list(led.run.itinerary.legs)
    for number in range(EVENTS):
        move, name = moves[number * 7 % len(moves)], f"D{number + 1}"
        said = f"event {number} happened"
        due = led.now + timedelta(hours=4)
        opened = ev.DisturbanceOpened(
            name, name, move, "person", said, DECIDER, LEAD, due, "policy"
        )
        before = led.note(opened)
        await page.wait_for_function("(said) => said in window.at", arg=said)
        taken.append(await page.evaluate("(said) => window.at[said]", said) - before)
        await asyncio.sleep(PAUSE_SECONDS)
        await page.evaluate("delete window.at['none']")
        before = led.note(ev.DisturbanceClosed(name, move, "a fuse", "changed", LEAD))
        await page.wait_for_function("() => 'none' in window.at")
        taken.append(await page.evaluate("window.at['none']") - before)
        await asyncio.sleep(PAUSE_SECONDS)
    return taken


async def measure(size: int, copies: int, program: str) -> None:
    """One size of an estate."""
    itinerary = estate(copies)
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder), practice=True) as store:
        led = Journal(store, itinerary)
        now = wall_now()
        (card,) = store.sign_in(RUN).invite([DECIDER], now, now + timedelta(hours=1))
        spawn = mp.get_context("spawn")
        ready, there = spawn.Pipe()
        server = spawn.Process(target=serve_pages, args=(folder, there), daemon=True)
        server.start()
        address = await asyncio.to_thread(ready.recv)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
            context = await browser.new_context(viewport=WALL, locale="sv")
            page = await context.new_page()
            await page.goto(f"{address}/in/{card.token}")
            await page.click("main button")
            await page.goto(f"{address}/weekend")
            await page.evaluate(WATCH)
            taken = await updates(page, led)
            jumped = await page.evaluate("window.jumped")
            answered = []
            for _ in range(PAGES):
                began = time.perf_counter()
                await (await context.request.get(f"{address}/weekend")).body()
                answered.append((time.perf_counter() - began) * 1000)
            await browser.close()
        server.terminate()
        server.join()
    name = f"the weekend with {size:,} subsystems"
    peers = {"median ms": percentile(taken, 50), "events": len(taken)}
    report(f"{name}: shown after an event, p95", percentile(taken, 95), "ms", GOAL_MS, peers)
    report(f"{name}: how far anything jumps", float(jumped), "px", 0.0)
    report(f"{name}: answered by the server, p95", percentile(answered, 95), "ms", GOAL_MS)
    around(size, itinerary)


def around(size: int, itinerary: Itinerary) -> None:
    """One neighbourhood of the graph: laid out and drawn, the pairs sorted before."""
    run, t = new_run(itinerary), texts("sv")
    arcs = arcs_of(itinerary)
    taken = []
    for centre in list(itinerary.legs)[:PAGES]:
        began = time.perf_counter()
        graph_page(run, arcs, centre, t, steps=2)
        drawing(run, arcs, centre, t, steps=2)
        taken.append((time.perf_counter() - began) * 1000)
    name = f"the graph with {size:,} subsystems: one neighbourhood, p95"
    report(name, percentile(taken, 95), "ms", GOAL_MS)


def main() -> int:
    """Measure both sizes."""
    program = shutil.which("chromium")
    if program is None:
        sys.stderr.write("wall: there is no chromium on this machine\n")
        return 1
    for size, copies in SIZES:
        asyncio.run(measure(size, copies, program))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
