"""Planning again: what an earlier sweep proved, what stands when it fails, what the caps allow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrator.errors import EnvironmentFailed
from migrator.ids import ComponentId, SubsystemId
from migrator.probes import columns
from migrator.probes.model import (
    LOOKS_FILE,
    RESULTS_COLUMNS,
    RESULTS_FILE,
    Address,
    Answers,
    Caps,
    CheckRule,
    Match,
    Stand,
    SweepPlan,
)
from migrator.probes.planning import plan_sweep, seconds_needed, shared
from sweeping import (
    a_declaration,
    a_row,
    answers,
    asked,
    bytes_of,
    planned,
    rows_of,
    told,
)

WEB, PAYMENTS, LEDGER = SubsystemId("web"), SubsystemId("payments"), SubsystemId("ledger")
FRONT, STORE = ComponentId("web.app"), ComponentId("ledger.db")

ROWS = (
    a_row("l-1", "web.app", "payments.app"),
    a_row("l-2", "payments.app", "ledger.db", protocol="jdbc", port=5432, criticality=5),
    a_row("l-3", "ledger.app", "ledger.db", protocol="jdbc", port=5432),
    a_row("l-4", "night.job", "ledger.db", protocol="file", port=None),
)


def results(plan: SweepPlan, *, side: str = "", word: str = "ok") -> None:
    """Every look of the plan seen, with that word and that side's mark."""
    names = [name for name, _ in RESULTS_COLUMNS]
    empty: dict[str, object] = dict.fromkeys(names)
    rows = [
        {**empty, "look": look, "vantage": row["vantage"], "word": word, "side": side}
        for look, row in rows_of(plan, LOOKS_FILE).items()
    ]
    pq.write_table(pa.Table.from_pylist(rows), plan.folder / RESULTS_FILE)


def test_what_was_proved_is_not_looked_at_again(tmp_path: Path) -> None:
    results(planned(tmp_path, ROWS))
    again = planned(tmp_path, ROWS, id="s2", since="s1")
    assert again.reasons == {"no-port": 1, "unchanged": 3}
    assert (again.looks, again.since) == (0, "s1")
    third = planned(tmp_path, ROWS, id="s3", since="s2")
    assert third.reasons == {"no-port": 1, "unchanged": 3}


def test_what_changed_or_was_not_proved_is_looked_at_again(tmp_path: Path) -> None:
    results(planned(tmp_path, ROWS))
    moved = {**a_declaration().addresses, STORE: answers("10.1.9.9", "10.2.0.4")}
    changed = planned(tmp_path, ROWS, id="s2", since="s1", declared=a_declaration(addresses=moved))
    assert [line["host"] for line in told(changed, "old")] == ["10.1.9.9"]
    patient = replace(a_declaration(), checks=(CheckRule(Match(), "tcp", seconds=1.0),))
    assert planned(tmp_path, ROWS, id="s3", since="s1", declared=patient).looks == 2
    results(planned(tmp_path, ROWS, id="s4"), word="refused")
    assert planned(tmp_path, ROWS, id="s5", since="s4").looks == 2


def test_the_mark_of_the_other_side_proves_nothing_now(tmp_path: Path) -> None:
    one = Address("10.3.0.1")
    declared = a_declaration(
        addresses={ComponentId("payments.app"): Answers(one, one, one, one)},
        checks=(CheckRule(Match(), "tcp", old="side=old", new="side=new"),),
    )
    results(planned(tmp_path, ROWS[:1], declared=declared), side="old")
    again = planned(tmp_path, ROWS[:1], id="s2", since="s1", declared=declared)
    assert again.looks == 0
    switched = planned(
        tmp_path, ROWS[:1], id="s3", since="s1", declared=declared, sides={PAYMENTS: "new"}
    )
    assert switched.looks == 1
    results(switched, side="new", word="refused")
    # Back again, and the newest that is known of the look is that it failed.
    back = planned(tmp_path, ROWS[:1], id="s4", since="s3", declared=declared)
    assert back.looks == 1


def test_a_plan_is_the_same_from_rows_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = planned(tmp_path / "a", ROWS)
    assert bytes_of(first) == bytes_of(planned(tmp_path / "b", ROWS[::-1]))


def test_an_id_that_was_planned_before_is_answered_with_that_plan(tmp_path: Path) -> None:
    first = planned(tmp_path, ROWS)
    assert bytes_of(planned(tmp_path, (), seed=2)) == bytes_of(first)


def test_of_two_that_plan_the_same_at_once_the_first_ones_folder_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = asked(tmp_path, ROWS)
    choose = columns.choose_links

    def overtaken(*arguments: object) -> None:
        monkeypatch.setattr(columns, "choose_links", choose)
        plan_sweep(question)
        choose(*arguments)  # type: ignore[arg-type]  # whatever it was given

    monkeypatch.setattr(columns, "choose_links", overtaken)
    plan = plan_sweep(question)
    assert (plan.links, plan.looks) == (4, 2)
    assert [path.name for path in (tmp_path / "sweeps").iterdir()] == ["s1"]


def test_an_estate_without_links_has_an_empty_sweep(tmp_path: Path) -> None:
    plan = planned(tmp_path, (), links=None)
    assert (plan.links, plan.looks, plan.vantages, plan.seconds) == (0, 0, (), 0.0)
    assert rows_of(plan) == {}


def test_a_plan_that_fails_leaves_nothing(tmp_path: Path) -> None:
    question = asked(tmp_path, ROWS)
    (tmp_path / "links.parquet").write_bytes(b"PAR1 broken PAR1")
    with pytest.raises(EnvironmentFailed) as caught:
        plan_sweep(question)
    assert caught.value.reference == "sweep-not-planned"
    assert list((tmp_path / "sweeps").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "sweeps").write_text("a file")
    with pytest.raises(EnvironmentFailed) as caught:
        planned(tmp_path, ROWS)
    assert "could not be planned" in caught.value.message


def test_an_earlier_sweep_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        planned(tmp_path, ROWS, since="gone")
    assert caught.value.reference == "sweep-missing"


def test_vantage_points_that_look_at_one_target_share_its_cap(tmp_path: Path) -> None:
    stands = (Stand(None, WEB, "new", "new"), Stand(None, None, "old", "new"))
    rows = (
        a_row("l-1", "web.app", "payments.app"),
        a_row("l-2", "night.job", "payments.app"),
        a_row("l-3", "night.job", "ledger.app"),
    )
    caps = Caps(target_per_second=8.0, network_per_second=4.0)
    plan = planned(tmp_path, rows, declared=a_declaration(stands=stands, caps=caps))
    found = {
        each.id: (each.looks, each.caps.target_per_second, each.caps.network_per_second)
        for each in plan.vantages
    }
    assert found == {"new": (1, 4.0, 2.0), "old": (2, 4.0, 2.0)}
    assert plan.seconds == 1.0


@pytest.mark.parametrize(
    ("looks", "target", "network", "seconds"),
    [(1000, 1, 1, 2.0), (1000, 100, 1, 5.0), (1000, 100, 2000, 10.0), (0, 0, 0, 0.0)],
)
def test_the_tightest_cap_says_how_long_a_sweep_takes(
    looks: int, target: int, network: int, seconds: float
) -> None:
    assert seconds_needed(looks, target, network, Caps()) == seconds


def test_caps_are_divided_by_those_who_share_them() -> None:
    assert shared(Caps(), 4, 2) == Caps(target_per_second=5.0, network_per_second=100.0)
    assert shared(Caps(), 0, 0) == Caps()
