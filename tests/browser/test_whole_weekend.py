"""A whole weekend in real browsers: handlers tick, one refuses, and the room sees what follows.

A real conductor carries a small plan out on scaled time, on the simulated platform; the pages stand
in front of its store. Two handlers on telephones and a decider at a desk do everything by what they
see; whoever has no page open is simulated. Nothing is asked of the journal that a page could show.
"""

from __future__ import annotations

import asyncio
import html
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize

from browser.test_pages import browser
from itineraries import a_check, an_itinerary
from migrator.conductor.clock import wall_now
from migrator.engine.run import Run
from migrator.ids import PersonId
from migrator.plan.model import Itinerary
from migrator.plan.recipes import DEFAULT_POLICY
from migrator.store.sql import Store, open_store
from migrator.web.app import Served, create_app
from migrator.web.seen import see_run
from migrator.wiring.practising import Setting, begin_practice, practise

__all__ = ["browser"]  # a fixture
pytestmark = pytest.mark.browser

NAME = "october"
SPEED = 1200.0
"""Twenty minutes a second: four hours of a yellow disturbance are twelve seconds."""
SECONDS_MAX = 240.0
PHONE = ViewportSize(width=390, height=800)
DESK = ViewportSize(width=1280, height=800)
WALL = ViewportSize(width=1920, height=1080)
MILLISECONDS_MAX = 30_000
NOTE = "The sum on the decision letter is zero"
CAUSE = "A table of rates was not loaded"
DECIDER, LEAD, HANNA, HEIDI = "anna", "lena", "hanna", "heidi"


def the_plan() -> Itinerary:
    """Three waves; the second one's check is Heidi's, who will say that it does not work."""
    only = {1: HANNA, 2: HEIDI, 3: HANNA}
    checks = tuple(
        replace(a_check(f"f{wave}", wave, moves), eligible=(PersonId(only[wave]),))
        for wave, moves in enumerate(("ab", "c", "d"), 1)
    )
    verifying = replace(DEFAULT_POLICY.verifying, pictures=True)
    return an_itinerary(waves=("ab", "c", "d"), checks=checks, policy={"verifying": verifying})


@dataclass
class Weekend:
    """A run that is led in a thread, and its pages in another one."""

    store: Store
    address: str
    folder: Path
    ended: list[Run] = field(default_factory=list)

    def invitation(self, person: str) -> str:
        """Where somebody signs in."""
        now = wall_now()
        (card,) = self.store.sign_in(NAME).invite([person], now, now + timedelta(hours=1))
        return f"{self.address}/in/{card.token}"


@contextmanager
def a_weekend_with_pages(folder: Path) -> Iterator[tuple[Weekend, threading.Thread]]:
    """The pages are served; the run goes on once the thread is started."""
    with open_store(folder, practice=True) as store:
        led = begin_practice(store, the_plan(), NAME, Setting(seed=5, speed=SPEED))
        seen = see_run(NAME, folder)
        app = create_app(seen, Served())
        config = uvicorn.Config(app, port=0, log_level="error", lifespan="on", http="httptools")
        server = uvicorn.Server(config)
        pages = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
        pages.start()
        while not server.started:
            assert pages.is_alive(), "the server did not start"
        (listener,) = server.servers[0].sockets
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        weekend = Weekend(store, address, folder)
        leading = threading.Thread(
            target=lambda: weekend.ended.append(practise(led).run), daemon=True
        )
        try:
            yield weekend, leading
        finally:
            server.should_exit = True
            pages.join(10)
            seen.store.close()


async def arrived(browser: Browser, weekend: Weekend, person: str, size: ViewportSize) -> Page:
    """Somebody opens the link of an invitation and presses its button."""
    context = await browser.new_context(locale="en", viewport=size)
    page = await context.new_page()
    page.set_default_timeout(MILLISECONDS_MAX)
    await page.goto(weekend.invitation(person))
    await page.click("main button")
    await page.wait_for_load_state()
    return page


async def answers(page: Page, verdict: str, note: str = "", picture: Path | None = None) -> bool:
    """A handler opens what she is asked, if she is, and answers; a receipt says that it is kept."""
    opened = page.get_by_role("link", name="Open the check")
    if await opened.count() == 0:
        return False
    await opened.click()
    if picture is not None:
        await page.set_input_files("#file", picture)
        await page.get_by_role("button", name="Add the picture").click()
        await page.wait_for_selector("img.picture")
    await page.check(f"input[value={verdict}]")
    await page.fill("#note", note)
    await page.get_by_role("button", name="Send my answer").click()
    await page.wait_for_url("**/receipts/*")
    await page.goto(page.url.split("/receipts/")[0] + "/checks")
    return True


