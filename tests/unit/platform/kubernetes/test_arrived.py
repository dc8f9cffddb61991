"""Which side an answer is of."""

from __future__ import annotations

import pytest

from migrator.platform.kubernetes.arrived import Seen, fits, other, seen
from migrator.platform.kubernetes.slices import NEW, OLD
from migrator.platform.kubernetes.subject import Identity

BOTH = Identity(old="side=old", new="side=new")
ONLY_NEW = Identity(new="side=new")
ONLY_OLD = Identity(old="side=old")
NEITHER = Identity()


@pytest.mark.parametrize(
    ("identity", "text", "side"),
    [
        (BOTH, "side=old", Seen.OLD),
        (BOTH, "I am side=new.", Seen.NEW),
        (BOTH, "side=old side=new", Seen.UNKNOWN),
        (BOTH, "", Seen.UNKNOWN),
        (ONLY_NEW, "side=new", Seen.NEW),
        (ONLY_NEW, "", Seen.OLD),
        (ONLY_OLD, "side=old", Seen.OLD),
        (ONLY_OLD, "whatever", Seen.NEW),
        (NEITHER, "whatever", Seen.UNKNOWN),
    ],
)
def test_an_answer_is_of_the_side_whose_text_it_holds(
    identity: Identity, text: str, side: Seen
) -> None:
    assert seen(identity, connected=True, error="", text=text) is side


@pytest.mark.parametrize("identity", [BOTH, ONLY_NEW, ONLY_OLD, NEITHER])
def test_no_answer_is_of_no_side(identity: Identity) -> None:
    assert seen(identity, connected=False, error="refused", text="") is Seen.NONE
    assert seen(identity, connected=True, error="closed", text="") is Seen.NONE


def test_what_was_said_before_a_connection_broke_counts() -> None:
    assert seen(BOTH, connected=True, error="reset", text="side=new") is Seen.NEW


def test_any_answer_fits_where_nothing_tells_the_sides_apart() -> None:
    assert fits(Seen.UNKNOWN, NEITHER, NEW)
    assert not fits(Seen.NONE, NEITHER, NEW)
    assert not fits(Seen.UNKNOWN, BOTH, NEW)


def test_an_answer_fits_only_its_own_side() -> None:
    assert fits(Seen.OLD, BOTH, OLD)
    assert not fits(Seen.OLD, BOTH, NEW)
    assert (other(NEW), other(OLD)) == (Seen.OLD, Seen.NEW)
