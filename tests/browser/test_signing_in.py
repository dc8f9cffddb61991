"""A real browser signs in at a real provider, lets a telephone in, and signs out again.

What only a browser shows: that the policy lets its forms and links go where they must, and that the
cookies of the way there and back are the ones it sends.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import async_playwright

from identity_provider import CLIENT, SECRET, canaille
from migrator.web.provider import Provider, Settings
from run_with_pages import ASKED, Pages, pages_of_a_run

pytestmark = pytest.mark.browser

FLAGS = ["--no-sandbox", "--disable-gpu"]
MAIL = "anna@agency.test"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


@pytest.fixture
def address(pages: Pages) -> Iterator[str]:
    """The pages behind a server, and a provider that knows where they are."""
    config = uvicorn.Config(pages.client.app, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    here = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    state = pages.client.app.state  # type: ignore[attr-defined] # starlette's own
    with canaille(here) as provider:
        provider.sign_in_as("Anna", MAIL)
        settings = Settings(
            "Agency sign-in", provider.issuer, CLIENT, SECRET, here, ("openid", "email"), "email",
            people={MAIL: ASKED}, algorithms=("RS512",),
        )  # fmt: skip
        state.entry = replace(state.entry, provider=Provider(settings))
        yield here
        pages.following.hub.close()
        server.should_exit = True
        thread.join(10)


async def test_a_desk_computer_signs_in_at_the_provider_and_lets_a_telephone_in(
    address: str,
) -> None:
    program = shutil.which("chromium")
    assert program is not None, "the suite is only run where there is one"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        desk = await (await browser.new_context(locale="sv")).new_page()
        await desk.goto(address)
        await desk.click("text=Logga in med Agency sign-in")
        await desk.wait_for_url("**/checks")

        await desk.click("text=Mina enheter")
        await desk.click("text=Lägg till en enhet")
        shown = await desk.locator("dl.facts strong").all_inner_texts()

        phone = await (await browser.new_context(locale="sv")).new_page()
        await phone.goto(f"{address}/sign-in")
        await phone.fill("#person", shown[0])
        await phone.fill("#digits", shown[1])
        await phone.click("text=Logga in med siffrorna")
        await phone.wait_for_url("**/checks")

        await desk.goto(f"{address}/devices")
        async with desk.expect_navigation():
            await desk.click("main form[action='/devices/end'] button")
        await phone.goto(f"{address}/checks")
        assert phone.url == f"{address}/sign-in", "her own list has ended it"

        await desk.click("header form[action='/sign-out'] button")
        await desk.wait_for_selector("text=Hos Agency sign-in är du fortfarande inloggad")
        await desk.goto(f"{address}/checks")
        assert desk.url == f"{address}/sign-in"
        await browser.close()
