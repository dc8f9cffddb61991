"""Which links answer, seen from several places."""

from __future__ import annotations

import pytest

from migrator.errors import TransientError
from migrator.platform.kubernetes.links import Target, broken, links_answer
from migrator.platform.kubernetes.looking import Look
from migrator.platform.kubernetes.subject import Identity
from vantage_points import Scripted, always, first

IDENTITY = Identity(old="old", new="new")
PLAIN, TOLD = Target("a-b", "192.0.2.1", 80), Target("a-c", "192.0.2.2", 80, IDENTITY)


async def test_a_link_is_ok_when_every_place_says_so() -> None:
    two = [Scripted("one", always("old")), Scripted("two", always("old"))]
    found = await links_answer([PLAIN, TOLD], two, pause_seconds=0)
    assert [(each.link, each.word, each.side) for each in found.links] == [
        ("a-b", "ok", ""),
        ("a-c", "ok", "old"),
    ]
    assert broken(found.links) == ()


async def test_one_place_that_is_refused_breaks_the_link_and_is_named() -> None:
    two = [Scripted("one", always("new")), Scripted("two", always("!refused"))]
    found = await links_answer([TOLD], two, pause_seconds=0)
    (link,) = broken(found.links)
    assert link.word == "refused"
    assert link.heard == (("one", "ok"), ("two", "refused"))


async def test_one_lost_packet_is_no_broken_link() -> None:
    vantage = Scripted("one", first(2, "!timeout", "new"))
    found = await links_answer([TOLD], [vantage], pause_seconds=0)
    assert found.links[0].is_ok
    assert vantage.asked == {"0": 3}


async def test_what_answered_is_not_asked_again() -> None:
    vantage = Scripted("one", lambda look, _: "new" if look.id == "0" else "!refused")
    await links_answer([TOLD, PLAIN], [vantage], pause_seconds=0)
    assert vantage.asked == {"0": 1, "1": 3}


async def test_an_answer_of_neither_side_is_not_the_far_end() -> None:
    found = await links_answer([TOLD], [Scripted("one", always("hello"))], pause_seconds=0)
    assert found.links[0].word == "unrecognised"


@pytest.mark.parametrize(
    ("word", "expected"), [("!timeout", "ok"), ("!unreachable", "ok"), ("!refused", "refused")]
)
async def test_no_way_from_outside_says_nothing_about_a_link(word: str, expected: str) -> None:
    inside = Scripted("pod", always("new"))
    outside = Scripted("here", always(word), inside=False)
    found = await links_answer([TOLD], [inside, outside], pause_seconds=0)
    assert found.links[0].word == expected


async def test_where_nobody_stands_inside_the_machines_own_word_counts() -> None:
    outside = Scripted("here", always("!timeout"), inside=False)
    found = await links_answer([TOLD], [outside], pause_seconds=0)
    assert found.links[0].word == "timeout"


async def test_a_place_that_cannot_be_asked_is_named() -> None:
    two = [Scripted("gone", always("LOST")), Scripted("here", always("new"))]
    found = await links_answer([TOLD], two, pause_seconds=0)
    assert found.links[0].is_ok
    assert [each.name for each in found.left_out] == ["gone"]
    with pytest.raises(TransientError) as raised:
        await links_answer([TOLD], two[:1], pause_seconds=0)
    assert raised.value.reference == "no-vantage-point"


async def test_a_place_that_is_lost_after_it_answered_has_answered() -> None:
    def says(look: Look, number: int) -> str:
        return "new" if look.id == "0" else ("!refused" if number == 1 else "LOST")

    found = await links_answer([TOLD, PLAIN], [Scripted("a", says)], pause_seconds=0)
    assert [each.word for each in found.links] == ["ok", "refused"]
    assert found.left_out == ()
