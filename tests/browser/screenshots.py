"""Every page as a picture, in both languages, on a phone and on a wall: `make screenshots`.

The run is the one of the tests: made up, half way through its first wave. The pictures go into the
folder that is named; somebody has to look at them.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import Final

import uvicorn
from playwright.async_api import Browser, async_playwright

from run_with_pages import ASKED, CHECK, DECIDER, Pages, pages_of_a_run
from troubled_pages import trouble

SIZES: Final = {"phone": (390, 844), "desk": (1280, 800), "wall": (2560, 1440)}
OF_A_HANDLER: Final = ("/checks", f"/checks/{CHECK}")
OF_A_DECIDER: Final = (
    "/weekend", "/weekend?dense=1", "/decide", "/waves/w01", "/subsystems/sickness-intake",
    "/disturbances", "/disturbances/D1", "/disturbances/D2", "/links", "/graph",
    "/graph/sickness-intake", "/graph/sickness-intake?steps=2", "/journal", "/roster",
)  # fmt: skip
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")


async def take(browser: Browser, pages: Pages, address: str, folder: Path) -> int:
    """All pictures; says how many."""
    taken = 0
    for person, paths in ((ASKED, OF_A_HANDLER), (DECIDER, OF_A_DECIDER)):
        if person == DECIDER:
            trouble(pages)  # only then, for a handler's form is gone once she has answered
            while pages.seen.run.seq < pages.leader.run.seq:  # noqa: ASYNC110 - another thread's
                await asyncio.sleep(0.05)
        for language in ("sv", "en"):
            for scheme in ("light", "dark"):
                context = await browser.new_context(locale=language, color_scheme=scheme)
                page = await context.new_page()
                await page.goto(f"{address}/in/{pages.invitation(person).token}")
                await page.click("main button")
                for size, (width, height) in SIZES.items():
                    await page.set_viewport_size({"width": width, "height": height})
                    for path in paths:
                        await page.goto(address + path)
                        name = re.sub(r"\W+", "-", path.strip("/"))
                        place = folder / f"{name}-{language}-{size}-{scheme}.png"
                        await page.screenshot(path=place, full_page=size != "wall")
                        taken += 1
                await context.close()
    return taken


async def main(folder: Path) -> int:
    """Serve the run and look at it."""
    program = shutil.which("chromium")
    if program is None:
        sys.stderr.write("screenshots: there is no chromium on this machine\n")
        return 1
    with tempfile.TemporaryDirectory() as store, pages_of_a_run(Path(store) / "store") as pages:
        config = uvicorn.Config(pages.client.app, port=0, log_level="error", lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:  # noqa: ASYNC110 - the server is in another thread
            await asyncio.sleep(0.05)
        (listener,) = server.servers[0].sockets
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
            taken = await take(browser, pages, address, folder)
            await browser.close()
        server.should_exit = True
        thread.join(10)
    sys.stdout.write(f"{taken} pictures in {folder}: look at them\n")
    return 0


if __name__ == "__main__":
    there = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    there.mkdir(parents=True, exist_ok=True)
    raise SystemExit(asyncio.run(main(there)))
