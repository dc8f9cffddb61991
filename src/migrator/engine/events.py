"""What can happen in a run, one frozen dataclass per kind, and their way to JSON and back.

Events are facts: they are journalled, folded by `engine/run.py` and never changed. They hold only
text, numbers, truth values, times and tuples of text, so that a journal is readable in twenty
years. No secrets and no citizens' data: a handler's note is kept apart and named by its digest.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, get_type_hints

from migrator.errors import JournalError


@dataclass(frozen=True, slots=True)
class Event:
    """The root of all events; `VERSION` is raised when a kind's fields change their meaning."""


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """The first line of a journal. `speed` is run seconds per wall second (scaled mode)."""

    name: str
    mode: str  # virtual, scaled or wall
    practice: bool
    target: str
    anchor: datetime  # run time at the start
    wall: datetime | None  # wall time at the start; None on the virtual clock
    speed: float
    seed: int
    plan_digest: str
    itinerary_digest: str
    program: str
    play: tuple[str, ...]  # persons who are really there; all others are simulated


@dataclass(frozen=True, slots=True)
class RunPaused(Event):
    """Nothing new starts until the run is resumed."""

    reason: str


@dataclass(frozen=True, slots=True)
class RunResumed(Event):
    """The run goes on."""

    reason: str


@dataclass(frozen=True, slots=True)
class RunAborted(Event):
    """Everything not committed is to be unwound."""

    reason: str


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """The last line: completed, with_exceptions, returned or stuck."""

    outcome: str


@dataclass(frozen=True, slots=True)
class GateOpened(Event):
    """A wave waits for a named person's decision."""

    wave: str
    attempt: int
    deadline: datetime


@dataclass(frozen=True, slots=True)
class GateDecided(Event):
    """A named person said go. `seen` is the digest of what was shown; empty for a short form."""

    wave: str
    attempt: int
    by: str
    reason: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class GateLapsed(Event):
    """No-go: said by a person, or the declared default of a gate that nobody answered."""

    wave: str
    attempt: int
    by: str  # a person, or "policy"
    reason: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class GatePostponed(Event):
    """The gate's deadline was moved."""

    wave: str
    attempt: int
    until: datetime
    by: str
    reason: str
    seen: str = ""


@dataclass(frozen=True, slots=True)
class DeadlineExtended(Event):
    """What waits has more time: a gate (its wave), a check, or an act in flight (`move/act`)."""

    subject: str
    was: datetime
    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AttemptOpened(Event):
    """A returned, declined or blocked wave is tried again, with new tokens and a new baseline."""

    wave: str
    attempt: int
    by: str


@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """The intent: committed before the act begins."""

    move: str
    step: str
    attempt: int
    nth: int  # 1 for the first try in this attempt
    token: str
    limit_at: datetime


@dataclass(frozen=True, slots=True)
class StepEnded(Event):
    """The outcome: done, failed or timed_out."""

    move: str
    step: str
    attempt: int
    outcome: str
    detail: str
    changes: tuple[str, ...] = ()  # "created deployment/ns/name"


@dataclass(frozen=True, slots=True)
class StepDoubted(Event):
    """After a restart: started, and its end was never heard."""

    move: str
    step: str
    attempt: int


@dataclass(frozen=True, slots=True)
class StepSettled(Event):
    """What the world says about a doubted step: done, not_done or unknown."""

    move: str
    step: str
    attempt: int
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class StepResolved(Event):
    """A human's word on a step: retry, skip, force-done or abandon."""

    move: str
    step: str
    attempt: int
    how: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class UndoStarted(Event):
    """The intent of an undo."""

    move: str
    undo: str
    attempt: int
    nth: int
    token: str
    limit_at: datetime


@dataclass(frozen=True, slots=True)
class UndoEnded(Event):
    """The outcome of an undo. `remains` lists what it left on the target on purpose."""

    move: str
    undo: str
    attempt: int
    outcome: str
    detail: str
    changes: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()  # what a bring-back could not prove to have brought back


@dataclass(frozen=True, slots=True)
class UndoDoubted(Event):
    """After a restart: an undo that was started and whose end was never heard."""

    move: str
    undo: str
    attempt: int


@dataclass(frozen=True, slots=True)
class UndoSettled(Event):
    """What the world says about a doubted undo."""

    move: str
    undo: str
    attempt: int
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class UndoResolved(Event):
    """A human's word on an undo."""

    move: str
    undo: str
    attempt: int
    how: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AuthorityMoved(Event):
    """Who may let work take effect: old, none or new. Same commit as the act that moved it."""

    subsystem: str
    side: str


