"""The pages of the operations room: for whom they are, and what becomes of odd questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.engine import events as ev
from migrator.web.rooms import Atlas
from run_with_pages import ASKED, DECIDER, Pages, pages_of_a_run

MOVE = "sickness-intake"
ROOMS = ("/graph", f"/graph/{MOVE}", f"/graph/{MOVE}?steps=2", "/graph/cobol-core", "/links")


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with pages_of_a_run(tmp_path / "store") as found:
        yield found


@pytest.mark.parametrize("path", ROOMS)
def test_a_stranger_learns_nothing(pages: Pages, path: str) -> None:
    answer = pages.client.get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


@pytest.mark.parametrize("person", [ASKED, DECIDER])
def test_everybody_who_is_named_may_look_around(pages: Pages, person: str) -> None:
    pages.sign_in(person)
    for path in ROOMS:
        assert pages.client.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["/graph/nobody", "/graph/%00", "/graph/" + "x" * 900])
def test_what_is_not_there_is_said_to_be_missing(pages: Pages, path: str) -> None:
    pages.sign_in(DECIDER)
    assert pages.client.get(path).status_code == 404


def test_a_search_that_finds_nothing_says_what_is_enough(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    text = pages.client.get("/graph?q=<script>", headers={"accept-language": "en"}).text
    assert "A part of its name" in text
    assert "<script>" not in text.replace('<script src="/static/pages.js" defer></script>', "")


def test_an_endless_search_is_no_search(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    assert pages.client.get("/graph?q=" + "x" * 300).status_code == 422
    assert pages.client.get(f"/graph/{MOVE}?steps=9").status_code == 200


def test_the_links_say_first_what_is_worse(pages: Pages) -> None:
    cause = "all of them go to port 5432"
    worse = ev.LinksJudged(MOVE, 1, "probe-links", 20, 0, 0, 4, 0, ("l-7",), causes=(cause,))
    pages.leader.note(worse)
    pages.catch_up()
    pages.sign_in(DECIDER)
    text = pages.client.get("/links", headers={"accept-language": "en"}).text
    assert text.index("4 stopped answering") < text.index(cause) < text.index("What is proved")
    assert 'href="/decide"' in text
    assert "l-7" not in pages.client.get("/links?wave=w02").text
    assert "l-7" in pages.client.get("/links?wave=w99").text, "no such wave: all of them"


def test_the_pairs_are_sorted_once_for_a_plan(pages: Pages) -> None:
    atlas = Atlas()
    itinerary = pages.seen.itinerary
    assert atlas.arcs(itinerary) is atlas.arcs(itinerary)


def test_the_wall_has_everything_in_parts_that_change_one_by_one(pages: Pages) -> None:
    import re

    pages.sign_in(DECIDER)
    text = pages.client.get("/weekend").text
    parts = re.findall(r'id="([\w-]+)"[^>]*data-live="wall"', text)
    waves = [f"wave-{wave.id}" for wave in pages.seen.itinerary.waves]
    assert parts == ["headline", "awaited", "disturbed", "over-time", *waves]


def test_the_wall_names_every_subsystem_or_only_what_needs_a_look(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    second = pages.seen.itinerary.waves[1].moves[0]
    assert f'href="/subsystems/{second}"' in pages.client.get("/weekend").text
    dense = pages.client.get("/weekend?dense=1").text
    assert f'href="/subsystems/{second}"' not in dense
    assert 'class="waves dense"' in dense
    assert pages.client.get("/weekend?dense=zz").status_code == 200


def test_a_page_says_how_fast_run_time_passes(pages: Pages) -> None:
    pages.sign_in(DECIDER)
    assert 'data-speed="0.0"' in pages.client.get("/weekend").text, "nobody told the clock yet"
    pages.seen.leader = "a conductor"
    pages.seen.reading = {
        "run_time": pages.seen.now().isoformat(),
        "wall": "2026-01-01T00:00:00+00:00",
        "speed": 60.0,
    }
    assert pages.seen.speed == 60.0
    pages.seen.reading["still_for"] = [[ASKED, "a check"]]
    assert pages.seen.speed == 0.0, "it waits for somebody who is there"
