"""Verdicts of millions of links in SQL are those of one link in Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from hypothesis import given
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


COLUMNS: Final = {
    **dict.fromkeys(("link", "oks", "tries"), "INTEGER"),
    **dict.fromkeys(("why_no_look", "word", "side", "expected", "earlier"), "VARCHAR"),
    **dict.fromkeys(("before_word", "before_side", "before_expected"), "VARCHAR"),
    **dict.fromkeys(("marked", "compared", "slow", "lost", "waived"), "BOOLEAN"),
}


def row(number: int, case: Case) -> dict[str, object]:
    now, old = case.now, case.before
    flags = {name: getattr(case, name) for name in COLUMNS if COLUMNS[name] == "BOOLEAN"}
    return {
        "link": number,
        "oks": now.oks if now else None,
        "tries": now.tries if now else None,
        "why_no_look": case.reason,
        "word": now.word if now else None,
        "side": now.side if now else None,
        "expected": case.expected,
        "earlier": case.earlier,
        "before_word": old.word if old else None,
        "before_side": old.side if old else None,
        "before_expected": old.expected if old else None,
        **flags,
    }


def in_sql(several: Sequence[Case]) -> list[Found]:
    rows = [row(number, case) for number, case in enumerate(several)]
    with database.connect() as connection:
        columns = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in COLUMNS.items())
        values = [[each[name] for each in rows] for name in COLUMNS]
        connection.execute(f"CREATE TABLE cases AS SELECT {columns}", values)
        found = connection.execute(
            f"SELECT verdict, reason FROM ({verdicts_sql('cases')}) ORDER BY link"  # noqa: S608
        ).fetchall()
    return [Found(Verdict(verdict), reason) for verdict, reason in found]


def at_random(chance: random.Random) -> Case:
    """A case whose parts are as often ordinary as not, so that thousands of them meet all rules."""
    words = [*[wire.OK] * 8, wire.REFUSED, wire.TLS, *wire.PROVES_NOTHING]
    sides = ["", wire.OLD, wire.NEW, wire.BOTH, wire.NEITHER]
    reason = chance.choice([""] * 40 + [each.value for each in NoLook])
    tries = chance.randint(1, 3)
    now = Seen(chance.choice(words), chance.choice(sides), chance.randint(0, tries), tries)
    word = chance.choice([wire.OK, wire.OK, wire.TIMEOUT])
    before = Before(word, chance.choice(sides), chance.choice([wire.OLD, wire.NEW]))
    compared = chance.random() < 0.8
    return Case(
        reason=reason,
        now=None if reason or chance.random() < 0.05 else now,
        before=before if compared and chance.random() < 0.8 else None,
        expected=chance.choice([wire.OLD, wire.NEW]),
        marked=chance.random() < 0.5,
        compared=compared,
        slow=chance.random() < 0.2,
        lost=chance.random() < 0.2,
        waived=chance.random() < 0.2,
        earlier=chance.choice(["", "same", "better", "flaky", "regressed", "unproved"]),
    )


def test_every_link_gets_the_verdict_in_sql_that_it_gets_alone() -> None:
    chance = random.Random(20231013)
    several = [at_random(chance) for _ in range(8_000)]
    wanted = [verdict_of(case) for case in several]
    assert len(set(wanted)) > 35  # verdicts with their reasons: no rule was left out
    differing = [
        (case, alone, together)
        for case, alone, together in zip(several, wanted, in_sql(several), strict=True)
        if alone != together
    ]
    assert differing == []


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
