"""A certificate is written beside the figures and reads back the same; without one nothing is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.plan.certificate import Certificate
from migrator.plan.digest import plan_digest
from migrator.plan.text import plan_from_text, plan_to_text
from small_plan import a_plan

PLAIN = Certificate("plain", 2.5, None, None, None, 0, 0.25, (), 0, "abc")
COMPILED = Certificate(
    "compiled", 2.5, 2.0, 4.5, 40.25, 256, 0.25, (2.75, 3.0), 12_000, "abc",
    'ours is 51 % below "layering" (the same decoder)',
)  # fmt: skip


@pytest.mark.parametrize("made", [PLAIN, COMPILED])
def test_what_is_written_reads_back_the_same(made: Certificate) -> None:
    plan = replace(a_plan(), certificate=made)
    text = plan_to_text(plan)
    assert plan_from_text(text, "p.yaml") == plan
    assert "optimal" not in text


def test_a_plan_without_a_certificate_has_the_digest_that_it_always_had() -> None:
    plan = a_plan()
    assert plan.certificate is None
    assert "certificate" not in plan_to_text(plan)
    assert plan_digest(plan) != plan_digest(replace(plan, certificate=PLAIN))
