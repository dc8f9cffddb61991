"""The files of one subsystem into Kubernetes objects, each with the place where it was written.

Called by `manifests.py`. It unfolds Lists, skips empty documents, refuses what was never rendered
(hooks, templates, kustomizations) and takes out what only a server writes. What the objects mean
to each other is judged in `manifest_checks.py`. No object leaves here that is shared with another.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from migrator.errors import Fault, InputError
from migrator.inventory.door import fault_at, found
from migrator.inventory.yaml_text import (
    DEPTH_MAX,
    DataPath,
    Document,
    Plain,
    decode,
    read_yaml_documents,
    resolve,
)
from migrator.platform.kubernetes.masked_objects import COPIES
from migrator.platform.kubernetes.objects import (
    KubeObject,
    ObjectName,
    map_at,
    name_of,
    text_at,
)

OBJECTS_MAX: Final = 10_000
"""A subsystem has tens of objects; a file that says more is a whole cluster or an attack."""

SUFFIXES: Final = (".yaml", ".yml", ".json")

_OCTAL: Final = re.compile(r"([-+]?)0([0-9_]+)")
_HOOKS: Final = ("helm.sh/hook", "argocd.argoproj.io/hook")
_UNRENDERED: Final = {
    "Kustomization": "render it: `kustomize build`, and keep what comes out",
    "Component": "render it: `kustomize build`, and keep what comes out",
}
_NO_OBJECTS: Final = {"Chart.yaml", "values.yaml", "Chart.yml", "values.yml"}
_HALF: Final = "half a character (a lone surrogate) stands here"
_SERVERS: Final = (
    "managedFields",
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "selfLink",
)
"""What of `metadata` only a server writes."""
_NOTES: Final = COPIES | {"deployment.kubernetes.io/revision"}
"""Annotations that a tool or a controller wrote on a live object."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that people should know of and may accept. `rule` is a stable word for programs."""

    file: str
    line: int | None
    path: str
    rule: str
    message: str

    def __str__(self) -> str:
        """Render it like a fault."""
        return str(Fault(self.file, self.line, self.path, self.message))


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object, and where it stands."""

    object: KubeObject
    document: Document
    path: DataPath

    @property
    def name(self) -> ObjectName:
        """Its kind, namespace and name, as far as they are written."""
        return name_of(self.object)

    @property
    def group(self) -> str:
        """The group of its kind; empty for the core group."""
        return text_at(self.object, "apiVersion").rpartition("/")[0]

    @property
    def place(self) -> str:
        """Where it begins: `file:line`."""
        line = self.document.line(self.path)
        return self.document.file if line is None else f"{self.document.file}:{line}"

    def fault(self, message: str, *inside: str | int) -> Fault:
        """A fault of the object, or of what stands at `inside` within it."""
        return fault_at(self.document, (*self.path, *inside), message)

    def finding(self, rule: str, message: str, *inside: str | int) -> Finding:
        """The same as a finding."""
        at = self.fault(message, *inside)
        return Finding(at.file, at.line, at.path, rule, message)


@dataclass(slots=True)
class Gathered:
    """What was read so far, right and wrong."""

    manifests: list[Manifest] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_manifests(files: Mapping[str, bytes], folder: str, gathered: Gathered) -> None:
    """Read every file that holds objects, in the order of their names."""
    for name in sorted(files):
        if not name.endswith(SUFFIXES):
            continue
        file = f"{folder}/{name}"
        if name.rpartition("/")[2] in _NO_OBJECTS:
            message = "belongs to a chart; keep what `helm template` makes of it instead"
            gathered.faults.append(Fault(file, None, "", message))
            continue
        try:
            text = decode(files[name], file)
            documents = _json(text, file) if name.endswith(".json") else _yaml(text, file)
        except InputError as error:
            gathered.faults += error.faults
            continue
        for document in documents:
            for path, value in _unfolded(document, (), document.data, {}):
                _take(gathered, document, path, value)
    if len(gathered.manifests) > OBJECTS_MAX:
        message = f"{len(gathered.manifests)} objects; one subsystem has at most {OBJECTS_MAX}"
        gathered.faults.append(Fault(folder, None, "", message))


def kubernetes_word(text: str) -> Plain:
    """An unquoted scalar as Kubernetes' own tools read it: `defaultMode: 0644` is octal.

    All else is as in `resolve`: where those tools differ further (`on`, `1_000`), a text stands in
    the place of a flag or a number, and that is refused aloud.
    """
    octal = _OCTAL.fullmatch(text)
    if octal is None:
        return resolve(text)
    sign, digits = octal.groups()
    # 0809 is no octal number; as text it fails where a number is due.
    return int(f"{sign}{digits}", 8) if re.fullmatch("[0-7]+", digits) else text


def _yaml(text: str, file: str) -> list[Document]:
    return read_yaml_documents(text, file, aliases="expand", plain=kubernetes_word)


def _json(text: str, file: str) -> list[Document]:
    """JSON is judged as JSON; the YAML reader only tells the lines, where it can read it."""
    if not text.strip():
        return []
    doubled: list[str] = []

    def once(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
        names = [name for name, _ in pairs]
        doubled.extend(sorted({name for name in names if names.count(name) > 1}))
        return dict(pairs)

    try:
        data: Plain = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise _broken(Fault(file, error.lineno, "", f"this is no JSON: {error.msg}")) from error
    except ValueError as error:  # a number of more digits than Python converts
        raise _broken(Fault(file, None, "", f"cannot be read: {error}")) from error
    except RecursionError as error:
        raise _broken(Fault(file, None, "", f"nested deeper than {DEPTH_MAX} levels")) from error
    try:
        # A tab inside a JSON text is written \t, so every tab here is only space.
        found_lines = [document.lines for document in _yaml(text.replace("\t", " "), file)]
        lines = found_lines[0] if found_lines else {}
    except InputError as error:
        if doubled:
            raise
        if any("nested deeper" in fault.message for fault in error.faults):
            raise
        lines = {}
    if doubled:
        raise _broken(Fault(file, None, "", f"the key '{doubled[0]}' stands twice in one object"))
    return [Document(file, data, lines)]


def _broken(fault: Fault) -> InputError:
    return InputError(
        "broken-yaml", f"{fault.file} cannot be read", hint="mend the text", faults=(fault,)
    )


def _unfolded(
    document: Document, path: DataPath, value: Plain, of_list: KubeObject
) -> Iterator[tuple[DataPath, Plain]]:
    """The value itself, or the objects of a List; a typed List says what its items are."""
    if not isinstance(value, dict):
        yield path, value
        return
    kind, items = text_at(value, "kind"), value.get("items")
    if kind.endswith("List") and isinstance(items, list):
        typed = kind.removesuffix("List")
        said: KubeObject = {"apiVersion": value.get("apiVersion"), "kind": typed} if typed else {}
        for number, item in enumerate(items):
            yield from _unfolded(document, (*path, "items", number), item, said)
        return
    yield path, {**of_list, **value}


def _take(gathered: Gathered, document: Document, path: DataPath, value: Plain) -> None:
    """Take one object in, or say why not."""
    if not isinstance(value, dict):
        if value is not None:
            message = f"wants a Kubernetes object, found {found(value)}"
            gathered.faults.append(fault_at(document, path, message))
        return
    own = _own(value, document, path, gathered.faults)
    assert isinstance(own, dict), "a copy of a mapping is a mapping"
    manifest = Manifest(own, document, path)
    faults = list(_head_faults(manifest))
    gathered.faults += faults
    if not faults:
        _strip(manifest, gathered)
        gathered.manifests.append(manifest)


def _own(value: Plain, document: Document, path: DataPath, faults: list[Fault]) -> Plain:
    """A copy that shares nothing, of values that JSON can say."""
    if len(path) > DEPTH_MAX:
        faults.append(fault_at(document, path, f"nested deeper than {DEPTH_MAX} levels"))
        return None
    if isinstance(value, dict):
        if any(_is_half(key) for key in value):
            faults.append(fault_at(document, path, _HALF))
            return {}
        return {key: _own(each, document, (*path, key), faults) for key, each in value.items()}
    if isinstance(value, list):
        return [_own(each, document, (*path, n), faults) for n, each in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        faults.append(fault_at(document, path, "wants a finite number; put text in quotes"))
        return None
    if isinstance(value, str) and _is_half(value):
        faults.append(fault_at(document, path, _HALF))
        return None
    return value


def _is_half(text: str) -> bool:
    """Whether a text holds what no UTF-8 can say; JSON can, with an escape."""
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)


def _head_faults(manifest: Manifest) -> Iterator[Fault]:
    """What keeps an object from being one: who it is, and whether it was rendered."""
    written = manifest.object
    kind = text_at(written, "kind")
    if kind in _UNRENDERED and "kustomize" in text_at(written, "apiVersion"):
        yield manifest.fault(f"is a {kind}, no object of a cluster; {_UNRENDERED[kind]}")
        return
    for key in ("apiVersion", "kind"):
        if not text_at(written, key):
            yield manifest.fault(f"the key '{key}' is missing", *([key] if key in written else []))
    meta = written.get("metadata")
    if not isinstance(meta, dict):
        yield manifest.fault("the key 'metadata.name' is missing")
        return
    if meta.get("generateName"):
        message = "'generateName' makes a new object with each try; write a fixed 'name'"
        yield manifest.fault(message, "metadata", "generateName")
    elif not text_at(meta, "name"):
        yield manifest.fault("the key 'metadata.name' is missing", "metadata")
    if meta.get("ownerReferences"):
        message = "names an owner by its uid on another cluster; this one would delete the object"
        yield manifest.fault(message, "metadata", "ownerReferences")
    yield from _text_faults(manifest)


def _text_faults(manifest: Manifest) -> Iterator[Fault]:
    for part in ("labels", "annotations"):
        said = map_at(manifest.object, "metadata").get(part)
        if said is not None and not isinstance(said, dict):
            message = f"wants a mapping of texts, found {found(said)}"
            yield manifest.fault(message, "metadata", part)
        for key, value in said.items() if isinstance(said, dict) else ():
            if not isinstance(value, str):
                message = f"wants text, found {found(value)}; put it in quotes"
                yield manifest.fault(message, "metadata", part, key)
    notes = map_at(manifest.object, "metadata", "annotations")
    for key in _HOOKS:
        if key in notes:
            yield manifest.fault(
                f"is a hook ({key}: {notes[key]}), which only its own tool knows when to run; "
                "leave it out of the manifests (`helm template --no-hooks`) and, if the "
                "cutover needs it, make it a step of the recipe",
                *("metadata", "annotations", key),
            )
    for key in notes:
        if key.startswith("migrator/"):
            message = "annotations that begin with 'migrator/' are written by the program"
            yield manifest.fault(message, "metadata", "annotations", key)
    labels = map_at(manifest.object, "metadata", "labels")
    if labels.get("app.kubernetes.io/managed-by") == "migrator":
        message = "this label marks what the program makes for itself; name another manager"
        yield manifest.fault(message, "metadata", "labels", "app.kubernetes.io/managed-by")


def _strip(manifest: Manifest, gathered: Gathered) -> None:
    """Take out what only a server writes; what is empty goes without a word."""
    meta = map_at(manifest.object, "metadata")
    notes = map_at(meta, "annotations")
    places: list[tuple[KubeObject, tuple[str, ...]]] = [
        *((meta, ("metadata", key)) for key in _SERVERS if key in meta),
        *((notes, ("metadata", "annotations", key)) for key in sorted(_NOTES) if key in notes),
        *([(manifest.object, ("status",))] if "status" in manifest.object else []),
    ]
    for holder, path in places:
        if holder.pop(path[-1]):
            message = f"'{path[-1]}' is written by the server and was left out; remove it"
            gathered.findings.append(manifest.finding("server-field", message, *path))
    if "annotations" in meta and not notes:
        del meta["annotations"]
