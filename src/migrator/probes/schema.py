"""What probes.yaml may hold, as pydantic models, and the JSON Schema made of them.

`declared.py` checks the file against these models and then judges what compares rows with each
other and with the inventory; `migrator schema` writes the schema, so that editors complete what
people write. A single value is judged here, and nothing else.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from migrator.inventory.door import found
from migrator.inventory.field_types import Day, Id, Row, Share, Text
from migrator.inventory.reader import PROBES_FILE
from migrator.inventory.schema import DIALECT
from migrator.inventory.times import parse_date

FILE: Final = PROBES_FILE

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_WORKLOAD: Final = re.compile(r"(Deployment|StatefulSet|DaemonSet|Job|CronJob)/[a-z0-9][a-z0-9.-]*")
_SSH_HOST: Final = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_.:@-]*")
_PROGRAM: Final = re.compile(r"[A-Za-z0-9_./+-]+")


def _day(value: str) -> str:
    parse_date(value)
    return value


def _namespace(value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise ValueError(
            "wants a namespace of lower-case letters, digits and '-', at most 63 characters; "
            f"found {found(value)}"
        )
    return value


def _workload(value: str) -> str:
    if not _WORKLOAD.fullmatch(value):
        raise ValueError(f"wants a workload such as Deployment/folkbok, found {found(value)}")
    return value


def _ssh_host(value: str) -> str:
    # A host that begins with '-' would be an option of ssh.
    if not _SSH_HOST.fullmatch(value):
        raise ValueError(f"wants a host of ssh's own configuration, found {found(value)}")
    return value


def _program(value: str) -> str:
    # It becomes a word of a command line on another machine.
    if not _PROGRAM.fullmatch(value) or value.startswith("-"):
        raise ValueError(
            f"wants the name or path of a Python such as python3.9, found {found(value)}"
        )
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=100_000)]
PerSecond = Annotated[float, Field(ge=0.01, le=1_000_000)]
Tries = Annotated[int, Field(ge=1, le=20)]
Seconds = Annotated[float, Field(ge=0.05, le=120)]

_PLACE_SCHEMA: Final[dict[str, object]] = {
    "anyOf": [
        {"type": "string", "description": "an IP address or a name; the port is the link's"},
        {
            "type": "object",
            "properties": {
                "host": {"type": "string"},
                "port": {"type": "integer", "minimum": 1, "maximum": 65535},
            },
            "required": ["host"],
            "additionalProperties": False,
        },
    ]
}


def _by_caller() -> dict[str, object]:
    """Where one side of a target answers: everybody, or by the side of who calls."""
    by_caller = {"from_old": _PLACE_SCHEMA, "from_new": _PLACE_SCHEMA}
    return {
        "anyOf": [
            _PLACE_SCHEMA,
            {
                "type": "object",
                "properties": by_caller,
                "minProperties": 1,
                "additionalProperties": False,
            },
        ]
    }


Answer = Annotated[
    object,
    WithJsonSchema(
        {
            "anyOf": [
                _PLACE_SCHEMA,
                {
                    "type": "object",
                    "properties": {"old": _by_caller(), "new": _by_caller()},
                    "minProperties": 1,
                    "additionalProperties": False,
                },
            ],
            "description": "where the target answers: on both sides, or by its side (old, new) "
            "and then by the side of who calls (from_old, from_new)",
        }
    ),
]
"""Three shapes in one another, so `places.py` reads them: it can name the wrong key."""


class CapsRow(Row):
    """How much a sweep may ask of a vantage point, of a target and of a /24 (IPv6: a /64)."""

    in_flight: Count = 256
    per_second: PerSecond = 500.0
    target_at_once: Count = 1
    target_per_second: PerSecond = 20.0
    network_per_second: PerSecond = 200.0


class PatienceRow(Row):
    """A look counts as ok once `need` tries were, of at most `of`."""

    need: Tries = 1
    of: Tries = 3
    seconds: Seconds = 3.0


class VantageRow(Row):
    """Where looks are made from. Each kind has its own keys."""

    id: Id
    kind: Literal["here", "ssh", "pod"]
    host: Annotated[str, AfterValidator(_ssh_host)] | None = None
    namespace: Annotated[str, AfterValidator(_namespace)] | None = None
    workload: Annotated[str, AfterValidator(_workload)] | None = None
    image: Text | None = None
    python: Annotated[str, AfterValidator(_program)] | None = None


class StandRow(Row):
    """Which vantage point speaks for whom; the first rule that matches wins."""

    component: str | None = None
    subsystem: str | None = None
    old: str | None = None
    new: str | None = None


class CheckMatchRow(Row):
    """Which links a check is for, by their target."""

    protocol: Text | None = None
    component: str | None = None
    subsystem: str | None = None
    port: Port | None = None


class LinkMatchRow(CheckMatchRow):
    """Which links a rule is for, by their target and by who calls."""

    source: str | None = None
    source_subsystem: str | None = None


class IdentityRow(Row):
    """The texts that only one side's answer holds."""

    old: Text | None = None
    new: Text | None = None


class CheckRow(Row):
    """What is asked of the links that match; the first rule that matches wins."""

    match: CheckMatchRow = CheckMatchRow()
    kind: str
    tls: bool | None = None
    server_name: Text | None = None
    args: dict[str, object] = Field(default_factory=dict)
    identity: IdentityRow = IdentityRow()
    seconds: Seconds | None = None
    need: Tries | None = None
    of: Tries | None = None


class UntestableRow(Row):
    """Links that cannot be tested: why, whose they are, and what is watched instead."""

    match: LinkMatchRow | None = None
    link: Text | None = None
    reason: Text
    owner: Text
    watch: Text


class WaivedRow(Row):
    """Links that somebody answers for, until a day."""

    match: LinkMatchRow | None = None
    link: Text | None = None
    who: Text
    why: Text
    until: Annotated[Day, AfterValidator(_day)]


class ProbesFile(Row):
    """The file."""

    allow: Annotated[list[str], Field(min_length=1)]
    allow_everything: bool = False
    caps: CapsRow = CapsRow()
    patience: PatienceRow = PatienceRow()
    vantages: Annotated[list[VantageRow], Field(min_length=1)]
    stands: Annotated[list[StandRow], Field(min_length=1)]
    addresses: dict[str, Answer] = Field(default_factory=dict)
    checks: list[CheckRow] = Field(default_factory=list)
    untestable: list[UntestableRow] = Field(default_factory=list)
    waived: list[WaivedRow] = Field(default_factory=list)
    sample: Share = 0.02


def json_schema() -> dict[str, object]:
    """The JSON Schema of the file, for editors."""
    return {"$schema": DIALECT, **ProbesFile.model_json_schema()}
