"""Words in braces are filled in, unknown ones are told, and other braces are left alone."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.errors import InputError
from migrator.plan.means import PLACEHOLDERS, unknown_placeholders
from migrator.platform.legacy.facts import ActFacts
from migrator.platform.legacy.filling import (
    filled,
    filled_address,
    filled_body,
)


def test_every_placeholder_of_the_contract_has_a_value(act: ActFacts) -> None:
    text = " ".join(f"{{{word}}}" for word in PLACEHOLDERS)
    assert filled(text, act.placeholders("/pinned")) == "web w1 1 tok-1 /pinned new"


def test_doubled_braces_write_braces(act: ActFacts) -> None:
    assert (
        filled("{{token}} {{other}} {{{token}", act.placeholders("")) == "{token} {other} {{tok-1"
    )


def test_braces_without_a_single_word_are_left_alone(act: ActFacts) -> None:
    text = '{"a": {"b": {"n": {attempt}}}, "c": {}} ${1} {a b}'
    assert filled(text, act.placeholders("")) == text.replace("{attempt}", "1")


def test_an_unknown_word_is_told_once_and_never_passed_on(act: ActFacts) -> None:
    text = "{tokn} {token} {HOME} {tokn} {{fine}}"
    assert unknown_placeholders(text) == ("tokn", "HOME")
    with pytest.raises(InputError, match="tokn"):
        filled(text, act.placeholders(""))


@given(st.text())
def test_a_value_in_an_address_stays_one_part_of_its_path(value: str) -> None:
    url = filled_address(
        "http://host/a/{token}", {"token": value.encode(errors="replace").decode()}
    )
    split = urlsplit(url)
    assert (split.netloc, split.query, split.fragment, split.path.count("/")) == ("host", "", "", 2)


@given(st.text())
def test_a_value_in_a_json_body_stays_one_string(value: str) -> None:
    assert json.loads(filled_body('{"t": "{token}"}', {"token": value})) == {"t": value}
