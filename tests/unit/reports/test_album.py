"""The files of `migrator draw`."""

from __future__ import annotations

from dataclasses import replace

from drawn import parsed
from made_up_forecast import a_forecast
from migrator.reports.album import FILES, INDEX, MARK, album
from migrator.reports.drawing.gallery import NAMES, gallery
from migrator.reports.drawing.scene import Scene, scene_of_plan, scene_of_run
from migrator.reports.teller import tell
from migrator.reports.texts import texts
from pages import read_page
from weekend import a_quiet_weekend, an_itinerary

ZONE = "Europe/Stockholm"


def files(scene: Scene, language: str = "en", reference: str = "") -> dict[str, str]:
    t = texts(language, ZONE)
    return album(t, scene, gallery(t, scene), reference)


def planned() -> Scene:
    itinerary = an_itinerary(3, 4)
    return scene_of_plan(itinerary, a_forecast(itinerary, weekends=20))


def test_every_picture_is_an_svg_and_a_csv_and_all_are_on_the_page() -> None:
    found = files(planned())
    assert set(found) == set(FILES)
    page = read_page(found[INDEX])
    assert page.unbalanced == []
    assert page.elements.count("svg") > len(NAMES)
    for name in NAMES:
        assert parsed(found[f"{name}.svg"].encode().decode()).get("role") == "img"
        assert found[f"{name}.csv"].count("\n") > 1
        assert f"{name}-picture" in page.ids
        assert {f"{name}.svg", f"{name}.csv"} <= set(page.outside)


def test_the_page_asks_for_nothing_but_the_files_beside_it_and_carries_its_mark() -> None:
    found = files(planned())
    page = read_page(found[INDEX])
    assert MARK in found[INDEX]
    assert set(page.outside) <= set(FILES)
    assert "url(http" not in page.style
    assert set(page.anchors) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_page_says_whether_it_is_of_a_plan_practice_or_the_real_thing() -> None:
    assert "PLAN: nothing has been moved" in read_page(files(planned())[INDEX]).text
    weekend = a_quiet_weekend(2, 2)
    lines = weekend.lines()
    book = tell(weekend.itinerary, lines)
    scene = scene_of_run(book, lines)
    practice = read_page(files(scene, "sv", "autumn-1")[INDEX])
    assert practice.language == "sv"
    assert "ÖVNING" in practice.text
    assert "Körning autumn-1" in practice.text
    live = replace(book, started=replace(book.started, practice=False))
    assert "SKARPT" in read_page(files(scene_of_run(live, lines), "sv")[INDEX]).text


def test_without_a_forecast_the_page_says_what_it_lacks() -> None:
    text = read_page(files(scene_of_plan(an_itinerary(2, 2)))[INDEX]).text
    assert "Pictures of chance need a forecast; there was none." in text


def test_a_nasty_name_is_only_a_name() -> None:
    itinerary = replace(an_itinerary(2, 2), plan_name="</style><script>x</script>")
    found = files(scene_of_plan(itinerary))
    assert "script" not in read_page(found[INDEX]).elements
    assert "<script>" not in found["waves.svg"]


def test_the_same_facts_give_the_same_files() -> None:
    assert files(planned(), "sv") == files(planned(), "sv")
