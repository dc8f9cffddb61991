"""YAML text into plain data and the line of every value: the project's one YAML reader.

Called by `reader.py`, by `plan/text.py` and by the importers. It walks the parser's events and
never lets the library build objects: a deep text cannot crash the process, a doubled key is not
dropped in silence, and `22:00` or `NO` stay the text that was written (the core words of YAML 1.2).
Nothing here knows what a key means, and nothing but InputError may come out of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import yaml

from migrator.errors import Fault, InputError

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"
"""What YAML or JSON can say. Keys are always text, as written."""

DataPath: TypeAlias = tuple[str | int, ...]

DEPTH_MAX: Final = 64
"""Real files nest less than twenty deep; beyond this it is a bomb, not an inventory."""
NODES_MAX: Final = 1_000_000
"""Counts what aliases would repeat, too: nine lines can ask for a billion nodes."""
DIGITS_MAX: Final = 100
"""A longer row of digits is no quantity; it stays text, and fails where a number is due."""

_WORDS: Final[dict[str, Plain]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,5})?")
_SPECIAL: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_CORE: Final = "tag:yaml.org,2002:"
_HINT: Final = "mend the text where the line says, then run the command again"


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its data, and where in the text each value stands."""

    file: str
    data: Plain
    lines: dict[DataPath, int]

    def line(self, path: DataPath) -> int | None:
        """The line of the value at `path`, or of its nearest parent that the text has."""
        for length in range(len(path), -1, -1):
            found = self.lines.get(path[:length])
            if found is not None:
                return found
        return None


def decode(content: bytes, file: str) -> str:
    """Bytes into text; what is not UTF-8 is a fault that names the first wrong byte."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        message = (
            f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8; "
            "save the file with the encoding UTF-8"
        )
        raise _broken(file, [Fault(file, before.count(b"\n") + 1, "", message)]) from error


def read_yaml(text: str, file: str) -> Document:
    """Read the one document of a text. An empty text is a document whose data is None."""
    documents = read_yaml_documents(text, file)
    if len(documents) > 1:
        fault = Fault(
            file, documents[1].line(()), "", "a second document begins here; this file holds one"
        )
        raise _broken(file, [fault])
    return documents[0] if documents else Document(file, None, {(): 1})


def read_yaml_documents(
    text: str,
    file: str,
    aliases: Literal["refuse", "expand"] = "refuse",
    plain: Callable[[str], Plain] | None = None,
) -> list[Document]:
    """Read every document of a text; documents without content are left out.

    `aliases="expand"` is for other people's files: anchors, aliases and merge keys are followed,
    and what they repeat counts against NODES_MAX. The repeated data is shared, so read it only.
    `plain` says what an unquoted scalar means in such files, where that is not `resolve`.
    """
    documents: list[Document] = []
    faults: list[Fault] = []
    builder = _Builder(file, aliases == "expand", faults, plain or resolve)
    try:
        for event in _events(text):
            if isinstance(event, yaml.DocumentStartEvent):
                builder.begin()
            elif isinstance(event, yaml.DocumentEndEvent):
                if builder.data is not None:
                    documents.append(Document(file, builder.data, builder.lines))
            else:
                builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 0 if mark is None else mark.line + 1
        faults.append(Fault(file, line or None, "", _syntax(error, _line(text, line))))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        faults.append(Fault(file, line, "", "a control character stands here; remove it"))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        faults.append(Fault(file, line, "", "half a character (a lone surrogate) stands here"))
    except _TooMuchError as error:
        faults.append(error.fault)
    if faults:
        raise _broken(file, faults)
    return documents


def _events(text: str) -> Iterator[yaml.Event]:
    """The parser's events, up to the end of the stream."""
    loader = yaml.CSafeLoader(text)
    try:
        while (event := loader.get_event()) is not None:
            yield event
    finally:
        loader.dispose()


def _broken(file: str, faults: list[Fault]) -> InputError:
    return InputError(
        "broken-yaml", f"{file} cannot be read as YAML", hint=_HINT, faults=tuple(faults)
    )


