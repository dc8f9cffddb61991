"""Casual's configuration files as data with lines: one model in YAML, JSON, XML or INI.

Called by `casual_domains.py`. Casual writes the same tree in four ways: XML marks the entries of
a list with `<element>`, INI repeats a section or a key, and in INI only the names say what is a
list. A document that declares entities is refused, because they can name files and grow without
end. Nothing here knows what a key means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from migrator.errors import Fault, InputError
from migrator.importers.files import SourceFile
from migrator.importers.nodes import Node
from migrator.inventory.yaml_text import (
    DEPTH_MAX,
    DataPath,
    Document,
    Plain,
    read_yaml,
    read_yaml_documents,
)

SUFFIXES: Final = (".yaml", ".yml", ".json", ".xml", ".ini")

LISTS: Final = frozenset((
    "arguments", "connections", "dependencies", "executables", "files", "groups", "include",
    "libraries", "library", "listeners", "memberships", "queues", "resources", "restrictions",
    "routes", "servers", "services", "variables",
))  # fmt: skip
"""What is a list wherever Casual uses the word; INI cannot say it otherwise."""

_SECTION: Final = re.compile(r"\[\s*([\w.-]+)\s*\]")
_SETTING: Final = re.compile(r"([\w.-]+)\s*=\s*(.*)")


def read_documents(file: SourceFile) -> list[Node]:
    """The documents of one file; raises with all its faults."""
    suffix = file.path.suffix.lower()
    if suffix == ".xml":
        return [_read_xml(file)]
    if suffix == ".ini":
        return [_read_ini(file)]
    if suffix == ".json":
        return [_read_json(file)]
    documents = read_yaml_documents(file.text, str(file.path), aliases="expand")
    return [Node(file.shown, document, document.data) for document in documents]


def _broken(faults: Sequence[Fault]) -> InputError:
    return InputError(
        "import-broken-documents",
        "the file is broken",
        hint="mend the named lines",
        faults=tuple(faults),
    )


def _read_json(file: SourceFile) -> Node:
    """JSON is read as JSON, and once more as the YAML that it also is, for the lines."""
    try:
        data = json.loads(file.text)
    except json.JSONDecodeError as error:
        raise _broken([Fault(str(file.path), error.lineno, "", error.msg)]) from error
    except RecursionError as error:
        message = f"nests deeper than {DEPTH_MAX} levels"
        raise _broken([Fault(str(file.path), None, "", message)]) from error
    # A tab is white space to JSON and forbidden to YAML; inside JSON's texts none can stand.
    document = read_yaml(file.text.replace("\t", " "), str(file.path))
    return Node(file.shown, document, data)


# XML


@dataclass(slots=True)
class _Element:
    """An element that is being read."""

    name: str
    line: int
    text: str = ""
    children: list[_Element] = field(default_factory=list)
    names: set[str] = field(default_factory=set)  # of the children, to see a doubled one


def _read_xml(file: SourceFile) -> Node:
    """The tree of an XML file."""
    top = _Element("", 1)
    stack = [top]
    parser = expat.ParserCreate("utf-8")  # the text was decoded, whatever its head declares

    def refuse(*_declared: object) -> None:
        message = "a document type or an entity is declared here; Casual's files have none"
        raise _broken([Fault(str(file.path), parser.CurrentLineNumber, "", message)])

    def begin(name: str, _attributes: dict[str, str]) -> None:
        if len(stack) > DEPTH_MAX:
            message = f"nests deeper than {DEPTH_MAX} levels"
            raise _broken([Fault(str(file.path), parser.CurrentLineNumber, "", message)])
        if name != "element" and name in stack[-1].names:
            message = f"<{name}> stands here a second time; a list has <element> entries"
            raise _broken([Fault(str(file.path), parser.CurrentLineNumber, "", message)])
        stack[-1].names.add(name)
        element = _Element(name, parser.CurrentLineNumber)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_name: str) -> None:
        stack.pop()

    def characters(text: str) -> None:
        stack[-1].text += text

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.buffer_text = True
    try:
        parser.Parse(file.text.encode(), True)  # noqa: FBT003 - expat's "this was the last part"
    except expat.ExpatError as error:
        message = expat.errors.messages[error.code]
        raise _broken([Fault(str(file.path), error.lineno, "", message)]) from error
    lines: dict[DataPath, int] = {(): 1}
    data: dict[str, Plain] = {}
    for child in top.children:
        lines[child.name,] = child.line
        data[child.name] = _of_element(child, (child.name,), lines)
    return Node(file.shown, Document(file.shown, data, lines), data)


def _of_element(element: _Element, path: DataPath, lines: dict[DataPath, int]) -> Plain:
    """What an element holds: a list of `<element>`, a mapping, or text."""
    if not element.children:
        text = element.text.strip()
        return text or ([] if element.name in LISTS else None)
    if all(child.name == "element" for child in element.children):
        values: list[Plain] = []
        for index, child in enumerate(element.children):
            lines[(*path, index)] = child.line
            values.append(_of_element(child, (*path, index), lines))
        return values
    mapping: dict[str, Plain] = {}
    for child in element.children:
        lines[(*path, child.name)] = child.line
        mapping[child.name] = _of_element(child, (*path, child.name), lines)
    return mapping


# INI


def _read_ini(file: SourceFile) -> Node:
    """The tree of an INI file: a repeated section or key is one more entry of its list."""
    data: dict[str, Plain] = {}
    lines: dict[DataPath, int] = {(): 1}
    faults: list[Fault] = []
    place: dict[str, Plain] = data
    path: DataPath = ()
    for number, raw in enumerate(file.text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        section = _SECTION.fullmatch(line)
        setting = None if section else _SETTING.fullmatch(line)
        if section:
            entered = _enter(data, section[1].split("."), number, lines)
            if entered is None:
                message = f"the section {section[1]} stands where a value already is"
                faults.append(Fault(str(file.path), number, section[1], message))
                continue
            place, path = entered
        elif setting:
            lines.setdefault((*path, setting[1]), number)
            _put(place, setting[1], setting[2].strip(), (*path, setting[1]), number, lines)
        else:
            message = "neither a [section] nor a key=value"
            faults.append(Fault(str(file.path), number, "", message))
    if faults:
        raise _broken(faults)
    return Node(file.shown, Document(file.shown, data, lines), data)


def _put(
    place: dict[str, Plain],
    key: str,
    value: str,
    path: DataPath,
    number: int,
    lines: dict[DataPath, int],
) -> None:
    """Set a key; in a list it is one entry more."""
    known = place.get(key)
    if key not in LISTS:
        place[key] = value
        return
    entries = known if isinstance(known, list) else []
    place[key] = entries
    lines[(*path, len(entries))] = number
    entries.append(value)


def _enter(
    data: dict[str, Plain], words: list[str], number: int, lines: dict[DataPath, int]
) -> tuple[dict[str, Plain], DataPath] | None:
    """Go down to a section and make what is missing; None where a value is in the way."""
    place = data
    path: DataPath = ()
    for depth, word in enumerate(words):
        path = (*path, word)
        lines.setdefault(path, number)
        known = place.get(word)
        if word not in LISTS:
            if known is None:
                known = place[word] = {}
            if not isinstance(known, dict):
                return None
            place = known
            continue
        entries = known if isinstance(known, list) else []
        place[word] = entries
        last = depth == len(words) - 1
        if last or not entries:
            lines[(*path, len(entries))] = number
            entries.append({})
        path = (*path, len(entries) - 1)
        inner = entries[-1]
        if not isinstance(inner, dict):
            return None
        place = inner
    return place, path
