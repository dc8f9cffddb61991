"""An itinerary comes back from its canonical text as exactly the same data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from by_hand import a_task, an_undo, carried_out, clock, hand, recipe
from itineraries import a_crew, after
from migrator.ids import SubsystemId
from migrator.plan.itinerary import itinerary_json, part_json
from migrator.plan.means import Call, Command, InDoubt, Means
from migrator.plan.model import Itinerary, Leg, Stay, WaveLeg
from migrator.plan.read_back import read_back

PROGRAM = Means(
    InDoubt.OBSERVE,
    command=Command(
        ("x", "{token}"), environment={"A": "b"}, secrets={"P": "env:P"}, expects=(0, 3)
    ),
    observe_call=Call("GET", "https://x/", done_when="a=b"),
    proof=Command(("y",)),
)


def an_itinerary() -> Itinerary:
    """With every means, times of every kind, numbers whole and broken, and what is left out."""
    made = recipe(
        means={"prepare": PROGRAM, "fence": hand("anna"), "soak": clock(12.5)},
        tasks=[("copy", a_task("key", hand(), "back", limit=7)),
               ("switch", a_task("hour", clock(until=after(600))))],
        undos=[an_undo("back", clock(3))],
    )  # fmt: skip
    itinerary = carried_out(made, waves=("ab", "c"), links=("ab:3",), stateless="b", seats=2)
    stay = Stay(SubsystemId("z"), "stays", date(2025, 1, 1))
    return replace(
        itinerary,
        stays=(stay, replace(stay, review_date=None)),
        crews={**itinerary.crews, "red": a_crew((after(0), after(60), 1))},
        files={"script/x.sh": "1a" * 32},
        programs=("script/x.sh",),
    )


def test_an_itinerary_is_read_back_as_it_was() -> None:
    itinerary = an_itinerary()
    text = itinerary_json(itinerary)

    assert read_back(Itinerary, text) == itinerary
    assert itinerary_json(read_back(Itinerary, text)) == text


def test_a_part_of_one_is_read_back_as_it_was() -> None:
    itinerary = an_itinerary()
    wave, leg, stay = itinerary.waves[0], itinerary.legs["a"], itinerary.stays[0]
    assert read_back(WaveLeg, part_json(wave)) == wave
    assert read_back(Leg, part_json(leg)) == leg
    assert read_back(Stay, part_json(stay)) == stay


@pytest.mark.parametrize("text", ["", "{}", "[]", "3", '{"plan_name": 1}'])
def test_what_is_no_itinerary_is_not_taken_for_one(text: str) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError)):
        read_back(Itinerary, text)
