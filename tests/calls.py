"""What tests of being called share: a notices policy, contacts, a book kept in memory, clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from migrator.errors import MigratorError
from migrator.notices.book import Message
from migrator.notices.caller import Caller, Picture
from migrator.notices.escalation import Contact, Contacts
from migrator.notices.letter import Letter
from migrator.notices.model import Kind, Thing
from migrator.notices.policy import Limits, Mode, Policy
from migrator.notices.policy_file import Source, policy_of

NOW = datetime(2023, 10, 14, 1, 0, tzinfo=UTC)
"""Three in the night by the plan's clocks."""
ZONE = ZoneInfo("Europe/Stockholm")

FILE = """\
schema_version: 1
mode: on
pages: https://weekend.example.org:8443/
language: en
mail: {host: localhost, port: 2525, security: none, sender: migrator@example.org}
webhooks:
  ops: {url: "http://127.0.0.1:9/hook", secret_env: OPS_SECRET}
roles: {decision_maker: [mail, ops], wave_lead: [mail]}
people:
  anna: {mail: anna@example.org, language: sv}
  bo: {mail: bo@example.org}
  dora: {mail: dora@example.org}
  lena: {mail: lena@example.org, quiet: "22:00-06:00"}
"""


def a_policy(text: str = FILE) -> Policy:
    """The policy of a notices file."""
    return policy_of(Source(text, Path("/nowhere"), "notices.yaml"))


def a_thing(kind: Kind = Kind.HOLD, *people: str, **changes: object) -> Thing:
    """Something that waits for these people; for lena, if nobody is named."""
    made = Thing(
        key=f"{kind}/w1",
        state=str(kind),
        kind=kind,
        wave="w1",
        subject="a/switch",
        cause="step_failed",
        then="",
        since=NOW,
        until=None,
        people=people or ("lena",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own data


def contacts(*people: Contact, makers: tuple[str, ...] = ("bo",)) -> Contacts:
    """These people, besides lena, whose deputy is dora, and bo, who decides."""
    known = [
        Contact("lena", ("mail",), "dora"),
        Contact("dora", ("mail",)),
        Contact("bo", ("mail",)),
    ]
    return Contacts({each.person: each for each in [*known, *people]}, makers, ZONE)


@dataclass
class Kept:
    """Facts in memory, as the store keeps them. `away` is raised instead, while it is set."""

    facts: dict[str, object] = field(default_factory=dict)
    away: MigratorError | None = None

    def put_facts(self, key: str, data: object) -> None:
        if self.away is not None:
            raise self.away
        self.facts[key] = data

    def facts_under(self, prefix: str) -> dict[str, object]:
        if self.away is not None:
            raise self.away
        return {key: data for key, data in self.facts.items() if key.startswith(prefix)}


@dataclass
class Post:
    """A channel that keeps what it is given, or raises what it is told to."""

    letters: list[Letter] = field(default_factory=list)
    fails: MigratorError | None = None
    only: str = ""  # for this person; for everybody, if empty

    def send(self, letter: Letter) -> str:
        if self.fails is not None and self.only in {"", letter.person}:
            raise self.fails
        self.letters.append(letter)
        return "taken"


@dataclass
class Desk:
    """A caller without its thread: each step is taken by the test, at the hour it says."""

    kept: Kept = field(default_factory=Kept)
    post: Post = field(default_factory=Post)
    now: datetime = NOW
    seconds: float = 0.0
    limits: Limits = field(default_factory=lambda: Limits(settle=timedelta()))
    contacts: Contacts = field(default_factory=contacts)

    def __post_init__(self) -> None:
        self.caller = self.another()

    def another(self) -> Caller:
        """A caller that knows only what is kept, as after a restart."""
        policy = Policy(Mode.ON, "https://x.example", "en", None, limits=self.limits)
        channels: Mapping[str, Post] = {"mail": self.post}
        return Caller(
            "night", self.kept, policy, channels, _letter, lambda: self.now, lambda: self.seconds
        )

    def step(self, *things: Thing, minutes: float = 0.0) -> list[tuple[str, str]]:
        """Let time pass and take a step, until nothing is on its way; who got what is answered."""
        self.now += timedelta(minutes=minutes)
        before = len(self.post.letters)
        picture = Picture(things, self.contacts, self.now)
        self.caller.step(picture)
        for thread in self.caller.threads():
            thread.join(10)
        self.caller.step(picture)
        return sorted((letter.person, letter.text) for letter in self.post.letters[before:])


def _letter(message: Message) -> Letter:
    why = " ".join(item.why for item in message.items)
    return Letter(message.id, message.person, "to", "subject", why, "en", {})
