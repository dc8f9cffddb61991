"""What a notices file may hold, as pydantic models; single values are judged here, and no more.

`policy_file.py` checks the file against these models and then judges what compares its parts.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from migrator.inventory.door import found
from migrator.inventory.field_types import Id, Minutes, Row, Text

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_ADDRESS: Final = re.compile(r"[^\s@<>\",;:\\]+@[^\s@<>\",;:\\]+")
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"wants one e-mail address such as ops@example.org, found {found(value)}")
    return value


def _hours(value: str) -> str:
    if not _HOURS.fullmatch(value):
        raise ValueError(f"wants hours such as 22:00-06:00, found {found(value)}")
    return value


def _variable(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        raise ValueError(f"wants the name of an environment variable, found {found(value)}")
    return value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        named = False
    if not named or not value.isascii() or any(letter.isspace() for letter in value):
        raise ValueError(
            f"wants an address such as https://ops.example.org/x, found {found(value)}"
        )
    if parts.username or parts.password:
        raise ValueError("holds a user or a password: secrets do not belong into the file")
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if parts.scheme != "https" and not local:
        raise ValueError(f"wants https, or http on this machine only; found {found(value)}")
    return value


Address = Annotated[str, AfterValidator(_address)]
Hours = Annotated[str, AfterValidator(_hours)]
Variable = Annotated[str, AfterValidator(_variable)]
Url = Annotated[str, AfterValidator(_url)]
Language = Literal["sv", "en"]


class MailRow(Row):
    """The mail server."""

    host: Text
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: Address
    user: Text | None = None
    password_env: Variable | None = None
    password_file: Text | None = None
    ca_file: Text | None = None


class WebhookRow(Row):
    """A place to which messages are posted."""

    url: Url
    secret_env: Variable | None = None
    secret_file: Text | None = None
    ca_file: Text | None = None


class PersonRow(Row):
    """How one person is reached."""

    mail: Address | None = None
    language: Language | None = None
    quiet: Hours | None = None
    channels: list[Id] | None = None


class TestRow(Row):
    """Where everything goes in the mode test: one of both."""

    __test__ = False  # its name begins like a test's

    mail: Address | None = None
    webhook: Id | None = None


class LimitsRow(Row):
    """How long an answer may take, and how often it is asked for."""

    deputy: Minutes = 5.0
    decision_maker: Minutes = 10.0
    remind: Minutes = 30.0
    reminders_max: Annotated[int, Field(ge=0, le=100)] = 4
    check_before: Minutes = 10.0
    settle: Minutes = 5 / 60


class NoticesFile(Row):
    """The whole file."""

    schema_version: Literal[1]
    mode: Literal["off", "test", "on"]
    pages: Url
    language: Language = "sv"
    mail: MailRow | None = None
    webhooks: dict[Id, WebhookRow] = Field(default_factory=dict)
    test: TestRow | None = None
    roles: dict[Id, list[Id]] = Field(default_factory=dict)
    people: dict[Id, PersonRow] = Field(default_factory=dict)
    limits: LimitsRow = LimitsRow()
