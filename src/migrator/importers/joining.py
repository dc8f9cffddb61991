"""Several inventories as one: who is who, which links are the same, and what nobody declared.

Called by `cli/imports_live.py`. Inventories are given in the order of their authority: the first
that knows a subsystem says what it is, and the first of all keeps its people, calendar and
relations. The links themselves are joined in columns by `links/joining.py`. The result is an
inventory like any other, with a coverage report that says which source saw what.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from migrator.errors import InputError
from migrator.ids import SubsystemId
from migrator.importers.joining_names import (
    Names,
    Table,
    alike,
    find_names,
    plain_address,
    read_table,
)
from migrator.importers.joining_report import Joined, joined_data, joined_page
from migrator.importers.seen_declared import findings_text
from migrator.importers.write import write_folder
from migrator.inventory.model import Component, Inventory
from migrator.inventory.reader import read_inventory
from migrator.inventory.yaml_text import decode, read_yaml
from migrator.links.joining import JoinedEnd, JoinedSource, join_links
from migrator.links.load import read_links

CARRIED: Final = (
    "assumptions.yaml", "calendar.yaml", "functions.yaml", "people.yaml", "places.yaml",
    "relations.yaml",
)  # fmt: skip
"""What only the first inventory can say; the others' are named as not carried."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for. `against` is the declared inventory; it goes before all others."""

    folders: tuple[Path, ...]
    output: Path
    against: Path | None = None
    aliases: Path | None = None
    addresses: Path | None = None
    name: str = ""
    owner: str = "unknown"
    force: bool = False
    dry_run: bool = False


def join_inventories(wish: Wish) -> Joined:
    """Join and write; the same folders give the same bytes."""
    folders = _folders(wish)
    inventories = [read_inventory(folder) for folder in folders]
    aliases, addresses = read_table(wish.aliases), read_table(wish.addresses)
    names = find_names(inventories, aliases, addresses)
    titles = _titles(folders, inventories)
    with tempfile.TemporaryDirectory(prefix="migrator-join-") as made:
        work = Path(made)
        tables = [read_links(inventory, None) for inventory in inventories]
        sources = [
            JoinedSource(title, table.parquet, declared=wish.against is not None and number == 0)
            for number, (title, table) in enumerate(zip(titles, tables, strict=True))
        ]
        counts = join_links(sources, _ends(names), _first_components(names), work)
        joined = Joined(
            wish.name or wish.output.resolve().name,
            tuple(titles),
            counts,
            names,
            tuple(alike(each for each in names.subsystems if each != "unknown")),
            _unused(aliases, names.used_aliases),
            _unused(addresses, names.used_addresses),
            _still_unknown(names),
            _not_carried(folders, titles),
            titles[0] if wish.against is not None else "",
        )
        texts = _texts(joined, wish, folders) | _manifests(names, folders, inventories)
        files = {"links.csv": work / "links.csv"} if counts.links else {}
        if wish.against is not None:
            table = work / "findings.csv"
            texts["seen-declared.txt"] = findings_text(table, counts.findings, titles[0])
            files["seen-declared.csv"] = table
        if not wish.dry_run:
            write_folder(wish.output, texts, joined_data(joined), files, force=wish.force)
    return joined


def _folders(wish: Wish) -> list[Path]:
    """The folders in the order of their authority, each once."""
    folders = [*wish.folders]
    if wish.against is not None:
        folders.insert(0, wish.against)
    by_place = {folder.resolve() for folder in folders}
    if len(by_place) != len(folders):
        raise InputError(
            "import-broken-names",
            "a folder is named twice",
            hint="name each inventory once: joined with itself it would count as two sources",
        )
    if wish.output.resolve() in by_place:
        raise InputError(
            "import-folder-not-ours",
            f"{wish.output} is one of the inventories that are joined",
            hint="name another folder with -o",
        )
    return folders


def _titles(folders: Sequence[Path], inventories: Sequence[Inventory]) -> list[str]:
    """A name for each source; those that bear the same one get a number."""
    taken: dict[str, int] = {}
    titles = []
    for folder, inventory in zip(folders, inventories, strict=True):
        title = " ".join((inventory.name or folder.resolve().name).split())
        count = taken[title] = taken.get(title, 0) + 1
        titles.append(title if count == 1 else f"{title} ({count})")
    return titles


def _ends(names: Names) -> Iterator[JoinedEnd]:
    for (number, own), known in names.ends.items():
        yield JoinedEnd(number, own, known.component, known.subsystem)


