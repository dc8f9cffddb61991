"""Whatever was journalled is proven; whatever was changed afterwards is found and named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from migrator.engine import events as ev
from migrator.engine.ports import Entry
from migrator.errors import JournalError
from migrator.store.chain import Chain, Head, Written, to_line, to_written, verify

RUN = "weekend"
START = datetime(2023, 10, 13, 16, tzinfo=UTC)

texts = st.text(max_size=12)
events = st.one_of(
    st.builds(ev.RunPaused, texts),
    st.builds(ev.StepEnded, texts, texts, st.integers(0, 9), texts, texts, st.tuples(texts)),
    st.builds(ev.TickGiven, texts, st.integers(0, 9), texts, texts, texts),
    st.builds(ev.GatePostponed, texts, st.just(1), st.just(START), texts, texts),
)
entries = st.builds(
    Entry, st.integers(0, 4000).map(lambda m: START + timedelta(minutes=m)), texts, events
)
commits = st.lists(st.lists(entries, min_size=1, max_size=4), min_size=1, max_size=5)


def journalled(parts: Sequence[Sequence[Entry]]) -> list[Written]:
    """The lines of a journal that was written in these commits."""
    chain = Chain(RUN)
    lines: list[Written] = []
    for epoch, part in enumerate(parts, start=1):
        written, _ = chain.write(part, epoch)
        chain.advance(written[-1])
        lines += written
    return lines


def named(lines: Sequence[Written], *known: Head) -> tuple[int | None, str]:
    """The line that is named as the first bad one, and what is wrong with it."""
    try:
        verify(RUN, lines, known)
    except JournalError as error:
        return error.faults[0].line, error.faults[0].path
    return None, "proven"


@given(commits)
def test_any_sequence_of_facts_is_proven_and_comes_back(parts: list[list[Entry]]) -> None:
    lines = journalled(parts)

    assert verify(RUN, lines).count == sum(map(len, parts))
    assert [to_line(line).event for line in lines] == [entry.event for p in parts for entry in p]
    assert [to_written(to_line(line)) for line in lines] == lines


@given(commits, st.data())
def test_any_changed_letter_of_any_line_is_found_and_named(
    parts: list[list[Entry]], data: st.DataObject
) -> None:
    lines = journalled(parts)
    place = data.draw(st.integers(0, len(lines) - 1))
    fields = ("at", "actor", "kind", "data", "prev_hash", "hash")
    name = data.draw(st.sampled_from(fields))
    text: str = getattr(lines[place], name)
    assume(text)
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(exclude_categories=["Cs"]).filter(lambda c: c != text[at]))
    changed = {name: text[:at] + letter + text[at + 1 :]}
    lines[place] = lines[place]._replace(**changed)  # type: ignore[arg-type]  # by name

    assert named(lines) == (place + 1, "edited")


@given(commits, st.data())
def test_any_changed_number_of_any_line_is_found_and_named(
    parts: list[list[Entry]], data: st.DataObject
) -> None:
    lines = journalled(parts)
    place = data.draw(st.integers(0, len(lines) - 1))
    name = data.draw(st.sampled_from(("epoch", "version")))
    by = data.draw(st.integers(1, 99))
    lines[place] = lines[place]._replace(**{name: getattr(lines[place], name) + by})

    assert named(lines) == (place + 1, "edited")


@given(commits, st.data())
def test_any_lines_taken_out_are_missed(parts: list[list[Entry]], data: st.DataObject) -> None:
    lines = journalled(parts)
    first = data.draw(st.integers(0, len(lines) - 1))
    after = data.draw(st.integers(first + 1, len(lines)))
    head = Head(lines[-1].seq, lines[-1].hash)
    del lines[first:after]

    line, what = named(lines, head)

    assert line == first + 1
    assert what == ("cut" if first == len(lines) else "missing")


@given(commits, st.data())
def test_any_two_lines_that_changed_places_are_found(
    parts: list[list[Entry]], data: st.DataObject
) -> None:
    lines = journalled(parts)
    assume(len(lines) > 1)
    first = data.draw(st.integers(0, len(lines) - 2))
    second = data.draw(st.integers(first + 1, len(lines) - 1))
    lines[first], lines[second] = lines[second], lines[first]

    assert named(lines) == (first + 1, "missing")
