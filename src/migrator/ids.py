"""The identifiers of the estate and of a run, as types of their own.

Everybody imports this file; it imports nothing. An identifier never changes its meaning between
packages, so mixing up a subsystem and a component is a type error and not a surprise at 03:00.
"""

from __future__ import annotations

import re
from typing import Final, NewType

SubsystemId = NewType("SubsystemId", str)
ComponentId = NewType("ComponentId", str)
LinkId = NewType("LinkId", str)
FunctionId = NewType("FunctionId", str)
TeamId = NewType("TeamId", str)
ShiftId = NewType("ShiftId", str)
PersonId = NewType("PersonId", str)
PlaceId = NewType("PlaceId", str)
WaveId = NewType("WaveId", str)
MoveId = NewType("MoveId", str)
StepId = NewType("StepId", str)
CheckId = NewType("CheckId", str)
RunId = NewType("RunId", str)
ActorId = NewType("ActorId", str)

ID_PATTERN: Final = r"^[a-z0-9][a-z0-9._-]{0,99}$"
"""Ids are lower-case words: they end up in file names, object names, URLs and spoken sentences."""

_ID = re.compile(ID_PATTERN)


def is_id(text: str) -> bool:
    """Tell whether `text` may serve as an identifier."""
    return _ID.fullmatch(text) is not None
