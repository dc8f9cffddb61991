"""The fields of manifests against Kubernetes' own schemas, strictly and without a server.

Called by `manifests.py` where the extra `schemas` is installed; of that package only its data are
read. A misspelt field is named with its file and line, which a server would only do on the night.
What a value is never stands in a message, because it may be a secret. What a server adds to the
judgement (rules, admission, quota) is left to the dry run on it.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from migrator.inventory.door import did_you_mean
from migrator.inventory.yaml_text import DataPath, Plain
from migrator.platform.kubernetes.errors import VERSION_NEWEST
from migrator.platform.kubernetes.manifest_files import Manifest
from migrator.platform.kubernetes.objects import KubeObject, at, map_at, text_at

EXTRA: Final = "schemas"
"""The optional part of the installation that brings the schemas."""

_PACKAGE: Final = "kubernetes_validate"
_DOMAIN: Final = re.compile(r"^([^./]*)(?:\.[^/]*)?/")
_WORDS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping of keys and values",
    "null": "nothing",
}


@dataclass(frozen=True, slots=True)
class Schemas:
    """The schemas of one version of Kubernetes, on this machine."""

    folder: Path
    version: str

    def of(self, manifest: Manifest) -> KubeObject | None:
        """The schema of an object's kind; None for kinds that are not Kubernetes' own."""
        api_version = text_at(manifest.object, "apiVersion")
        short = _DOMAIN.sub(r"\1-", api_version)
        kind = manifest.name.kind
        if not re.fullmatch(r"[A-Za-z0-9]+", kind) or not re.fullmatch(r"[a-z0-9-]+", short):
            return None
        found = _parsed(self.folder / f"{kind.lower()}-{short}.json")
        # The files' names leave the domain out, so another group's kind may bear the same one.
        served = at(found, "properties", "apiVersion", "enum")
        named = at(found, "properties", "kind", "enum")
        fits = isinstance(served, list) and api_version in served
        return found if fits and isinstance(named, list) and kind in named else None

    def faults(self, manifest: Manifest, schema: KubeObject) -> Iterator[tuple[DataPath, str]]:
        """Everything that does not fit: where, and a sentence."""
        definitions = map_at(_parsed(self.folder / "_definitions.json"), "$defs")
        yield from _Walk(definitions).faults(schema, manifest.object, ())


def installed_schemas(version: str = "") -> Schemas | None:
    """The schemas as they are installed; None without them."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    wanted = version or ".".join(map(str, VERSION_NEWEST))
    root = Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"
    folder = root / f"v{wanted}.0-local-strict"
    return Schemas(folder, wanted) if folder.is_dir() else None


@cache
def _parsed(path: Path) -> KubeObject:
    """A file of the package; an empty schema where there is none."""
    if not path.is_file():
        return {}
    found = json.loads(path.read_bytes())
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class _Walk:
    """The few words of JSON Schema that Kubernetes' schemas use."""

    definitions: KubeObject

    def faults(
        self, schema: KubeObject, value: Plain, path: DataPath
    ) -> Iterator[tuple[DataPath, str]]:
        schema = self._followed(schema)
        types = _types(schema)
        if types and not any(_is(value, word) for word in types):
            wanted = " or ".join(_WORDS[word] for word in types if word != "null")
            quotes = "string" in types and isinstance(value, bool | int | float)
            yield path, f"wants {wanted}, found {_found(value)}" + ("; put it in quotes" * quotes)
        elif isinstance(value, dict):
            yield from self._mapping(schema, value, path)
        elif isinstance(value, list):
            items = map_at(schema, "items")
            for number, entry in enumerate(value):
                yield from self.faults(items, entry, (*path, number))

    def _mapping(
        self, schema: KubeObject, value: KubeObject, path: DataPath
    ) -> Iterator[tuple[DataPath, str]]:
        known = map_at(schema, "properties")
        others = schema.get("additionalProperties")
        for key, entry in value.items():
            if key in known:
                yield from self.faults(map_at(known, key), entry, (*path, key))
            elif isinstance(others, dict):
                yield from self.faults(others, entry, (*path, key))
            elif others is False:
                yield (*path, key), f"unknown field '{key}'{did_you_mean(key, known)}"
        required = schema.get("required")
        for word in required if isinstance(required, list) else ():
            if isinstance(word, str) and value.get(word) is None:
                yield path, f"the field '{word}' is missing"

    def _followed(self, schema: KubeObject) -> KubeObject:
        """The definition that a schema refers to; itself where it refers to none."""
        named = text_at(schema, "$ref").rpartition("/")[2]
        return map_at(self.definitions, named) if named else schema


def _types(schema: KubeObject) -> list[str]:
    """The types that a schema allows; empty where it allows anything."""
    choices = schema.get("oneOf")
    if isinstance(choices, list):
        every = [word for each in choices if isinstance(each, dict) for word in _types(each)]
        return list(dict.fromkeys(every))
    said = schema.get("type")
    words = said if isinstance(said, list) else [said]
    return [word for word in words if isinstance(word, str) and word in _WORDS]


def _is(value: Plain, word: str) -> bool:
    match word:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return value is None


def _found(value: Plain) -> str:
    """A value in words that do not tell it."""
    order = ("null", "boolean", "integer", "number", "string", "array", "object")
    return _WORDS[next(word for word in order if _is(value, word))]
