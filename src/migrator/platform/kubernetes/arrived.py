"""Which side gave an answer: judged by what only that side says. Pure.

Called by `confirming.py` and `links.py` with what the vantage points saw. An API server's word is
no answer here; nothing is asked, and no time passes.
"""

from __future__ import annotations

from enum import Enum

from migrator.platform.kubernetes.slices import NEW, OLD
from migrator.platform.kubernetes.subject import Identity


class Seen(Enum):
    """What one look saw."""

    OLD = OLD
    NEW = NEW
    UNKNOWN = "unknown"  # somebody answered and did not say which side they are
    NONE = "none"  # no connection, or none that said what it was asked for


def seen(identity: Identity, *, connected: bool, error: str, text: str) -> Seen:
    """The side of an answer; one that holds the texts of both sides is neither's.

    Where only one side has a text, whoever answers without it is the other side. Where none has,
    every answer is UNKNOWN.
    """
    if not connected or (error and not text):
        return Seen.NONE
    says_old = bool(identity.old) and identity.old in text
    says_new = bool(identity.new) and identity.new in text
    if says_old and says_new:
        return Seen.UNKNOWN
    if says_new or (says_old is False and not identity.new and identity.old):
        return Seen.NEW
    if says_old or (not identity.old and identity.new):
        return Seen.OLD
    return Seen.UNKNOWN


def fits(found: Seen, identity: Identity, side: str) -> bool:
    """Tell whether an answer is one of that side; without any text any answer is as good."""
    if not identity.old and not identity.new:
        return found is not Seen.NONE
    return found.value == side


def other(side: str) -> Seen:
    """The side that must not be seen any more."""
    return Seen.OLD if side == NEW else Seen.NEW
