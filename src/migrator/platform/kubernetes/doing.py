"""One try of one act, as the modules that perform acts are handed it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.platform.kubernetes.slices import Mark
from migrator.platform.kubernetes.subject import Subject


@dataclass(frozen=True, slots=True)
class Doing:
    """Whose act it is, with which mark it writes, and how long it may take."""

    subject: Subject
    act: str
    attempt: int
    mark: Mark
    seconds_max: float
