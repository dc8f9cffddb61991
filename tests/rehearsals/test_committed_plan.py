"""The plan that lies in `plans/`: it belongs to the inventory beside it, and can be read.

Its links are generated and not committed, so the whole lint belongs to `make demo` and to people.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from migrator.inventory.model import Inventory
from migrator.inventory.reader import read_inventory
from migrator.plan.itinerary import make_itinerary
from migrator.plan.text import read_plan
from migrator.platform.simulated.fault_file import read_faults
from migrator.platform.simulated.faults import FAULT_KINDS

ROOT: Final = Path(__file__).resolve().parents[2]
PLAN: Final = ROOT / "plans" / "forsakring.yaml"


@pytest.fixture(name="inventory", scope="module")
def _inventory() -> Inventory:
    return read_inventory(ROOT / "inventories" / "forsakring")


def test_the_committed_plan_was_made_from_the_committed_inventory(inventory: Inventory) -> None:
    plan = read_plan(PLAN)
    assert plan.inventory.digest == inventory.digest
    moving = {move.subsystem for wave in plan.waves for move in wave.moves}
    assert moving == {subsystem.id for subsystem in inventory.moving}


def test_the_committed_faults_fit_the_plan_and_are_of_every_kind(inventory: Inventory) -> None:
    itinerary = make_itinerary(read_plan(PLAN), inventory, (), "")
    faults = read_faults(PLAN.with_suffix(".faults.yaml"), itinerary)
    assert len(faults) == 12
    assert {fault.kind for fault in faults} == set(FAULT_KINDS)