def _first_components(names: Names) -> dict[str, str]:
    """Which component stands for a subsystem: its first one that answers calls itself."""
    return {
        own: next(
            (name for name, each in components.items() if each.role not in {"store", "queue"}),
            next(iter(components)),
        )
        for own, components in names.components.items()
    }


def _unused(table: Table, used: set[str]) -> tuple[str, ...]:
    """The entries of a table that nothing needed: a typing error, or a source that was left out."""
    return tuple(sorted(each for each in table.entries if not {each, plain_address(each)} & used))


def _still_unknown(names: Names) -> tuple[str, ...]:
    return tuple(sorted(names.components.get("unknown", {})))


def _not_carried(folders: Sequence[Path], titles: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"{title}: {name}"
        for folder, title in zip(folders[1:], titles[1:], strict=True)
        for name in CARRIED
        if name != "assumptions.yaml" and (folder / name).exists()
    )


def _texts(joined: Joined, wish: Wish, folders: Sequence[Path]) -> dict[str, str]:
    """File name -> content of everything but the links."""
    texts = {
        "inventory.yaml": (
            "# Written by migrator import join; coverage.md says which source saw what.\n"
            f"schema_version: 1\nname: {_plain(joined.name)}\nowner: {_plain(wish.owner)}\n"
        ),
        "subsystems.yaml": _subsystems(joined.names, folders),
        "coverage.md": joined_page(joined),
    }
    for name in CARRIED:
        path = folders[0] / name
        if path.exists():
            texts[name] = decode(path.read_bytes(), name)
    return texts


def _subsystems(names: Names, folders: Sequence[Path]) -> str:
    """Each subsystem as its first inventory wrote it, with the components of all."""
    written = [_written(folder) for folder in folders]
    lines = ["# Each subsystem as the first inventory that has it says; components of all.", ""]
    lines.append("subsystems:")
    for own, (number, _) in sorted(names.subsystems.items()):
        row = written[number].get(own, {"id": own})
        lines += [
            f"  {'- ' if first else '  '}{key}: {_plain(value)}"
            for first, (key, value) in _numbered(row)
        ]
        lines.append("    components:")
        for component in names.components[own].values():
            lines.append(f"      - {_component(component)}")
    return "\n".join(lines) + "\n"


def _numbered(row: Mapping[str, object]) -> Iterator[tuple[bool, tuple[str, object]]]:
    kept = {"id": row["id"], **row}
    kept.pop("components", None)
    for index, item in enumerate(kept.items()):
        yield index == 0, item


def _component(component: Component) -> str:
    row = {"id": component.id, "name": component.name, "role": component.role}
    if component.technology is not None:
        row["technology"] = component.technology
    return _plain(row)


def _plain(value: object) -> str:
    """A value on one line: JSON, which YAML reads as it is."""
    return json.dumps(value, ensure_ascii=False)


def _written(folder: Path) -> dict[str, dict[str, object]]:
    """The rows of subsystems as the folder's files have them."""
    rows: dict[str, dict[str, object]] = {}
    inner = folder / "subsystems"
    paths = [folder / "subsystems.yaml", *(sorted(inner.glob("*.yaml")) if inner.is_dir() else ())]
    for path in paths:
        if not path.exists():
            continue
        data = read_yaml(decode(path.read_bytes(), path.name), path.name).data
        listed = data.get("subsystems", [data]) if isinstance(data, dict) else []
        for row in listed if isinstance(listed, list) else []:
            if isinstance(row, dict):
                rows[str(row.get("id"))] = {**row}
    return rows


def _manifests(
    names: Names, folders: Sequence[Path], inventories: Sequence[Inventory]
) -> dict[str, str]:
    """The manifests under the names that their subsystems have now; the first of a name stays."""
    texts: dict[str, str] = {}
    for number, (folder, inventory) in enumerate(zip(folders, inventories, strict=True)):
        top = folder / "manifests"
        now = {
            subsystem.id: {names.ends[number, each.id].subsystem for each in subsystem.components}
            for subsystem in inventory.subsystems
        }
        for path in sorted(top.rglob("*")) if top.is_dir() else ():
            owner, *rest = path.relative_to(top).parts
            places = now.get(SubsystemId(owner), set())
            if path.is_file():
                # A subsystem whose parts went to several has its manifests with the first of them.
                place = owner if owner in places or not places else min(places)
                name = "/".join(("manifests", place, *rest))
                texts.setdefault(name, decode(path.read_bytes(), name))
    return texts
