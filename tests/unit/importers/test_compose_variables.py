"""Variables in Compose files, in every spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.importers.compose_variables import interpolate, read_env

VALUES = {"HOST": "db", "EMPTY": "", "PORT": "5432"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://$HOST:${PORT}/", "http://db:5432/"),
        ("${HOST-other}", "db"),
        ("${EMPTY-other}", ""),
        ("${EMPTY:-other}", "other"),
        ("${NONE:-other}", "other"),
        ("${NONE:-${HOST}:${PORT}}", "db:5432"),
        ("${HOST:+set}", "set"),
        ("${NONE:+set}", ""),
        ("${HOST:?must be set}", "db"),
        ("$$HOME and $", "$HOME and $"),
        ("${unclosed", "${unclosed"),
        ("{not} ${HOST}}", "{not} db}"),
    ],
)
def test_a_variable_is_replaced_in_every_spelling(text: str, shown: str) -> None:
    missing: list[str] = []
    assert interpolate(text, VALUES, missing.append) == shown
    assert missing in ([], ["unclosed"])


def test_a_variable_without_a_value_stays_visible_and_is_told() -> None:
    missing: list[str] = []
    assert interpolate("http://${NONE}:$GONE", VALUES, missing.append) == "http://${NONE}:${GONE}"
    assert missing == ["NONE", "GONE"]


def test_a_default_that_is_not_used_misses_nothing() -> None:
    missing: list[str] = []
    assert interpolate("${HOST:-${NONE}}", VALUES, missing.append) == "db"
    assert missing == []


@given(st.text(alphabet="${}:-?+AB \\", max_size=60))
def test_no_text_stops_the_reader(text: str) -> None:
    interpolate(text, {"A": "1"}, lambda _name: None)


@given(st.text(max_size=60).filter(lambda text: "$" not in text))
def test_a_text_without_a_dollar_stays_as_it_is(text: str) -> None:
    assert interpolate(text, VALUES, lambda _name: None) == text


def test_an_env_file_is_read_with_comments_quotes_and_references() -> None:
    text = (
        "# comment\n\nexport A=1\nB = two words # tail\nC='$A'\nD=\"x${A}\"\nnonsense\nE=$A#1\nF=\n"
    )
    assert read_env(text) == {
        "A": "1",
        "B": "two words",
        "C": "$A",
        "D": "x1",
        "E": "1#1",
        "F": "",
    }
