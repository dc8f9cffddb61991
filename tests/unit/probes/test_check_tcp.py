"""The check of a port: what counts as there, as silent and as gone."""

from __future__ import annotations

import pytest

from migrator.probes.agent import wire
from probing.talking import a_look, args_of, converse


def test_a_port_that_accepts_is_there() -> None:
    spoken = converse(a_look("tcp"))
    assert (spoken.word, spoken.sent) == (wire.OK, [])


@pytest.mark.parametrize("size", [0, 1])
def test_a_banner_is_waited_for_however_it_is_cut(size: int) -> None:
    look = a_look("tcp", args=args_of(banner="ready"))
    spoken = converse(look, b"220 rea", b"dy\r\n", size=size)
    assert spoken.word == wire.OK


def test_another_banner_is_a_mismatch_that_names_both() -> None:
    spoken = converse(a_look("tcp", args=args_of(banner="ready")), b"go away\r\n", ends="closed")
    assert spoken.finding is not None
    assert spoken.word == wire.MISMATCH
    assert "'ready'" in spoken.finding.detail
    assert "go away" in spoken.finding.detail


def test_first_words_are_waited_for_where_a_side_is_asked_for() -> None:
    spoken = converse(a_look("tcp", old="side=old", new="side=new"), b"hello side=", b"new")
    assert spoken.finding is not None
    assert (spoken.word, spoken.finding.seen) == (wire.OK, "hello side=new")


def test_silence_after_accepting_is_a_timeout_that_says_so() -> None:
    spoken = converse(a_look("tcp", old="x"), ends="late")
    assert spoken.finding is not None
    assert (spoken.word, spoken.finding.detail) == (
        wire.TIMEOUT,
        "accepted, but never said a word",
    )


def test_hanging_up_within_the_time_to_stay_is_not_there() -> None:
    look = a_look("tcp", args=args_of(stays_ms=50))
    assert converse(look).finding is None
    assert converse(look).waits == [0.05]
    assert converse(look, ends="closed").word == wire.CLOSED
    assert converse(look, b"words that nobody asked for", ends="waited").word == wire.OK


def test_banner_without_end_is_not_collected_for_ever() -> None:
    spoken = converse(a_look("tcp", args=args_of(banner="ready")), b"x" * 100_000)
    assert spoken.word == wire.MISMATCH


@pytest.mark.parametrize("args", [{"banner": 7}, {"stays_ms": "long"}, {"stays_ms": -1}])
def test_nonsense_is_refused_in_words(args: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="tcp: "):
        converse(a_look("tcp", args=args))
