"""Who is who in several inventories: by exact id, by address, by alias; never by likeness.

Called by `joining.py`. The first inventory that has an id owns it. A component of a source that
knows no components (its one component is called like its subsystem) stands for the subsystem as a
whole. What merely looks alike is listed for people, and joined only once they wrote it down.
"""

from __future__ import annotations

import csv
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

from migrator.errors import Fault, InputError
from migrator.inventory.model import Component, Inventory, Subsystem

UNKNOWN: Final = "unknown:"
"""How the name of a component begins of which only an address is known."""

ADDRESS: Final = "address:"
"""How a tag begins that says at which address a system outside answers."""

_ENDING: Final = re.compile(r"(?:service|server|svc|api|app)$")


@dataclass(frozen=True, slots=True)
class Known:
    """Who somebody is. `component` is None where only the subsystem is known."""

    subsystem: str
    component: str | None


@dataclass(slots=True)
class Names:
    """All that was found out."""

    ends: dict[tuple[int, str], Known] = field(default_factory=dict)  # (inventory, component)
    subsystems: dict[str, tuple[int, Subsystem]] = field(default_factory=dict)
    components: dict[str, dict[str, Component]] = field(default_factory=dict)  # by subsystem
    owners: dict[str, str] = field(default_factory=dict)  # component -> subsystem
    used_aliases: set[str] = field(default_factory=set)
    used_addresses: set[str] = field(default_factory=set)
    elsewhere: list[tuple[str, str, str]] = field(default_factory=list)  # component, said, is in


@dataclass(frozen=True, slots=True)
class Table:
    """A file of two columns: a word, and the id that it stands for; with the line of each."""

    file: str
    entries: Mapping[str, tuple[str, int]]


EMPTY: Final = Table("", {})


def read_table(path: Path | None) -> Table:
    """Read a file of aliases or of addresses: `word,id` on each line, `#` for remarks."""
    if path is None:
        return EMPTY
    entries: dict[str, tuple[str, int]] = {}
    faults: list[Fault] = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = str(error) if isinstance(error, UnicodeDecodeError) else str(error.strerror)
        raise _wrong(path, [Fault(str(path), None, "", f"cannot be read: {message}")]) from error
    separator = ";" if ";" in text and "," not in text else ","
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [each.strip() for each in next(csv.reader([line], delimiter=separator))]
        if len(cells) != 2 or not all(cells):
            faults.append(Fault(str(path), number, "", "wants two columns: a word and an id"))
        elif cells[0] in entries:
            first = entries[cells[0]][1]
            faults.append(Fault(str(path), number, cells[0], f"stands on line {first} already"))
        elif cells not in (["name", "id"], ["address", "id"]):
            entries[cells[0]] = (cells[1], number)
    if faults:
        raise _wrong(path, faults)
    return Table(str(path), entries)


def _wrong(path: Path, faults: list[Fault]) -> InputError:
    return InputError(
        "import-broken-names",
        f"{path} cannot be used as a table of names",
        hint="write `word,id` on each line; the id is one of a component or a subsystem",
        faults=tuple(faults),
    )


def find_names(inventories: Sequence[Inventory], aliases: Table, addresses: Table) -> Names:
    """Say of every component of every inventory who it is. Raises for aliases that lead nowhere."""
    names = Names()
    by_address = _by_address(inventories, addresses)
    finer = _known_finer(inventories)
    later: list[tuple[int, Subsystem, Component, str]] = []
    faults: list[Fault] = []
    for number, inventory in enumerate(inventories):
        for subsystem in inventory.subsystems:
            for component in subsystem.components:
                word = _alias(subsystem, component, aliases, names)
                if word and number == 0:
                    line = aliases.entries[_alias_key(subsystem, component, aliases)][1]
                    said = (
                        "it is an id of the first inventory, which keeps its names: turn it round"
                    )
                    faults.append(Fault(aliases.file, line, component.id, said))
                word = word or _addressed(component, by_address, names)
                if word and word not in {component.id, subsystem.id}:
                    later.append((number, subsystem, component, word))
                else:
                    _take(names, number, subsystem, component, finer=finer)
    for own, (number, subsystem) in names.subsystems.items():
        if not names.components[own]:  # whoever knew it finer said that its parts are elsewhere
            names.components[own][own] = subsystem.components[0]
            names.owners[own] = own
            names.ends[number, own] = Known(own, own)
    for number, subsystem, component, word in later:
        if word in names.owners:
            names.ends[number, component.id] = Known(names.owners[word], word)
        elif word in names.subsystems:
            names.ends[number, component.id] = Known(word, None)
        else:
            table = aliases if _alias_key(subsystem, component, aliases) else addresses
            line = next((at for to, at in table.entries.values() if to == word), 1)
            said = f"'{word}' is no component and no subsystem of these inventories"
            faults.append(Fault(table.file, line, component.id, said))
    if faults:
        raise InputError(
            "import-broken-names",
            f"{len(faults)} names lead nowhere or the wrong way",
            hint="name an id that one of the inventories has; the first one keeps its own names",
            faults=tuple(sorted(set(faults))),
        )
    return names


