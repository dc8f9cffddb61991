"""Casual configuration for tests: short texts in, what was read of them out."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from migrator.importers.casual import read_casual
from migrator.importers.draft import Draft


def a_domain(name: str, *, listens: str = "", dials: str = "", more: str = "") -> str:
    """A domain that listens on one address and dials another."""
    text = f"domain:\n  name: {name}\n"
    if listens or dials:
        text += "  gateway:\n"
    if listens:
        text += (
            f"    inbound: {{groups: [{{alias: in, connections: [{{address: '{listens}'}}]}}]}}\n"
        )
    if dials:
        text += f"    outbound: {{groups: [{{alias: out, connections: [{dials}]}}]}}\n"
    return text + more


def read(tmp_path: Path, split: Literal["domain", "group"] = "domain", /, **files: str) -> Draft:
    """What is read of the files, each named by its stem."""
    folder = tmp_path / "conf"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return read_casual([folder], split=split)


def ends(draft: Draft) -> list[tuple[str, str, str, int | None]]:
    """The links without their evidence."""
    return [(each.source, each.target, each.protocol, each.port) for each in draft.links]
