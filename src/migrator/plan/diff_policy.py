"""What changed in a plan's policy, value by value: one line for each, as an engineer would tell it.

Used by `diff.py` alone. Groups of limits are told by their parts: of two plans that differ in one
number, nobody wants to compare two whole groups.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from migrator.inventory.duration import format_minutes
from migrator.plan.model import Policy

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Told = tuple[str, str]
"""Its key in the policy, and the words."""


def policy_changes(was: Policy, now: Policy) -> Iterator[Told]:
    """Every limit and every answer to a trouble that is another one."""
    for trouble in now.on:
        before, after = was.on.get(trouble), now.on[trouble]
        for field in fields(after):
            old, new = getattr(before, field.name, None), getattr(after, field.name)
            if old != new:
                yield _told(f"on.{trouble.value}.{field.name}", old, new)
    yield from _limits(was, now, "")


def _limits(was: DataclassInstance, now: DataclassInstance, group: str) -> Iterator[Told]:
    for field in fields(now):
        old, new = getattr(was, field.name), getattr(now, field.name)
        key = f"{group}{field.name}"
        if is_dataclass(new) and not isinstance(new, type):
            yield from _limits(old, new, f"{key}.")
        elif key != "on" and old != new:
            yield _told(key, old, new)


def _told(key: str, old: object, new: object) -> Told:
    return key, f"policy {key} {_value(key, old)} -> {_value(key, new)}"


def _value(key: str, value: object) -> str:
    """A policy's value as the file shows it."""
    if isinstance(value, float | int) and "minutes" in key:
        return format_minutes(value)
    if isinstance(value, tuple):
        return f"[{', '.join(str(getattr(part, 'value', part)) for part in value)}]"
    return str(getattr(value, "value", value))