@dataclass(frozen=True, slots=True)
class LinksJudged(Event):
    """What a look at a move's links found, against the baseline of the same attempt.

    `look` is baseline, probe-links, soak or prove-back. In a baseline `same` counts the links
    that answered and `broken` those that did not. `regressed` counts every link that is worse;
    `wrong_side` and `slower` say how many of those were answered by the other side, or by far
    more slowly. What was not looked at is counted apart and never among `same`.
    """

    move: str
    attempt: int
    look: str
    same: int
    better: int
    broken: int  # was already broken before the move
    regressed: int
    deferred: int  # the other end is being moved at this moment; its own move proves them
    examples: tuple[str, ...]  # ids of regressed links, at most five
    sweep: str = ""  # the sweep that looked at them one by one; empty: only fronts were looked at
    wrong_side: int = 0
    slower: int = 0
    flaky: int = 0  # answered often enough to count, and not every time
    unproved: int = 0  # could be looked at, and was not: its vantage point was lost, time ran out
    untestable: int = 0  # declared so, with an owner and what is watched instead
    waived: int = 0  # worse, and let be beforehand by a named person
    causes: tuple[str, ...] = ()  # a sentence each, the one that explains most first


@dataclass(frozen=True, slots=True)
class LinksCovered(Event):
    """How much of the estate's links one sweep proved before anything moved; every gate shows it.

    The counts are of the whole estate and add up to `links`. It decides nothing.
    """

    sweep: str  # empty: nobody has looked at the links
    swept_at: str  # when it ended, ISO 8601; empty with `sweep`
    links: int
    proved: int
    broken: int  # looked at, and did not answer
    unproved: int
    untestable: int
    waived: int


@dataclass(frozen=True, slots=True)
class ForecastMade(Event):
    """What is expected of the weekend, where that is another thing than was said last.

    Shares are of the sampled weekends. The whole forecast is kept beside the journal, by digest.
    """

    knows: int  # the last line that it knows
    made: datetime  # the run time that it is of
    weekends: int
    compiled: bool  # False: played in plain Python, with as many weekends as that can
    fits: float  # everything moved, and ended inside the window
    forward_first: float  # everything ended before turning back is too late
    end_p50: datetime | None  # None: in fewer weekends than that it ends at all
    end_p80: datetime | None
    end_p95: datetime | None
    latest: datetime | None  # turning back later ends outside the window; None: it never does
    data_limit: datetime | None  # the first act that cannot be undone; None: there is none
    data_limit_of: str  # the move; empty with `data_limit`
    limit: datetime | None  # the earlier of the two: the hour of no return
    unsafe: tuple[str, ...]  # "begin/end" in ISO 8601; an end that nobody looked for is empty
    digest: str  # SHA-256 of the whole forecast


@dataclass(frozen=True, slots=True)
class CheckOpened(Event):
    """A function can be verified now; opened again where a later move made its verdicts old.

    `text` is the digest of the words that handlers go by, `estate` of what stands where. Both are
    empty in journals of versions that did not say it.
    """

    check: str
    attempt: int
    text: str = ""
    estate: str = ""


@dataclass(frozen=True, slots=True)
class CheckAssigned(Event):
    """A person was given the check, or took it; unanswered after `limit_at`."""

    check: str
    attempt: int
    person: str
    limit_at: datetime
    claimed: bool = False


@dataclass(frozen=True, slots=True)
class CheckReminded(Event):
    """Soon the check is overdue: its person is reminded, once."""

    check: str
    attempt: int
    person: str
    limit_at: datetime


@dataclass(frozen=True, slots=True)
class CheckEscalated(Event):
    """The check was overdue, and the person's deputy has it now."""

    check: str
    attempt: int
    was: str
    person: str
    limit_at: datetime


@dataclass(frozen=True, slots=True)
class CheckHandedOver(Event):
    """The check was handed to a named person, or back to everybody who may: `to` is empty."""

    check: str
    attempt: int
    was: str
    to: str
    limit_at: datetime | None  # None: nobody has it
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class TickGiven(Event):
    """A handler's verdict: works, works_but, does_not_work or cannot_judge.

    `note_digest` names a note kept outside the journal, `picture_digest` a picture; empty for none.
    """

    check: str
    attempt: int
    person: str
    verdict: str
    note_digest: str
    picture_digest: str = ""
    text: str = ""  # of what the verdict was given, as the check was opened
    estate: str = ""
    left_behind: str = ""  # the reference of what the test left, to be cleaned up


