"""Scales, paths and flags."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import boxes, parsed
from migrator.reports.drawing.parts import Flag, band_path, flags, line_path, value_axis


@settings(max_examples=40)
@given(st.floats(1e-6, 1e9), st.integers(2, 8))
def test_an_axis_reaches_the_highest_value_in_few_steps_and_not_far_beyond(
    highest: float, steps: int
) -> None:
    axis = value_axis(highest, 0, 100, steps)
    assert axis.count <= steps
    assert axis.highest >= highest * (1 - 1e-6)
    assert axis.highest - axis.step <= highest
    assert axis.y(0) == 100
    assert 0 <= axis.y(highest) <= 100


@settings(max_examples=40)
@given(st.integers(1, 2000))
def test_an_axis_of_ones_has_no_halves(highest: int) -> None:
    axis = value_axis(highest, 0, 100, whole=True)
    assert axis.step == int(axis.step)
    assert axis.highest >= highest


def test_nothing_to_show_is_still_an_axis() -> None:
    assert value_axis(0.0, 0, 100).highest == pytest.approx(1.0)


def test_a_path_is_interrupted_where_nothing_is_known() -> None:
    assert line_path([(0, 1), (2, 3), None, (4, 5)]) == "M0.0 1.0L2.0 3.0M4.0 5.0"
    assert line_path([None]) == ""


def test_a_band_goes_out_above_and_back_below() -> None:
    assert band_path([(0, 1), (2, 1)], [(0, 5), (2, 5)]) == "M0.0 1.0L2.0 1.0L2.0 5.0L0.0 5.0Z"
    assert band_path([], []) == ""


@pytest.mark.parametrize(
    "places", [(300, 420, 430), (20, 60, 300), (400, 20, 410), (12, 480, 490), (490, 480, 470)]
)
def test_no_flags_words_lie_on_another_flags_line_or_leave_the_picture(
    places: tuple[int, ...],
) -> None:
    rows = [Flag(float(x), f"a flag at {x}", "tick", "flag") for x in places]
    svg = parsed(f'<svg xmlns="http://www.w3.org/2000/svg">{flags(rows, 10, 500, 100, 200)}</svg>')
    lines = []
    for path in svg.iter("{http://www.w3.org/2000/svg}path"):
        place, rest = path.get("d", "").removeprefix("M").split(" ")
        lines.append((float(place), float(rest.split("V")[0])))
    assert sorted(x for x, _ in lines) == sorted(map(float, places))
    for _, left, right, above, below in boxes(svg):
        assert 10 <= left < right <= 500
        for x, top in lines:
            assert not (left < x < right and top < below and above < 200)
