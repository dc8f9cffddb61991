"""Arguments of a look: read with care, refused by name."""

from __future__ import annotations

import pytest

from led_talks import a_look
from migrator.probes.agent.wire import Plain
from migrator.probes.checks.arguments import (
    SEEN_LENGTH_MAX,
    TEXT_LENGTH_MAX,
    Arguments,
    certified,
    judged,
    readable,
)

KNOWN = ("one", "two")


def given(**args: Plain) -> Arguments:
    return Arguments(a_look("dns", **args), KNOWN)


def test_unknown_argument_is_named_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="dns knows no argument onee; it knows ca, holds"):
        given(onee="x")


def test_arguments_of_tls_are_known_only_where_it_can_be_spoken() -> None:
    assert given(ca="...", verify=False, min_version="1.2").holds == ""
    with pytest.raises(ValueError, match="no argument verify"):
        Arguments(a_look("udp", verify=False), KNOWN, tls=False)


def test_what_is_left_out_has_its_default() -> None:
    nothing = given()
    assert nothing.text("one", "x") == "x"
    assert nothing.flag("one") is False
    assert nothing.choice("one", ("a", "b")) == "a"
    assert nothing.texts("one") == []
    assert nothing.numbers("one", [7]) == [7]
    assert nothing.secret("one") == ""


@pytest.mark.parametrize("value", [7, ["x"], "a\nb", "a\0b", "x" * (TEXT_LENGTH_MAX + 1)])
def test_text_that_is_none_is_refused(value: Plain) -> None:
    with pytest.raises(ValueError, match="one"):
        given(one=value).text("one")


@pytest.mark.parametrize("value", [0, "yes", []])
def test_flag_that_is_none_is_refused(value: Plain) -> None:
    with pytest.raises(ValueError, match="one must be true or false"):
        given(one=value).flag("one")


@pytest.mark.parametrize("value", ["x", [], [True], ["1"], [1.5], [1] * 101])
def test_numbers_that_are_none_are_refused(value: Plain) -> None:
    with pytest.raises(ValueError, match="one must be a list"):
        given(one=value).numbers("one", [])


@pytest.mark.parametrize("value", ["x", [1], ["a\0"], ["a"] * 101])
def test_texts_that_are_none_are_refused(value: Plain) -> None:
    with pytest.raises(ValueError, match="one must be a list"):
        given(one=value).texts("one")


def test_word_that_is_no_choice_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="one must be one of a, b"):
        given(one="c").choice("one", ("", "a", "b"))


def test_secret_is_read_only_from_a_variable_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRATOR_PROBE_X", "s3cret")
    monkeypatch.setenv("OTHER_TOKEN", "t0ken")
    assert given(one="MIGRATOR_PROBE_X").secret("one") == "s3cret"
    with pytest.raises(ValueError, match="begins with MIGRATOR_PROBE_") as refused:
        given(one="OTHER_TOKEN").secret("one")
    assert "t0ken" not in str(refused.value)


def test_words_of_a_stranger_do_no_harm_to_a_terminal() -> None:
    assert readable(b"a\x1b[2J\r\nb\xff\x00") == "a\ufffd[2J\ufffd\nb\ufffd\ufffd"
    assert len(readable(b"x" * 100_000)) == SEEN_LENGTH_MAX


def test_good_answer_is_judged_by_what_it_should_hold() -> None:
    assert judged("", "seen", "detail") == ("ok", "seen", "detail")
    assert judged("se", "seen", "detail").word == "ok"
    assert judged("new", "seen", "d" * 400).word == "mismatch"
    assert len(judged("new", "seen", "d" * 400).detail) == 300


def test_certificate_is_told_as_far_as_it_could_be_read() -> None:
    assert certified({"subject": "CN=a", "names": ["a", "b"]}, "TLSv1.3") == [
        "tls TLSv1.3",
        "subject CN=a",
        "name a",
        "name b",
    ]
    assert certified({"names": 7}, "") == ["tls "]
