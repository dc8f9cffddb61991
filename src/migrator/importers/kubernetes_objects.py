"""Kubernetes manifests into objects: documents, Lists and JSON, each with its own text.

Called by `kubernetes.py` only. It says which objects there are and finds what is wrong with the
files as such: broken documents, templates that nobody rendered, the same object in two places.
What an object means is decided elsewhere. A Secret's text is never kept.
"""

from __future__ import annotations

import json
import re
from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from migrator.errors import Fault, InputError
from migrator.importers.coverage import Collector, Ignored
from migrator.importers.files import SourceFile, read_all
from migrator.importers.nodes import Node, NoLines
from migrator.inventory.yaml_text import DEPTH_MAX, read_yaml, read_yaml_documents

OBJECTS_MAX: Final = 200_000
"""A whole cluster with its events has fewer; more is not one estate."""

_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_MARKER: Final = re.compile(r"(?:---|\.\.\.)(?:\s|$)")
_MAYBE_ALIAS: Final = re.compile(r"(?m)(?:^|[\s\[{,:-])\*[A-Za-z0-9_]")
_SAME_GROUP: Final = {"extensions": "apps"}  # where Deployments and DaemonSets lived before 1.16


@dataclass(frozen=True, slots=True)
class KubeObject:
    """One object of one file. `text` is its manifest as it was written (empty for a Secret)."""

    group: str
    kind: str
    namespace: str
    name: str
    root: Node
    text: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it the same object as another."""
        return (_SAME_GROUP.get(self.group, self.group), self.kind, self.namespace, self.name)

    @property
    def shown(self) -> str:
        """The object as people name it."""
        where = "" if self.namespace == DEFAULT_NAMESPACE else f"{self.namespace}/"
        return f"{self.kind} {where}{self.name}"

    @property
    def file(self) -> str:
        """The file it stands in."""
        return self.root.file

    @property
    def line(self) -> int:
        """The line it begins on."""
        return self.root.line or 1

    @property
    def labels(self) -> dict[str, str]:
        """Its own labels."""
        return self.root.get("metadata", "labels").texts


DEFAULT_NAMESPACE: Final = "default"


def read_objects(files: Iterable[SourceFile], collector: Collector) -> list[KubeObject]:
    """Every object of the files, in the order of the files; all faults of all files at once."""
    listed = list(files)
    for file in listed:
        collector.saw(file.shown)
    per_file = read_all(listed, lambda file: _read_file(file, collector))
    objects = [one for found in per_file for one in found]
    if len(objects) > OBJECTS_MAX:
        raise InputError(
            "import-too-large",
            f"{len(objects)} objects are more than the {OBJECTS_MAX} that one import reads",
            hint="name the folder of one system or one environment",
        )
    _refuse_twins(objects, {file.shown: str(file.path) for file in listed})
    return objects


def _read_file(file: SourceFile, collector: Collector) -> list[KubeObject]:
    """The objects of one file; raises with all its faults."""
    objects: list[KubeObject] = []
    faults: list[Fault] = []
    for root, text in _documents(file):
        for node, own_text in _unpack(root, text):
            one = _object(node, own_text, file, faults, collector)
            if one is not None:
                objects.append(one)
                collector.saw(file.shown, one.kind)
    if faults:
        raise InputError(
            "import-broken-documents", "broken objects", hint="mend them", faults=tuple(faults)
        )
    return objects


def _documents(file: SourceFile) -> list[tuple[Node, str]]:
    """The documents of a YAML or JSON file, each with its text."""
    if file.path.suffix.lower() == ".json":
        return [(Node(file.shown, NoLines(), _json(file)), file.text.strip() + "\n")]
    documents = read_yaml_documents(file.text, str(file.path), aliases="expand")
    lines = _BREAK.split(file.text)
    markers = [number for number, line in enumerate(lines, 1) if _MARKER.match(line)]
    return [
        (
            Node(file.shown, document, document.data),
            _own_text(lines, markers, document.line(()) or 1, document.data),
        )
        for document in documents
    ]


def _own_text(lines: list[str], markers: list[int], first: int, data: object) -> str:
    """The text of the document that begins on line `first`, comments included."""
    if _MARKER.match(lines[first - 1]):  # written behind the marker, on its line
        return _rendered(data)
    after = bisect(markers, first)
    start = markers[after - 1] if after else 0
    end = markers[after] if after < len(markers) else len(lines) + 1
    text = "\n".join(lines[start : end - 1]).strip("\n") + "\n"
    if _MAYBE_ALIAS.search(text):
        # Whoever applies the manifest reads it without anchors: write out what they stand for.
        try:
            read_yaml(text, "")
        except InputError:
            return _rendered(data)
    return text


def _json(file: SourceFile) -> object:
    """The content of a JSON file; a key that stands twice is refused, as in YAML."""

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"the key '{twice}' stands twice in one object")
        return found

    try:
        data: object = json.loads(file.text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise _broken(file, error.lineno, f"no JSON: {error.msg}") from error
    except ValueError as error:
        raise _broken(file, None, str(error)) from error
    except RecursionError as error:
        raise _broken(file, None, f"nested deeper than {DEPTH_MAX} levels") from error
    return data


def _broken(file: SourceFile, line: int | None, message: str) -> InputError:
    return InputError(
        "import-broken-documents",
        "broken JSON",
        hint="mend the file",
        faults=(Fault(str(file.path), line, "", message),),
    )


def _unpack(root: Node, text: str) -> Iterable[tuple[Node, str]]:
    """The object itself, or the objects of a List (as `kubectl get -o yaml` writes them)."""
    kind = root.get("kind").text or ""
    items = root.get("items")
    if not kind.endswith("List") or not isinstance(items.value, list):
        yield root, text
        return
    for item in items.parts():
        yield item, _rendered(item.value)


def _rendered(data: object) -> str:
    """An object as JSON, which is YAML too: types stay what they were."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _object(
    node: Node, text: str, file: SourceFile, faults: list[Fault], collector: Collector
) -> KubeObject | None:
    """One object, or None with the reason kept: as a fault to mend, or as ignored."""
    version, kind = node.get("apiVersion").text, node.get("kind").text
    if version is None or kind is None:
        what = f"document on line {node.line or 1}"
        why = "no Kubernetes object: it has no apiVersion and kind"
        if node.get("services").exists:
            why = "no Kubernetes object; a Compose file is given with --compose"
        collector.ignored.add(Ignored(node.file, node.line or 1, what, why))
        return None
    metadata = node.get("metadata")
    name = metadata.get("name").text
    namespace = metadata.get("namespace").text or DEFAULT_NAMESPACE
    group = version.rpartition("/")[0]
    if any("{{" in (word or "") for word in (name, kind, namespace, version)):
        message = "a template that nobody rendered stands here ({{ }})"
        faults.append(Fault(str(file.path), metadata.line, metadata.where, message))
        return None
    if not name:
        if metadata.get("generateName").exists or kind in {"Kustomization", "Component"}:
            why = "it has no name of its own"
            collector.ignored.add(Ignored(node.file, node.line or 1, kind, why))
            return None
        message = f"this {kind} has no metadata.name"
        faults.append(
            Fault(str(file.path), node.line, f"{node.where}.metadata".strip("."), message)
        )
        return None
    kept = "" if kind == "Secret" else text
    return KubeObject(group, kind, namespace, name, node, kept)


def _refuse_twins(objects: list[KubeObject], opened: dict[str, str]) -> None:
    """Refuse the same object in two places: nobody can say which one is meant."""
    first: dict[tuple[str, str, str, str], KubeObject] = {}
    faults: list[Fault] = []
    for one in objects:
        known = first.setdefault(one.key, one)
        if known is not one:
            message = f"{one.shown} stands here and in {opened[known.file]}:{known.line}"
            faults.append(Fault(opened[one.file], one.line, one.root.where, message))
    if faults:
        raise InputError(
            "import-duplicate-objects",
            f"{len(faults)} objects stand in two places",
            hint="name the folder of one environment only, or remove one of the two",
            faults=tuple(faults[:200]),
            count=len(faults),
        )
