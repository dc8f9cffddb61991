"""What the API says and takes, as OpenAPI describes it: documents, not the engine's own records.

Names and words here are a promise to programs of others; they change with the version in the
address. Times are ISO 8601 with the offset of the plan's clocks. Input is strict: what is not in
the description is refused, not guessed at.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

PLAIN: Final = r"^[^\x00]*$"
UUID: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
SEQ_MAX: Final = 2**53
"""Beyond every journal, and within what every reader of JSON counts."""

Text = Annotated[str, StringConstraints(pattern=PLAIN, max_length=2000)]
Short = Annotated[str, StringConstraints(pattern=PLAIN, max_length=200)]
LevelName = Literal["green", "yellow", "red"]
Id = Annotated[str, StringConstraints(pattern=UUID)]


class Document(BaseModel):
    """Something that the API says."""

    model_config = ConfigDict(frozen=True)


class Given(BaseModel):
    """Something that the API takes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Problem(Document):
    """Why it was not answered (RFC 9457), in the language that was asked for."""

    type: str
    title: str
    status: int
    detail: str
    faults: list[dict[str, str]] | None = None


class Me(Document):
    """Who asks, and what they may."""

    person: str
    name: str
    roles: list[str]
    only: str = Field(description="look, alarm or report: the token was made for less")
    pages: list[str]
    verbs: list[str]
    form_token: str = Field(description="for X-Form-Token; empty where a token asks")


class Clock(Document):
    """How run time goes. With `speed` and `read_at` it can be reckoned on from `run_time`."""

    run_time: datetime
    read_at: datetime | None = Field(description="wall time; null: nobody leads the run")
    speed: float
    still_for: list[list[str]] = Field(description="[person, subject] for whom it stands still")


class RunDocument(Document):
    """The run as a whole."""

    name: str
    mode: str
    practice: bool
    target: str
    plan: str
    state: str
    outcome: str | None
    level: LevelName
    over: bool = Field(description="nobody will ever lead it again")
    time_zone: str
    window_start: datetime
    window_end: datetime
    clock: Clock
    led_by: str | None
    seq: int = Field(description="the last line of the journal that this knows")
    head: str
    moves: int
    moved: int
    checks: int
    checks_passed: int
    waves: list[str]


class WaveDocument(Document):
    """A wave."""

    id: str
    name: str
    state: str
    state_words: str
    attempt: int
    gate_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cause: str
    moves: list[str]
    moved: int
    checks: int
    checks_passed: int
    checks_open: int


class MoveDocument(Document):
    """A subsystem that moves."""

    id: str
    name: str
    wave: str
    place: Literal["old", "crossing", "new", "back"]
    act: str = Field(description="what is done with it now; empty when nothing is")
    attempt: int
    planned_start: datetime
    planned_end: datetime
    started_at: datetime | None
    switched_at: datetime | None


class CheckDocument(Document):
    """A function that handlers verify."""

    id: str
    name: str
    wave: str
    state: str = Field(description="not_yet, open, assigned, passed, refused or void")
    opened_at: datetime | None
    until: datetime | None
    possible_after: datetime | None
    side_mark: bool = Field(description="its screen shows which side it is on: say which you saw")
    person: str | None = Field(description="who is asked; null: nobody, or not for you")
    edition: str = Field(
        description="give it back with the verdict: one about what stood here before is refused"
    )


class MyChecks(Document):
    """One person's checks."""

    asked: list[CheckDocument]
    others: list[CheckDocument]
    coming: list[CheckDocument]
    given: list[CheckDocument]
    seq: int


class Choice(Document):
    """One way to decide."""

    verb: str
    target: str
    line: str = Field(description="as the command line takes it, RUN for the run")
    consequence: str
    may: bool = Field(description="your roles may give this verb")


class Decision(Document):
    """What waits for somebody now."""

    wave: str
    subject: str
    what: str
    waits_for: str
    on_whom: str
    since: datetime | None
    until: datetime | None
    then: str
    unanswered: str
    choices: list[Choice]


class Decisions(Document):
    """Everything that waits, the most urgent first. Send `seq` back as `seen`."""

    decisions: list[Decision]
    seq: int


