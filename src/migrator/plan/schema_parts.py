"""What every part of a plan file is made of: exact types, times, durations and names.

Used by `schema.py` and `schema_means.py`. A time without an offset is local in the window's zone,
which therefore travels in the context of every check.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from migrator.ids import ID_PATTERN
from migrator.inventory.door import found
from migrator.inventory.duration import parse_minutes
from migrator.inventory.times import DATE_PATTERN, TIME_PATTERN, parse_date, parse_time, zone

DURATION_PATTERN: Final = r"^([0-9.]+h)?([0-9.]+m)?([0-9.]+s)?$"
ZONE: Final = "zone"
"""The key of the validation context under which the window's zone travels to every time."""


def _minutes(value: object) -> object:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return parse_minutes(value)
    raise ValueError(f"wants a duration such as 90s, 40m or 1h30m, found {found(value)}")


def _moment(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        # pydantic makes a fault of a ValueError only.
        raise ValueError(f"wants a time such as 2023-10-13T18:00, found {found(value)}")  # noqa: TRY004
    where = (info.context or {}).get(ZONE)
    assert isinstance(where, ZoneInfo), "the reader gives the zone, or UTC where it is faulty"
    return parse_time(value, where)


def _day(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError(f"wants a date such as 2024-06-01, found {found(value)}")  # noqa: TRY004
    return parse_date(value)


def _zone_name(value: object) -> object:
    if isinstance(value, str):
        zone(value)
    return value


Minutes: TypeAlias = Annotated[
    float,
    BeforeValidator(_minutes),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": DURATION_PATTERN},
                {"type": "number", "minimum": 0},
            ],
            "description": "A duration such as 90s, 40m, 1h30m; a bare number means minutes.",
        }
    ),
]
Moment: TypeAlias = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": TIME_PATTERN,
            "description": "A time; without an offset it is local in window.time_zone.",
        }
    ),
]
Day: TypeAlias = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "pattern": DATE_PATTERN}),
]
Id: TypeAlias = Annotated[str, Field(pattern=ID_PATTERN)]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
ZoneName: TypeAlias = Annotated[str, BeforeValidator(_zone_name)]


class Part(BaseModel):
    """What every mapping of the file has in common: exact types, and no unknown key."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
