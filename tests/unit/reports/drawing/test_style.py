"""The colours and rules of pictures."""

from __future__ import annotations

import re

from migrator.reports.drawing.style import DARK, LIGHT, PAPER, RULES, own_style, variables


def luminance(colour: str) -> float:
    """How bright a colour is to the eye, as accessibility rules reckon it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_day_night_and_paper_know_the_same_colours_and_every_one_that_a_rule_names() -> None:
    assert set(LIGHT) == set(DARK) == set(PAPER)
    assert set(re.findall(r"var\(--([a-z-]+)\)", RULES)) <= set(LIGHT)


def test_words_and_curves_stand_out_from_the_ground_by_day_and_night_and_on_paper() -> None:
    for palette in (LIGHT, DARK, PAPER):
        for name in ("text", "quiet", "bad", "chance"):
            assert contrast(palette[name], palette["ground"]) >= 4.5, name
        for name in ("work", "watch", "back", "plan"):
            assert contrast(palette[name], palette["ground"]) >= 3.0, name


def test_on_paper_no_colour_has_a_hue() -> None:
    for colour in PAPER.values():
        assert colour[1:3] == colour[3:5] == colour[5:7]


def test_what_is_under_way_and_what_is_watched_are_told_apart_without_their_hue() -> None:
    for palette in (LIGHT, DARK, PAPER):
        assert contrast(palette["work"], palette["watch-ground"]) >= 2.0


def test_a_picture_alone_carries_its_colours_and_asks_for_no_variable() -> None:
    style = own_style()
    assert "var(" not in style
    light, rest = style.split("@media (prefers-color-scheme: dark)")
    dark, paper = rest.split("@media print")
    assert f"fill: {LIGHT['text']};" in light
    assert f"fill: {DARK['text']};" in dark
    assert f"fill: {PAPER['text']};" in paper
    assert LIGHT["work"] not in dark
    assert style.count("{") == style.count("}")


def test_a_page_declares_every_colour_once() -> None:
    assert variables(LIGHT).count("--text: ") == 1
    assert len(variables(DARK).split(";")) == len(DARK) + 1
