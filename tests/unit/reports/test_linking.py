"""One sentence about a look never lets what nobody looked at pass for what answered."""

from __future__ import annotations

from dataclasses import replace

from migrator.engine.events import LinksCovered, LinksJudged
from migrator.reports.linking import coverage_said, links_said

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


def test_a_gate_is_told_how_much_of_the_links_is_known() -> None:
    covered = LinksCovered("b1", "2023-10-13T21:00:00+02:00", 12_480, 12_310, 20, 100, 40, 10)
    assert coverage_said(covered) == (
        "12,310 of 12,480 links proved, 20 did not answer, 100 not proved, 40 untestable, "
        "10 waived (sweep b1, 2023-10-13T21:00:00+02:00)"
    )


def test_a_gate_is_told_when_nobody_has_looked() -> None:
    nobody = LinksCovered("", "", 12_480, 0, 0, 12_480, 0, 0)
    assert coverage_said(nobody) == coverage_said(None)
    assert coverage_said(None).startswith("nobody has looked at the links")