@dataclass(frozen=True, slots=True)
class DefectFiled(Event):
    """It works, but something is wrong: the note is kept as a defect of function and wave.

    It holds nothing. Whoever leads the wave can raise it to a refusal.
    """

    defect: str
    check: str
    attempt: int
    function: str  # empty for a team's own check
    wave: str
    person: str
    note_digest: str


@dataclass(frozen=True, slots=True)
class DefectRaised(Event):
    """Whoever leads the wave takes a defect for a refusal: `by` says that it does not work."""

    defect: str
    check: str
    attempt: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class PersonArrived(Event):
    """Somebody says to be there: a check may be given to them in this shift."""

    person: str


@dataclass(frozen=True, slots=True)
class PersonLeft(Event):
    """Somebody says to be gone, before the shift is over."""

    person: str


@dataclass(frozen=True, slots=True)
class PersonAbsent(Event):
    """Somebody's shift began a while ago, and nobody has heard of them."""

    person: str
    since: datetime  # the shift's start
    until: datetime


@dataclass(frozen=True, slots=True)
class WrongSideSeen(Event):
    """A handler looked at the old side's screen: what was said of it does not count.

    The check stays with whoever has it, and may be answered again.
    """

    check: str
    attempt: int
    person: str
    verdict: str
    note_digest: str
    picture_digest: str = ""


@dataclass(frozen=True, slots=True)
class TickWithdrawn(Event):
    """The handler took the verdict back."""

    check: str
    attempt: int
    person: str


@dataclass(frozen=True, slots=True)
class CheckPassed(Event):
    """Enough of the right people said that it works (or two people overrode)."""

    check: str
    attempt: int


@dataclass(frozen=True, slots=True)
class CheckVoided(Event):
    """What was verified is no longer there: its wave is being unwound."""

    check: str
    attempt: int


@dataclass(frozen=True, slots=True)
class WaveVerified(Event):
    """Every check of the wave passed and no link regressed; the soak goes on."""

    wave: str
    attempt: int


@dataclass(frozen=True, slots=True)
class WaveHeld(Event):
    """At once and visible: nothing new starts in this wave.

    `unwind_at` is None where only a human may end the hold. `subject` is what is in trouble (a
    step `move/kind`, a check id, or the wave); `trouble` is a plan.model.Trouble or `operator`.
    """

    wave: str
    attempt: int
    trouble: str
    subject: str
    moves: tuple[str, ...]
    cause: str
    unwind_at: datetime | None


@dataclass(frozen=True, slots=True)
class HoldReleased(Event):
    """What held the wave is out of the way; it goes on once no hold is left."""

    wave: str
    subject: str  # of the hold; empty for all of them
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class VetoGiven(Event):
    """The unwind clock stands still until `until`; None when a second person confirmed."""

    wave: str
    by: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class OverrideAsked(Event):
    """One named person wants to answer for a trouble; a second one must join."""

    wave: str
    subject: str
    by: str
    os_user: str  # the operating-system user who typed it
    reason: str


@dataclass(frozen=True, slots=True)
class CodeSpent(Event):
    """A single-use code proved a second person; it will not be taken again."""

    person: str
    digest: str


@dataclass(frozen=True, slots=True)
class SecondAsked(Event):
    """One named person gave a verb that needs two; a second one must give it with that content."""

    verb: str
    subject: str
    digest: str  # of what was shown
    by: str
    os_user: str
    reason: str
    dry_run: str = ""  # what became of it (`dry_runs.DRY_RUNS`); empty where a verb has none


@dataclass(frozen=True, slots=True)
class StepAmended(Event):
    """A file of a step or undo has other bytes from its next try on; two people answer for it."""

    move: str
    step: str  # or an undo
    file: str
    was: str  # SHA-256; empty where none were pinned
    now: str
    by: str
    second: str
    reason: str
    dry_run: str = ""  # `dry_runs.DRY_RUNS`; empty in journals of versions that made none


