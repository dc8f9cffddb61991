"""The guard's kept output is bounded and honest, and progress lines are found across chunks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrator.platform.legacy.guard_voice import Kept


@given(st.lists(st.binary(max_size=40)), st.integers(2, 60))
def test_head_and_tail_are_the_ends_of_the_output_and_the_rest_is_counted(
    chunks: list[bytes], size_max: int
) -> None:
    kept = Kept(size_max)
    for chunk in chunks:
        kept.add(chunk)
    whole = b"".join(chunks)
    assert len(kept.head) + len(kept.tail) + kept.left_out == len(whole)
    assert whole.startswith(bytes(kept.head))
    assert whole.endswith(kept.tail)
    assert len(kept.head) <= size_max // 2
    assert len(kept.tail) <= size_max // 2
    if len(whole) <= size_max // 2 * 2:
        assert kept.left_out == 0


@given(st.integers(1, 30))
def test_progress_is_found_however_the_output_is_cut_into_chunks(step: int) -> None:
    text = (
        b"x\nmigrator: progress 40 % halfway\nno migrator: progress 1\nmigrator: progress 250\r\n"
    )
    kept = Kept(1000)
    chunks = [text[i : i + step] for i in range(0, len(text), step)]
    assert [words for chunk in chunks for words in kept.progress(chunk)] == [
        (40, "halfway"),
        (100, ""),
    ]


def test_a_line_without_end_is_not_held_in_memory() -> None:
    kept = Kept(1000)
    for _ in range(100):
        kept.progress(b"x" * 100_000)
    assert len(kept.line) <= 512
