"""Verdicts of millions of links in SQL are those of one link in Python."""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.links import database
from migrator.probes.agent import wire
from migrator.probes.model import NoLook
from migrator.probes.verdicts import (
    WORSE,
    Before,
    Case,
    Found,
    Seen,
    Verdict,
    verdict_of,
    verdicts_sql,
)

WORDS: Final = st.sampled_from(
    [*[wire.OK] * 8, wire.REFUSED, wire.TLS, wire.STATUS, *wire.PROVES_NOTHING]
)
SIDES: Final = st.sampled_from(["", wire.OLD, wire.NEW, wire.BOTH, wire.NEITHER])
PROVEN: Final = st.sampled_from([wire.OK, wire.OK, wire.TIMEOUT])
EXPECTED: Final = st.sampled_from([wire.OLD, wire.NEW])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    reason = draw(st.sampled_from([""] * 9 + [each.value for each in NoLook]))
    tries = draw(st.integers(1, 3))
    now = st.builds(
        Seen, word=WORDS, side=SIDES, oks=st.integers(0, tries), tries=st.just(tries)
    )  # fmt: skip
    compared = draw(st.booleans())
    before = st.none() | st.builds(Before, word=PROVEN, side=SIDES, expected=EXPECTED)
    return Case(
        reason=reason,
        now=None if reason else draw(st.none() | now | now),
        before=draw(before) if compared else None,
        expected=draw(EXPECTED),
        marked=draw(st.booleans()),
        compared=compared,
        slow=draw(st.booleans()),
        lost=draw(st.booleans()),
        waived=draw(st.booleans()),
        earlier=draw(st.sampled_from(["", "same", "better", "flaky", "regressed", "unproved"])),
    )


COLUMNS: Final = (
    "link INTEGER, why_no_look VARCHAR, word VARCHAR, side VARCHAR, oks INTEGER, tries INTEGER,"
    " before_word VARCHAR, before_side VARCHAR, before_expected VARCHAR, expected VARCHAR,"
    " marked BOOLEAN, compared BOOLEAN, slow BOOLEAN, lost BOOLEAN, waived BOOLEAN, earlier VARCHAR"
)


def row(number: int, case: Case) -> list[object]:
    now = case.now
    seen = [None] * 4 if now is None else [now.word, now.side, now.oks, now.tries]
    old = case.before
    before = [None] * 3 if old is None else [old.word, old.side, old.expected]
    flags = [case.marked, case.compared, case.slow, case.lost, case.waived]
    return [number, case.reason, *seen, *before, case.expected, *flags, case.earlier]


def in_sql(several: list[Case]) -> list[Found]:
    with database.connect() as connection:
        connection.execute(f"CREATE TABLE cases ({COLUMNS})")
        holes = ", ".join("?" for _ in COLUMNS.split(","))
        rows = [row(number, case) for number, case in enumerate(several)]
        connection.executemany(f"INSERT INTO cases VALUES ({holes})", rows)  # noqa: S608
        found = connection.execute(
            f"SELECT verdict, reason FROM ({verdicts_sql('cases')}) ORDER BY link"  # noqa: S608
        ).fetchall()
    return [Found(Verdict(verdict), reason) for verdict, reason in found]


@settings(max_examples=12, deadline=None)
@given(st.lists(cases(), min_size=1, max_size=60))
def test_every_link_gets_the_verdict_in_sql_that_it_gets_alone(several: list[Case]) -> None:
    assert in_sql(several) == [verdict_of(case) for case in several]


@given(cases())
def test_nothing_that_was_not_seen_is_called_good(case: Case) -> None:
    found = verdict_of(case)
    if found.verdict in {Verdict.SAME, Verdict.BETTER, Verdict.FLAKY, Verdict.SLOWER}:
        unchanged = case.reason == NoLook.UNCHANGED.value
        assert unchanged or (case.now is not None and case.now.word == wire.OK)


@given(cases())
def test_a_waiver_never_makes_a_link_good_nor_leaves_it_worse(case: Case) -> None:
    without = Case(**{**{n: getattr(case, n) for n in Case.__slots__}, "waived": False})
    found, bare = verdict_of(case), verdict_of(without)
    if case.waived and bare.verdict in WORSE:
        assert found == Found(Verdict.WAIVED, bare.verdict.value)
    else:
        assert found == bare
