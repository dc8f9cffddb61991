"""The report as a page."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from migrator.engine import events as ev
from migrator.reports.html import css_text, report_html
from migrator.reports.story import Ledger
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from pages import Page, read_page
from weekend import DECIDER, Weekend, a_quiet_weekend, a_troubled_weekend, a_weekend, minutes

QUIET = Ledger(0.0, 0, 0, ())


def source(
    weekend: Weekend,
    language: str = "en",
    ledger: Ledger | None = QUIET,
    end: str | None = "returned",
) -> str:
    t = texts(language, weekend.itinerary.window.time_zone)
    lines = weekend.lines(end)
    return report_html(t, tell(weekend.itinerary, lines, ledger), lines, "autumn-weekend-1")


@pytest.fixture(scope="module", params=["sv", "en"])
def page(request: pytest.FixtureRequest) -> Page:
    language: str = request.param
    return read_page(source(a_troubled_weekend(), language))


def test_the_page_is_one_file_that_asks_nobody_for_anything(page: Page) -> None:
    assert page.outside == []
    assert not {"script", "link", "img", "iframe", "object"} & set(page.elements)
    assert "url(http" not in page.style
    assert "@import" not in page.style


def test_the_page_is_well_formed_and_every_link_leads_somewhere(page: Page) -> None:
    assert page.unbalanced == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.anchors) <= set(page.ids)


def test_headings_go_down_one_level_at_a_time_from_one_first(page: Page) -> None:
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(text for _, text in page.headings)


def test_the_page_says_its_language_and_mode_in_words() -> None:
    page = read_page(source(a_troubled_weekend(), "sv"))
    assert page.language == "sv"
    assert page.text.count("ÖVNING") >= 3
    assert "SKARPT" not in page.text
    weekend = a_weekend(1, 1, practice=False)
    live = read_page(source(weekend, "sv", None, None))
    assert live.text.count("SKARPT: new-cluster") >= 3
    assert "ÖVNING" not in live.text


def test_every_printed_page_carries_the_mode() -> None:
    page = read_page(source(a_quiet_weekend()))
    assert f"@top-left {{ content: {css_text('PRACTICE: nothing real is moved')}" in page.style


def test_a_name_cannot_break_out_of_the_style_block_or_the_page() -> None:
    weekend = a_quiet_weekend(1, 1)
    nasty = 'x"; } </style><script>alert(1)</script>'
    weekend.itinerary = replace(weekend.itinerary, plan_name=nasty)
    page = read_page(source(weekend))
    assert "script" not in page.elements
    assert page.unbalanced == []
    assert nasty in page.text


def test_the_first_screen_says_what_was_planned_what_happened_and_the_counts() -> None:
    text = read_page(source(a_troubled_weekend())).text
    start = text.index("The plan was to move 20 subsystems from old-hall to new-cluster in 5 waves")
    happened = text.index(
        "12 of 20 moved, 4 were taken back to the old side and 4 were never begun."
    )
    first = text.index("Links stopped working in wave w02")
    assert start < happened < first < text.index("subsystems moved") < text.index("The waves over")
    assert "checks verified, by 4 handlers" in text


def test_the_ledgers_figures_stand_only_where_a_world_kept_one() -> None:
    with_one = read_page(source(a_quiet_weekend(1, 1))).text
    without = read_page(source(a_quiet_weekend(1, 1), ledger=None)).text
    assert "with both sides live" in with_one
    assert "with both sides live" not in without


def test_a_broken_promise_is_said_on_the_first_screen() -> None:
    ledger = Ledger(12.0, 3, 0, ("housing-intake was live on both sides",))
    text = read_page(source(a_quiet_weekend(1, 1), ledger=ledger)).text
    assert "A promise of the program was broken" in text
    assert text.index("was live on both sides") < text.index("The waves over time")


def test_a_failure_is_told_as_cause_decision_what_was_undone_and_result() -> None:
    weekend = a_troubled_weekend()
    text = read_page(source(weekend)).text
    story = text[text.index("What went wrong") : text.index("Who decided what")]
    names = [weekend.itinerary.names[m] for m in reversed(weekend.itinerary.waves[1].moves)]
    places = [story.index(f"{name}, 2023-10-14") for name in names]
    assert places == sorted(places)
    assert story.index("no longer answer") < story.index("vetoed the unwind") < places[0]
    assert places[-1] < story.index("The whole wave is back on the old side.")


def test_who_verified_what_names_person_verdict_and_hour() -> None:
    text = read_page(source(a_quiet_weekend(1, 3))).text
    assert "Handler No. 4 (simulated) : works" in text or "Handler No. 4 (simulated): works" in text


def test_the_journals_own_words_are_tagged_as_english_on_a_swedish_page() -> None:
    assert '<span lang="en">3 links of' in source(a_troubled_weekend(), "sv")
    assert '<span lang="en">' not in source(a_troubled_weekend(), "en")


def test_the_head_of_the_chain_is_printed_with_the_way_to_check_it() -> None:
    weekend = a_quiet_weekend(1, 1)
    text = read_page(source(weekend)).text
    head = weekend.lines("returned")[-1].hash
    assert head in text.replace(" ", "")
    assert "migrator journal verify autumn-weekend-1" in text


def test_assumed_figures_are_listed_by_field_with_their_subsystems() -> None:
    text = read_page(source(a_quiet_weekend(1, 3))).text
    assert "how long it takes to take back: 1 subsystem" in text
    assert "people: telephone of decider-02" in text


def test_an_estate_without_links_says_so_instead_of_drawing_nothing() -> None:
    weekend = a_quiet_weekend(1, 2)
    weekend.itinerary = replace(weekend.itinerary, pairs=())
    page = read_page(source(weekend))
    assert "there is nothing to be split" in page.text
    assert "exposure-title" not in page.ids


def test_a_run_under_way_can_be_reported() -> None:
    weekend = a_weekend(2, 2)
    wave = weekend.itinerary.waves[0]
    at = weekend.gate(wave)
    late = ev.Stalled(wave.id, wave.id, "a go", DECIDER, at, "migrator go")
    weekend.note(at + minutes(31), late)
    weekend.note(at + minutes(32), ev.CommandRefused("c", "go", wave.id, DECIDER, "too late"))
    text = read_page(source(weekend, end=None)).text
    assert "the run still goes on" in text
    assert "What waited too long" in text
    assert "too late" in text


def test_what_was_not_proved_of_a_moves_links_stands_beside_what_answers() -> None:
    weekend = a_quiet_weekend()
    move = next(iter(weekend.itinerary.legs))
    look = ev.LinksJudged(
        move, 1, "soak", 20, 0, 0, 2, 5, ("link-1",), unproved=3, untestable=4, waived=1,
        causes=("all 2 links to kassa.db: refused",),
    )  # fmt: skip
    begin = weekend.itinerary.window.start
    weekend.note(begin + minutes(3000), look, "conductor")
    covered = ev.LinksCovered("b1", "2023-10-13T21:00", 30, 27, 1, 2, 0, 0)
    weekend.note(begin + minutes(1), covered, "conductor")
    english = read_page(source(weekend, end=None)).text
    for said in (
        "3 were not proved",
        "5 were left to the other end's own look",
        "4 cannot be tested",
        "1 was let be",
        "all 2 links to kassa.db: refused",
        "Links proved before anything moved",
        "27 / 30",
    ):
        assert said in english
    swedish = read_page(source(weekend, "sv", end=None)).text
    assert "3 är inte bevisade" in swedish
    assert "Länkar bevisade innan något flyttades" in swedish
