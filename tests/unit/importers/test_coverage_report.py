"""The report: promised keys, honest sentences, and cells that nothing escapes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.importers.coverage_report import coverage_data, coverage_page, summary
from migrator.importers.draft import Draft
from migrator.importers.kubernetes import read_kubernetes

IMPORTS = Path(__file__).parent.parent.parent / "fixtures" / "imports"


@pytest.fixture(scope="module")
def bakery() -> Draft:
    return read_kubernetes([IMPORTS / "bakery"])


def test_the_counts_are_those_of_the_draft(bakery: Draft) -> None:
    assert summary(bakery) == {
        "subsystems": 7,
        "components": 8,
        "links": 7,
        "ignored": 7,
        "suspected": 0,
        "unresolved": 1,
        "secrets_masked": 4,
    }


def test_the_keys_of_the_data_are_those_promised(bakery: Draft) -> None:
    data = coverage_data(bakery)
    assert sorted(data) == [
        "assumed",
        "files",
        "ignored",
        "kinds",
        "links",
        "missing_files",
        "notes",
        "plain_secrets",
        "schema_version",
        "secrets",
        "summary",
        "suspected",
        "unresolved",
        "variables",
        "without_links",
        "written_by",
    ]
    assert data["links"] == {
        "by_evidence": {
            "argument": 1,
            "config_map": 2,
            "environment": 3,
            "ingress": 1,
            "network_policy": 1,
        },
        "by_strength": {"declared": 1, "inferred": 6},
    }


def test_a_draft_without_links_says_that_there_is_no_evidence(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}]}\n",
        encoding="utf-8",
    )
    page = coverage_page(read_kubernetes([path]))
    assert "No evidence of any link was found for 1 subsystems" in page


def test_text_of_other_people_cannot_leave_its_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: "
        '[{name: c, image: "x|<script>\\n# heading"}]}\n---\n'
        'apiVersion: v1\nkind: "Odd|kind\\n## injected"\nmetadata: {name: b}\n',
        encoding="utf-8",
    )
    page = coverage_page(read_kubernetes([path]))
    assert "\n## injected" not in page
    assert "<script>" not in page
    assert "Odd\\|kind" in page
