"""Requests are plain data, and their words are those of the functions behind them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders import a_link, csv_of, write_inventory
from migrator.probes.facts import declared_facts
from migrator.probes.requests import declared, plan
from sweeping import OWNERS, a_declaration, a_row, links_file

PROBES = """\
allow: [10.0.0.0/8]
vantages: [{id: here, kind: here}]
stands: [{old: here, new: here}]
checks: [{match: {protocol: htps}, kind: tcp}]
"""


def a_request(folder: Path, **changes: object) -> dict[str, object]:
    rows = [a_row("l-1", "web.app", "payments.app")]
    links = folder / "links.parquet"
    request: dict[str, object] = {
        "id": "s1",
        "sweeps": str(folder / "sweeps"),
        "purpose": "all",
        "scope": "",
        "members": [],
        "sides": {},
        "seed": 1,
        "today": "2023-10-13",
        "estate": {
            "links": str(links if links.exists() else links_file(links, rows)),
            "links_digest": "",
            "count": 1,
            "owners": OWNERS,
        },
        "declared": declared_facts(a_declaration()),
    }
    sent: dict[str, object] = json.loads(json.dumps({**request, **changes}))
    return sent


def test_a_plan_is_answered_as_its_file_has_it(tmp_path: Path) -> None:
    answer = plan(a_request(tmp_path))
    kept = json.loads((tmp_path / "sweeps" / "s1" / "sweep.json").read_bytes())
    assert json.loads(json.dumps(answer)) == kept
    assert (answer["links"], answer["looks"]) == (1, 1)


@pytest.mark.parametrize("beside", [True, False])
def test_an_earlier_sweep_is_named_by_its_id_or_its_folder(tmp_path: Path, beside: bool) -> None:
    plan(a_request(tmp_path))
    since = tmp_path / "sweeps" / "s1"
    answer = plan(a_request(tmp_path, id="s2", since=str(since) if beside else "s1"))
    assert answer["since"] == "s1"
    other = str(tmp_path / "other")
    assert plan(a_request(tmp_path, sweeps=other, since=str(since)))["since"] == str(since)


def test_what_is_declared_is_read_with_its_links_and_its_warnings(tmp_path: Path) -> None:
    folder = write_inventory(tmp_path / "ours", links=csv_of(a_link("l-1")))
    (folder / "probes.yaml").write_text(PROBES, "utf-8")
    answer = declared(
        {"inventory": str(folder), "cache": str(tmp_path / "cache"), "today": "2023-10-13"}
    )
    assert answer["declared"] is not None
    assert answer["estate"]["count"] == 1
    assert answer["estate"]["owners"]["web.app"] == "web"  # type: ignore[index]  # a plain id
    assert answer["warnings"] == [
        "probes.yaml: checks[0].match.protocol: no link speaks 'htps'; did you mean 'https'?"
    ]
