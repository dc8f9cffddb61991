"""What is sent in one try, and which answers are taken."""

from __future__ import annotations

from fake_vantages import a_result
from false_agents import a_look
from migrator.probes.agent import wire
from migrator.probes.batch import Batch


async def sent(batch: Batch, *names: str) -> list[bytes]:
    return [line async for line in batch.lines(a_look(name) for name in names)]


async def test_what_is_proved_or_for_a_person_to_mend_is_not_sent() -> None:
    batch = Batch({"proved"}, {"unknown": wire.UNKNOWN_KIND})
    assert await sent(batch, "proved", "a", "unknown", "b") == [a_look("a"), a_look("b")]


async def test_the_first_answer_stands_and_strangers_are_not_taken() -> None:
    proved: set[str] = set()
    batch = Batch(proved, {})
    await sent(batch, "a")
    assert batch.take(a_result("a")) is True
    assert batch.take(a_result("a", wire.REFUSED)) is False
    assert batch.take(a_result("never-asked")) is False
    assert proved == {"a"}
    assert (batch.newly, batch.since_end) == (1, 3)


async def test_a_word_that_proves_nothing_is_kept_and_the_look_stays_open_for_later() -> None:
    proved: set[str] = set()
    final: dict[str, str] = {}
    batch = Batch(proved, final)
    await sent(batch, "late", "odd")
    assert batch.take(a_result("late", wire.NO_TIME)) is True
    assert batch.take(a_result("odd", wire.NOT_ALLOWED)) is True
    assert proved == set()
    assert final == {"odd": wire.NOT_ALLOWED}
    assert await sent(Batch(proved, final), "late", "odd") == [a_look("late")]


def test_a_line_that_is_no_result_is_nobodys() -> None:
    assert Batch(set(), {}).take(b'{"beat": 1}\n') is None
