"""Dependency exports in their older and newer form become links."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.azure_migrate import import_azure_migrate
from migrator.importers.table_import import Outcome, Wanted
from migrator.inventory.reader import read_inventory

OLDER = (
    "Time slot,Source server name,Source IP,Source application,Source process,"
    "Destination server name,Destination IP,Destination application,Destination process,"
    "Destination port"
)
NEWER = (
    "Date,Source Appliance Name,Source Machine ARM ID,Source Server Name,Source IP,"
    "Source Application,Source Process,Destination Machine ARM ID,Destination Server Name,"
    "Destination IP,Destination Application,Destination Process,Destination Port,Connection Count"
)
ARM = "/subscriptions/0000/resourceGroups/g/machines/m"


def imported(folder: Path, *lines: str, day_first: bool = False) -> Outcome:
    path = folder / "dependencies.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return import_azure_migrate([path], Wanted(folder / "out", "us"), day_first=day_first)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "out" / "links.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_row_of_the_older_form_is_one_call_in_its_slot(tmp_path: Path) -> None:
    outcome = imported(
        tmp_path,
        OLDER,
        "3/28/2026 06:00-12:00,till-01,10.4.0.1,Kiosk,till.exe,stock-01,10.4.0.9,Stock,stockd,7001",
        "3/28/2026 12:00-18:00,till-01,10.4.0.1,Kiosk,till.exe,stock-01,10.4.0.9,Stock,stockd,7001",
        "3/30/2026 06:00-12:00,till-01,10.4.0.1,Kiosk,till.exe,,10.4.0.77,,,1433",
    )
    rows = {row["target"]: row for row in rows_of(tmp_path)}
    assert set(rows) == {"stock-01", "unknown-10.4.0.77"}
    assert rows["stock-01"]["evidence"].startswith("azure_migrate dependencies.csv:2 2 rows")
    assert (rows["stock-01"]["protocol"], rows["stock-01"]["port"]) == ("tcp", "7001")
    assert rows["unknown-10.4.0.77"]["latency_class"] == "transactional"
    assert outcome.report.sums.days == 2.25  # from the first slot's start to the last one's end


def test_the_newer_form_counts_connections_whatever_the_case_of_its_header(tmp_path: Path) -> None:
    line = f"2026-03-01,box,{ARM},till-01,10.4.0.1,a,b,{ARM},stock-01,10.4.0.9,c,d,7001"
    imported(
        tmp_path,
        NEWER.replace("Server Name", "server name").replace("Count", "count"),
        f"{line},120",
        f"{line},",
        f"{line},79",
    )
    (row,) = rows_of(tmp_path)
    assert row["calls_per_day"] == "200"
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()]
    assert not any("resourceGroups" in text for text in texts)
    assert read_inventory(tmp_path / "out").links_file is not None


def test_vlans_and_a_protocol_may_be_appended(tmp_path: Path) -> None:
    slot = "3/28/2026 06:00-12:00,a,10.0.0.1,x,y,b,10.0.0.2,z,w,53"
    outcome = imported(
        tmp_path, f"{OLDER},Source VLAN,Destination VLAN,Protocol", f"{slot},7,8,UDP"
    )
    (row,) = rows_of(tmp_path)
    assert row["protocol"] == "udp"
    assert "Source VLAN" in outcome.report.tables[0].unused


def test_a_day_before_the_month_must_be_said(tmp_path: Path) -> None:
    lines = (OLDER, "28/3/2026 06:00-12:00,a,10.0.0.1,x,y,b,10.0.0.2,z,w,53")
    with pytest.raises(InputError) as caught:
        imported(tmp_path, *lines)
    assert caught.value.faults[0].path == "first_seen"
    outcome = imported(tmp_path, *lines, day_first=True)
    assert outcome.report.sums.first == 1774677600  # 2026-03-28 06:00 UTC


def test_another_table_is_refused_by_its_columns(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        imported(tmp_path, "Source,Destination,Port", "a,b,1")
    assert caught.value.reference == "map-does-not-fit"
