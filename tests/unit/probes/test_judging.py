"""A sweep's folder is judged whole: each link one verdict, and a summary of what they add up to."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from migrator.errors import EnvironmentFailed
from migrator.links import database
from migrator.probes import keeping
from migrator.probes.agent import wire
from migrator.probes.judging import _waivers, judge, judge_asked
from migrator.probes.model import (
    LINKS_FILE,
    SUMMARY_FILE,
    VERDICTS_FILE,
    Match,
    Untestable,
    Waiver,
    results_file,
)
from migrator.probes.summary import Summary, read_summary
from migrator.probes.verdicts import Verdict
from sweeps import Looked, a_sweep, again, append, read_columns

TODAY = date(2023, 10, 14)


def judged(
    now: Path,
    baseline: Path | None = None,
    *,
    waived: tuple[Waiver, ...] = (),
    untestable: tuple[Untestable, ...] = (),
) -> Summary:
    return judge(now, baseline=baseline, waived=waived, untestable=untestable, today=TODAY)


def verdicts(folder: Path) -> dict[object, object]:
    rows = read_columns(folder / VERDICTS_FILE, "link", "verdict", "reason")
    return {link: f"{verdict} {reason}".strip() for link, verdict, reason in rows}


def test_each_link_is_judged_against_what_the_baseline_saw_of_it(tmp_path: Path) -> None:
    old = a_sweep(
        tmp_path / "before",
        *(Looked(name) for name in ("same", "worse", "unsure", "gone", "side")),
        Looked("better", wire.REFUSED),
        Looked("broken", wire.REFUSED),
    )
    now = a_sweep(
        tmp_path / "now",
        Looked("same"),
        Looked("worse", wire.TIMEOUT),
        Looked("unsure", oks=1, tries=3),
        Looked("gone", ""),
        Looked("side", side=wire.OLD, marked=True, expected=wire.NEW),
        Looked("better"),
        Looked("broken", wire.TIMEOUT),
        Looked("new"),
        Looked("never", reason="no-address"),
    )
    summary = judged(now, old)
    assert verdicts(now) == {
        "same": "same",
        "worse": "regressed",
        "unsure": "flaky",
        "gone": "unproved not-looked-at",
        "side": "wrong_side",
        "better": "better",
        "broken": "was_broken",
        "new": "same no-baseline",
        "never": "unproved no-address",
    }
    assert (summary.worse, summary.green, summary.known) == (2, 4, 7)
    assert summary.baseline == "before"
    assert summary.reasons(Verdict.UNPROVED) == {"no-address": 1, "not-looked-at": 1}


def test_the_row_of_a_link_holds_what_was_seen_now_and_before(tmp_path: Path) -> None:
    old = a_sweep(tmp_path / "before", Looked("a", ms=3.0))
    now = a_sweep(tmp_path / "now", Looked("a", wire.RESET, ms=7.0), Looked("b", reason="no-port"))
    judged(now, old)
    columns = ("link", "look", "word", "total_ms", "before_word", "before_ms", "cause")
    assert read_columns(now / VERDICTS_FILE, *columns) == [
        ("a", "look-a", "reset", 7.0, "ok", 3.0, 0),
        ("b", "", "", None, "", None, None),
    ]


def test_a_sweep_without_a_baseline_says_what_works_and_what_does_not(tmp_path: Path) -> None:
    now = a_sweep(tmp_path / "now", Looked("a"), Looked("b", wire.REFUSED))
    assert judged(now).worse == 0
    assert verdicts(now) == {"a": "same", "b": "was_broken"}


def test_the_links_of_a_lost_vantage_point_are_unproved_and_say_so(tmp_path: Path) -> None:
    now = a_sweep(tmp_path / "now", Looked("a", ""), Looked("b", "", vantage="web.old"))
    keeping.keep_losses(now, {"web.old": "no Python"})
    summary = judged(now)
    assert verdicts(now) == {"a": "unproved not-looked-at", "b": "unproved vantage-lost"}
    assert summary.lost == {"web.old": "no Python"}


def test_a_waiver_holds_through_its_last_day_and_for_its_links_alone(tmp_path: Path) -> None:
    old = a_sweep(tmp_path / "before", *(Looked(n) for n in ("a", "b", "c")))
    failing = [Looked(name, wire.REFUSED) for name in ("a", "b", "c")]
    now = a_sweep(tmp_path / "now", *failing)
    rules = (
        Waiver(Match(link="a"), "Nils", "known", TODAY),
        Waiver(Match(link="b"), "Nils", "known", date(2023, 10, 13)),
    )
    summary = judged(now, old, waived=rules)
    assert verdicts(now) == {"a": "waived regressed", "b": "regressed", "c": "regressed"}
    assert [(each.links, each.ended) for each in summary.waived] == [(1, False), (0, True)]
    assert summary.worse == 2


@pytest.fixture(scope="module")
def two_links(tmp_path_factory: pytest.TempPathFactory) -> Path:
    b = Looked("b", target="folkbok.queue", protocol="mq", port=1414)
    return a_sweep(tmp_path_factory.mktemp("two") / "now", Looked("a"), b) / LINKS_FILE


@pytest.mark.parametrize(
    ("match", "links"),
    [
        (Match(), {"a", "b"}),
        (Match(protocol="mq"), {"b"}),
        (Match(component="kassa.db"), {"a"}),  # type: ignore[arg-type]
        (Match(subsystem="folkbok"), {"b"}),  # type: ignore[arg-type]
        (Match(port=5432), {"a"}),
        (Match(source="web.app", port=1414), {"b"}),  # type: ignore[arg-type]
        (Match(source_subsystem="nobody"), set()),  # type: ignore[arg-type]
        (Match(link="it's"), set()),
    ],
)
def test_a_waiver_is_for_the_links_that_agree_with_every_key(
    two_links: Path, match: Match, links: set[str]
) -> None:
    with database.connect() as connection:
        connection.execute(f"CREATE VIEW links AS SELECT * FROM {database.parquet(two_links)}")  # noqa: S608
        _waivers(connection, [Waiver(match, "Nils", "known", TODAY)], TODAY)
        rows = connection.execute("SELECT link FROM waivers WHERE waiver = 0").fetchall()
    assert {link for (link,) in rows} == links


def test_what_cannot_be_tested_keeps_its_owner_and_what_is_watched(tmp_path: Path) -> None:
    now = a_sweep(
        tmp_path / "now", *(Looked(n, reason="untestable", rule=1) for n in "ab"), Looked("c")
    )
    rules = (
        Untestable(Match(link="zzz"), "never matched", "nobody", ""),
        Untestable(Match(protocol="mq"), "answers nobody", "team-mq", "the queue's depth"),
    )
    nobody, mq = judged(now, untestable=rules).untestable
    assert (nobody.links, mq.links) == (0, 2)
    assert (mq.owner, mq.watch) == ("team-mq", "the queue's depth")


def test_unchanged_links_keep_the_verdict_of_the_sweep_they_lean_on(tmp_path: Path) -> None:
    first = a_sweep(tmp_path / "first", Looked("a"), Looked("b", wire.REFUSED))
    judged(first)
    unchanged = [Looked(name, reason="unchanged") for name in ("a", "b")]
    now = a_sweep(tmp_path / "now", *unchanged, since="first")
    judged(now)
    assert verdicts(now) == {"a": "same unchanged", "b": "unproved unchanged"}


def test_a_baseline_that_leans_on_an_earlier_one_knows_what_both_saw(tmp_path: Path) -> None:
    a_sweep(tmp_path / "first", Looked("a", wire.REFUSED), Looked("b"))
    lean = Looked("a", reason="unchanged")
    old = a_sweep(tmp_path / "before", lean, Looked("b", wire.REFUSED), since="first")
    now = a_sweep(tmp_path / "now", Looked("a"), Looked("b"))
    judged(now, old)
    assert verdicts(now) == {"a": "better", "b": "better"}


def test_a_result_that_proves_nothing_is_overruled_by_one_that_does(tmp_path: Path) -> None:
    now = a_sweep(tmp_path / "now", Looked("a", wire.CROWDED), Looked("b"))
    append(now, Looked("a"), Looked("b", wire.NO_TIME))
    judged(now)
    assert verdicts(now) == {"a": "same", "b": "same"}


def test_a_torn_line_and_garbage_are_left_out_and_said(tmp_path: Path) -> None:
    now = a_sweep(tmp_path / "now", Looked("a"), Looked("b"))
    path = results_file(now, "here")
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b"Killed\n" + second[:50] + b"\n" + first[:30])
    summary = judged(now)
    assert verdicts(now) == {"a": "same", "b": "unproved not-looked-at"}
    assert [each.partition(":")[0] for each in summary.warnings[:2]] == ["here.jsonl"] * 2
    assert "30 bytes at the end were cut off" in summary.warnings[2]


def test_clocks_that_differ_are_said(tmp_path: Path) -> None:
    now = a_sweep(tmp_path / "now", Looked("a"))
    keeping.keep_skew(now, keeping.Skew("here", 30.0, 31.0))
    assert "clock of here is at least 30.0 s ahead" in judged(now).warnings[0]


def test_the_digest_is_that_of_the_results_in_whatever_order_they_came(tmp_path: Path) -> None:
    one = a_sweep(tmp_path / "one", Looked("a"), Looked("b", vantage="web"))
    other = a_sweep(tmp_path / "other", Looked("b", vantage="web"), Looked("a"))
    third = a_sweep(tmp_path / "third", Looked("a"), Looked("b", vantage="web", ms=2.1))
    digests = [judged(folder).results_digest for folder in (one, other, third)]
    assert digests[0] == digests[1] != digests[2]


def test_many_looks_that_are_ten_times_as_slow_are_slower_together(tmp_path: Path) -> None:
    names = [f"l{number}" for number in range(12)]
    old = a_sweep(tmp_path / "before", *(Looked(n, ms=10 + i) for i, n in enumerate(names)))
    slow = [Looked(n, ms=(10 + i) * (10 if i else 1)) for i, n in enumerate(names)]
    now = a_sweep(tmp_path / "now", *slow)
    summary = judged(now, old)
    # The first is one of them, and was not slow itself.
    assert [link for link, what in verdicts(now).items() if what == "slower"] == sorted(names[1:])
    assert summary.causes[0].words == (("slower", 11),)


def test_looks_of_one_subsystem_are_slower_together_though_each_target_has_one(
    tmp_path: Path,
) -> None:
    targets = [f"kassa.t{number}" for number in range(9)]
    old = a_sweep(tmp_path / "before", *(Looked(t, target=t, ms=10) for t in targets))
    now = a_sweep(tmp_path / "now", *(Looked(t, target=t, ms=100) for t in targets))
    judged(now, old)
    assert set(verdicts(now).values()) == {"slower"}


def test_one_slow_look_is_a_suspect_until_it_was_looked_at_again(tmp_path: Path) -> None:
    old = a_sweep(tmp_path / "before", Looked("a", ms=10), Looked("b", ms=10))
    now = a_sweep(tmp_path / "now", Looked("a", ms=400), Looked("b", ms=400))
    assert judged(now, old).suspects == 2
    assert set(verdicts(now).values()) == {"same"}
    assert (now / "suspects.jsonl").read_text("utf-8") == '"look-a"\n"look-b"\n'
    append(now, *again(Looked("a"), (380, 420)), *again(Looked("b"), (11, 9)))
    assert judged(now, old).suspects == 0
    assert verdicts(now) == {"a": "slower", "b": "same"}
    assert not (now / "suspects.jsonl").exists()


def test_one_look_that_lasts_two_seconds_more_is_slower_alone(tmp_path: Path) -> None:
    old = a_sweep(tmp_path / "before", Looked("a", ms=10))
    now = a_sweep(tmp_path / "now", Looked("a", ms=2_500))
    judged(now, old)
    assert verdicts(now) == {"a": "slower"}


def test_the_causes_of_what_is_worse_are_found_and_each_link_has_its_own(tmp_path: Path) -> None:
    blocked = [
        Looked(f"f{i}", wire.TIMEOUT, target=f"kassa.t{i}", port=1521, address=f"10.9.8.{i}")
        for i in range(20)
    ]
    broken = [Looked(f"x{i}", wire.TLS, target="folkbok.api", address="10.7.7.7") for i in range(5)]
    fine = [
        Looked(f"o{i}", target=f"kassa.t{i}", port=22, address=f"10.9.8.{i}") for i in range(20)
    ]
    old = a_sweep(tmp_path / "before", *(Looked(each.link) for each in (*blocked, *broken, *fine)))
    now = a_sweep(tmp_path / "now", *blocked, *broken, *fine)
    summary = judged(now, old)
    assert [dict(cause.attributes) for cause in summary.causes] == [
        {"port": "1521"},
        {"target": "folkbok.api"},
    ]
    causes = [cause for _, cause in read_columns(now / VERDICTS_FILE, "link", "cause")]
    assert [causes.count(number) for number in (0, 1, None)] == [20, 5, 20]


def test_networks_of_both_families_are_known_to_the_causes(tmp_path: Path) -> None:
    links = [
        Looked(f"f{i}", wire.TIMEOUT, target=f"s{i}.t", source=f"c{i}.s", port=i, address=address)
        for i, address in enumerate(["fd00:1:2:3::1", "fd00:1:2:3:0:ff::9", "fd00:1:2:3::7"])
    ]
    others = [Looked(f"o{i}", target=f"s{i}.t", source=f"c{i}.s", port=i) for i in range(3)]
    old = a_sweep(tmp_path / "before", *(Looked(each.link) for each in (*links, *others)))
    now = a_sweep(tmp_path / "now", *links, *others)
    (cause,) = judged(now, old).causes
    assert cause.attributes == (("network", "fd00:1:2:3::/64"),)


def test_examples_are_the_worse_links_that_matter_most(tmp_path: Path) -> None:
    old = a_sweep(tmp_path / "before", *(Looked(f"l{i}") for i in range(9)))
    worse = [Looked(f"l{i}", wire.DNS, criticality=5 if i in {3, 8} else 2) for i in range(9)]
    now = a_sweep(tmp_path / "now", *worse)
    assert judged(now, old).examples == ("l3", "l8", "l0", "l1", "l2")


def test_a_summary_is_read_as_it_was_written(tmp_path: Path) -> None:
    old = a_sweep(tmp_path / "before", Looked("a"))
    now = a_sweep(tmp_path / "now", Looked("a", wire.REFUSED))
    assert read_summary(now) is None
    summary = judged(now, old, waived=(Waiver(Match(link="z"), "Nils", "known", TODAY),))
    assert read_summary(now) == summary


def test_a_summary_that_is_cut_off_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / SUMMARY_FILE).write_text('{"version": 1', "utf-8")
    with pytest.raises(EnvironmentFailed, match="not whole") as caught:
        read_summary(tmp_path)
    assert caught.value.reference == "sweep-unreadable"
    (tmp_path / SUMMARY_FILE).write_text('{"version": 99}', "utf-8")
    with pytest.raises(EnvironmentFailed, match="another version"):
        read_summary(tmp_path)


def test_a_child_process_is_asked_in_plain_data_and_answers_in_it(tmp_path: Path) -> None:
    now = a_sweep(tmp_path / "now", Looked("a"))
    asked: dict[str, object] = {
        "folder": str(now),
        "baseline": None,
        "declared": None,
        "today": "2023-10-14",
    }
    answer = judge_asked(asked)
    assert json.loads(json.dumps(answer))["links"] == 1


def test_judging_leaves_nothing_else_behind_and_can_be_done_again(tmp_path: Path) -> None:
    now = a_sweep(tmp_path / "now", Looked("a"), Looked("b", wire.DNS))
    before = judged(now)
    left = {path.name for path in now.iterdir()}
    assert left == {
        "sweep.json", "links.parquet", "looks.parquet", "results", "results.parquet",
        "verdicts.parquet", "summary.json",
    }  # fmt: skip
    assert judged(now) == before


def test_links_that_answered_before_and_nobody_could_look_at_now_are_dark(tmp_path: Path) -> None:
    """Those that lead to somebody between the sides are left to that one's own move."""
    old = a_sweep(
        tmp_path / "before", Looked("gone"), Looked("crossing"), Looked("never", wire.REFUSED)
    )
    now = a_sweep(
        tmp_path / "now",
        Looked("gone", ""),
        Looked("crossing", reason="no-side"),
        Looked("never", ""),
    )
    summary = judged(now, old)
    assert (summary.dark, summary.worse) == (1, 0)


@pytest.mark.parametrize("name", ["links.parquet", "looks.parquet"])
def test_a_file_that_is_cut_off_is_named_and_no_bug(tmp_path: Path, name: str) -> None:
    now = a_sweep(tmp_path / "now", Looked("a"))
    (now / name).write_bytes((now / name).read_bytes()[:-9])
    with pytest.raises(EnvironmentFailed, match=name) as caught:
        judged(now)
    assert caught.value.reference == "sweep-unreadable"
    assert not (now / SUMMARY_FILE).exists()
