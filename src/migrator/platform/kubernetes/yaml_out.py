"""Objects as YAML that a person reads before applying it. Pure.

Used by `migrator rights`. Every text that any reader could take for something else stands in
quotes, and the order is the order in which things were given, so that two outputs can be compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from migrator.inventory.yaml_text import Plain, resolve
from migrator.platform.kubernetes.objects import KubeObject

_BARE: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*(:[A-Za-z0-9_./-]+)*")
_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~"})


def documents(objects: Iterable[KubeObject]) -> str:
    """Every object as a document of its own."""
    return "".join("\n".join(["---", *_map(each, ""), ""]) for each in objects)


def _map(found: KubeObject, indent: str) -> Iterator[str]:
    for key, value in found.items():
        yield from _entry(f"{indent}{_text(key)}:", value, indent)


def _entry(head: str, value: Plain, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield head
        yield from _map(value, f"{indent}  ")
    elif isinstance(value, list) and value and all(isinstance(v, str) for v in value):
        yield f"{head} [{', '.join(_text(v) for v in value if isinstance(v, str))}]"
    elif isinstance(value, list) and value:
        yield head
        for item in value:
            yield from _item(item, f"{indent}  ")
    else:
        yield f"{head} {_scalar(value)}"


def _item(value: Plain, indent: str) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield f"{indent}- {_scalar(value)}"
        return
    first = True
    for line in _map(value, f"{indent}  "):
        yield f"{indent}- {line.lstrip()}" if first else line
        first = False


def _scalar(value: Plain) -> str:
    return _text(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text(value: str) -> str:
    plain = _BARE.fullmatch(value) and value.lower() not in _WORDS and resolve(value) == value
    return value if plain else json.dumps(value, ensure_ascii=False)
