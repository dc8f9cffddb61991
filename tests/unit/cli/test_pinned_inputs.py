"""Which files a run of a plan will use, and where the plan asks for one that is not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from migrator.cli import run_reading
from migrator.cli.pinned_inputs import files_of, scripts_of
from migrator.cli.plan_files import open_plan, open_with_inventory
from migrator.errors import InputError
from planned import a_planned_estate, edit


def with_scripts(folder: Path) -> tuple[Path, int]:
    """A plan whose prepare is done by a script, observed by another one; and the line of it."""
    plan = a_planned_estate(folder)
    line = edit(
        plan,
        "{kind: prepare, share: 0.2, undo: [remove]}",
        "{kind: prepare, share: 0.2, undo: [remove], in_doubt: observe, "
        "command: {run: [sh, '{files}/ops/prepare.sh'], files: [ops/prepare.sh, both.sh]}, "
        "observe: {command: {run: ['{files}/both.sh'], files: [both.sh]}}, "
        "dry_run: {run: [sh, check.sh], files: [check.sh]}}",
    )
    return plan, line


def test_everything_that_a_run_uses_is_named(tmp_path: Path) -> None:
    plan, _ = with_scripts(tmp_path)
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "prepare.sh").write_text("true\n", "utf-8")
    (tmp_path / "both.sh").write_text("#!/bin/sh\n", "utf-8")
    (tmp_path / "check.sh").write_text("true\n", "utf-8")
    (tmp_path / "both.sh").chmod(0o755)
    manifests = tmp_path / "estate" / "manifests" / "web"
    manifests.mkdir(parents=True)
    (manifests / "web.yaml").write_text("kind: Deployment\n", "utf-8")
    opened = open_with_inventory(open_plan(plan), None)
    (tmp_path / "estate" / "links.csv").write_text("id,source,target\n", "utf-8")
    (tmp_path / "estate" / "probes.yaml").write_text("allow: [10.0.0.0/8]\n", "utf-8")
    linked = replace(opened, inventory=replace(opened.inventory, links_file=Path("links.csv")))

    files = {file.name: file for file in files_of(linked)}

    assert {"plan/plan.yaml", "inventory/inventory.yaml", "inventory/subsystems.yaml"} <= {*files}
    assert "inventory/manifests/web/web.yaml" in files
    assert {"inventory/links.csv", "inventory/probes.yaml"} <= {*files}
    scripts = [name for name in files if name.startswith("script/")]
    assert scripts == ["script/ops/prepare.sh", "script/both.sh", "script/check.sh"]
    assert (files["script/both.sh"].executable, files["script/ops/prepare.sh"].executable) == (
        True,
        False,
    )


def test_a_script_that_is_missing_is_named_with_its_line_in_the_plan(tmp_path: Path) -> None:
    plan, line = with_scripts(tmp_path)

    with pytest.raises(InputError) as caught:
        scripts_of(open_plan(plan))

    assert caught.value.reference == "file-not-pinned"
    fault = caught.value.faults[0]
    assert (fault.file, fault.line) == (str(plan), line)
    assert fault.path == "recipes.stateless.steps[0].command.files[0]"
    assert "ops/prepare.sh cannot be read: No such file" in fault.message
    told = run_reading.read_plan_here(plan, None)
    assert isinstance(told, tuple)
    assert told[1] == "file-not-pinned"


def test_what_is_read_for_a_run_names_its_files(tmp_path: Path) -> None:
    read = run_reading.read_plan_here(a_planned_estate(tmp_path), None)

    assert isinstance(read, run_reading.Read)
    assert {file.name: file.digest for file in read.files} == read.itinerary.files
    assert "plan/plan.yaml" in read.itinerary.files
