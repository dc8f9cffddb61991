"""A forecast as one JSON document, and back: for files, for the journal's side and for programs.

Called by `migrator forecast`, `migrator draw` and the live forecaster. The keys are the fields of
`model.py`; what comes back is equal to what went out. A number that has no end (nobody counts a
pool's heads) is null, because JSON knows no endless numbers.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import types
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Union, get_args, get_origin, get_type_hints

from migrator.errors import Fault, InputError
from migrator.forecast.model import Forecast

FORMAT: Final = "migrator forecast 1"

KEPT_IN: Final = "forecasts"
"""The folder beside a store in which a run's forecasts lie, each run in its own."""

BESIDE: Final = frozenset({"format", "would_help"})
"""Keys of the document that are not of the forecast itself."""


def to_facts(forecast: Forecast) -> dict[str, object]:
    """The document as plain values."""
    facts = _plain(forecast)
    assert isinstance(facts, dict)
    return {"format": FORMAT, **facts}


def to_json(forecast: Forecast) -> str:
    """The document as text, the same for the same forecast."""
    return json.dumps(to_facts(forecast), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def digest_of(text: str) -> str:
    """SHA-256 of the document, by which an event names it."""
    return hashlib.sha256(text.encode()).hexdigest()


def from_json(text: str, file: str) -> Forecast:
    """Read a document; InputError naming what is not as `migrator forecast` writes it."""
    try:
        facts: object = json.loads(text)
    except ValueError as error:
        raise _broken(file, "", f"it is no JSON: {error}") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise _broken(file, "format", f"it does not say '{FORMAT}'")
    found = _read(Forecast, {k: v for k, v in facts.items() if k not in BESIDE}, file, "")
    assert isinstance(found, Forecast)
    return found


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _read(kind: object, value: object, file: str, path: str) -> object:
    """A value of a field's declared type."""
    if get_origin(kind) in (Union, types.UnionType):
        if value is None:
            return None
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _fields(kind, value, file, path)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise _broken(file, path, "wants a list")
        inner = get_args(kind)[0]
        return tuple(_read(inner, each, file, f"{path}[{i}]") for i, each in enumerate(value))
    return _single(getattr(kind, "__supertype__", kind), value, file, path)


def _fields(kind: type, value: object, file: str, path: str) -> object:
    hints = get_type_hints(kind)
    if not isinstance(value, Mapping):
        raise _broken(file, path, f"wants a mapping of {', '.join(hints)}")
    # What came later has a default: an earlier version's forecast goes on being one.
    later = {f.name for f in dataclasses.fields(kind) if f.default is not dataclasses.MISSING}
    wrong = sorted((set(hints) ^ set(value)) - (later - set(value)))
    if wrong:
        raise _broken(file, f"{path}.{wrong[0]}".lstrip("."), "is missing, or nobody knows it")
    return kind(
        **{name: _read(hint, value[name], file, f"{path}.{name}".lstrip("."))
           for name, hint in hints.items() if name in value}
    )  # fmt: skip


def _single(kind: object, value: object, file: str, path: str) -> object:
    if kind is float and value is None:
        return math.inf
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind is datetime and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise _broken(file, path, f"is no moment: {value!r}") from error
        if moment.tzinfo is not None:
            return moment
        raise _broken(file, path, f"has no time zone: {value!r}")
    if kind in (str, bool, int) and type(value) is kind:
        return value
    raise _broken(file, path, f"is not what it should be: {value!r:.60}")


def _broken(file: str, path: str, message: str) -> InputError:
    return InputError(
        "broken-forecast",
        f"{file} is not a forecast that this version of migrator wrote",
        hint="make it anew with `migrator forecast PLAN --format json`",
        faults=(Fault(file, None, path, message),),
    )
