"""The clock of a yellow disturbance: when it becomes red, and what warns before that. Pure.

Asked by `engine/disturbances.py`, which stores every answer as a fact: a deadline that was said is
kept in the journal, so that neither a restart nor a changed clock moves it. It moves in one
direction only, to an earlier hour, when the hour from which turning back is too late does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from migrator.incidents.model import HALF, SOON, Disturbance
from migrator.plan.disturbance import DisturbanceLimits

EARLIER_BY_MIN: Final = timedelta(minutes=1)
"""Less than this is the same hour to people, and a forecast trembles by seconds."""

TURN_BACK: Final = "turn-back"
"""Why a deadline comes sooner than the policy's time: after it nobody could decide to turn back."""

POLICY: Final = "policy"


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a yellow disturbance becomes red, and what that comes from."""

    at: datetime
    because: str  # POLICY or TURN_BACK


def deadline(
    opened: datetime, now: datetime, last_call: datetime | None, limits: DisturbanceLimits
) -> Deadline:
    """The earlier of the policy's time and the last call to turn back; never before `now`."""
    by_policy = opened + timedelta(minutes=limits.red_after_minutes)
    if last_call is None or by_policy <= last_call:
        return Deadline(max(by_policy, now), POLICY)
    return Deadline(max(last_call, now), TURN_BACK)


def earlier(
    known: Disturbance, now: datetime, last_call: datetime | None, limits: DisturbanceLimits
) -> Deadline | None:
    """The deadline that must be said instead of the stored one; None where that one stands."""
    fresh = deadline(known.opened, now, last_call, limits)
    return fresh if known.red_at - fresh.at >= EARLIER_BY_MIN else None


def warning(known: Disturbance, now: datetime, limits: DisturbanceLimits) -> str:
    """The warning that is due and was not given; empty where there is none.

    The later one covers the earlier one: nobody needs to be told twice in one moment.
    """
    due = [name for name, at in warnings(known, limits) if at <= now]
    return due[-1] if due and due[-1] not in known.warned else ""


def next_look(known: Disturbance, now: datetime, limits: DisturbanceLimits) -> datetime:
    """The next hour at which its clock says something."""
    return min(
        (at for name, at in warnings(known, limits) if at > now and name not in known.warned),
        default=known.red_at,
    )


def warnings(known: Disturbance, limits: DisturbanceLimits) -> tuple[tuple[str, datetime], ...]:
    """Both warnings with their hours, in their order."""
    half = known.opened + (known.red_at - known.opened) * limits.warn_share
    soon = known.red_at - timedelta(minutes=limits.warn_minutes)
    return ((HALF, min(half, soon)), (SOON, soon))
