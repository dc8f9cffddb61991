"""Giving a verb to a run: say what it does, ask where it is live, submit it, wait for the answer.

Every verb goes this way, whichever file of the CLI gives it. The command is a row with an id of its
own on the run's desk; the process that leads the run answers it, early, late or doubled. Nothing is
decided here: what may be done, and by whom, is said by `engine/commands.py`.
"""

from __future__ import annotations

import sys
import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.identity import person_id, who
from migrator.cli.limits import passed_lines
from migrator.cli.output import Format
from migrator.cli.runs import SeenRun, os_user, see_run
from migrator.cli.sentences import told_of
from migrator.cli.server_options import FAR_SECONDS, chosen
from migrator.errors import InputError, RefusedError

if TYPE_CHECKING:
    from migrator.engine.events import Event

POLL_SECONDS: Final = 0.02
"""How often the answer is looked for; the desk of the leader is looked at as often."""

KEPT: Final = "kept"
TAKEN: Final = "taken"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed: a verb and everything that goes with it."""

    verb: str
    run: str
    target: str
    store: str
    form: Format
    person: str | None = None
    reason: str = ""
    command_id: str | None = None
    yes: bool = False
    wait_seconds: float = 5.0
    details: tuple[tuple[str, str], ...] = ()
    note: str = ""  # a handler's: kept apart, only its digest goes into the journal
    saw: int | None = None  # the last line that was shown; None: the last one there is


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command."""

    kind: str  # taken, refused, or kept: nobody has answered yet
    why: str
    follows: tuple[str, ...]


WILL: Final = {
    "go": "opens the gate of {wave}: {moves} to move",
    "no-go": "closes the gate of {wave}: it does not move, and what needs it is blocked",
    "pause": "starts nothing new in the whole run; what is under way ends",
    "resume": "lets the run go on where it stands",
    "abort": "ABORTS the run: everything that is not committed goes back to the old side",
    "hold": "stops {wave} where it stands; what is under way ends",
    "release": "lets {wave} go on",
    "retry": "tries {target} again",
    "skip": "leaves {target} out; that is listed as an exception",
    "force-done": "records that {target} was done by hand; that is listed as an exception",
    "abandon": "gives {target} up; that is listed as an exception",
    "unwind": "takes {target} back to the old side",
    "commit": "makes {wave} final: the old side is retired, and nothing takes it back any more",
    "veto": "stops the unwind clock of {wave}",
    "override": "answers for {target} against the evidence; that is listed as an exception",
    "amend": "gives {target} other bytes for its next try; that is listed as an exception",
    "replan": "lets everything that has not started follow another plan",
    "tick": "gives a verdict on {target}",
    "withdraw": "takes your verdict on {target} back",
    "claim": "takes {target}: it is yours to verify",
    "hand-over": "gives {target} to somebody else",
    "raise": "takes {target} for a refusal: its wave is held at once",
    "arrive": "says that you are there: checks may be given to you",
    "leave": "says that you are gone: what you have is given to somebody else",
    "extend": "gives {target} more time",
    "waive": "lets the link {target} be; that is a decision, and listed as an exception",
    "record": "writes down what was done by hand about {target}",
    "disturb": "opens a disturbance about {target}, or adds to the open one",
    "staff": "says whose {target} is and who works on it",
    "log": "writes into the log of {target}",
    "close": "closes {target}: it is green again",
}
"""What each verb will do, in words that are read before it is done."""


def steer(given: Given) -> int:
    """Give a verb to a run and tell what became of it; the exit code."""
    seen = see_run(given.run, given.store)
    with seen.store:
        actor = _actor(seen, given)
        output.say(f"{seen.mode} {seen.name}: {_will(seen, given)} (as {actor})")
        for line in passed_lines(seen, given.verb, given.target):
            output.say(output.colour(line, "red"))
        may_be_asked_for(seen, given)
        if not (seen.practice or given.yes):
            _confirm(seen, given)
        command_id = given.command_id or str(uuid.uuid4())
        _submit(seen, given, actor, command_id)
        answer = _wait(seen, command_id, given.wait_seconds)
        return _tell(seen, given, actor, command_id, answer)


def _actor(seen: SeenRun, given: Given) -> str:
    """Who gives it: as asserted here, or whose token the server knows."""
    through = chosen()
    if through is None:
        return who(given.person, os_user(), seen.itinerary.members)
    from migrator.cli.server_sight import whose

    person = whose(seen) or ""
    named = given.person
    if named is not None and person not in {named, person_id(named, seen.itinerary.members)}:
        raise InputError(
            "server-token",
            f"the token is that of {person}, and --as says {named}",
            hint="leave --as out: through a server it is the token that says who you are",
        )
    return person


def _will(seen: SeenRun, given: Given) -> str:
    wave = wave_of(seen, given.target) or given.target
    leg = next((leg for leg in seen.itinerary.waves if leg.id == wave), None)
    target = given.target or "the run"
    if target == "everything":
        target = "EVERYTHING that is not committed"
    count = len(leg.moves) if leg is not None else 0
    moves = "1 subsystem" if count == 1 else f"{count} subsystems"
    if given.verb == "go" and leg is None:
        return f"opens the gate of {wave}"
    if given.verb == "sign":
        until = datetime.fromisoformat(dict(given.details)["until"])
        return f"signs for all to keep: {given.target} {seen.clock(until)}"
    if given.verb == "postpone":
        until = datetime.fromisoformat(dict(given.details)["until"])
        return f"moves the deadline of the gate of {wave} to {seen.clock(until)}"
    return WILL[given.verb].format(wave=wave, moves=moves, target=target)