def _line(text: str, number: int) -> str:
    """The line of that number, counted from 1; empty where there is none."""
    lines = text.splitlines()
    return lines[number - 1] if 1 <= number <= len(lines) else ""


def _syntax(error: yaml.MarkedYAMLError, line: str) -> str:
    """The parser's finding in a sentence that says what to change."""
    problem = str(error.problem or error.context or "the text is not YAML")
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent or ("\t" in line and "cannot start any token" in problem):
        return "a tab stands where spaces belong; YAML indents with spaces only"
    if "mapping values are not allowed" in problem:
        return "a second ': ' on one line; put text that contains a colon in quotes"
    if "could not find expected ':'" in problem:
        return "a key without ': ' after it, or a line that is indented wrongly"
    context = f" ({error.context})" if error.context and error.problem else ""
    return f"the YAML parser stops here: {problem}{context}"


def _at(event: yaml.Event) -> int:
    assert event.start_mark is not None, "the parser marks every event"
    return event.start_mark.line + 1


class _TooMuchError(Exception):
    """Reading must stop now: going on is what the text was made to abuse."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(slots=True)
class _Frame:
    """A list or a mapping that is still open."""

    container: list[Plain] | dict[str, Plain]
    path: DataPath
    line: int
    anchor: str | None
    nodes_before: int
    key: str | None = None  # None: the next scalar is a key
    merge_key: bool = False
    height: int = 1  # levels below, itself counted; what an alias adds to the depth
    key_lines: dict[str, int] = field(default_factory=dict)
    merged: dict[str, Plain] = field(default_factory=dict)


@dataclass(slots=True)
class _Builder:
    """Puts the events of one document together; `faults` collects what does not stop it."""

    file: str
    expand: bool
    faults: list[Fault]
    plain: Callable[[str], Plain]
    data: Plain = None
    lines: dict[DataPath, int] = field(default_factory=dict)
    stack: list[_Frame] = field(default_factory=list)
    anchors: dict[str, tuple[Plain, int, int]] = field(default_factory=dict)  # data, nodes, height
    nodes: int = 0

    def begin(self) -> None:
        """Start a new document."""
        self.data, self.lines, self.stack, self.anchors = None, {}, [], {}

    def take(self, event: yaml.Event) -> None:
        """Take the next event of the document."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._open(event, {})
        elif isinstance(event, yaml.SequenceStartEvent):
            self._open(event, [])
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        line = _at(event)
        self._count(1, line)
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.container, dict) and frame.key is None:
            self._key(frame, event.value, line, plain=event.implicit[0])
            return
        value = self._value(event, line)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1, 0)
        self._place(value, line)

    def _value(self, event: yaml.ScalarEvent, line: int) -> Plain:
        if event.implicit[0]:
            return self.plain(event.value)
        if event.tag is None or event.implicit[1] or event.tag in {"!", _CORE + "str"}:
            return str(event.value)
        kinds: dict[str, type | tuple[type, ...]] = {
            "int": int,
            "float": (int, float),
            "bool": bool,
            "null": type(None),
        }
        wanted = kinds.get(event.tag.removeprefix(_CORE)) if event.tag.startswith(_CORE) else None
        value = resolve(event.value)
        if wanted is None or not isinstance(value, wanted):
            self._fault(
                line, self._here(), f"the tag {event.tag} is not understood here; remove it"
            )
        return value

    def _key(self, frame: _Frame, key: str, line: int, *, plain: bool) -> None:
        frame.merge_key = self.expand and plain and key == "<<"
        if key in frame.key_lines and not frame.merge_key:
            first = frame.key_lines[key]
            message = f"the key '{key}' stands twice, on line {first} and on line {line}"
            self._fault(line, (*frame.path, key), message)
        frame.key_lines[key] = line
        frame.key = key

    def _open(
        self,
        event: yaml.MappingStartEvent | yaml.SequenceStartEvent,
        container: list[Plain] | dict[str, Plain],
    ) -> None:
        line = _at(event)
        self._count(1, line)
        if len(self.stack) >= DEPTH_MAX:
            raise self._stop(line, f"nested deeper than {DEPTH_MAX} levels")
        self._refuse_compound_key(line)
        path = self._here()
        if event.tag not in {None, "!", _CORE + "map", _CORE + "seq"}:
            self._fault(line, path, f"the tag {event.tag} is not understood here; remove it")
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)  # an alias inside it would be endless
        self.stack.append(_Frame(container, path, line, event.anchor, self.nodes))

    def _close(self) -> None:
        frame = self.stack.pop()
        if isinstance(frame.container, dict):
            for key, value in frame.merged.items():
                frame.container.setdefault(key, value)
        if frame.anchor is not None:
            count = 1 + self.nodes - frame.nodes_before
            self.anchors[frame.anchor] = (frame.container, count, frame.height)
        self._place(frame.container, frame.line)
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, frame.height + 1)

    def _alias(self, event: yaml.AliasEvent) -> None:
        line = _at(event)
        self._refuse_compound_key(line)
        known = self.anchors.get(event.anchor or "")
        if not self.expand:
            message = f"the alias *{event.anchor} is not allowed; write the value out"
            self._fault(line, self._here(), message)
            known = None, 1, 0
        elif known is None:
            message = f"the alias *{event.anchor} names no finished anchor before it"
            self._fault(line, self._here(), message)
            known = None, 1, 0
        value, nodes, height = known
        self._count(nodes, line)
        if len(self.stack) + height > DEPTH_MAX:
            raise self._stop(line, f"nested deeper than {DEPTH_MAX} levels by an alias")
        if self.stack:
            self.stack[-1].height = max(self.stack[-1].height, height + 1)
        self._place(value, line)

    def _refuse_compound_key(self, line: int) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.container, dict) and frame.key is None:
            raise self._stop(line, "a list, a mapping or an alias is used as a key; a key is text")

    def _here(self) -> DataPath:
        """The path of the value that comes next."""
        if not self.stack:
            return ()
        frame = self.stack[-1]
        if isinstance(frame.container, list):
            return (*frame.path, len(frame.container))
        return (*frame.path, frame.key or "")

    def _place(self, value: Plain, line: int) -> None:
        """Put a finished value into what surrounds it, and note its line."""
        if not self.stack:
            self.data = value
            self.lines[()] = line
            return
        frame = self.stack[-1]
        if isinstance(frame.container, list):
            self.lines[(*frame.path, len(frame.container))] = line
            frame.container.append(value)
            return
        key = frame.key
        assert key is not None, "a value without its key"
        # The key's own line: that is where an editor should go for a value on many lines.
        self.lines[(*frame.path, key)] = frame.key_lines[key]
        if frame.merge_key:
            self._merge(frame, value, line)
        else:
            frame.container[key] = value
        frame.key, frame.merge_key = None, False

    def _merge(self, frame: _Frame, value: Plain, line: int) -> None:
        """A merge key: earlier sources win over later ones, the mapping's own keys over all."""
        for source in value if isinstance(value, list) else [value]:
            if isinstance(source, dict):
                for key, entry in source.items():
                    frame.merged.setdefault(key, entry)
            else:
                self._fault(line, frame.path, "the merge key << wants a mapping or a list of them")

    def _count(self, nodes: int, line: int) -> None:
        self.nodes += nodes
        if self.nodes > NODES_MAX:
            raise self._stop(line, f"more than {NODES_MAX:,} values")

    def _fault(self, line: int, path: DataPath, message: str) -> None:
        self.faults.append(Fault(self.file, line, show(path), message))

    def _stop(self, line: int, message: str) -> _TooMuchError:
        return _TooMuchError(Fault(self.file, line, "", message))


def resolve(text: str) -> Plain:
    """A plain scalar by the core words of YAML 1.2; everything else (times, dates, NO) is text."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > DIGITS_MAX:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


def show(path: DataPath) -> str:
    """A path as people read it: `subsystems[3].durations.move`."""
    shown = ""
    for part in path:
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else part
    return shown
