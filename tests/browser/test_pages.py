"""The pages in a real browser: nothing against accessibility, policy, keyboard or small screens."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from called_pages import a_call
from migrator.engine import events as ev
from run_with_pages import ASKED, CHECK, DECIDER, Pages, pages_of_a_run
from troubled_pages import trouble

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
CALL = "aaaabbbbcccc"
CLOSER = (
    "/devices", "/access", "/handover", f"/calls/{CALL}",
    "/waves/w01", "/subsystems/sickness-intake", "/journal", "/roster", "/links", "/graph",
    "/graph/sickness-intake", "/graph/sickness-intake?steps=2", "/disturbances",
    "/disturbances/D1", "/disturbances/D2", "/weekend?dense=1",
)  # fmt: skip
OWN = ("/practice", "/practice/done", f"/checks/{CHECK}/said")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COUNT = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (e) => window.refused.push(e.blockedURI));
"""


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        a_call(found, CALL)
        yield found


@pytest.fixture
def address(pages: Pages) -> Iterator[str]:
    """The same application behind a real server, on loopback."""
    config = uvicorn.Config(
        pages.client.app, port=0, log_level="error", lifespan="on", http="httptools"
    )
    server = uvicorn.Server(config)

    async def serve() -> None:
        pages.loop = asyncio.get_running_loop()
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            pytest.fail("the server did not start")
    (listener,) = server.servers[0].sockets
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    pages.on_the_loop(pages.following.hub.close)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    assert program is not None, "the suite is only run where there is one"
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield found
        with suppress(Exception):
            await found.close()


async def troubled(pages: Pages) -> None:
    """Much goes wrong, and the pages show it."""
    trouble(pages)
    await asyncio.to_thread(pages.catch_up)


async def signed_in(
    browser: Browser, pages: Pages, address: str, person: str, **options: object
) -> tuple[BrowserContext, Page]:
    context = await browser.new_context(**options)  # type: ignore[arg-type] # passed on
    await context.add_init_script(COUNT)
    page = await context.new_page()
    await page.goto(f"{address}/in/{pages.invitation(person).token}")
    await page.click("main button")
    await page.wait_for_load_state()
    return context, page


