"""How people are reached and how soon somebody else is called: frozen data, as a file says it.

Made by `policy_file.py` out of what people write; read by everything here. Addresses and the names
of secrets are in it, secrets never: they are looked up when a channel is opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

MAIL: Final = "mail"
"""The channel that sends e-mail; every other name is a webhook's."""


class Mode(StrEnum):
    """What becomes of a call."""

    OFF = "off"  # nobody is called
    TEST = "test"  # everything goes to one address and says so
    ON = "on"


class Security(StrEnum):
    """How the connection to the mail server is kept from being read."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"  # on this machine only


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is found: in a variable of the environment, or in a file."""

    variable: str = ""
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed in, and as whom."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: Secret | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where messages are posted, and with which secret they are signed."""

    url: str
    secret: Secret
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the plan's clocks in which somebody is not called for what can wait."""

    begins: time
    ends: time

    def holds(self, now: datetime, zone: ZoneInfo) -> bool:
        """Tell whether it is quiet at `now`; hours may span midnight."""
        at = now.astimezone(zone).time()
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


@dataclass(frozen=True, slots=True)
class Reached:
    """How one person is reached. `channels` None: by those of their roles."""

    mail: str = ""
    language: str = ""  # empty: the file's own
    quiet: Quiet | None = None
    channels: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an answer may take before somebody else is called; all of run time."""

    deputy: timedelta = timedelta(minutes=5)
    decision_maker: timedelta = timedelta(minutes=10)
    remind: timedelta = timedelta(minutes=30)
    reminders_max: int = 4
    check_before: timedelta = timedelta(minutes=10)
    settle: timedelta = timedelta(seconds=5)  # what begins together is told together


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole file. `pages` is where the pages are served, without a slash at its end."""

    mode: Mode
    pages: str
    language: str
    mail: MailServer | None
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    test_mail: str = ""
    test_webhook: str = ""
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    people: dict[str, Reached] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

    def reached(self, person: str) -> Reached:
        """How a person is reached."""
        return self.people.get(person, _NOBODY)

    def language_of(self, person: str) -> str:
        """The language of a person's messages."""
        return self.reached(person).language or self.language

    def channels_of(self, person: str, roles: tuple[str, ...]) -> tuple[str, ...]:
        """By which channels a person is called; e-mail only where their address is known."""
        reached = self.reached(person)
        named = reached.channels
        if named is None:
            named = tuple(name for role in roles for name in self.roles.get(role, ()))
            if not named and reached.mail:
                named = (MAIL,)
        return tuple(
            name
            for name in dict.fromkeys(named)
            if (name in self.webhooks if name != MAIL else self.mail is not None and reached.mail)
        )


_NOBODY: Final = Reached()
