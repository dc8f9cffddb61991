"""A document against its model: every fault in a sentence, with its line and path.

Called by `reader.py`, and by other readers of people's YAML (`plan/text.py`) that want the same
words. One wrong value never hides another: rows are checked one by one, and a row goes on to
`checks.py` without its wrong values where it can, so that a person sees everything in one go. What
pydantic says never reaches a person.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from migrator.errors import Fault
from migrator.ids import ID_PATTERN
from migrator.inventory.yaml_text import DataPath, Document, show

ModelT = TypeVar("ModelT", bound=BaseModel)
ModelT_co = TypeVar("ModelT_co", bound=BaseModel, covariant=True)

SHOWN_MAX: Final = 60
"""Characters of a wrong value that are shown; enough to find it, too few to fill a screen."""


@dataclass(frozen=True, slots=True)
class Placed(Generic[ModelT_co]):
    """A checked row, and where it stands. Not `whole`: wrong values were left out of it."""

    row: ModelT_co
    document: Document
    path: DataPath
    whole: bool = True

    def fault(self, message: str, *inside: str | int) -> Fault:
        """A fault of this row, or of the value at `inside` within it."""
        return fault_at(self.document, (*self.path, *inside), message)

    def line(self, *inside: str | int) -> int | None:
        """The line of this row, or of the value at `inside` within it."""
        return self.document.line((*self.path, *inside))


def fault_at(document: Document, path: DataPath, message: str) -> Fault:
    """A fault at a place of a document."""
    return Fault(document.file, document.line(path), show(path), message)


def faults_of(
    document: Document,
    model: type[BaseModel],
    path: DataPath = (),
    context: Mapping[str, object] | None = None,
) -> list[Fault]:
    """Everything that is wrong with the value at `path`, judged by its model.

    `context` is what the model's own validators need to know, such as a time zone.
    """
    try:
        model.model_validate(value_at(document, path), context=context)
    except ValidationError as error:
        return [
            _fault(document, model, path, details) for details in error.errors(include_url=False)
        ]
    return []


def rows(document: Document, model: type[ModelT], key: str) -> list[Placed[ModelT]]:
    """The rows of the list under `key`, each as far as it is right."""
    placed = [one(document, model, (key, n)) for n in range(len(listed(document, key)))]
    return [row for row in placed if row is not None]


def one(document: Document, model: type[ModelT], path: DataPath = ()) -> Placed[ModelT] | None:
    """The value at `path` as its model, without its wrong values; None where it needs them."""
    value = value_at(document, path)
    try:
        return Placed(model.model_validate(value), document, path)
    except ValidationError as error:
        if not isinstance(value, dict):
            return None
        pruned = _without(value, [details["loc"] for details in error.errors(include_url=False)])
    try:
        return Placed(model.model_validate(pruned), document, path, whole=False)
    except ValidationError:
        return None


def _without(value: Mapping[str, object], wrong: list[tuple[int | str, ...]]) -> dict[str, object]:
    """A row without those of its keys that hold something wrong."""
    dropped = {loc[0] for loc in wrong if loc}
    return {key: entry for key, entry in value.items() if key not in dropped}


def listed(document: Document, key: str) -> list[object]:
    """The list under a top-level key; empty where there is none."""
    found = document.data.get(key) if isinstance(document.data, dict) else None
    return list(found) if isinstance(found, list) else []


def value_at(document: Document, path: DataPath) -> object:
    """The value at a path; None where the document has nothing there."""
    value: object = document.data
    for part in path:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that looks most like `word`, or None where none does."""
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing where no known word is near."""
    close = nearest(word, known)
    return f"; did you mean '{close}'?" if close and close != word else ""


def found(value: object) -> str:
    """A value in words, for `wants ..., found ...`."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {_cut(str(value))}"
    if isinstance(value, str):
        return f"the text '{_cut(value)}'"
    return "a list" if isinstance(value, list) else "a mapping of keys"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "..."


def _fault(
    document: Document, model: type[BaseModel], path: DataPath, details: ErrorDetails
) -> Fault:
    inside = tuple(part for part in details["loc"] if part != "[key]")
    if details["type"] == "extra_forbidden":
        known = _keys(model, inside[:-1])
        message = _unknown_key(str(inside[-1]), known)
    elif details["type"] == "literal_error" and details["loc"][-1] == "[key]":
        message = _unknown_key(str(inside[-1]), _keys(model, inside[:-1]))
    elif details["type"] == "missing":
        return fault_at(document, (*path, *inside), f"the key '{inside[-1]}' is missing")
    else:
        message = _sentence(details)
    return fault_at(document, (*path, *inside), message)


def _unknown_key(key: str, known: list[str]) -> str:
    close = nearest(key, known)
    if close:
        return f"unknown key '{_cut(key)}'; did you mean '{close}'?"
    return f"unknown key '{_cut(key)}'; known here: {', '.join(known)}"


_WANTED: Final = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "list_type": "a list",
    "dict_type": "a mapping of keys and values",
    "model_type": "a mapping of keys and values",
    "model_attributes_type": "a mapping of keys and values",
}


def _sentence(details: ErrorDetails) -> str:
    """What is wanted and what was found, for one error of pydantic's."""
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind in _WANTED:
        quotes = kind == "string_type" and isinstance(value, bool | int | float)
        return f"wants {_WANTED[kind]}, found {found(value)}" + (
            "; put it in quotes" if quotes else ""
        )
    if kind == "literal_error":
        words = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        close = did_you_mean(value, words) if isinstance(value, str) else ""
        one_of = "one of " if len(words) > 1 else ""
        return f"wants {one_of}{', '.join(words)}; found {found(value)}{close}"
    if kind == "value_error":
        return f"{context['error']}"
    if kind == "string_pattern_mismatch" and context["pattern"] == ID_PATTERN:
        return (
            "wants an id of lower-case letters, digits, '.', '_' and '-', "
            f"at most 100 characters; found {found(value)}"
        )
    if kind == "greater_than_equal":
        return f"wants at least {context['ge']}, found {found(value)}"
    if kind == "less_than_equal":
        return f"wants at most {context['le']}, found {found(value)}"
    if kind == "too_short":
        least = context["min_length"]
        entries = "entry" if least == 1 else "entries"
        return f"wants at least {least} {entries}, found {context['actual_length']}"
    return details["msg"]


def _keys(model: type[BaseModel], path: DataPath) -> list[str]:
    """The keys that are known at a place inside a model."""
    place: object = model
    for part in path:
        place = _enter(_bare(place), part)
    place = _bare(place)
    if isinstance(place, type) and issubclass(place, BaseModel):
        return list(place.model_fields)
    if get_origin(place) is dict:
        words = _bare(get_args(place)[0])
        return [str(word) for word in get_args(words)] if get_origin(words) is Literal else []
    return []


def _enter(place: object, part: str | int) -> object:
    if isinstance(place, type) and issubclass(place, BaseModel):
        field = place.model_fields.get(str(part))
        return None if field is None else field.annotation
    if get_origin(place) in {list, dict}:
        return get_args(place)[-1]
    return None


def _bare(place: object) -> object:
    """A type without what only annotates it, and without `| None`."""
    while get_origin(place) in {Annotated, Union, types.UnionType}:
        place = next(part for part in get_args(place) if part is not type(None))
    return place
