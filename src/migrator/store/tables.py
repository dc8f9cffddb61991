"""The tables of a store, the same on every database.

Times of the journal, data and answers are text: what was hashed must come back byte by byte, which
no database's own time or JSON type promises. A change here raises SCHEMA_VERSION and needs a step
in `migrations/versions/`; a program never opens a store that is newer than itself.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

SCHEMA_VERSION: Final = 4

metadata: Final = MetaData()

meta: Final = Table(
    "meta",
    metadata,
    Column("schema_version", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # practice or live
)

blobs: Final = Table(
    "blobs",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the bytes
    Column("kind", Text, nullable=False),  # itinerary, plan, fault-file
    Column("bytes", LargeBinary, nullable=False),
)

runs: Final = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),  # the order in which runs were begun
    Column("name", Text, nullable=False, unique=True),
    Column("mode", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("plan_name", Text, nullable=False),
    Column("plan_digest", Text, nullable=False),
    Column("itinerary_digest", Text, nullable=False),
    Column("started", Text, nullable=False),  # wall time as the caller said it; may be empty
)

journal: Final = Table(
    "journal",
    metadata,
    Column("run", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("run", "seq"),
)

commands: Final = Table(
    "commands",
    metadata,
    Column("number", Integer, primary_key=True),  # the order in which they came
    Column("run", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("asserted", Integer, nullable=False),
    Column("target", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("saw", Integer, nullable=False),
    Column("details", Text, nullable=False),  # JSON: pairs
    Column("submitted", Text, nullable=False),  # wall time as the caller said it; may be empty
    Column("answer", Text),  # JSON: the first and last line of the answer; null while it waits
    UniqueConstraint("run", "id"),
)

# The desk is looked at after every commit, and a weekend has thousands of answered ticks.
_commands_waiting: Final = Index("commands_waiting", commands.c.run, commands.c.number)


@event.listens_for(metadata, "before_create")
def _only_those_that_wait(_metadata: MetaData, connection: Connection, **_: object) -> None:
    """Say which rows are indexed when the tables are made.

    Said where the index stands, it would load the words of every database into every process.
    """
    options = _commands_waiting.dialect_options[connection.dialect.name]
    options["where"] = text("answer IS NULL")


codes: Final = Table(
    "codes",
    metadata,
    Column("run", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("digest", Text, nullable=False),
    PrimaryKeyConstraint("run", "person"),
)

leases: Final = Table(
    "leases",
    metadata,
    Column("run", Text, primary_key=True),
    Column("holder", Text),  # JSON: host, boot, pid ...; null when nobody leads
    Column("epoch", Integer, nullable=False),
    Column("until", Float, nullable=False),  # seconds of the boot clock, or of the server's
)

facts: Final = Table(
    "facts",
    metadata,
    Column("run", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("data", Text, nullable=False),  # JSON
    PrimaryKeyConstraint("run", "key"),
)

notes: Final = Table(
    "notes",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of salt and text
    Column("salt", LargeBinary),  # null, with the text, once the note is erased
    Column("text", Text),
)

invitations: Final = Table(
    "invitations",
    metadata,
    Column("token", Text, primary_key=True),  # SHA-256 of the link's secret
    Column("code", Text),  # SHA-256 of run and typed code; null where only the link holds
    Column("run", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("made", Text, nullable=False),  # wall time in UTC
    Column("until", Text, nullable=False),
    Column("spent", Text),  # when; null while it can be used
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("token", Text, primary_key=True),  # SHA-256 of the cookie's secret
    Column("run", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("made", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("ended", Text),  # when; null while it holds
    Column("device", Text),  # as its owner knows it again: "Firefox, Android"; null: not told
    Column("way", Text),  # link, code, device or provider; null before version 4
    Column("roles", Text),  # JSON: what a provider's claims give beside people.yaml; else null
    Column("ended_by", Text),  # the person; null while it holds, or where it was left
)

second_devices: Final = Table(
    "second_devices",
    metadata,
    Column("run", Text, nullable=False),
    Column("person", Text, nullable=False),  # one at a time
    Column("token", Text, nullable=False),  # SHA-256 of the secret in the QR code
    Column("code", Text),  # SHA-256 of run, person and six digits; null after wrong ones
    Column("session", Text, nullable=False),  # whose device made it; ends with that session
    Column("until", Text, nullable=False),
    Column("wrong", Integer, nullable=False),  # codes that were typed for this person
    PrimaryKeyConstraint("run", "person"),
)

arrivals: Final = Table(
    "arrivals",
    metadata,
    Column("state", Text, primary_key=True),  # SHA-256: a provider's answer that was taken, once
    Column("until", Text, nullable=False),  # when nobody could send it again anyway
)

refusals: Final = Table(
    "refusals",
    metadata,
    Column("run", Text, nullable=False),
    Column("minute", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),  # empty: somebody who was not signed in
    Column("count", Integer, nullable=False),
    Column("last", Text, nullable=False),
    PrimaryKeyConstraint("run", "minute", "kind", "person"),
)

tokens: Final = Table(
    "tokens",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of what a program shows
    Column("run", Text, nullable=False),
    Column("person", Text, nullable=False),  # who answers for what is done with it
    Column("label", Text, nullable=False),  # what it was made for, in that person's words
    Column("only", Text, nullable=False),  # look, alarm, report; empty: all that the person may
    Column("made", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("ended", Text),  # when; null while it holds
)

intake: Final = Table(
    "intake",
    metadata,
    Column("run", Text, nullable=False),
    Column("key", Text, nullable=False),  # source and fingerprint: the same trouble, once
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),  # a subsystem, a wave, or empty for the whole
    Column("text", Text, nullable=False),  # as it came last
    Column("person", Text, nullable=False),  # whose token brought it
    Column("first", Text, nullable=False),  # wall time in UTC
    Column("last", Text, nullable=False),
    Column("count", Integer, nullable=False),  # how often it came
    Column("told", Integer, nullable=False),  # how many of them lie on the desk
    Column("asked", Integer, nullable=False),  # how many commands were made of them
    Column("over", Integer, nullable=False),  # 1: its sender says that it has passed
    Column("due", Text),  # when the rest is to be told; null: nothing is left to tell
    PrimaryKeyConstraint("run", "key"),
)

pictures: Final = Table(
    "pictures",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of salt and bytes
    Column("salt", LargeBinary),  # null, with the bytes, once the picture is erased
    Column("bytes", LargeBinary),
    Column("media", Text, nullable=False),  # image/jpeg, image/png or image/webp
    Column("run", Text, nullable=False),
    Column("subject", Text, nullable=False),  # the check that it belongs to
    Column("person", Text, nullable=False),  # who took it
    Column("kept", Text, nullable=False),  # wall time in UTC
    Column("named", Integer, nullable=False),  # 1 once a verdict names it
)

tombstones: Final = Table(
    "tombstones",
    metadata,
    Column("digest", Text, primary_key=True),  # of the note or picture that was erased
    Column("kind", Text, nullable=False),  # note or picture
    Column("person", Text, nullable=False),  # who erased it
    Column("erased", Text, nullable=False),  # wall time in UTC
    Column("why", Text, nullable=False),
)

practice_ticks: Final = Table(
    "practice_ticks",
    metadata,
    Column("run", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("device", Text, nullable=False),  # telephone or computer
    Column("ticked", Text, nullable=False),  # wall time in UTC
    PrimaryKeyConstraint("run", "person", "device"),
)
