"""Discovery exports: both ends' looks are one connection; archives that harm are refused."""

from __future__ import annotations

import csv
import io
import stat
import zipfile
from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers import aws_archive
from migrator.importers.aws_discovery import import_aws_discovery
from migrator.importers.table_import import Outcome, Wanted

HEAD = (
    "accountNumber, agentId, sourceIp, sourcePort, destinationIp, destinationPort, ipVersion,"
    " transportProtocol, agentAssignedProcessId, agentCreationDate, commandPath, commandParam\n"
)
OUT = HEAD + (
    '7,a-1,10.0.0.1,50001,10.0.0.2,5432,IPv4,TCP,p,2026-05-01 08:00:00.0,/usr/bin/x,-a "b,c",d\n'
    "7,a-1,10.0.0.1,50002,10.0.0.2,5432,IPv4,TCP,p,2026-05-03 08:00:00.0,/usr/bin/x\n"
    "7,a-1,10.0.0.1,50003,10.0.0.9,443,IPv4,TCP,p,2026-05-01 08:00:00.0\n"
    "7,a-1,10.0.0.1,50004,10.0.0.2,17472,IPv4,TCP,p,2026-05-01 08:00:00.0\n"
)
IN = HEAD + (
    "7,a-2,10.0.0.1,50001,10.0.0.2,5432,IPv4,TCP,q,2026-05-01 08:00:01.0,postgres\n"
    "7,a-2,10.0.0.1,50001,10.0.0.2,5432,IPv4,TCP,q,2026-05-01 09:00:01.0,postgres\n"
    "7,a-2,10.0.0.44,40000,10.0.0.2,5432,IPv4,TCP,q,2026-05-02 08:00:00.0,postgres,-D,/x,y\n"
)
INTERFACES = (
    "accountNumber,agentId,name,macAddress,family,ipAddress,gateway,netMask,timestamp\n"
    "7,a-1,eth0,m,4,10.0.0.1,g,n,t\n7,a-1,docker0,m,4,172.17.0.1,g,n,t\n"
    "7,a-2,eth0,m,4,10.0.0.2,g,n,t\n7,a-2,docker0,m,4,172.17.0.1,g,n,t\n7,a-2,eth1,m,4,,g,n,t\n"
)
SYSTEMS = (
    "accountNumber,agentId,osName,osVersion,cpuType,hostName,hypervisor,timestamp\n"
    "7,a-1,Linux,1,x,Web-01.example.test,kvm,t\n7,a-2,Linux,1,x,db-01.example.test,kvm,t\n"
)
TABLES = {
    "7_sourceProcessConnection.csv": OUT,
    "7_destinationProcessConnection.csv": IN,
    "7_networkInterface.csv": INTERFACES,
    "7_osInfo.csv": SYSTEMS,
    "7_process.csv": "never,read\n",
}