def _known_finer(inventories: Sequence[Inventory]) -> set[str]:
    """The subsystems of which some inventory knows more than that they are there."""
    return {
        subsystem.id
        for inventory in inventories
        for subsystem in inventory.subsystems
        if not _is_whole(subsystem)
    }


def _is_whole(subsystem: Subsystem) -> bool:
    """Tell whether its one component is called like itself: its source knows no components."""
    components = subsystem.components
    return len(components) == 1 and str(components[0].id) == str(subsystem.id)


def _take(
    names: Names, number: int, subsystem: Subsystem, component: Component, *, finer: set[str]
) -> None:
    """A component under its own id: one that is known, a whole subsystem, or a new one."""
    if subsystem.id in finer and _is_whole(subsystem):
        names.subsystems.setdefault(subsystem.id, (number, subsystem))
        names.components.setdefault(subsystem.id, {})
        names.ends[number, component.id] = Known(subsystem.id, None)
        return
    place = names.owners.get(component.id)
    if place is not None:
        names.ends[number, component.id] = Known(place, component.id)
        if place != subsystem.id:
            names.elsewhere.append((component.id, subsystem.id, place))
        return
    names.subsystems.setdefault(subsystem.id, (number, subsystem))
    names.components.setdefault(subsystem.id, {})[component.id] = component
    names.owners[component.id] = subsystem.id
    names.ends[number, component.id] = Known(subsystem.id, component.id)


def _alias_key(subsystem: Subsystem, component: Component, aliases: Table) -> str:
    return next((each for each in (component.id, subsystem.id) if each in aliases.entries), "")


def _alias(subsystem: Subsystem, component: Component, aliases: Table, names: Names) -> str:
    """What the aliases say that the component is; the component's own alias goes first."""
    key = _alias_key(subsystem, component, aliases)
    if not key:
        return ""
    names.used_aliases.add(key)
    return aliases.entries[key][0]


def _addressed(component: Component, by_address: Mapping[str, str], names: Names) -> str:
    """Who answers at the address that is all that is known of a component."""
    if not component.name.startswith(UNKNOWN):
        return ""
    address = plain_address(component.name.removeprefix(UNKNOWN))
    found = by_address.get(address, "")
    if found:
        names.used_addresses.add(address)
    return found


def _by_address(inventories: Sequence[Inventory], addresses: Table) -> dict[str, str]:
    """Address -> id: those of the table, and those that systems outside are tagged with.

    Two systems with one address prove nothing, so that address is left out; the table decides.
    """
    tagged: dict[str, set[str]] = {}
    for inventory in inventories:
        for subsystem in inventory.subsystems:
            for tag in subsystem.tags:
                if tag.startswith(ADDRESS):
                    host = tag.removeprefix(ADDRESS).rpartition(":")[0] or tag
                    tagged.setdefault(plain_address(host), set()).add(subsystem.id)
    sure = {address: next(iter(owners)) for address, owners in tagged.items() if len(owners) == 1}
    return sure | {plain_address(word): to for word, (to, _) in addresses.entries.items()}


def plain_address(word: str) -> str:
    """An address in one spelling, so that the same one is compared as the same."""
    bare = word.strip().strip("[]").lower()
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        return bare


def alike(subsystems: Iterable[str]) -> list[tuple[str, str]]:
    """The pairs of ids that differ in signs or in a last word only: a question, not an answer."""
    by_stem: dict[str, list[str]] = {}
    for each in sorted(subsystems):
        stem = re.sub(r"[-_.]+", "", each)
        by_stem.setdefault(_ENDING.sub("", stem) or stem, []).append(each)
    return [pair for _, each in sorted(by_stem.items()) for pair in pairwise(each)]
