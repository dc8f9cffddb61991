"""What is proved adds up, and what is not has a reason and somebody who can change it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from migrator.probes import verdicts
from migrator.probes.agent import wire
from migrator.probes.coverage import WHY, coverage, coverage_facts, coverage_line, share, why
from migrator.probes.model import NoLook
from migrator.probes.summary import Counts, Summary, Untested
from migrator.probes.verdicts import Verdict

OWNERS = {"kassa": "team-kassa", "web": "team-web"}


def some(verdict: str, links: int, reason: str = "", target: str = "kassa") -> Counts:
    return Counts(target, "web", verdict, reason, links, links)


def a_summary(*counts: Counts, **other: object) -> Summary:
    links = sum(each.links for each in counts)
    plain = Summary("s-1", "probe-links", "wave-2", "b-1", "2023-10-14", links, links, counts)
    return replace(plain, **other)  # type: ignore[arg-type]


def test_every_link_is_counted_once_under_who_answers() -> None:
    found = coverage(
        [some("same", 5), some("regressed", 2), some("better", 1, target="folkbok")], OWNERS
    )
    assert (found.whole.links, found.whole.proved, found.whole.worse) == (8, 6, 2)
    kassa = found.subsystems[1]
    assert (kassa.subsystem, kassa.owner, kassa.links, kassa.proved) == (
        "kassa", "team-kassa", 7, 5,
    )  # fmt: skip
    assert found.subsystems[0].owner == ""


def test_what_is_unproved_belongs_to_who_can_change_that() -> None:
    found = coverage(
        [
            some("unproved", 3, "no-address"),
            some("unproved", 9, "no-vantage"),
            some("unproved", 2, "vantage-lost"),
            some("untestable", 7),
        ],
        OWNERS,
    )
    assert [(each.links, each.reason, each.owner) for each in found.unproved] == [
        (9, "no-vantage", "team-web"),
        (3, "no-address", "team-kassa"),
        (2, "vantage-lost", "team-web"),
    ]


def test_every_reason_for_which_a_link_can_be_unproved_has_words() -> None:
    set_aside = {NoLook.UNTESTABLE, NoLook.WAIVED}
    reasons = {each.value for each in NoLook if each not in set_aside}
    reasons |= {word.replace("_", "-") for word in wire.PROVES_NOTHING}
    reasons |= {verdicts.NOT_LOOKED, verdicts.VANTAGE_LOST, verdicts.NO_MARK, verdicts.BOTH_MARKS}
    assert set(WHY) == reasons
    assert max(map(len, WHY.values())) <= 32  # so that a line keeps room for its owner
    assert why("something-new") == "something-new"


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 5, "0.0 %"), (5, 5, "100 %"), (1, 3, "33.3 %"), (99_999, 100_000, "99.9 %"),
        (1, 100_000, "0.1 %"), (0, 0, "-"),
    ],
)  # fmt: skip
def test_a_share_is_never_rounded_up_to_all_nor_down_to_nothing(
    part: int, whole: int, said: str
) -> None:
    assert share(part, whole) == said


def test_the_line_for_a_gate_says_what_a_decider_asks_first() -> None:
    summary = a_summary(
        some("same", 900), some("flaky", 30), some("regressed", 2), some("wrong_side", 1),
        some("was_broken", 4), some("waived", 3, "regressed"), some("untestable", 20),
        some("unproved", 25, "vantage-lost"), some("unproved", 10, "no-address"),
        some("unproved", 5, "no-time"),
        untestable=(Untested("r", "team-mq", "w", 20), Untested("r", "nobody's", "w", 0)),
    )  # fmt: skip
    assert coverage_line(summary) == (
        "wave-2: 930 of 1,000 links proved (93.0 %), 3 worse, 4 broken before, 3 waived,"
        " 20 untestable (team-mq), 40 unproved (25 vantage-lost, 10 no-address, ...)"
    )


def test_the_line_of_a_baseline_says_what_does_not_answer() -> None:
    summary = a_summary(some("same", 9), some("was_broken", 1), baseline="", scope="")
    assert coverage_line(summary) == (
        "s-1: 9 of 10 links proved (90.0 %), 0 worse, 1 do not answer"
    )


def test_a_wave_without_links_has_nothing_to_prove() -> None:
    assert coverage_line(a_summary()) == "wave-2: no links to prove"


def test_the_facts_have_every_verdict_and_hold_the_line() -> None:
    summary = a_summary(some("same", 9), some("unproved", 1, "no-port"), lost={"web": "gone"})
    facts = coverage_facts(summary)
    by_verdict = facts["by_verdict"]
    assert isinstance(by_verdict, dict)
    assert set(by_verdict) == {each.value for each in Verdict}
    assert sum(by_verdict.values()) == summary.links
    assert facts["unproved"] == {"no-port": 1}
    assert facts["lost"] == {"web": "gone"}
    assert facts["line"] == coverage_line(summary)


def test_a_summary_has_no_field_that_json_could_not_bring_back() -> None:
    assert {field.name for field in fields(Summary)} >= {"counts", "causes", "waived", "untestable"}
