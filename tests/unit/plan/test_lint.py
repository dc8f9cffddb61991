"""All findings at once, from every part, errors first."""

from __future__ import annotations

from dataclasses import replace

from migrator.ids import PlaceId
from migrator.plan.findings import Severity
from migrator.plan.lint import ANOTHER_INVENTORY, lint_plan
from migrator.plan.model import Constraints
from small_plan import LINKS_DIGEST, a_plan, an_inventory, at, with_move, with_wave


def test_the_small_plan_has_no_findings() -> None:
    assert lint_plan(a_plan(), an_inventory(), (), LINKS_DIGEST) == ()


def test_a_plan_for_another_inventory_is_told() -> None:
    (finding,) = lint_plan(a_plan(), an_inventory(digest="9" * 64), ())
    assert (finding.rule, finding.place) == (ANOTHER_INVENTORY, "inventory.digest")


def test_a_plan_for_other_links_is_told_where_the_links_are_known() -> None:
    (finding,) = lint_plan(a_plan(), an_inventory(), (), "9" * 64)
    assert (finding.rule, finding.place) == (ANOTHER_INVENTORY, "inventory.links_digest")
    assert lint_plan(a_plan(), an_inventory(), ()) == ()


def test_a_plan_made_without_links_says_none() -> None:
    plan = replace(a_plan(), inventory=replace(a_plan().inventory, links_digest=""))
    (finding,) = lint_plan(plan, an_inventory(), (), LINKS_DIGEST)
    assert "other links: none" in finding.message


def test_every_part_speaks_and_errors_come_first() -> None:
    stateless = a_plan().recipes["stateless"]
    plan = replace(
        with_move(a_plan(), "web", start=at("13 18:20"), team="bleu"),
        recipes={**a_plan().recipes, "stateless": replace(stateless, unwind=())},
        policy=replace(a_plan().policy, gate_default="go", soak_minutes=0.0),
        constraints=Constraints(0, 1, 3, {}),
        target=PlaceId("moon"),
    )
    found = lint_plan(with_wave(plan, "w1", pilot=False), an_inventory(), ())
    rules = [finding.rule for finding in found]
    assert {
        "gate-default",
        "constraints",
        "missing-undo",
        "unknown-team",
        "before-gate",
        "unknown-place",
        "no-soak",
        "no-pilot",
    } <= set(rules)
    severities = [finding.severity for finding in found]
    assert severities == sorted(severities, key=lambda severity: severity is Severity.WARNING)
