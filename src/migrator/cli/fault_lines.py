"""The lines of faults that planning finds: it knows subsystems and relations, and no files.

Called by `plan` and `replan` for a refusal on its way to the screen. A fault of the planner names a
file and a path such as `places[new].capacity.cpu` or `relations[3]`, by id or by the place in the
sorted inventory; here it gets the line at which a person finds it, and the place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from migrator.errors import Fault, InputError
from migrator.inventory.model import Inventory, Relation
from migrator.inventory.text_file import read_text_file
from migrator.inventory.yaml_text import DataPath, Document, read_yaml

_PART: Final = re.compile(r"([a-z_]+)(?:\[([^\]]+)\])?")


@contextmanager
def with_lines(inventory: Inventory) -> Iterator[None]:
    """Give a refusal that leaves this block the lines of its faults."""
    try:
        yield
    except InputError as error:
        files = _Files(inventory)
        error.faults = tuple(files.found(fault) for fault in error.faults)
        raise


class _Files:
    """The inventory's files as data with lines, each read once and only when it is asked for."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.documents: dict[str, Document | None] = {}

    def found(self, fault: Fault) -> Fault:
        """The fault with its line, or as it was where there is none."""
        if fault.line is not None or not fault.file.endswith(".yaml"):
            return fault
        names = [fault.file]
        if fault.file == "subsystems.yaml":
            folder = self.inventory.folder / "subsystems"
            names += sorted(f"subsystems/{path.name}" for path in folder.glob("*.yaml"))
        for name in names:
            document = self.document(name)
            path = None if document is None else self.path(fault.path, document)
            if document is not None and path:
                # Relations have no ids: the place in the sorted inventory is not that in the file.
                shown = _shown(path) if path[0] == "relations" else fault.path
                return replace(fault, file=name, line=document.line(path), path=shown)
        return fault

    def document(self, name: str) -> Document | None:
        """A file of the inventory; None where it is not there, or not what it was."""
        if name not in self.documents:
            path = self.inventory.folder / name
            missing = InputError("missing-inventory", f"there is no {path}", hint="")
            try:
                self.documents[name] = read_yaml(read_text_file(path, missing), name)
            except InputError:
                self.documents[name] = None
        return self.documents[name]

    def path(self, text: str, document: Document) -> DataPath | None:
        """Where a path leads in the data: ids become places in lists."""
        steps: list[str | int] = []
        data: object = document.data
        for part in text.split("."):
            match = _PART.fullmatch(part)
            if match is None or not isinstance(data, dict) or match[1] not in data:
                return tuple(steps) or None
            steps.append(match[1])
            data = data[match[1]]
            if match[2] is None:
                continue
            number = self.place(match[1], match[2], data)
            if number is None or not isinstance(data, list):
                return None
            steps.append(number)
            data = data[number]
        return tuple(steps)

    def place(self, what: str, key: str, rows: object) -> int | None:
        """The place of a row in its list: by its id, for relations by what they say."""
        if not isinstance(rows, list):
            return None
        wanted: Relation | None = None
        if what == "relations" and key.isdigit() and int(key) < len(self.inventory.relations):
            wanted = self.inventory.relations[int(key)]
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                continue
            if wanted is not None:
                if _says(row, wanted):
                    return number
            elif str(row.get("id")) == key:
                return number
        return None


def _says(row: dict[object, object], relation: Relation) -> bool:
    members = row.get("members")
    return (
        row.get("kind") == relation.kind.value
        and isinstance(members, list)
        and sorted(map(str, members)) == sorted(relation.members)
        and row.get("reason") == relation.reason
    )


def _shown(path: DataPath) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