@dataclass(frozen=True, slots=True)
class Replanned(Event):
    """What has not started follows another plan, which stands here by value, as JSON texts."""

    by: str
    second: str
    reason: str
    plan_digest: str
    waves: tuple[str, ...]  # all that have not started, in their new order
    legs: tuple[str, ...]  # those that changed or are new
    checks: tuple[str, ...]
    gone: tuple[str, ...]  # ids of checks
    stays: tuple[str, ...]
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OverrideGiven(Event):
    """Two named people answer for a trouble; the run ends with exceptions."""

    wave: str
    subject: str
    by: str
    second: str
    reason: str


@dataclass(frozen=True, slots=True)
class LossAccepted(Event):
    """Two named people let an unwind go on without proof that every row came back.

    `lost` is what the bring-back itself could not prove, as it said it.
    """

    move: str
    attempt: int
    by: str
    second: str
    reason: str
    lost: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkWaived(Event):
    """A named person lets a regressed link be: a decision about one look, and no evidence.

    Once every regressed link of the look is waived, the look stands as decided.
    """

    wave: str
    move: str
    attempt: int
    look: str
    link: str
    left: int  # regressed links of this look that nobody has waived
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnwindBegun(Event):
    """The computed set of moves to be taken back, each with its reason ("move: why")."""

    wave: str
    attempt: int
    moves: tuple[str, ...]
    reasons: tuple[str, ...]
    partial: bool  # the rest of the wave goes on
    by: str
    cause: str
    # All None or empty in journals of versions that did not say it.
    calls_per_hour: float | None = None  # between the platforms once they are back; None: unknown
    calls_per_hour_max: float | None = None  # what bridges carry; None: the estate does not say
    bridges: tuple[str, ...] = ()  # the heaviest that it opens again: "a to b: 3 links, 30 calls/h"
    widened: str = ""  # why all of a wave goes where the policy takes back a part


@dataclass(frozen=True, slots=True)
class MoveReturned(Event):
    """The subsystem is live on the old side with all its rows; `remains` is what is left over."""

    move: str
    attempt: int
    remains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartReturned(Event):
    """The unwound part of a wave is back; its other moves go on."""

    wave: str
    attempt: int


@dataclass(frozen=True, slots=True)
class WaveReturned(Event):
    """All of the wave is back on the old side."""

    wave: str
    attempt: int


@dataclass(frozen=True, slots=True)
class WaveStuck(Event):
    """An undo failed for good; retry, skip, force-done or abandon it."""

    wave: str
    subject: str
    cause: str


@dataclass(frozen=True, slots=True)
class WaveUnstuck(Event):
    """A human resolved what was stuck; the unwind goes on."""

    wave: str


@dataclass(frozen=True, slots=True)
class WaveBlocked(Event):
    """A wave that it needs is returned, declined or blocked."""

    wave: str
    because: str


@dataclass(frozen=True, slots=True)
class WaveAccepted(Event):
    """The evidence is complete; still unwindable."""

    wave: str
    attempt: int


@dataclass(frozen=True, slots=True)
class CommitBegun(Event):
    """A named person signed; from here on unwinding is refused."""

    wave: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class WaveCommitted(Event):
    """Finalised and retired: the old side is gone."""

    wave: str


@dataclass(frozen=True, slots=True)
class CommandTaken(Event):
    """An operator's verb was carried out; its effects are the next lines of the same commit."""

    command: str
    verb: str
    target: str
    by: str
    asserted: bool
    reason: str
    saw: int  # the journal line that the actor had seen


@dataclass(frozen=True, slots=True)
class CommandRefused(Event):
    """An operator's verb was early, late, doubled or not allowed; the answer says why."""

    command: str
    verb: str
    target: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Signed(Event):
    """A decision maker states a limit, such as `no full unwind after` an hour. It binds people.

    Signed again in the same words, the newer hour counts.
    """

    limit: str  # the words without the hour
    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class HandRecorded(Event):
    """Somebody did something by hand and wrote it down; no state changes by it."""

    subject: str  # a wave, a move, `move/act`, or `run`
    text: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stalled(Event):
    """Something waits too long: what, for what, on whom, since when, and how to mend it."""

    wave: str
    subject: str
    waits_for: str
    on_whom: str
    since: datetime
    mend: str


@dataclass(frozen=True, slots=True)
class DisturbanceOpened(Event):
    """Something is wrong, and it is somebody's: yellow, with a clock.

    `red_at` is a fact from here on: no restart and no clock moves it to a later hour.
    """

    disturbance: str  # D1, D2 ... in the order of the run
    key: str  # a report with the same key adds to it while it is open
    target: str  # a subsystem, a wave, or empty for the whole
    source: str  # person, check, or whatever program reported it
    reason: str
    by: str
    owner: str
    red_at: datetime
    from_what: str  # policy, or turn-back: what `red_at` comes from


