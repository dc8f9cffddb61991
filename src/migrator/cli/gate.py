"""`migrator gate`: what a gate's decider must see, shown and stored, and then the decision.

The verbs behind it are go, no-go and postpone; what was shown goes with them by its digest, so that
the journal proves what was known. Without a decision, and where nobody can type, it only shows.
"""

from __future__ import annotations

import difflib
import json
import sys
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from migrator.cli import output
from migrator.cli.hours import in_the_plans_zone
from migrator.cli.identity import AsOption, who
from migrator.cli.limits import limit_lines
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import (
    DEFAULT_STORE,
    RunArgument,
    SeenRun,
    StoreOption,
    os_user,
    see_run,
)
from migrator.cli.sentences import counted, printable
from migrator.cli.status import STATE_WORDS
from migrator.cli.steering import Given, steer
from migrator.cli.verb_making import WAIT_SECONDS, IdOption, ReasonOption, WaitOption, YesOption
from migrator.errors import InputError, JournalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from migrator.reports.seen import Rows

KIND: Final = "seen"
"""How the store names such a blob among the others."""

SHORT: Final = 16
DIGEST_MIN: Final = 8

Sheet = dict[str, object]


@dataclass(frozen=True, slots=True)
class Decided:
    """What the decider wants; `until` only of a postponement."""

    verb: str
    until: str = ""


