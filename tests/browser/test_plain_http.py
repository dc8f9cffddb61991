"""A real browser on plain http to another host: it says less of where a form comes from."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import async_playwright

from run_with_pages import ASKED, Pages, pages_of_a_run

pytestmark = pytest.mark.browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-features=HttpsUpgrades"]
HOST = "pages.test"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        state = found.client.app.state  # type: ignore[attr-defined] # starlette's own
        state.entry = replace(state.entry, cookie="migrator", secure=False)
        yield found


@pytest.fixture
def port(pages: Pages) -> Iterator[int]:
    config = uvicorn.Config(pages.client.app, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield server.servers[0].sockets[0].getsockname()[1]
    pages.following.hub.close()
    server.should_exit = True
    thread.join(10)


async def test_whoever_insists_on_plain_http_can_sign_in_and_out(pages: Pages, port: int) -> None:
    program = shutil.which("chromium")
    assert program is not None, "the suite is only run where there is one"
    async with async_playwright() as playwright:
        rule = f"--host-resolver-rules=MAP {HOST} 127.0.0.1"
        browser = await playwright.chromium.launch(executable_path=program, args=[*FLAGS, rule])
        page = await browser.new_page()
        origins: list[str | None] = []
        sites: list[str | None] = []

        async def note(request: object) -> None:
            headers = await request.all_headers()  # type: ignore[attr-defined]
            if request.method == "POST":  # type: ignore[attr-defined]
                origins.append(headers.get("origin"))
                sites.append(headers.get("sec-fetch-site"))

        page.on("request", note)
        await page.goto(f"http://{HOST}:{port}/in/{pages.invitation(ASKED).token}")
        await page.click("main button")
        await page.wait_for_url("**/checks")
        await page.click("header form[action='/sign-out'] button")
        await page.wait_for_url("**/sign-in")
        await browser.close()
    assert set(sites) == {None}, "the case that is meant: no Sec-Fetch-Site on plain http"
    assert set(origins) == {f"http://{HOST}:{port}"}