@dataclass(frozen=True, slots=True)
class DisturbanceStaffed(Event):
    """Whose it is now, who was taken off other work for it, and where they meet."""

    disturbance: str
    target: str
    owner: str
    members: tuple[str, ...]
    room: str
    link: str
    by: str


@dataclass(frozen=True, slots=True)
class DisturbanceNoted(Event):
    """A line of its log. `times` is how often it was reported by now; 0 for a note."""

    disturbance: str
    target: str
    text: str
    source: str
    by: str
    times: int = 0


@dataclass(frozen=True, slots=True)
class DisturbanceHastened(Event):
    """It becomes red earlier than was said, because turning back is too late earlier."""

    disturbance: str
    target: str
    was: datetime
    red_at: datetime
    from_what: str


@dataclass(frozen=True, slots=True)
class DisturbanceWarned(Event):
    """Half of its time is over, or nearly all of it: `half` or `soon`."""

    disturbance: str
    target: str
    warning: str
    red_at: datetime


@dataclass(frozen=True, slots=True)
class DisturbanceReddened(Event):
    """Nobody has mended it in time: all hands. `holds` tells whether it stops the run."""

    disturbance: str
    target: str
    because: str
    holds: bool


@dataclass(frozen=True, slots=True)
class DisturbanceClosed(Event):
    """Back to green, with its cause and a closing note (`reason`)."""

    disturbance: str
    target: str
    cause: str
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class VersionAccepted(Event):
    """A person lets a run go on with another program version than the one that led it last."""

    began_with: str  # the version that led it last
    goes_on_with: str
    by: str


KINDS: Final[dict[str, type[Event]]] = {kind.__name__: kind for kind in Event.__subclasses__()}
VERSIONS: Final[dict[str, int]] = dict.fromkeys(KINDS, 1)

_FIELDS: Final = {
    kind: tuple(field.name for field in dataclasses.fields(kind)) for kind in KINDS.values()
}
_HINTS: Final = {kind: get_type_hints(kind) for kind in KINDS.values()}
_TIMES: Final = {
    kind: frozenset(
        name for name in _FIELDS[kind] if _HINTS[kind][name] in (datetime, datetime | None)
    )
    for kind in KINDS.values()
}
_TUPLES: Final = {
    kind: frozenset(name for name in _FIELDS[kind] if _HINTS[kind][name] == tuple[str, ...])
    for kind in KINDS.values()
}

Value = str | int | float | bool | None | list[str]


def time_to_text(time: datetime) -> str:
    """Write a zone-aware time as UTC ISO text, as journals hold it."""
    return time.astimezone(UTC).isoformat()


def event_to_data(event: Event) -> dict[str, Value]:
    """Turn an event into plain JSON data."""
    kind = type(event)
    times = _TIMES[kind]
    tuples = _TUPLES[kind]
    data: dict[str, Value] = {}
    for name in _FIELDS[kind]:
        value = getattr(event, name)
        if name in times and value is not None:
            value = time_to_text(value)
        elif name in tuples:
            value = list(value)
        data[name] = value
    return data


def event_from_data(kind_name: str, data: dict[str, Value]) -> Event:
    """Turn a journal line's data back into its event.

    Raises JournalError for an unknown kind or for data that does not fit the kind.
    """
    kind = KINDS.get(kind_name)
    if kind is None:
        raise JournalError(
            "journal-unknown-kind",
            f"the journal holds an event of kind {kind_name!r}, which this version does not know",
            hint="open the run with the program version that wrote it, or a newer one",
        )
    times, tuples = _TIMES[kind], _TUPLES[kind]
    values: dict[str, object] = {}
    for name, value in data.items():
        if name in times and isinstance(value, str):
            values[name] = datetime.fromisoformat(value)
        elif name in tuples and isinstance(value, list):
            values[name] = tuple(value)
        else:
            values[name] = value
    try:
        return kind(**values)
    except TypeError as error:
        raise JournalError(
            "journal-edited",
            f"a journal line of kind {kind_name} does not have that kind's fields: {error}",
            hint="the journal was edited by hand; restore it from a backup or an export",
        ) from error
