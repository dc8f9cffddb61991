"""From a text under a key to links: what it names, who that is, and what is left unresolved.

Both importers bring their environment values, arguments and configuration files here, together
with a function that knows who exists. Only an address that this function knows becomes a link;
a word that merely equals somebody's name is suspected, an address that nobody has is unresolved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from migrator.ids import ComponentId, SubsystemId
from migrator.importers.addresses import (
    Address,
    addresses,
    bare_hosts,
    holds_credentials,
    is_local,
    masked,
    port_beside,
    speaks_of_addresses,
    speaks_of_secrets,
)
from migrator.importers.coverage import Collector, PlainSecret, Suspected, Unresolved
from migrator.importers.evidence import Evidence, EvidenceKind, FoundLink
from migrator.importers.nodes import Node

LINES_MAX: Final = 50_000
"""A ConfigMap of 1 MiB has at most so many lines that say anything."""

_SETTING: Final = re.compile(r"\s*(?:-\s+)?[\"']?([\w./-]+)[\"']?\s*(?:=|:\s)\s*(.+)")
_COMMENT: Final = re.compile(r"\s*(?:#|//|;|--)")
_HOSTLIKE: Final = re.compile(
    r"(?i)(?:host|hosts|hostname|addr|address|url|uri|endpoint|server|brokers?)$"
)
_IMAGE_KEY: Final = re.compile(r"(?i)(?:image|tag|version)$")
_WORD: Final = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who an address leads to: the component, and its port and protocol as far as known."""

    subsystem: SubsystemId
    component: ComponentId
    port: int | None
    protocol: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a directory knows of a host. Without endpoints, `why` says what is missing.

    `near` names a subsystem that the host may mean although nothing proves it.
    """

    endpoints: tuple[Endpoint, ...]
    why: str = ""
    near: SubsystemId | None = None


Resolve = Callable[[str, int | None], Answer | None]
"""Host and port to who that is; None where the host is not known at all."""


@dataclass(frozen=True, slots=True)
class Text:
    """A value, the key it stands under, and where. `siblings` are the values beside it."""

    key: str
    value: str
    node: Node
    kind: EvidenceKind
    siblings: Mapping[str, str] = field(default_factory=dict)
    line_offset: int = 0  # lines below the node's own, for a file inside a block

    @property
    def line(self) -> int:
        """The line that the value stands on."""
        return (self.node.line or 1) + self.line_offset


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose text it is: links start at `component`; links into its own subsystem are none."""

    subsystem: SubsystemId
    component: ComponentId
    resolve: Resolve


def links_in(text: Text, caller: Caller, collector: Collector) -> list[FoundLink]:
    """The links that one text proves; what it only suggests goes to the collector."""
    _look_for_secrets(text, collector)
    named = addresses(text.value)
    if _IMAGE_KEY.search(text.key):
        named = tuple(one for one in named if one.scheme is not None)  # redis:7 is no port here
    if not named:
        named = tuple(_with_port(one, text) for one in bare_hosts(text.key, text.value))
    found: list[FoundLink] = []
    for one in named:
        found += _links_to(one, text, caller, collector)
    if not named:
        _suspect_word(text, caller, collector)
    return found


def texts_of_file(
    name: str, content: str, node: Node, kind: EvidenceKind, first: int
) -> Iterator[Text]:
    """The settings of a configuration file, line by line; comments are left out.

    `first` is how many lines below its key the content begins.
    """
    if "\n" not in content.strip():
        yield Text(name, content.strip(), node, kind)
        return
    lines = content.splitlines()[:LINES_MAX]
    settings: dict[str, str] = {}
    split: list[tuple[int, str, str]] = []
    for number, line in enumerate(lines):
        if not line.strip() or _COMMENT.match(line):
            continue
        match = _SETTING.fullmatch(line)
        key, value = (match[1], match[2]) if match else ("", line.strip())
        value = value.strip().rstrip(",;").strip("\"'")
        settings.setdefault(key, value)
        split.append((number, key, value))
    for number, key, value in split:
        yield Text(key, value, node, kind, settings, first + number if first else 0)


def texts_of_arguments(words: list[Node], kind: EvidenceKind) -> Iterator[Text]:
    """The arguments of a command; a flag's name is the key of its value."""
    before = ""
    for node in words:
        word = node.text or ""
        flag, equals, value = word.partition("=")
        if equals and re.fullmatch(r"-{0,2}[\w.-]+", flag):
            yield Text(flag, value, node, kind)
        else:
            yield Text(before, word, node, kind)
        before = word if word.startswith("-") and not equals else ""


def _with_port(one: Address, text: Text) -> Address:
    """A bare host with the port that stands under the matching key, if there is one."""
    beside = port_beside(text.key, text.siblings)
    return one if beside is None else replace(one, port=beside[1])


def _links_to(one: Address, text: Text, caller: Caller, collector: Collector) -> list[FoundLink]:
    """The links to whoever has this address."""
    answer = caller.resolve(one.host, one.port)
    if answer is None or not answer.endpoints:
        _keep_unresolved(one, text, caller, answer, collector)
        return []
    said = masked(text.value, (one,))
    beside = port_beside(text.key, text.siblings) if not one.sure else None
    what = f"{text.key}={said}" if text.key else said
    if beside is not None:
        what += f" with {beside[0]}={beside[1]}"
    evidence = Evidence(text.node.file, text.line, text.node.where, what, text.kind)
    return [
        FoundLink(
            caller.component,
            end.component,
            end.protocol or one.scheme,
            end.port if end.port is not None else one.port,
            evidence,
        )
        for end in answer.endpoints
        if end.subsystem != caller.subsystem
    ]


def _keep_unresolved(
    one: Address, text: Text, caller: Caller, answer: Answer | None, collector: Collector
) -> None:
    """Keep an address that leads nowhere, unless nothing says that it is an address at all."""
    if answer is not None and answer.near is not None and answer.near != caller.subsystem:
        why = f"{text.key or text.node.where} names {one.shown}: {answer.why}"
        collector.suspected.add(Suspected(caller.subsystem, answer.near, why))
    surely = one.scheme is not None or speaks_of_addresses(text.key)
    if not (surely if one.sure else _HOSTLIKE.search(text.key)) and answer is None:
        return
    why = answer.why if answer is not None else "nothing among the files has this name"
    collector.unresolved.add(
        Unresolved(caller.subsystem, one.shown, why, text.node.file, text.line, text.node.where)
    )


def _suspect_word(text: Text, caller: Caller, collector: Collector) -> None:
    """Suspect a link where a value is somebody's name and its key promises no address."""
    word = text.value.strip()
    if not text.key or is_local(word) or not _WORD.fullmatch(word) or word.isdigit():
        return
    answer = caller.resolve(word, None)
    for end in answer.endpoints if answer else ():
        if end.subsystem != caller.subsystem:
            why = f"the value of {text.key} is the name {word}; its key promises no address"
            collector.suspected.add(Suspected(caller.subsystem, end.subsystem, why))


def _look_for_secrets(text: Text, collector: Collector) -> None:
    """Name a secret that stands as plain text; its value stays where it is."""
    if not text.value or text.value.startswith(("$(", "${")):
        return
    if (text.key and speaks_of_secrets(text.key)) or holds_credentials(text.value):
        name = text.key or "a URL with a password"
        collector.plain_secrets.add(PlainSecret(text.node.file, text.line, text.node.where, name))
