"""Inventories of a few lines for tests that join them: subsystems, components and links as text."""

from __future__ import annotations

import csv
from pathlib import Path

from migrator.inventory.model import LINK_COLUMNS

Row = dict[str, str]


def an_inventory(
    folder: Path, parts: dict[str, list[str]], links: list[Row], more: str = ""
) -> Path:
    """Write one. `parts` are the components of each subsystem; `more` is text of the first one."""
    folder.mkdir(parents=True)
    head = f"schema_version: 1\nname: {folder.name}\nowner: tests\n"
    (folder / "inventory.yaml").write_text(head, encoding="utf-8")
    lines = ["subsystems:"]
    for name, components in parts.items():
        kind = "external" if name == "unknown" else "stateless"
        lines += [f"  - id: {name}", f"    name: {name}", f"    kind: {kind}"]
        lines += [more] if more and name == next(iter(parts)) else []
        lines.append("    components:")
        for each in components:
            own, _, shown = each.partition("=")
            lines.append(f"      - {{id: {own}, name: '{shown or own}', role: process}}")
    (folder / "subsystems.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if links:
        with (folder / "links.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, LINK_COLUMNS)
            writer.writeheader()
            writer.writerows(links)
    return folder


def a_link(source: str, target: str, protocol: str = "tcp", port: str = "", **more: str) -> Row:
    """One row; its id says what it is."""
    return {
        "id": more.get("id", f"{source}-{target}-{protocol}-{port or 'x'}"),
        "source": source,
        "target": target,
        "protocol": protocol,
        "port": port,
        "data_class": more.get("data_class", ""),
        "calls_per_day": more.get("calls", "1"),
        "latency_class": more.get("latency", "interactive"),
        "criticality": more.get("criticality", "3"),
        "evidence": more.get("evidence", "somewhere"),
    }


def rows_of(path: Path) -> list[Row]:
    """The rows of a table that was written."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
