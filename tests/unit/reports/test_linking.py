"""One sentence about a look never lets what nobody looked at pass for what answered."""

from __future__ import annotations

from dataclasses import replace

from migrator.engine.events import LinksJudged
from migrator.reports.linking import links_said

QUIET = LinksJudged("folkbok", 1, "probe-links", 40, 2, 0, 0, 0, ())


def test_a_quiet_look_says_how_many_links_answer() -> None:
    assert links_said(QUIET) == "42 links answer (probe-links)"


def test_what_is_worse_is_told_apart_by_how() -> None:
    worse = replace(QUIET, regressed=6, wrong_side=2, slower=1)
    assert links_said(worse) == (
        "42 links answer (probe-links), 3 stopped answering, 2 on the wrong side, 1 slower"
    )


def test_what_nobody_knows_is_always_said() -> None:
    dark = replace(QUIET, broken=1, flaky=2, unproved=3, untestable=4, waived=5)
    assert links_said(dark) == (
        "42 links answer (probe-links), 1 did not before, 2 not every time, 3 not proved, "
        "4 untestable, 5 waived"
    )


def test_the_cause_that_explains_most_ends_the_sentence() -> None:
    caused = replace(QUIET, regressed=3, causes=("port 5432 of kassa.db is refused: 3", "more"))
    assert links_said(caused).endswith("3 stopped answering: port 5432 of kassa.db is refused: 3")
