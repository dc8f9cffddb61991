"""A plan file with everything it speaks about, found in the same places by every command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from migrator import __version__
from migrator.cli.plan_files import (
    approvals_of,
    inventory_folder,
    open_plan,
    open_sound_plan,
    open_with_inventory,
    seal_of,
)
from migrator.plan.digest import plan_digest
from planned import a_planned_estate


def test_a_sound_plan_is_opened_with_all_it_speaks_about(tmp_path: Path) -> None:
    opened = open_sound_plan(a_planned_estate(tmp_path), None)
    assert opened.inventory.folder == tmp_path / "estate"
    assert (opened.links.count, opened.pairs) == (0, ())
    inputs = opened.inputs()
    assert inputs.plan_digest == plan_digest(opened.plan)
    assert inputs.program_version == __version__


def test_a_manifest_changes_the_manifests_digest(tmp_path: Path) -> None:
    plan = a_planned_estate(tmp_path)
    before = open_sound_plan(plan, None)
    folder = tmp_path / "estate" / "manifests" / "web"
    folder.mkdir(parents=True)
    (folder / "web.yaml").write_text("kind: Deployment\n", "utf-8")
    after = open_with_inventory(before.file, None)
    assert after.inventory.manifests == ("manifests/web/web.yaml",)
    assert after.inputs().manifests_digest != before.inputs().manifests_digest


def test_what_may_be_proved_of_the_links_is_part_of_what_is_approved(tmp_path: Path) -> None:
    """A link that is let be after the yes was said is not what the yes was about."""
    plan = a_planned_estate(tmp_path)
    opened = open_sound_plan(plan, None)
    before = opened.inputs().manifests_digest
    (tmp_path / "estate" / "probes.yaml").write_text("allow: [10.0.0.0/8]\n", "utf-8")
    after = open_with_inventory(opened.file, None).inputs().manifests_digest
    assert after != before


def test_an_inventory_is_looked_for_beside_the_plan_and_then_from_here(tmp_path: Path) -> None:
    file = open_plan(a_planned_estate(tmp_path))
    assert inventory_folder(file, None) == tmp_path / "estate"
    assert inventory_folder(file, Path("told")) == Path("told")
    said = replace(file.plan.inventory, path=str(tmp_path / "estate"))
    elsewhere = replace(file, path=Path("plan.yaml"), plan=replace(file.plan, inventory=said))
    assert inventory_folder(elsewhere, None) == tmp_path / "estate"


def test_a_plan_without_seal_and_approvals_has_none(tmp_path: Path) -> None:
    plan = a_planned_estate(tmp_path)
    assert seal_of(plan) is None
    assert approvals_of(plan) == ()