def an_archive(path: Path, tables: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            archive.writestr(name, text)
    return path


def imported(path: Path, folder: Path, ports: tuple[int, ...] = (17472,)) -> Outcome:
    return import_aws_discovery(path, Wanted(folder, "us"), management_ports=ports)


def links_of(folder: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    with (folder / "links.csv").open(encoding="utf-8", newline="") as stream:
        return {(row["source"], row["target"], row["port"]): row for row in csv.DictReader(stream)}


def test_a_connection_that_both_ends_report_counts_once(tmp_path: Path) -> None:
    outcome = imported(an_archive(tmp_path / "e.zip", TABLES), tmp_path / "out")
    links = links_of(tmp_path / "out")
    assert set(links) == {
        ("web-01.example.test", "db-01.example.test", "5432"),
        ("web-01.example.test", "unknown-10.0.0.9", "443"),
        ("unknown-10.0.0.44", "db-01.example.test", "5432"),
    }
    # Port 50001 was seen once by the caller and twice by the called, port 50002 once: three calls.
    both = links["web-01.example.test", "db-01.example.test", "5432"]
    assert " 3 rows, 2026-05-01 to 2026-05-03 " in both["evidence"]
    assert both["evidence"].startswith("aws_discovery 7_sourceProcessConnection.csv:2 ")
    counts = outcome.summary
    assert counts["rows_seen_by_the_other_end_too"] == 1
    assert counts["rows_not_kept"] == 1
    assert counts["rows"] == 7
    assert counts["rows_in_links"] == 5


def test_ports_of_management_agents_are_left_out_by_a_rule_that_is_said(tmp_path: Path) -> None:
    path = an_archive(tmp_path / "e.zip", TABLES)
    imported(path, tmp_path / "out")
    assert "port 17472" in (tmp_path / "out" / "coverage.md").read_text(encoding="utf-8")
    imported(path, tmp_path / "all", ports=())
    assert ("web-01.example.test", "db-01.example.test", "17472") in links_of(tmp_path / "all")


def test_an_address_of_several_hosts_names_none_of_them(tmp_path: Path) -> None:
    row = "7,a-2,172.17.0.1,50009,10.0.0.2,6379,IPv4,TCP,q,2026-05-02 08:00:00.0\n"
    tables = {**TABLES, "7_destinationProcessConnection.csv": IN + row}
    imported(an_archive(tmp_path / "e.zip", tables), tmp_path / "out")
    assert ("unknown-172.17.0.1", "db-01.example.test", "6379") in links_of(tmp_path / "out")
    assert "2 agents have it" in (tmp_path / "out" / "coverage.md").read_text(encoding="utf-8")


def test_a_folder_with_tables_per_agent_gives_the_same_links(tmp_path: Path) -> None:
    for name, text in TABLES.items():
        kind = name.removeprefix("7_").removesuffix(".csv")
        path = tmp_path / "export" / "a-1" / kind / "part-0.csv"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    imported(tmp_path / "export", tmp_path / "out")
    imported(an_archive(tmp_path / "e.zip", TABLES), tmp_path / "zip")
    assert set(links_of(tmp_path / "out")) == set(links_of(tmp_path / "zip"))


def test_two_hosts_of_one_name_stay_two(tmp_path: Path) -> None:
    tables = {**TABLES, "7_osInfo.csv": SYSTEMS.replace("Web-01", "db-01")}
    imported(an_archive(tmp_path / "e.zip", tables), tmp_path / "out")
    ends = ("db-01.example.test.a-1", "db-01.example.test.a-2", "5432")
    assert ends in links_of(tmp_path / "out")


@pytest.mark.parametrize("name", ["../7_osInfo.csv", "/etc/7_osInfo.csv", "..\\x.csv", "C:\\a.txt"])
def test_a_name_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = an_archive(tmp_path / "e.zip", {**TABLES, name: "x"})
    with pytest.raises(InputError) as caught:
        imported(path, tmp_path / "out")
    assert caught.value.reference == "import-archive-refused"
    assert caught.value.faults[0].message == "its name leads out of the archive"


def test_a_symbolic_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("7_sourceProcessConnection.csv")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(InputError) as caught:
        imported(path, tmp_path / "out")
    assert caught.value.faults[0].message == "it is a symbolic link"


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws_archive, "RATIO_FROM_BYTES", 1_000)
    bomb = {"7_sourceProcessConnection.csv": HEAD + "0" * 2_000_000}
    with pytest.raises(InputError) as caught:
        imported(an_archive(tmp_path / "e.zip", bomb), tmp_path / "out")
    assert "a bomb" in caught.value.faults[0].message


def test_an_archive_that_holds_more_than_it_declares_is_refused(tmp_path: Path) -> None:
    # The size in the central directory is what every reader believes; here it is a lie.
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("7_sourceProcessConnection.csv", OUT)
    content = bytearray(stream.getvalue())
    size = len(OUT.encode()).to_bytes(4, "little")
    at = content.rindex(size)
    content[at : at + 4] = (10).to_bytes(4, "little")
    (tmp_path / "e.zip").write_bytes(bytes(content))
    with pytest.raises(InputError) as caught:
        imported(tmp_path / "e.zip", tmp_path / "out")
    assert caught.value.reference == "import-archive-refused"


@pytest.mark.parametrize("cut", [10, 400])
def test_a_damaged_archive_is_refused(tmp_path: Path, cut: int) -> None:
    path = an_archive(tmp_path / "e.zip", TABLES)
    path.write_bytes(path.read_bytes()[:-cut] if cut == 10 else b"PK\x03\x04" + b"x" * cut)
    with pytest.raises(InputError) as caught:
        imported(path, tmp_path / "out")
    assert caught.value.reference == "import-archive-refused"


def test_an_archive_without_connections_is_refused(tmp_path: Path) -> None:
    path = an_archive(tmp_path / "e.zip", {"7_osInfo.csv": SYSTEMS})
    with pytest.raises(InputError) as caught:
        imported(path, tmp_path / "out")
    assert "sourceProcessConnection" in caught.value.message


def test_networks_that_repeat_on_every_machine_are_joined_machine_by_machine(
    tmp_path: Path,
) -> None:
    flow = "172.17.0.2,4000,172.17.0.3,80,IPv4,TCP,p,2026-05-01 08:00:00.0\n"
    rows = f"7,a-1,{flow}7,a-2,{flow}"
    tables = {
        **TABLES,
        "7_sourceProcessConnection.csv": OUT + rows,
        "7_destinationProcessConnection.csv": IN + rows,
    }
    counts = imported(an_archive(tmp_path / "e.zip", tables), tmp_path / "out").summary
    assert counts["rows_inside_one_component"] == 2
    assert counts["rows_seen_by_the_other_end_too"] == 1 + 2
