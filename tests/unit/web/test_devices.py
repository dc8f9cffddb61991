"""Second devices, one's own list of them, and who looks after the doors."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from migrator.conductor.clock import wall_now
from migrator.store.devices import WRONG_MAX
from migrator.web.doors import WRONG_PER_ADDRESS, Entry
from migrator.web.refusing import Kind
from pages import read_page
from run_with_pages import ASKED, DECIDER, NAME, OTHER, Pages, pages_of_a_run

COOKIE = "__Host-migrator"
PHONE = {"user-agent": "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"}
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        found.client.headers.update(ENGLISH)
        yield found


@pytest.fixture
def phone(pages: Pages) -> TestClient:
    """Another browser at the same pages."""
    return TestClient(pages.client.app, base_url="https://pages.test", headers=PHONE)


def entry(pages: Pages) -> Entry:
    found = pages.client.app.state.entry  # type: ignore[attr-defined] # starlette's own
    assert isinstance(found, Entry)
    return found


def digits(pages: Pages) -> tuple[str, str]:
    """The id and the digits that a device shows, as a person reads them off."""
    answer = pages.client.post("/devices/new", data=pages.form("/devices", "/devices/new"))
    assert answer.status_code == 200
    person, code = re.findall(r"<dd><strong>(.*?)</strong></dd>", answer.text)
    return person, code


def in_with(client: TestClient, person: str, code: str) -> int:
    typed = {"person": person, "digits": code}
    return client.post("/sign-in/device", data=typed, follow_redirects=False).status_code


def counted(pages: Pages) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in asyncio.run(entry(pages).refusing.newest(100)):
        found[row.cause.kind] += row.count
    return found


def test_a_telephone_gets_in_by_what_the_desk_computer_shows(
    pages: Pages, phone: TestClient
) -> None:
    pages.sign_in(ASKED)
    person, code = digits(pages)
    assert in_with(phone, f" {person.upper()} ", code) == 303
    assert phone.get("/checks").status_code == 200
    shown = read_page(pages.client.get("/devices").text).text
    assert "Firefox, Android" in shown
    assert in_with(phone, person, code) == 403, "it works once"


def test_the_camera_gets_the_same_person_in_by_a_link_that_looking_does_not_spend(
    pages: Pages, phone: TestClient
) -> None:
    pages.sign_in(ASKED)
    answer = pages.client.post("/devices/new", data=pages.form("/devices", "/devices/new"))
    assert "<svg" in answer.text
    assert "style=" not in answer.text, "the policy would refuse it"
    offered = entry(pages).sign_in.devices.offer(pages.client.cookies[COOKIE], wall_now())
    assert offered is not None
    link = f"/in/{offered.token}"
    for _ in range(3):
        assert phone.get(link).status_code == 200
    assert phone.post(link, follow_redirects=False).status_code == 303
    assert phone.get("/checks").status_code == 200
    assert phone.post(link).status_code == 403


def test_wrong_digits_are_slowed_by_address_and_void_the_code(
    pages: Pages, phone: TestClient
) -> None:
    pages.sign_in(ASKED)
    person, code = digits(pages)
    other = f"{(int(code.replace(' ', '')) + 1) % 10**6:06}"
    found = [in_with(phone, person, other) for _ in range(WRONG_PER_ADDRESS + 1)]
    assert found == [403] * WRONG_PER_ADDRESS + [429]
    assert WRONG_PER_ADDRESS >= WRONG_MAX
    entry(pages).device_patience.wrong.clear()  # from another address
    assert in_with(phone, person, code) == 403, "five wrong ones, whoever sent them"
    assert counted(pages) == {"wrong-device-code": 6, "too-often": 1}


def test_who_guesses_digits_shuts_out_nobody_with_an_invitation(
    pages: Pages, phone: TestClient
) -> None:
    for _ in range(WRONG_PER_ADDRESS + 1):
        in_with(phone, ASKED, "000000")
    code = pages.invitation(ASKED).code
    assert phone.post("/sign-in", data={"code": code}, follow_redirects=False).status_code == 303


def test_one_ends_ones_own_other_device_and_no_other_persons(
    pages: Pages, phone: TestClient
) -> None:
    pages.sign_in(ASKED)
    assert in_with(phone, *digits(pages)) == 303
    form = pages.form("/devices", "/devices/end")
    anna = pages.client.cookies[COOKIE]
    pages.sign_in(OTHER)
    own = pages.form("/devices", "/devices/new")["form"]
    pages.client.post("/devices/end", data={**form, "form": own})
    assert phone.get("/checks", follow_redirects=False).status_code == 200
    pages.client.cookies.clear()
    pages.client.cookies.set(COOKIE, anna, domain="pages.test")
    pages.client.post("/devices/end", data=form)
    assert phone.get("/checks", follow_redirects=False).status_code == 303
    assert pages.client.get("/checks", follow_redirects=False).status_code == 200
    assert counted(pages)["session-over"] == 1


def test_a_forged_form_lets_no_device_in_and_ends_none(pages: Pages) -> None:
    pages.sign_in(ASKED)
    assert pages.client.post("/devices/new", data={"form": "x"}).status_code == 422
    form = {"form": "x", "session": "y", "person": ASKED}
    assert pages.client.post("/devices/end", data=form).status_code == 422
    pages.sign_in(DECIDER)
    assert pages.client.post("/access/end", data=form).status_code == 422
    assert counted(pages)["forged-form"] == 3


def test_a_stranger_is_sent_to_sign_in_from_all_of_them(pages: Pages) -> None:
    for path in ("/devices", "/access"):
        answer = pages.client.get(path, follow_redirects=False)
        assert answer.headers["location"] == "/sign-in"
    for path in ("/devices/new", "/devices/end", "/access/end"):
        form = {"form": "x", "session": "y", "person": "z"}
        answer = pages.client.post(path, data=form, follow_redirects=False)
        assert answer.headers["location"] == "/sign-in"


def test_who_leads_signs_another_out_everywhere(pages: Pages, phone: TestClient) -> None:
    link = f"/in/{pages.invitation(ASKED).token}"
    phone.post(link)
    spare = pages.invitation(ASKED)
    pages.sign_in(DECIDER)
    form = pages.form("/access", "/access/end")
    answer = pages.client.post("/access/end", data={**form, "person": ASKED})
    assert answer.status_code == 200
    assert phone.get("/checks", follow_redirects=False).status_code == 303
    assert phone.post(f"/in/{spare.token}").status_code == 403, "no way back by what she had"
    assert f"by {DECIDER}" in read_page(answer.text).text


def test_a_handler_neither_sees_nor_ends_other_peoples_sign_ins(pages: Pages) -> None:
    pages.sign_in(ASKED)
    own = pages.form("/devices", "/devices/new")
    assert pages.client.get("/access").status_code == 403
    answer = pages.client.post("/access/end", data={**own, "person": OTHER})
    assert answer.status_code == 403
    rows = asyncio.run(entry(pages).refusing.newest(10))
    assert [(row.cause.kind, row.cause.person) for row in rows] == [("no-right", ASKED)]


def test_the_page_of_sign_ins_shows_what_was_refused(pages: Pages, phone: TestClient) -> None:
    phone.post("/sign-in", data={"code": "AAAA-BBBB"})
    pages.sign_in(DECIDER)
    shown = read_page(pages.client.get("/access").text).text
    assert "1 \N{MULTIPLICATION SIGN} a wrong invitation code not signed in" in shown
    pages.client.headers["accept-language"] = "sv"
    shown = read_page(pages.client.get("/access").text).text
    assert "1 \N{MULTIPLICATION SIGN} en inbjudningskod som var fel inte inloggad" in shown


def test_what_programs_are_refused_is_counted_too(pages: Pages) -> None:
    pages.client.get("/api/v1/run", headers={"authorization": "Bearer migrator_wrong"})
    pages.sign_in(ASKED)
    pages.client.get("/api/v1/journal")
    rows = asyncio.run(entry(pages).refusing.newest(10))
    found = {(row.cause.kind, row.cause.person) for row in rows}
    assert found == {("wrong-token", ""), ("no-right", ASKED)}


def test_ten_thousand_refusals_are_one_row(pages: Pages) -> None:
    door = entry(pages)
    for _ in range(10_000):
        door.refusing.note(Kind.WRONG_CODE)
    assert len(door.refusing._waiting) <= 2, "a minute may have begun meanwhile"
    assert sum(counted(pages).values()) == 10_000


def test_ten_thousand_wrong_sign_ins_leave_little_behind(pages: Pages) -> None:
    """Some of them for real: most are turned away before the store is asked anything."""
    for n in range(60):
        pages.client.post("/sign-in", data={"code": f"AAAA-{n:04}"})
    door = entry(pages)
    assert sum(map(len, door.patience.wrong.values())) == WRONG_PER_ADDRESS
    found = counted(pages)
    assert found == {"wrong-code": WRONG_PER_ADDRESS, "too-often": 60 - WRONG_PER_ADDRESS}


def test_strangers_see_nothing_unless_policy_allows(pages: Pages) -> None:
    assert pages.client.get("/status").status_code == 404
    assert pages.client.get("/", follow_redirects=False).headers["location"] == "/sign-in"


def test_with_public_a_stranger_sees_how_it_stands_and_no_name(pages: Pages) -> None:
    state = pages.client.app.state  # type: ignore[attr-defined] # starlette's own
    state.entry = replace(entry(pages), public=True)
    assert pages.client.get("/", follow_redirects=False).headers["location"] == "/status"
    answer = pages.client.get("/status")
    shown = read_page(answer.text).text
    assert "0 of 2 parts are done." in shown
    itinerary = pages.seen.itinerary
    for name in (
        *itinerary.legs,
        *itinerary.members,
        *(m.name for m in itinerary.members.values()),
    ):
        assert name not in shown
    for path in ("/weekend", "/checks", "/journal", "/roster", "/access"):
        assert pages.client.get(path, follow_redirects=False).status_code == 303
    assert NAME in shown
