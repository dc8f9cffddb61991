"""A handler in a real browser: before the weekend, with two devices, and with unwanted files."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Page

from browser.test_pages import AXE, address, browser, faults, pages, signed_in
from migrator.engine import events as ev
from migrator.store.pictures import Pictures
from migrator.store.practised import TELEPHONE, Practised
from run_with_pages import ASKED, CHECK, DECIDER, NAME, Pages

__all__ = ["address", "browser", "pages"]  # fixtures
pytestmark = pytest.mark.browser

PHONE = {
    "viewport": {"width": 320, "height": 640},
    "user_agent": "Mozilla/5.0 (Linux; Android 15; Mobile) Gecko/140.0 Firefox/140.0",
}


def drawn() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(out, "PNG")
    return out.getvalue()


def ticks(pages: Pages) -> list[ev.TickGiven]:
    return [each for each in pages.lead() if isinstance(each, ev.TickGiven)]


async def answer_with_nothing_asked(pages: Pages) -> None:
    """The check is answered by somebody else, so that the page is empty."""
    pages.leader.note(ev.TickGiven(CHECK, 1, ASKED, "works", ""), ev.CheckPassed(CHECK, 1))
    await asyncio.to_thread(pages.catch_up)


async def test_from_invitation_to_the_first_practice_tick_by_visible_words_in_five_actions(
    browser: Browser, pages: Pages, address: str
) -> None:
    await answer_with_nothing_asked(pages)
    context = await browser.new_context(locale="sv", **PHONE)  # type: ignore[arg-type]
    page = await context.new_page()
    before = pages.leader.run.seq
    await page.goto(f"{address}/in/{pages.invitation(ASKED).token}")  # 1: the link
    await page.get_by_role("button", name="Logga in på den här enheten").click()  # 2
    await page.get_by_role("link", name="Öppna övningskontrollen").click()  # 3
    await page.get_by_label("Det fungerar", exact=True).check()  # 4
    await page.get_by_role("button", name="Skicka mitt svar").click()  # 5
    await page.get_by_role("heading", name="Tack, nu har du provat").wait_for()
    found = Practised(pages.store.database, NAME).by_person()
    assert set(found[ASKED]) == {TELEPHONE}
    assert pages.leader.journal.lines(before) == (), "nothing of it touches the run"


async def test_a_picture_from_the_telephone_shows_at_the_computer_by_itself(
    browser: Browser, pages: Pages, address: str
) -> None:
    _, desk = await signed_in(browser, pages, address, ASKED, locale="sv")
    await desk.goto(f"{address}/checks/{CHECK}")
    await desk.get_by_label("Det fungerar inte", exact=True).check()
    await desk.get_by_label("Vad du såg").fill("Sidan är vit")
    _, phone = await signed_in(browser, pages, address, ASKED, locale="sv", **PHONE)
    await phone.goto(f"{address}/checks/{CHECK}")
    await phone.locator("#file").set_input_files(
        {"name": "IMG_1.png", "mimeType": "image/png", "buffer": drawn()}
    )
    await phone.get_by_role("button", name="Lägg till bilden").click()
    await phone.get_by_alt_text("Bilden som du har lagt till").wait_for()
    await desk.get_by_alt_text("Bilden som du har lagt till").wait_for()
    assert await desk.get_by_label("Vad du såg").input_value() == "Sidan är vit"
    await desk.locator("#side-new").check()
    await desk.get_by_role("button", name="Skicka mitt svar").click()
    await desk.wait_for_url("**/receipts/*")
    (tick,) = ticks(pages)
    kept = Pictures(pages.store.database, NAME).read(tick.picture_digest)
    assert kept is not None
    assert kept.content is not None


async def test_the_enter_key_sends_the_answer_and_no_picture(
    browser: Browser, pages: Pages, address: str
) -> None:
    _, page = await signed_in(browser, pages, address, ASKED)
    await page.goto(f"{address}/checks/{CHECK}")
    await page.locator("#side-new").check()
    await page.locator("#said-works").check()
    await page.locator("#said-works").press("Enter")
    await page.wait_for_url("**/receipts/*")
    assert [tick.verdict for tick in ticks(pages)] == ["works"]


async def refused_by(page: Page, path: Path) -> None:
    await page.locator("#said-works").check()
    await page.locator("#side-new").check()
    await page.locator("#file").set_input_files(path)
    await page.locator("#verdict .main-button").click()


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_file_that_is_too_large_is_said_to_be_and_nothing_is_recorded(
    browser: Browser, pages: Pages, address: str, tmp_path: Path, *, scripts: bool
) -> None:
    film = tmp_path / "film.jpg"
    with film.open("wb") as file:
        file.truncate(48 * 1024 * 1024)
    _, page = await signed_in(
        browser, pages, address, ASKED, locale="sv", java_script_enabled=scripts
    )
    await page.goto(f"{address}/checks/{CHECK}")
    await refused_by(page, film)
    if scripts:  # before it is sent
        told = await page.locator("#file").evaluate("field => field.validationMessage")
        assert "större än 15 megabyte" in told
        assert page.url.endswith(f"/checks/{CHECK.replace('@', '%40')}") or CHECK in page.url
    else:
        await page.get_by_role("heading", name="Filen är för stor").wait_for()
    assert pages.leader.journal.take_commands() == ()


async def test_what_is_no_picture_leaves_everything_that_was_filled_in(
    browser: Browser, pages: Pages, address: str, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.jpg"
    letter.write_bytes(b"%PDF-1.7 a letter")
    _, page = await signed_in(browser, pages, address, ASKED, locale="sv")
    await page.goto(f"{address}/checks/{CHECK}")
    await page.locator("#note").fill("Sidan är vit")
    await refused_by(page, letter)
    await page.get_by_role("alert").get_by_text("Filen är ingen bild").wait_for()
    assert await page.locator("#note").input_value() == "Sidan är vit"
    assert await page.locator("#said-works").is_checked()
    if AXE.exists():
        assert await faults(page) == []


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_a_picture_is_seen_by_who_decides_and_erased_with_two_presses(
    browser: Browser, pages: Pages, address: str, language: str
) -> None:
    pages.sign_in(ASKED)
    form = {**pages.form(f"/checks/{CHECK}", "/verdicts"), "said": "works_but", "side": "new"}
    pages.client.post(
        "/verdicts", data={**form, "note": "a little slow"}, files={"file": ("a.png", drawn())}
    )
    await asyncio.to_thread(pages.lead)
    _, page = await signed_in(browser, pages, address, DECIDER, locale=language)
    await page.goto(f"{address}/checks/{CHECK}/said")
    picture = page.locator("img.picture")
    await picture.wait_for()
    assert await picture.evaluate("image => image.naturalWidth") == 400
    if AXE.exists():
        assert await faults(page) == []
    eraser = page.locator("details").filter(has=page.locator("form")).last
    await eraser.locator("summary").click()
    await eraser.locator("input[name=reason]").fill("a name")
    await eraser.locator("button").click()
    await page.get_by_role("heading", level=1).wait_for()
    await page.goto(f"{address}/checks/{CHECK}/said")
    assert await page.locator("img.picture").count() == 0
    assert "a name" in await page.locator("main").inner_text()
