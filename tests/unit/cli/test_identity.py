"""Who somebody is: an id, a whole name, or the user of the machine; never a guess."""

from __future__ import annotations

from dataclasses import replace

import pytest

import practising
from migrator.cli.identity import person_id, who
from migrator.errors import InputError

MEMBERS = practising.small_itinerary().members


def test_an_id_or_a_whole_name_is_taken() -> None:
    assert who("anna", "root", MEMBERS) == "anna"
    assert who("ANNA", "root", MEMBERS) == "anna"
    assert who(None, "bertil", MEMBERS) == "bertil"
    assert who("team.blue", "root", MEMBERS) == "team.blue"


@pytest.mark.parametrize(
    ("given", "user", "reference", "hint"),
    [
        ("ana", "anna", "unknown-person", "did you mean anna?"),
        (None, "bertl", "who-are-you", "did you mean bertil?"),
        (None, "root", "who-are-you", "--as NAME"),
    ],
)
def test_nobody_is_guessed(given: str | None, user: str, reference: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        who(given, user, MEMBERS)
    assert caught.value.reference == reference
    assert hint in caught.value.hint


def test_an_estate_that_names_nobody_lets_everybody_act() -> None:
    assert who(None, "root", {}) == "root"
    assert who("somebody", "root", {}) == "somebody"


def test_a_name_that_two_people_have_means_neither() -> None:
    anna = MEMBERS["anna"]
    assert person_id("Anna", {"a1": anna, "a2": anna}) is None


def test_a_part_of_a_name_is_answered_with_everybody_who_has_it() -> None:
    two = {f"eva-{n}": replace(MEMBERS["anna"], name=f"Eva {n}") for n in ("berg", "lund")}
    with pytest.raises(InputError) as caught:
        who("eva", "root", two)
    assert caught.value.hint.endswith("did you mean eva-berg or eva-lund?")