class LineDocument(Document):
    """A line of the journal, as it is hashed; `what` says it in words."""

    seq: int
    at: str
    epoch: int
    actor: str
    kind: str
    version: int
    data: JsonValue
    prev_hash: str
    hash: str
    what: str


class JournalPage(Document):
    """Lines in their order."""

    lines: list[LineDocument]
    further: bool = Field(description="there are more: ask after the last one's seq")
    seq: int


class Beside(Document):
    """What is kept beside the journal: progress, the newest forecast, the leader's clock."""

    facts: dict[str, JsonValue]
    led_by: str | None


class PersonDocument(Document):
    """Somebody on the roster."""

    id: str
    name: str
    roles: list[str]
    telephone: str
    on_shift: bool
    next_shift: datetime | None
    invited: bool
    signed_in: datetime | None
    checks: list[str]
    answered: int


class Roster(Document):
    """Who is there."""

    people: list[PersonDocument]
    handlers: int
    handlers_signed_in: int
    on_shift: int
    asked: int


class LogLine(Document):
    """A line of a disturbance's log."""

    at: datetime
    by: str
    text: str
    times: int


class DisturbanceDocument(Document):
    """Something that is wrong, whose it is, and until when."""

    id: str
    key: str
    level: LevelName
    target: str
    wave: str
    subsystem: str
    source: str
    reason: str
    by: str
    owner: str
    members: list[str]
    room: str
    link: str
    opened: datetime
    red_at: datetime
    closed: datetime | None
    cause: str
    note: str
    times: int
    log: list[LogLine]


class Disturbances(Document):
    """All of them, open ones first."""

    disturbances: list[DisturbanceDocument]
    seq: int


class Forecast(Document):
    """What is expected; `said` is the turn-back clock in words, empty where nobody forecasts."""

    said: str
    fits_words: str
    age: str
    tone: Literal["calm", "warn", "bad", ""]
    made: datetime | None
    fits: float | None
    end_p50: datetime | None
    end_p80: datetime | None
    end_p95: datetime | None
    limit: datetime | None


class CommandGiven(Given):
    """A verb. The id is yours: sent twice it is done once, with other words it is refused."""

    id: Id
    verb: Annotated[str, StringConstraints(pattern=r"^[a-z-]+$", max_length=40)]
    target: Short = ""
    reason: Text = ""
    seen: Annotated[int, Field(ge=0, le=SEQ_MAX, description="the last line that you knew")]
    details: dict[Annotated[str, StringConstraints(pattern=r"^[a-z_]+$", max_length=40)], Text] = (
        Field(default_factory=dict, max_length=8)
    )
    note: Annotated[str, StringConstraints(pattern=PLAIN, max_length=4000)] = Field(
        "", description="a handler's words: kept outside the journal, and erasable"
    )


class Followed(Document):
    """A fact that a command led to."""

    kind: str
    data: JsonValue


class Receipt(Document):
    """What became of a command: waiting (kept; whoever leads will answer), taken or refused."""

    id: str
    verb: str
    target: str
    answer: Literal["waiting", "taken", "refused"]
    why: str
    followed: list[Followed]
    led_by: str | None
    seq: int


class Alert(BaseModel):
    """One alert, as Alertmanager sends it. What else it says is not looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: Literal["firing", "resolved"]
    labels: dict[Short, Text] = Field(default_factory=dict, max_length=100)
    annotations: dict[Short, Text] = Field(default_factory=dict, max_length=100)
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z_.:-]+$", max_length=80)]


class Alerts(BaseModel):
    """Alertmanager's webhook, version 4."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal["4"]
    alerts: list[Alert] = Field(max_length=500)


class Report(Given):
    """Something that somebody reports: a user, a service desk, another program."""

    subject: Annotated[str, StringConstraints(pattern=PLAIN, min_length=1, max_length=200)]
    text: Text = ""
    target: Short = Field("", description="a subsystem or a wave; empty for the whole")


class Kept(Document):
    """It is written down durably, and the run is told of it soon."""

    kept: int
    known: list[str] = Field(description="the key of each; the same key is one disturbance")
