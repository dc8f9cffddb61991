"""Names that two moves never share, and marks that are read back as they were written."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.platform.postgresql.naming import (
    Kept,
    Mark,
    Stage,
    application_name,
    comment_of,
    connection_text,
    holder_of,
    kept_in,
    literal,
    names_of,
    quoted,
    short,
)

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
MARKS = st.builds(Mark, TEXT, st.integers(0, 10**9), TEXT)


@given(TEXT, TEXT)
def test_every_name_is_one_that_a_slot_may_have(subsystem: str, database: str) -> None:
    names = names_of(subsystem, database)
    for name in (names.out, names.back, names.mark):
        assert re.fullmatch(r"[a-z0-9_]{1,63}", name)
    assert 0 <= names.lock < 2**63


@given(st.lists(st.tuples(TEXT, TEXT), unique=True, min_size=2, max_size=2))
def test_two_databases_never_share_a_name(pairs: list[tuple[str, str]]) -> None:
    one, two = (names_of(*pair) for pair in pairs)
    assert one.base != two.base
    assert one.lock != two.lock


def test_a_plain_name_stays_readable() -> None:
    assert names_of("folkbok", "people").out == "migrator_folkbok_people_out"
    assert re.fullmatch(r"migrator_folk_bok_db_[0-9a-f]{8}_back", names_of("folk-bok", "DB").back)
    assert names_of("a_b", "c").base != names_of("a", "b_c").base


@given(MARKS, st.sampled_from([None, *Stage]), st.integers(0, 10**12))
def test_a_mark_is_read_back_as_it_was_written(mark: Mark, stage: Stage | None, xid: int) -> None:
    kept = Kept(mark, stage, {"xid": str(xid)})
    assert kept_in(comment_of(kept)) == kept
    assert kept.number("xid") == xid
    assert kept.number("rows") == 0


@pytest.mark.parametrize(
    "comment", [None, "", "the team's own words", "migrator", "migrator epoch=x token=y"]
)
def test_a_comment_of_somebody_else_is_no_mark(comment: str | None) -> None:
    assert kept_in(comment) is None


def test_a_stage_that_nobody_knows_is_none() -> None:
    kept = kept_in("migrator run=r epoch=1 token=t stage=elsewhere")
    assert kept == Kept(Mark("r", 1, "t"), None, {})


@given(MARKS)
def test_a_session_tells_whose_it_is_within_the_servers_limit(mark: Mark) -> None:
    name = application_name(names_of("s", "d"), mark)
    assert len(name) < 64
    assert holder_of(name) == (short(mark.run), mark.epoch)
    assert holder_of("psql") is None


def test_names_and_texts_are_quoted_so_that_none_ends_early() -> None:
    assert quoted('a"b') == '"a""b"'
    assert literal("it's") == "'it''s'"
    assert literal("back\\slash'") == " E'back\\\\slash'''"


def test_a_connection_text_leaves_out_what_is_empty() -> None:
    text = connection_text({"host": "h", "password": "", "user": "it's \\"})
    assert text == "host='h' user='it\\'s \\\\'"
