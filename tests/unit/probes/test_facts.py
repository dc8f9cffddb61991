"""The model through JSON and back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from migrator.errors import EnvironmentFailed
from migrator.ids import ComponentId, SubsystemId
from migrator.probes.facts import (
    DeclaredFacts,
    declared_facts,
    declared_from,
    read_sweep,
    sweep_facts,
)
from migrator.probes.model import (
    SWEEP_FILE,
    Address,
    Answers,
    Caps,
    CheckRule,
    Declared,
    Here,
    InPod,
    Match,
    OverSsh,
    Patience,
    Purpose,
    Stand,
    SweepPlan,
    Untestable,
    VantagePlan,
    Waiver,
)

SHOP = SubsystemId("shop")
DECLARED = Declared(
    allow=("10.0.0.0/8", "fd00::/8"),
    caps=Caps(per_second=12.5),
    patience=Patience(2, 3, 1.5),
    vantages=(
        Here("here"),
        OverSsh("old-web", "web1.old.example", "python3.9"),
        InPod("shop-new", "shop", "Deployment/shop", "registry.example/python:1"),
    ),
    stands=(Stand(None, SHOP, "old-web", "shop-new"), Stand(None, None, "here", "")),
    addresses={ComponentId("shop.web"): Answers(Address("10.0.0.1"), None, Address("x", 8443))},
    checks=(CheckRule(Match(protocol="https"), "http", tls=True, old="o", new="n", seconds=5),),
    untestable=(Untestable(Match(subsystem=SHOP), "one-way", "Ekonomi", "the queue's length"),),
    waived=(Waiver(Match(link="l1"), "kim", "known", date(2023, 10, 20)),),
    sample=0.5,
    digest="d" * 64,
)
PLAN = SweepPlan(
    id="w01-baseline",
    folder=Path("somewhere"),
    purpose=Purpose.BASELINE,
    scope="w01",
    members=(SHOP,),
    seed=7,
    links=10,
    touched=8,
    looks=4,
    reasons={"no-address": 2},
    vantages=(VantagePlan("here", 4, Caps(), 0.5),),
    seconds=0.5,
    since="earlier",
    declared_digest="d",
    links_digest="l",
    sides={SHOP: "new"},
    warnings=("a waiver ended",),
)


def test_what_is_declared_comes_back_from_json_the_same() -> None:
    facts: DeclaredFacts = json.loads(json.dumps(declared_facts(DECLARED)))
    assert declared_from(facts) == DECLARED


def test_a_sweep_is_read_from_its_folder_as_it_was_planned(tmp_path: Path) -> None:
    (tmp_path / SWEEP_FILE).write_text(json.dumps(sweep_facts(PLAN)))
    read = read_sweep(tmp_path)
    assert sweep_facts(read) == sweep_facts(PLAN)
    assert read.folder == tmp_path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        ("", "is not whole"),
        ('{"version": 1, "id": "w01"', "is not whole"),
        ('{"version": 1}', "is not whole"),
        ('{"version": 99}', "is of version 99"),
        ("[]", "is not whole"),
    ],
)
def test_a_folder_without_a_whole_sweep_is_named(
    tmp_path: Path, content: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / SWEEP_FILE).write_text(content)
    with pytest.raises(EnvironmentFailed) as caught:
        read_sweep(tmp_path)
    assert caught.value.reference == "sweep-missing"
    assert said in caught.value.message
