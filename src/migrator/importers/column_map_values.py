"""Takes values out of a map's YAML and notes what is wrong with each, with its line. Pure.

Called by `column_map.py`. Nothing raises here: a person who mends a map wants all its faults.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from migrator.errors import Fault
from migrator.importers.nodes import Node


@dataclass(frozen=True, slots=True)
class Keys:
    """Which keys a mapping must and may have."""

    must: tuple[str, ...]
    may: tuple[str, ...]


@dataclass(slots=True)
class Values:
    """Reads values and gathers the faults."""

    file: str
    faults: list[Fault] = field(default_factory=list)

    def fault(self, node: Node, message: str) -> None:
        """Note that a value is wrong."""
        self.faults.append(Fault(self.file, node.line, node.where, message))

    def usable(self, node: Node, why_not: str | None) -> bool:
        """Tell whether there is no objection; else note it."""
        if why_not is not None:
            self.fault(node, f"cannot be used: {why_not}")
        return why_not is None

    def mapping(self, node: Node) -> bool:
        """Tell whether it is a mapping; what is missing is none and no fault."""
        if node.exists and not isinstance(node.value, dict):
            self.fault(node, "wants a mapping")
        return isinstance(node.value, dict)

    def keys(self, node: Node, keys: Keys) -> None:
        """Note the keys that are missing, and those that nobody knows."""
        if not self.mapping(node):
            return
        known = (*keys.must, *keys.may)
        for key, one in node.entries():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                meant = f"; do you mean '{near[0]}'?" if near else ""
                self.fault(one, f"the key is not known{meant} (known: {', '.join(known)})")
        for key in keys.must:
            if not node.get(key).exists:
                self.fault(node, f"the key '{key}' is missing")

    def text(self, node: Node) -> str | None:
        """A scalar as text; None where there is none."""
        if node.exists and node.text is None:
            self.fault(node, "wants one value")
        return node.text

    def texts(self, node: Node, *, empty: bool = False) -> tuple[str, ...]:
        """One value or a list of them; an empty text is one only where that is allowed."""
        if not node.exists:
            return ()
        nodes = list(node.parts()) if isinstance(node.value, list) else [node]
        found = [text for one in nodes if (text := self.text(one)) is not None]
        if not empty and not all(text.strip() for text in found):
            self.fault(node, "holds an empty value")
        return tuple(text for text in found if empty or text.strip())

    def parts(self, node: Node) -> Iterator[Node]:
        """The mappings of a list."""
        if node.exists and not isinstance(node.value, list):
            self.fault(node, "wants a list")
        for one in node.parts():
            if self.mapping(one):
                yield one

    def one_of(self, node: Node, known: Sequence[str]) -> str | None:
        """One of some words; None where nothing is said."""
        text = self.text(node)
        if text is not None and text not in known:
            self.fault(node, f"wants one of {', '.join(known)}")
            return None
        return text

    def flag(self, node: Node) -> bool:
        """Give true or false; false where nothing is said."""
        if node.exists and not isinstance(node.value, bool):
            self.fault(node, "wants true or false")
        return node.value is True

    def positive(self, node: Node) -> float | None:
        """A number above zero; None where nothing is said."""
        value = node.value
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
            self.fault(node, "wants a number above 0")
            return None
        return float(value)