async def faults(page: Page) -> list[str]:
    """What axe finds, and what the policy refused."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS
    )
    refused = await page.evaluate("window.refused")
    told = [
        f"{each['id']}: {node['html'][:120]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
    return [*told, *(f"policy refused {uri}" for uri in refused)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["sv", "en"])
async def test_nothing_on_any_page_shuts_anybody_out(
    browser: Browser, pages: Pages, address: str, language: str, scheme: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not fetched here: make styles")
    context, page = await signed_in(
        browser, pages, address, DECIDER, locale=language, color_scheme=scheme
    )
    await troubled(pages)
    for path in ("/checks", f"/checks/{CHECK}", *OWN, "/weekend", "/decide", *CLOSER, "/nowhere"):
        await page.goto(address + path)
        assert await faults(page) == [], path
    await page.goto(f"{address}/devices")
    await page.click("form[action='/devices/new'] button")
    await page.wait_for_selector("svg.qr")
    assert await faults(page) == [], "the code for a second device"
    await context.clear_cookies()
    for path in ("/sign-in", f"/in/{pages.invitation(ASKED).token}", "/in/wrong"):
        await page.goto(address + path)
        assert await faults(page) == [], path


@pytest.mark.parametrize("width", [320, 1280])
async def test_nothing_is_wider_than_the_screen(
    browser: Browser, pages: Pages, address: str, width: int
) -> None:
    size = {"width": width, "height": 640}
    _, page = await signed_in(browser, pages, address, DECIDER, viewport=size)
    await troubled(pages)
    for path in ("/checks", f"/checks/{CHECK}", *OWN, "/weekend", "/decide", *CLOSER):
        await page.goto(address + path)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path


async def test_a_verdict_is_given_by_keyboard_alone(
    browser: Browser, pages: Pages, address: str
) -> None:
    _, page = await signed_in(browser, pages, address, ASKED, locale="sv")
    await page.goto(f"{address}/checks/{CHECK}")
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.name") == "said":
            break
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    for _ in range(10):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.className") == "main-button":
            break
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/receipts/*")
    assert [e.verdict for e in pages.lead() if isinstance(e, ev.TickGiven)] == ["works"]


async def test_from_invitation_to_first_verdict_by_visible_words_in_five_actions(
    browser: Browser, pages: Pages, address: str
) -> None:
    page = await (await browser.new_context(locale="sv")).new_page()
    await page.goto(f"{address}/in/{pages.invitation(ASKED).token}")  # 1: the link
    await page.get_by_role("button", name="Logga in på den här enheten").click()  # 2
    await page.get_by_role("link", name="Öppna kontrollen").click()  # 3
    await page.get_by_label("Det fungerar", exact=True).check()  # 4
    await page.get_by_label("green", exact=True).check()  # the mark: only where there is one
    await page.get_by_role("button", name="Skicka mitt svar").click()  # 5
    await page.wait_for_url("**/receipts/*")
    pages.lead()
    await page.get_by_role("heading", name="Tack, svaret är sparat").wait_for()


async def test_everything_works_without_a_script(
    browser: Browser, pages: Pages, address: str
) -> None:
    _, page = await signed_in(browser, pages, address, ASKED, java_script_enabled=False)
    await page.goto(f"{address}/checks/{CHECK}")
    await page.locator("#said-does_not_work").check()
    await page.locator("#side-new").check()
    await page.locator("#note").fill("the page stays white")
    await page.locator("#verdict .main-button").click()
    assert [e.verdict for e in pages.lead() if isinstance(e, ev.TickGiven)] == ["does_not_work"]


async def test_a_page_changes_by_itself_and_leaves_alone_what_is_being_typed(
    browser: Browser, pages: Pages, address: str
) -> None:
    _, wall = await signed_in(browser, pages, address, DECIDER, locale="en")
    await wall.goto(f"{address}/weekend")
    _, form = await signed_in(browser, pages, address, ASKED, locale="en")
    await form.goto(f"{address}/checks/{CHECK}")
    await form.locator("#note").fill("half a sentence")
    moving = wall.get_by_text("moving", exact=True)
    await moving.wait_for()
    pages.leader.note(ev.WaveHeld("w01", 1, "refused", CHECK, (), "the printers stand still", None))
    await asyncio.to_thread(pages.catch_up)
    await wall.get_by_text("the printers stand still").first.wait_for()
    assert await form.locator("#note").input_value() == "half a sentence"


@pytest.mark.parametrize("width", [1280, 2560])
async def test_nothing_on_the_wall_jumps_when_things_happen(
    browser: Browser, pages: Pages, address: str, width: int
) -> None:
    size = {"width": width, "height": 900}
    _, wall = await signed_in(browser, pages, address, DECIDER, locale="sv", viewport=size)
    await wall.goto(f"{address}/weekend")
    edges = """() => Object.fromEntries(Array.from(document.querySelectorAll("[data-live=wall]"),
        (part) => [part.id, part.getBoundingClientRect().top + window.scrollY]))"""
    before = await wall.evaluate(edges)
    await troubled(pages)
    pages.leader.note(ev.WaveHeld("w01", 1, "refused", CHECK, (), "long words " * 20, None))
    await asyncio.to_thread(pages.catch_up)
    await wall.locator("#disturbed").get_by_text("the printers stand").wait_for()
    await wall.locator("#wave-w01").get_by_text("long words").wait_for()
    assert await wall.evaluate(edges) == before
    assert len(before) == 6


async def test_a_clock_goes_on_by_itself_between_two_looks(
    browser: Browser, pages: Pages, address: str
) -> None:
    _, wall = await signed_in(browser, pages, address, DECIDER, locale="en")
    await wall.goto(f"{address}/weekend")
    left = wall.locator(".left").first
    before = await left.text_content()
    await wall.evaluate("document.body.dataset.speed = 3600")  # an hour in a second
    await wall.wait_for_function(
        "(before) => document.querySelector('.left').textContent !== before", arg=before
    )
    after = await left.text_content()
    assert before is not None
    assert after is not None
    assert int(after.split()[0]) < int(before.split()[0])


async def test_a_lost_connection_is_said_and_comes_back(
    browser: Browser, pages: Pages, address: str
) -> None:
    _, page = await signed_in(browser, pages, address, ASKED, locale="en")
    await page.goto(f"{address}/checks")
    said = page.get_by_text("The connection is lost")
    pages.on_the_loop(pages.following.hub.close)  # every stream ends, and none is begun
    await said.wait_for()
    pages.following.hub.closed = False
    await said.wait_for(state="hidden")
    assert await page.locator("#connection").inner_text() == ""
