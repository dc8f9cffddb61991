"""The kinds of single values that files hold: an id, a time, a duration, seats, a share.

`schema.py` and the models of other readers of people's files (`plan/`) are built from them. Each
says what it wants in one sentence, and the same in JSON Schema, so that an editor and the program
agree. What a value means for an estate is not known here.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
)

from migrator.ids import ID_PATTERN
from migrator.inventory.duration import parse_minutes
from migrator.inventory.times import DATE_PATTERN, TIME_PATTERN


def _minutes(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("wants a duration such as 90s, 40m or 1h30m")  # noqa: TRY004 - pydantic's way
    return parse_minutes(value)


def _seats(value: object) -> dict[str, int] | int:
    """A number for every shift, or a mapping of shift and number."""
    if not isinstance(value, dict):
        return _seat(value, "")
    return {
        str(shift): _seat(number, f" for the shift '{shift}'") for shift, number in value.items()
    }


def _seat(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(
            f"wants a whole number of seats from 0{place}, or a mapping of shift and number"
        )
    return value


def _no_blank(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise ValueError("must not be empty")
    return value


Id = Annotated[str, Field(pattern=ID_PATTERN)]
Text = Annotated[str, BeforeValidator(_no_blank), Field(min_length=1)]
Time = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": TIME_PATTERN,
            "description": "2023-10-13T18:00, local in the calendar's time zone; "
            "2023-10-13T18:00+02:00 where the clocks change",
        }
    ),
]
Day = Annotated[
    str, WithJsonSchema({"type": "string", "pattern": DATE_PATTERN, "description": "2024-06-01"})
]
Minutes = Annotated[
    float,
    PlainValidator(_minutes),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"^\s*([0-9.]+h)?\s*([0-9.]+m)?\s*([0-9.]+s)?\s*$"},
            ],
            "description": "90s, 40m, 1h30m, 2h, or a number of minutes",
        }
    ),
]
Seats = Annotated[
    dict[str, int] | int,
    PlainValidator(_seats),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
            ],
            "description": "moves the team can work on at once: in every shift, or by shift",
        }
    ),
]
Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]


class Row(BaseModel):
    """The manners of all models: no guessing of types, no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)
