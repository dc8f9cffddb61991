"""Words, numbers and times in the reader's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from migrator.errors import EnvironmentFailed, InputError
from migrator.reports import texts as module
from migrator.reports.texts import Texts, language_of, texts

FRIDAY = datetime(2023, 10, 13, 16, 0, tzinfo=UTC)


@pytest.fixture
def swedish() -> Texts:
    return texts("sv", "Europe/Stockholm")


@pytest.fixture
def english() -> Texts:
    return texts("en", "Europe/Stockholm")


def test_a_time_is_shown_in_the_plans_zone_and_not_the_machines(swedish: Texts) -> None:
    assert swedish.time(FRIDAY) == "2023-10-13 18:00"
    assert swedish.weekday(FRIDAY) == "fredag"


def test_the_hour_that_happens_twice_is_shown_by_its_own_offset(swedish: Texts) -> None:
    before = datetime(2023, 10, 29, 0, 30, tzinfo=UTC)
    after = datetime(2023, 10, 29, 1, 30, tzinfo=UTC)
    assert (swedish.clock(before), swedish.clock(after)) == ("02:30 CEST", "02:30 CET")
    assert swedish.time(after) == "2023-10-29 02:30 CET"
    assert swedish.between(before, after) == "1\N{NO-BREAK SPACE}h"


def test_an_hour_in_a_table_is_short_unless_a_day_comes_twice(swedish: Texts) -> None:
    assert swedish.hour(FRIDAY, timedelta(hours=60)) == "fre 18:00"
    assert swedish.hour(FRIDAY, timedelta(days=8)) == "2023-10-13 18:00"


def test_numbers_take_each_languages_marks(swedish: Texts, english: Texts) -> None:
    assert swedish.number(340000.5, 1) == "340\N{NO-BREAK SPACE}000,5"
    assert english.number(340000.5, 1) == "340,000.5"


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [(0, "0 min"), (0.5, "30 s"), (59.6, "1 h"), (95, "1 h 35 min"), (4, "4 min")],
)
def test_a_stretch_is_told_in_the_units_it_needs(
    english: Texts, minutes: float, shown: str
) -> None:
    assert english.lasting(minutes).replace("\N{NO-BREAK SPACE}", " ") == shown


def test_the_difference_is_that_of_the_minutes_shown(english: Texts) -> None:
    planned = FRIDAY.replace(second=50)
    actual = FRIDAY.replace(minute=1, second=5)
    assert english.apart(planned, actual) == "1\N{NO-BREAK SPACE}min later"
    assert english.apart(planned, FRIDAY) == "on time"


def test_words_are_listed_as_in_a_sentence(swedish: Texts) -> None:
    assert swedish.listed(["a", "b", "c"]) == "a, b och c"
    assert swedish.listed(["a"]) == "a"


def test_a_plural_is_chosen_by_the_number(english: Texts) -> None:
    assert english.ngettext("%(num)s subsystem", "%(num)s subsystems", 1) == "1 subsystem"
    assert english.ngettext("%(num)s subsystem", "%(num)s subsystems", 2000) == "2,000 subsystems"


@pytest.mark.parametrize(
    ("value", "language"),
    [("sv_SE.UTF-8", "sv"), ("sv-FI", "sv"), ("C.UTF-8", "en"), (None, "en"), ("de_DE", "en")],
)
def test_the_environment_chooses_a_language_that_there_is(value: str | None, language: str) -> None:
    assert language_of(value) == language


def test_a_language_without_a_catalogue_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(InputError) as caught:
        texts("fi")
    assert caught.value.reference == "unknown-language"
    assert "sv" in caught.value.hint


def test_a_catalogue_that_is_not_compiled_is_an_environment_to_mend(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(module, "LOCALE_FOLDER", tmp_path)
    with pytest.raises(EnvironmentFailed) as caught:
        texts("sv")
    assert "make setup" in caught.value.hint