async def decides(page: Page) -> None:
    """The decider opens every gate and signs every wave that is done, by the buttons she sees."""
    await page.goto(page.url.split("/decide")[0] + "/decide")
    for verb in ("go", "commit"):
        button = page.get_by_role("button", name=re.compile(f"^{verb} "))
        if await button.count():
            form = page.locator("form.decide-form", has=button.first).first
            reason = form.locator("input[name=reason]")
            if await reason.count():
                await reason.fill("as planned")
            await button.first.click()
            await page.wait_for_url("**/receipts/*")
            await page.goto(page.url.split("/receipts/")[0] + "/decide")
            return


async def until_it_says(page: Page, words: str) -> None:
    """A page that nobody touches changes by itself."""
    await page.get_by_text(words).first.wait_for()


async def test_a_weekend_in_which_one_wave_is_refused_and_its_disturbance_grows(
    browser: Browser, tmp_path: Path
) -> None:
    picture = tmp_path / "letter.png"
    Image.new("RGB", (60, 40), "white").save(picture)
    with a_weekend_with_pages(tmp_path / "store") as (weekend, leading):
        wall = await arrived(browser, weekend, LEAD, WALL)
        hanna = await arrived(browser, weekend, HANNA, PHONE)
        heidi = await arrived(browser, weekend, HEIDI, PHONE)
        anna = await arrived(browser, weekend, DECIDER, DESK)
        for each in (hanna, heidi):
            await each.goto(f"{weekend.address}/checks")
        await anna.goto(f"{weekend.address}/decide")
        await wall.goto(f"{weekend.address}/weekend")
        leading.start()
        refused = False
        async with asyncio.timeout(SECONDS_MAX):
            await until_it_says(wall, "Green: as planned")
            while not refused:
                await decides(anna)
                await answers(hanna, "works")
                refused = await answers(heidi, "does_not_work", NOTE, picture)
            await until_it_says(wall, "Yellow: something needs attention")
            # The room sees who said what, and that the wave goes back by itself.
            await wall.get_by_role("link", name="D1", exact=False).first.wait_for()
            while not await wall.get_by_text("Red: all hands").count():
                await decides(anna)
                await answers(hanna, "works")
                await asyncio.sleep(0.2)
            await anna.goto(f"{weekend.address}/disturbances/D1")
            await anna.get_by_text("It is over: close it").click()
            await anna.fill("#cause", CAUSE)
            await anna.fill("#done", "loaded, and the letter was printed anew")
            await anna.get_by_role("button", name="Close it: green").click()
            await anna.wait_for_url("**/receipts/*")
            while leading.is_alive():
                await decides(anna)
                await answers(hanna, "works")
                await asyncio.sleep(0.2)
        # Nothing is disturbed any more; that a wave has gone back is no green weekend.
        await until_it_says(wall, "Nothing is disturbed just now.")
        await until_it_says(wall, "Yellow: something needs attention")
        (run,) = weekend.ended
        states = {name: wave.state.value for name, wave in run.waves.items()}
        assert states == {"w1": "committed", "w2": "returned", "w3": "committed"}
        await anna.goto(f"{weekend.address}/waves/w2")
        await anna.get_by_role("link", name="what was said").click()
        await until_it_says(anna, NOTE)
        await anna.wait_for_selector("img.picture")
        told = html_of(weekend.folder)
    for words in ("Heidi verified try f2 and says that it does not work", "D1", CAUSE):
        assert words in told, "the report tells it"
    assert NOTE not in told, "what handlers write may be about citizens: a report is passed on"


def html_of(folder: Path) -> str:
    """The report of the run, as a file that opens by itself."""
    out = folder / "report.html"
    program = [sys.executable, "-c", "from migrator.cli import main; raise SystemExit(main())"]
    words = ["report", NAME, "--store", str(folder), "-o", str(out)]
    subprocess.run([*program, *words], check=True, capture_output=True)
    return html.unescape(out.read_text(encoding="utf-8"))
