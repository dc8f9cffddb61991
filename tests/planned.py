"""A small estate and its plan as files, made by the program itself; tests edit them and look."""

from __future__ import annotations

from pathlib import Path

from builders import edited, write_inventory
from migrator.inventory.reader import read_inventory
from migrator.links.load import read_links
from migrator.plan.text import plan_to_text
from migrator.planner.build import make_plan

# Both handlers are there when the one function can be verified, so that there is a plan.
PEOPLE = edited(
    "people",
    "competences: [benefits], shifts: [friday]",
    "competences: [benefits], shifts: [saturday]",
)


def a_planned_estate(folder: Path) -> Path:
    """Write `estate/` and `plan.yaml` into a folder; the plan's path is given back."""
    estate = write_inventory(folder / "estate", people=PEOPLE)
    inventory = read_inventory(estate)
    links = read_links(inventory, None)
    plan = make_plan(
        inventory, (), seed=1, evaluations=20, name="small", path="estate", links=links
    )
    path = folder / "plan.yaml"
    path.write_text(plan_to_text(plan, {s.id: s.name for s in inventory.subsystems}), "utf-8")
    return path


def edit(path: Path, old: str, new: str) -> int:
    """Replace the first `old` in a file; the line in which it stood is given back."""
    text = path.read_text("utf-8")
    assert old in text, f"{path} has no {old}"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1