def command(
    run: RunArgument,
    wave: Annotated[str, typer.Argument(metavar="WAVE", help="The wave's id, such as w01.")],
    *,
    go: Annotated[bool, typer.Option("--go", help="Open the gate.")] = False,
    no_go: Annotated[bool, typer.Option("--no-go", help="Close the gate.")] = False,
    postpone: Annotated[
        str, typer.Option("--postpone", metavar="TIME", help="Move its deadline: 09:30, or dated.")
    ] = "",
    person: AsOption = None,
    reason: ReasonOption = "",
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Show what the decider at a gate must see, store that by its digest, and decide.

    \b
    Examples:
      migrator gate latest w02
      migrator gate latest w02 --go --as anna --reason "pilot is green, all teams are here"
      migrator gate latest w02 --postpone 09:30 --as anna --reason "wait for the bank"
      migrator gate latest w02 --format json | jq '.open_checks, .holds'

    Without a decision it asks for one in a terminal, and elsewhere only shows. `go`, `no-go` and
    `postpone` are its short forms: they show and store nothing. `migrator journal seen` prints
    what was stored.

    The answer says what follows. Exit code 0: shown, done, or kept for the process that leads the
    run. 2: refused, with the reason. On a live run the name must be whole, and the wave's id is
    asked for; --yes leaves that out.

    \b
    Keys of the JSON document without a decision: format, run, line, head, run_time, wave, name,
    attempt, state, moves, gate {opened, deadline, unanswered, deciders}, earlier [wave, name,
    state], open_checks [check, wave, state, person], holds [wave, subject, cause, since,
    unwind_at], links {sweep, swept_at, links, proved, broken, unproved, untestable, waived, said},
    regressed [move, wave, look, links, examples, waived, causes], unproved [move, wave, links,
    why], exceptions, limits [limit, until, by], waits [subject, what, waits_for, on_whom, until];
    where handlers noted some: defects [defect, check, wave, person], suspects [part, other,
    reasons]; where there is a forecast: forecast {go, binding, reasons, made, knows, fits,
    forward_first, end_p80, turn_back_by, digest}.
    """
    decided = _chosen(run, store, go=go, no_go=no_go, postpone=postpone)
    seen = see_run(run, store)
    with seen.store:
        sheet = _sheet(seen, wave)
        if form is Format.text:
            output.show(printable(f"{seen.mode} {seen.name}: gate of {wave}"))
            show(sheet, seen.zone, limit_lines(seen))
        if decided is None and form is Format.text and sys.stdin.isatty():
            decided = _asked(seen, wave)
        if decided is None:
            if form is Format.json:
                output.emit(sheet)
            output.say("nothing was decided: say --go, --no-go or --postpone TIME")
            return 0
        if not seen.played_out:  # steer refuses it; nothing is kept of what decides nothing
            who(person, os_user(), seen.itinerary.members)
        digest = "" if seen.played_out else seen.store.pin(KIND, encoded(sheet))
    details = (("seen", digest), *((("until", decided.until),) if decided.until else ()))
    line = cast("int", sheet["line"])
    return steer(
        Given(
            decided.verb, run, wave, store, form, person, reason, command_id, yes, wait, details,
            saw=line,
        )
    )  # fmt: skip


def _chosen(run: str, store: str, *, go: bool, no_go: bool, postpone: str) -> Decided | None:
    if sum((go, no_go, bool(postpone))) > 1:
        raise InputError(
            "usage",
            "a gate takes one answer: --go, --no-go or --postpone TIME",
            hint="leave all of them out to see the gate first",
        )
    if postpone:
        return Decided("postpone", in_the_plans_zone(postpone, run, store, "--postpone"))
    if go or no_go:
        return Decided("go" if go else "no-go")
    return None


def _sheet(seen: SeenRun, wave: str) -> Sheet:
    from migrator.reports.seen import gate_sheet

    if wave not in seen.run.waves:
        near = difflib.get_close_matches(wave, seen.run.waves, 1)
        raise InputError(
            "unknown-wave",
            f"there is no wave {wave!r} in {seen.name}",
            hint=f"did you mean {near[0]}?" if near else f"it has {', '.join(seen.run.waves)}",
        )
    return gate_sheet(seen.run, seen.now(), wave, seen.name, seen.journal.head)


def encoded(sheet: Sheet) -> bytes:
    """The canonical bytes of a sheet, of which the digest is made."""
    from migrator.store.chain import encode_json

    return encode_json(sheet).encode("ascii")


def _asked(seen: SeenRun, wave: str) -> Decided | None:
    """The answer as it is typed; None where nothing is."""
    from migrator.cli.hours import moment_of

    output.say(f"{wave}: go, no-go, or postpone TIME? (return alone: nothing is done)")
    words = sys.stdin.readline().split()
    match words:
        case []:
            return None
        case ["go" | "no-go" as verb]:
            return Decided(verb)
        case ["postpone", hour]:
            until = moment_of(hour, seen.now(), seen.zone, "postpone")
            return Decided("postpone", until.isoformat())
        case _:
            raise InputError(
                "usage",
                f"{' '.join(words)!r} is no answer; nothing was done",
                hint="answer go, no-go, or postpone 09:30",
            )


# --- the sheet as text --------------------------------------------------------------------------


def show(sheet: Sheet, zone: ZoneInfo, limits: list[str]) -> None:
    """The sheet for a person; times by the plan's clocks."""

    def clock(moment: object) -> str:
        return _hour(moment, zone)

    gate = cast("dict[str, object]", sheet["gate"])
    moves = cast("list[str]", sheet["moves"])
    deciders = ", ".join(cast("list[str]", gate["deciders"])) or "anybody"
    output.show(printable(f"{sheet['wave']}, {sheet['name']}: {counted(len(moves), 'subsystem')}"))
    output.show(
        f"run time {clock(sheet['run_time'])}, line {sheet['line']}, "
        f"head {str(sheet['head'])[:SHORT]}"
    )
    state = STATE_WORDS[str(sheet["state"])]
    output.show(
        f"{state}, attempt {sheet['attempt']}; deadline {clock(gate['deadline'])}, "
        f"unanswered: {gate['unanswered']}; decided by {printable(deciders)}"
    )
    if isinstance(expected := sheet.get("forecast"), dict):
        output.show(output.colour(printable(_advised(expected)), _HUES[bool(expected["go"])]))
    if isinstance(covered := sheet.get("links"), dict):
        output.show(printable(f"links before the moves: {covered['said']}"))
    for title, key, words in _sections(clock):
        if key in _SELDOM and key not in sheet:
            continue
        rows = cast("Rows", sheet[key])
        output.show(f"{title}: {'none' if not rows else ''}".rstrip())
        for row in rows:
            output.show(printable(f"  {words(row)}"))
    exceptions = cast("list[str]", sheet["exceptions"])
    output.show(f"exceptions so far: {'none' if not exceptions else ''}".rstrip())
    for line in exceptions:
        output.show(printable(f"  {line}"))
    for line in limits:
        output.show(output.colour(f"signed limit: {line}", "yellow"))


_SELDOM: Final = frozenset({"suspects", "defects"})
"""Sections of a sheet that are left out where there is nothing of them."""
_HUES: Final = {True: "green", False: "red"}


def _advised(expected: dict[str, object]) -> str:
    verdict = "speaks for a go" if expected["go"] else "speaks AGAINST a go"
    binds = " and binds this gate" if expected["binding"] else ""
    reasons = "; ".join(cast("list[str]", expected["reasons"]))
    return f"the forecast of line {expected['knows']} {verdict}{binds}: {reasons}"


def _hour(moment: object, zone: ZoneInfo) -> str:
    if not isinstance(moment, str):
        return "-"
    return f"{datetime.fromisoformat(moment).astimezone(zone):%a %H:%M}"


def _sections(
    clock: Callable[[object], str],
) -> tuple[tuple[str, str, Callable[[dict[str, object]], str]], ...]:
    def check(row: dict[str, object]) -> str:
        return f"{row['check']}: {row['state']} {row['person']}".rstrip()

    def hold(row: dict[str, object]) -> str:
        until = f"; unwinds at {clock(row['unwind_at'])}" if row["unwind_at"] else ""
        return f"{row['wave']}, {row['subject']}: {row['cause']}{until}"

    def regressed(row: dict[str, object]) -> str:
        names = ", ".join(cast("list[str]", row["examples"]))
        waived = cast("list[str]", row["waived"])
        tail = f"; waived: {', '.join(waived)}" if waived else ""
        causes = "".join(f"; {each}" for each in cast("list[str]", row.get("causes", [])))
        return f"{row['move']} ({row['look']}): {row['links']}, such as {names}{tail}{causes}"

    def unproved(row: dict[str, object]) -> str:
        number = "all of its links" if row["links"] is None else f"{row['links']}"
        return f"{row['move']}: {number}, {row['why']}"

    def wait(row: dict[str, object]) -> str:
        until = f", until {clock(row['until'])}" if row["until"] else ""
        return f"{row['what']}: {row['waits_for']}, {row['on_whom']}{until}"

    def suspect(row: dict[str, object]) -> str:
        reasons = "; ".join(cast("list[str]", row["reasons"]))
        to = f" to {row['other']}" if row["other"] else ""
        return f"{row['part']}{to}: {reasons}"

    def defect(row: dict[str, object]) -> str:
        return f"{row['defect']}: {row['check']}, by {row['person']}"

    return (
        ("earlier waves", "earlier", lambda row: f"{row['wave']}: {row['state']}"),
        ("open checks of earlier waves", "open_checks", check),
        ("open holds", "holds", hold),
        ("where to look first for what does not work", "suspects", suspect),
        ("defects that hold nothing", "defects", defect),
        ("regressed links by earlier waves", "regressed", regressed),
        ("unproved links by earlier waves", "unproved", unproved),
        ("waits for people", "waits", wait),
    )


def show_stored(run: str, digest: str, store: str, form: Format) -> None:
    """Print what was stored for a decision of a run; for `migrator journal seen`."""
    from migrator.store.pinned import digest_of

    seen = see_run(run, store)
    with seen.store:
        whole = _whole(seen, digest)
        blob = seen.store.pinned(whole)
    if blob is None:
        raise JournalError(
            "seen-missing",
            f"this store does not hold what {whole[:SHORT]} names: the run was imported, or copied",
            hint="read it in the store in which the run was led, or in a backup of that",
        )
    if digest_of(blob) != whole:
        raise JournalError(
            "journal-edited",
            f"what was stored as {whole[:SHORT]} was edited: its content does not give its digest",
            hint="restore the store from a backup",
        )
    sheet = cast("Sheet", json.loads(blob))
    if form is Format.json:
        output.emit(sheet)
        return
    where = f"{seen.mode} {seen.name}: what was shown at the gate of {sheet['wave']}"
    output.show(printable(where))
    limits = [
        f"{each['limit']} {_hour(each['until'], seen.zone)} (signed by {each['by']})"
        for each in cast("Rows", sheet["limits"])
    ]
    show(sheet, seen.zone, [printable(each) for each in limits])
    output.show(f"digest {whole}")


def _whole(seen: SeenRun, digest: str) -> str:
    """The digest of a decision of this run that begins so."""
    found = {
        str(sheet)
        for line in seen.journal.lines()
        if (sheet := getattr(line.event, "seen", "")) and str(sheet).startswith(digest.lower())
    }
    if len(digest) < DIGEST_MIN or len(found) != 1:
        raise InputError(
            "unknown-digest",
            f"{len(found)} decisions of {seen.name} rest on something that begins with {digest!r}"
            if len(digest) >= DIGEST_MIN
            else f"{digest!r} is too short: give {DIGEST_MIN} digits at least",
            hint=f"`migrator journal show {seen.name}` lists it as seen=... behind a gate's answer",
        )
    return found.pop()