def wave_of(seen: SeenRun, target: str) -> str:
    """The wave that a target belongs to; empty for the run as a whole, or what nobody knows."""
    if target in seen.run.waves:
        return target
    for check in seen.itinerary.checks:
        if check.id == target:
            return check.wave
    record = seen.run.moves.get(target.partition("/")[0])
    return record.wave if record is not None else ""


def may_be_asked_for(seen: SeenRun, given: Given) -> None:
    """Refuse what no leader could ever answer, and a live run that is not named in full."""
    if seen.played_out:
        what = f"has ended ({seen.run.outcome})" if seen.ended else "was rehearsed, not run"
        raise RefusedError(
            "run-over",
            f"{seen.name} {what}; nothing can be changed any more",
            hint="`migrator report` tells what happened; `migrator run PLAN` begins another run",
        )
    if seen.practice:
        return
    if given.run != seen.name:
        raise RefusedError(
            "live-by-name",
            f"{given.run!r} is not enough to change a live run; its name is {seen.name}",
            hint=f"type the whole name: migrator {given.verb} {seen.name} ...",
        )


def _confirm(seen: SeenRun, given: Given) -> None:
    """Have the wave's id (or the run's name) typed: a habit of pressing y must not move a wave."""
    asked = wave_of(seen, given.target) or seen.name
    what = "wave's id" if asked != seen.name else "run's name"
    if not sys.stdin.isatty():
        raise RefusedError(
            "live-not-confirmed",
            f"{seen.mode}: {given.verb} wants to be confirmed, and nobody can type here",
            hint="a script says --yes; a person runs it in a terminal",
        )
    output.say(f"{seen.mode}: type the {what} ({asked}) to go on")
    if sys.stdin.readline().strip() != asked:
        raise RefusedError(
            "live-not-confirmed",
            f"{asked} was not typed; nothing was done",
            hint="give the command again and type exactly what is asked for",
        )


def _submit(seen: SeenRun, given: Given, actor: str, command_id: str) -> None:
    from migrator.conductor.clock import wall_now
    from migrator.engine.ports import OperatorCommand

    details = given.details
    if given.note:
        details = (*details, ("note_digest", seen.store.keep_note(given.note)))
    seen.journal.submit(
        OperatorCommand(
            id=command_id,
            verb=given.verb,
            actor=actor,
            asserted=True,
            target=given.target,
            reason=given.reason,
            saw=seen.run.seq if given.saw is None else given.saw,
            details=details,
        ),
        wall_now().isoformat(),
    )


def _wait(seen: SeenRun, command_id: str, seconds_max: float) -> Answer:
    """Look for the answer as long as somebody leads the run, and the caller wants to wait."""
    near = chosen() is None
    left = seconds_max
    while True:
        events = seen.journal.answer_of(command_id)  # a server waits for it by itself, for a while
        if events is not None:
            return _answer(seen, events)
        if left <= 0 or (left == seconds_max and seen.journal.leader() is None):
            return Answer(KEPT, "", ())
        if near:
            time.sleep(POLL_SECONDS)
        left -= POLL_SECONDS if near else FAR_SECONDS


def _answer(seen: SeenRun, events: tuple[Event, ...]) -> Answer:
    from migrator.engine.events import CommandRefused

    if not events:  # a command that was answered with nothing: the same one, a second time
        return Answer(TAKEN, "", ())
    first = events[0]
    if isinstance(first, CommandRefused):
        return Answer(REFUSED, first.why, ())
    told = tuple(told_of(event, seen.itinerary) for event in events[1:])
    return Answer(TAKEN, "", told)


def _tell(seen: SeenRun, given: Given, actor: str, command_id: str, answer: Answer) -> int:
    leader = seen.journal.leader()
    passed = passed_lines(seen, given.verb, given.target)
    if given.form is Format.json:
        output.emit(
            {
                "run": seen.name,
                "mode": seen.mode,
                "practice": seen.practice,
                "verb": given.verb,
                "target": given.target,
                "actor": actor,
                "asserted": chosen() is None,
                "command": command_id,
                "answer": answer.kind,
                "why": answer.why,
                "follows": list(answer.follows),
                "seen": dict(given.details).get("seen"),
                "limits_passed": passed,
                "led_by": leader,
            }
        )
        return InputError.exit_code if answer.kind == REFUSED else 0
    if answer.kind == REFUSED:
        raise RefusedError(
            "refused",
            f"{given.verb} {given.target} was refused: {answer.why}",
            hint=f"`migrator decide {seen.name}` shows what the run waits for and what may be done",
        )
    if answer.kind == KEPT:
        output.show(f"kept, not answered yet: {given.verb} {given.target} (command {command_id})")
        output.say(
            f"{leader} leads the run and has not answered; ask again with `migrator status`"
            if leader
            else f"nobody leads {seen.name} now; it is answered as soon as somebody does: "
            f"migrator run --continue {seen.name}"
        )
        return 0
    output.show(f"done: {given.verb} {given.target}".rstrip())
    for each in (*answer.follows, *passed):
        output.show(f"  {each}")
    return 0
