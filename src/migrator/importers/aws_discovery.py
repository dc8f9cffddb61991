"""Reads an AWS discovery export: a zip or a folder of the tables that its agents filled.

Called by `cli/imports_tables.py`. An agent's outbound rows begin at its host, its inbound rows end
there; a connection between two hosts with agents stands in both tables and counts once. Hosts are
named by osInfo, addresses by networkInterface; an address that several agents have (container
networks repeat on every machine) names nobody. What goes to the ports of management agents is the
discovery's own noise: left out by rule, counted, and said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from migrator.importers.aws_archive import ExportedTable, find_tables
from migrator.importers.column_map import ColumnMap, RoleColumns
from migrator.importers.coverage import Ignored, Noted
from migrator.importers.evidence import EvidenceKind
from migrator.importers.flow_hosts import HostRules, KnownHost, address_of
from migrator.importers.table_file import Looks
from migrator.importers.table_import import Gathered, Outcome, Wanted, conclude, read_table
from migrator.links.csv_map import open_tables
from migrator.links.csv_map_observers import drop_ports, join_observers, pairs_of

if TYPE_CHECKING:
    from migrator.links.csv_map import Connection

MANAGEMENT_PORTS: Final = (17472,)
"""What endpoint management agents talk on; users of the export are seen to leave it out."""

TIMES: Final = ("iso", "%Y-%m-%d %H:%M:%S.%f", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M")

_CONNECTION: Final = ColumnMap(
    file="aws-discovery",
    looks=Looks(delimiter=",", ragged=True),  # the command line in the last field is not quoted
    roles={
        "observer": RoleColumns(("agentId",)),
        "source_ip": RoleColumns(("sourceIp",)),
        "source_port": RoleColumns(("sourcePort",)),
        "target_ip": RoleColumns(("destinationIp",)),
        "port": RoleColumns(("destinationPort",)),
        "protocol": RoleColumns(("transportProtocol",)),
        "first_seen": RoleColumns(("agentCreationDate",)),
        "last_seen": RoleColumns(("agentCreationDate",)),
    },
    time_formats=TIMES,
    times_must_fit=False,
    optional=frozenset(("source_port", "first_seen", "last_seen")),
)
_MAPS: Final = {
    "sourceProcessConnection": _CONNECTION,
    "destinationProcessConnection": _CONNECTION,
    "networkInterface": replace(
        _CONNECTION,
        roles={"source_ip": RoleColumns(("ipAddress",)), "target": RoleColumns(("agentId",))},
    ),
    "osInfo": replace(
        _CONNECTION,
        roles={"source": RoleColumns(("hostName",)), "target": RoleColumns(("agentId",))},
    ),
}


@dataclass(slots=True)
class _Agents:
    """What the tables say about the agents."""

    names: dict[str, set[str]] = field(default_factory=dict)  # agent -> host names
    addresses: dict[str, set[str]] = field(default_factory=dict)  # address -> agents


def import_aws_discovery(
    path: Path,
    wanted: Wanted,
    *,
    management_ports: Sequence[int] = MANAGEMENT_PORTS,
    window_days: float | None = None,
) -> Outcome:
    """Import one export."""
    gathered = Gathered("aws-discovery", EvidenceKind.AWS_DISCOVERY)
    agents = _Agents()
    with TemporaryDirectory(prefix="migrator-import-") as name:
        work = Path(name)
        tables = find_tables(path, work)
        size = sum(table.path.stat().st_size for table in tables)
        with open_tables(work, input_bytes=size) as connection:
            numbers = _read_all(connection, tables, gathered, agents, work)
            hosts = _host_names(agents, gathered)
            gathered.second_looks = join_observers(
                connection,
                numbers["sourceProcessConnection"],
                numbers["destinationProcessConnection"],
                hosts,
            )
            for port, rows in drop_ports(connection, management_ports).items():
                why = f"port {port} is a management agent's own, by rule (--management-port)"
                file = gathered.files[0]
                gathered.collector.ignored.add(Ignored(file, 1, f"{rows:,} rows", why))
            rules = HostRules(known=_known(agents, hosts, gathered))
            column_map = replace(_CONNECTION, hosts=rules, window_days=window_days)
            return conclude(connection, gathered, column_map, wanted, work)


def _read_all(
    connection: Connection,
    tables: Sequence[ExportedTable],
    gathered: Gathered,
    agents: _Agents,
    work: Path,
) -> dict[str, list[int]]:
    """Read all tables; connections stay in `seen`, what the others say goes to `agents`."""
    numbers: dict[str, list[int]] = {kind: [] for kind in _MAPS}
    for table in tables:
        number = len(gathered.files)
        facts = table.kind in {"networkInterface", "osInfo"}
        bad = dict(gathered.bad)
        read = read_table(
            connection, table.path, _MAPS[table.kind], gathered, work, shown=table.shown
        )
        if read is None:
            continue
        numbers[table.kind].append(number)
        if not facts:
            continue
        # An interface without an address, or a host without a name, says nothing and is no fault.
        gathered.bad = bad
        gathered.faults = [each for each in gathered.faults if each.file != gathered.files[number]]
        gathered.tables[-1] = replace(gathered.tables[-1], of_connections=False)
        for text, agent in pairs_of(connection, number):
            if table.kind == "osInfo":
                agents.names.setdefault(agent, set()).add(text.strip().rstrip(".").lower())
            elif address := address_of(text.partition("/")[0]):
                agents.addresses.setdefault(address, set()).add(agent)
    return numbers


def _host_names(agents: _Agents, gathered: Gathered) -> dict[str, str]:
    """The name of each agent's host; two hosts of one name are told apart by their agents."""
    chosen = {agent: min(names) for agent, names in agents.names.items()}
    for agent, names in agents.names.items():
        if len(names) > 1:
            said = f"was called {', '.join(sorted(names)[:5])}; {chosen[agent]} is taken"
            gathered.collector.notes.add(
                Noted("one agent, several names", agent, said, gathered.files[0], 1)
            )
    bearers: dict[str, list[str]] = {}
    for agent, name in chosen.items():
        bearers.setdefault(name, []).append(agent)
    return {
        agent: name if len(bearers[name]) == 1 else f"{name}.{agent.lower()}"
        for agent, name in chosen.items()
    }


def _known(agents: _Agents, hosts: dict[str, str], gathered: Gathered) -> dict[str, KnownHost]:
    """Whose each address is; one that several agents have is nobody's."""
    known: dict[str, KnownHost] = {}
    for address, owners in agents.addresses.items():
        if len(owners) == 1:
            owner = next(iter(owners))
            known[address] = KnownHost(hosts.get(owner, owner.lower()))
        elif not address.startswith("127.") and address != "::1":
            said = f"{len(owners)} agents have it, so it names none of them"
            gathered.collector.notes.add(
                Noted("one address, several hosts", address, said, gathered.files[0], 1)
            )
    return known
