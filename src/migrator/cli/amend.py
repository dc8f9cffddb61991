"""`migrator amend`: other bytes for a file of a failed or held step, shown and tried out first.

The hot fix. The step's dry run is made with the new bytes (`wiring/trying.py`); only when it has
passed do they go into the store by their digest, and the verb to the run. What may be amended, and
when, is said by `engine/amending.py`. Nobody answers for bytes that were not shown: the command
names the digest of what was in use when the difference was read.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.identity import AsOption, who
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, SeenRun, StoreOption, os_user, see_run
from migrator.cli.second_person import CodeOption, ReasonNeeded, SecondOption, details_of
from migrator.cli.sentences import printable
from migrator.cli.steering import Given, may_be_asked_for, steer
from migrator.cli.verb_making import WAIT_SECONDS, IdOption, WaitOption, YesOption
from migrator.errors import EnvironmentFailed, InputError, RefusedError

if TYPE_CHECKING:
    from migrator.platform.legacy.trying import Tried

DIFF_LINES_MAX: Final = 400
"""More than a screen can be read of is not a hot fix; the rest is counted."""

DRY_RUN_LINES_MAX: Final = 60
"""Of what a dry run printed the end is shown, where a program says what it found."""

DRY_RUN_SECONDS: Final = 300.0
"""A wave is held meanwhile; a dry run that needs longer is given its time by an option."""


def command(
    run: RunArgument,
    step: Annotated[
        str, typer.Argument(metavar="SUBSYSTEM/STEP", help="The step or undo, as decide shows it.")
    ],
    *,
    file: Annotated[
        str,
        typer.Option(
            "--file", metavar="NAME=PATH", help="The file as the plan names it, and the new bytes."
        ),
    ],
    reason: ReasonNeeded,
    person: AsOption = None,
    second: SecondOption = None,
    code: CodeOption = None,
    yes: YesOption = False,
    command_id: IdOption = None,
    wait: WaitOption = WAIT_SECONDS,
    limit: Annotated[
        float,
        typer.Option(
            "--dry-run-limit", metavar="SECONDS", min=0.1, help="How long the dry run may take."
        ),
    ] = DRY_RUN_SECONDS,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> int:
    """Give a failed or held step other bytes for one of its files: the hot fix.

    \b
    Examples:
      migrator amend latest payments/copy --file copy.sh=fixed/copy.sh --as bo \\
          --reason "the table has another name here"
      migrator amend night-1 payments/copy --file copy.sh=fixed/copy.sh --as bo \\
          --second anna --code 7KQM-2XWD-RB9T --reason "the table has another name here"

    The difference from the bytes in use is shown, and the step's dry run is made with the new
    ones: here, by you, and by the second person again. If it does not pass, nothing is amended.
    From the step's next try on the new bytes are used: `migrator retry` begins it. Every other step
    keeps what was pinned when the run began. Without --second it is asked for, and joined by
    another operating-system user with the same command. The report lists it as an exception.

    \b
    Exit code 0: done, asked for, or kept for the process that leads the run. 2: refused, or the
    dry run did not pass.
    """
    from migrator.engine.amending import digest_in_use, files_of

    name, content = _new_bytes(file)
    by_two = details_of(second, code)
    now = hashlib.sha256(content).hexdigest()
    was = ""
    given = Given("amend", run, step, store, form, person, reason, command_id, yes, wait)
    tried: tuple[tuple[str, str], ...] = ()
    seen = see_run(run, store)
    with seen.store:
        move, _, act = step.partition("/")
        if move in seen.run.moves and name in files_of(seen.run, move, act):
            was = digest_in_use(seen.run, move, act, name)
            for line in _difference(_bytes_in_use(seen, name, was), content, name, file):
                output.say(printable(line.expandtabs(4)))
            may_be_asked_for(seen, given)
            who(person, os_user(), seen.itinerary.members)  # a stranger starts no program here
            _show_who_asked(seen, step)
            tried = _try_out(seen, step, name, content, limit)
            seen.store.pin("file", content)
    details = (("file", name), ("was", was), ("now", now), *tried, *by_two)
    return steer(replace(given, details=details))


def _show_who_asked(seen: SeenRun, step: str) -> None:
    """Tell the second person who has asked already, and what became of the dry run then.

    Whether it was for these very bytes is said by the answer: others are asked for anew.
    """
    from migrator.engine.dry_runs import with_dry_run
    from migrator.engine.seconds import wanted

    for asked in wanted(seen.run):
        if (asked.verb, asked.subject) == ("amend", step):
            told = with_dry_run(f"{asked.by} asked to amend {step}: {asked.reason}", asked.dry_run)
            output.say(printable(told))


def _try_out(
    seen: SeenRun, step: str, name: str, content: bytes, limit: float
) -> tuple[tuple[str, str], ...]:
    """Make the step's dry run where it declares one; what the command says of it.

    RefusedError where it does not pass: these bytes are not even asked for.
    """
    from migrator.engine.amending import dry_run_of, why_not
    from migrator.engine.dry_runs import PASSED
    from migrator.wiring.trying import try_amendment

    move, _, act = step.partition("/")
    if dry_run_of(seen.run, move, act) is None:
        output.say("this step declares no dry run: nothing was tried out")
        return ()
    if seen.practice:
        output.say(f"{seen.mode}: the dry run is not made, nothing real is touched")
        return ()
    refused = why_not(seen.run, step, name, hashlib.sha256(content).hexdigest())
    if refused:
        output.say(printable(f"the dry run is not made: {refused}"))
        return ()
    output.say(printable(f"{seen.mode}: the dry run of {step} with the new {name} begins"))

    def progress(share: int, text: str) -> None:
        output.say(printable(f"  {share} % {text}"))

    tried = try_amendment(
        seen.store, seen.journal, seen.run, step, (name, content), limit, progress
    )
    _show_dry_run(tried)
    if not tried.passed:
        raise RefusedError(
            "amend-dry-run-failed",
            f"the dry run of {step} with the new {name} {printable(tried.said)}; "
            "nothing was amended",
            hint="mend the file and give the command again; the step keeps the bytes it has",
        )
    output.say(printable(f"the dry run of {step} {tried.said}"))
    return (("dry_run", PASSED),)


def _show_dry_run(tried: Tried) -> None:
    """What the dry run printed: its end, with what was left out before it."""
    lines = tried.output.splitlines()
    hidden = len(lines) - DRY_RUN_LINES_MAX
    if hidden > 0:
        output.say(f"  ... {hidden} lines of it are not shown")
    for line in lines[-DRY_RUN_LINES_MAX:]:
        output.say(printable(f"  | {line.expandtabs(4)}"))


def _new_bytes(file: str) -> tuple[str, bytes]:
    """The name that the plan uses, and what the file that was named for it holds."""
    from migrator.store.pinned_files import SCRIPT_BYTES_MAX

    name, sign, place = file.partition("=")
    if not sign or not name or not place:
        raise InputError(
            "usage",
            f"--file {file} does not say which file gets which bytes",
            hint="write --file NAME=PATH: the name as the plan has it, and the file to take",
        )
    path, size = Path(place), 0
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= SCRIPT_BYTES_MAX else b""
    except OSError as error:
        raise InputError(
            "file-not-pinned",
            f"{path} cannot be read: {error.strerror}",
            hint="name the file that holds the new bytes",
        ) from error
    if size > SCRIPT_BYTES_MAX:
        raise InputError(
            "file-not-pinned",
            f"{path} has {size} bytes; at most {SCRIPT_BYTES_MAX} are pinned",
            hint="large data does not belong into a script's file: have the command fetch it",
        )
    return name, content


def _bytes_in_use(seen: SeenRun, name: str, digest: str) -> bytes | None:
    """What the step would use now; None where the store does not have it."""
    from migrator.store.pinned_files import bytes_of

    try:
        return bytes_of(seen.store, name, digest)
    except EnvironmentFailed as error:
        output.say(f"{error.message}: there is nothing to compare with")
        return None


def _difference(was: bytes | None, now: bytes, name: str, file: str) -> Iterator[str]:
    """What would change, as text where it is text."""
    old, new = _text(was or b""), _text(now)
    if old is None or new is None:
        for word, content in (("was", was), ("now", now)):
            if content is not None:
                digest = hashlib.sha256(content).hexdigest()
                yield f"{name} {word}: {len(content)} bytes, {digest}"
        return
    path = file.partition("=")[2]
    lines = list(
        difflib.unified_diff(
            old.splitlines(), new.splitlines(), f"{name} as it is used", path, lineterm=""
        )
    )
    yield from lines[:DIFF_LINES_MAX]
    if len(lines) > DIFF_LINES_MAX:
        yield f"... and {len(lines) - DIFF_LINES_MAX} more lines"
    if not lines:
        yield f"{name}: no line differs" + ("" if was == now else ", only how lines end")


def _text(content: bytes) -> str | None:
    """The content as text; None where it is none."""
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
