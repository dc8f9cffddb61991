"""Acts by command: a program here or on another host, under the guard, and what became of it.

Called by `platform.py` and `proof.py`. No shell ever reads an argument, the environment is small
and clean, secrets are shown to nobody, and an act is only begun when every earlier try of it is
proved to be gone. An observation that could not be made is *unknown*, never *not done*.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets as chance
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from migrator.engine.ports import ActResult
from migrator.errors import InputError, MigratorError, PermanentError, TransientError
from migrator.plan.means import (
    OBSERVED_DONE,
    OBSERVED_NOT_DONE,
    PASSING_EXIT,
    Command,
    Means,
)
from migrator.platform.legacy import ssh
from migrator.platform.legacy.facts import ActFacts, LostEnd
from migrator.platform.legacy.filling import filled
from migrator.platform.legacy.guard import FILES_MARK
from migrator.platform.legacy.guarding import Heard, Here, Way, guarded
from migrator.platform.legacy.secret_values import Secrets, read_secrets
from migrator.platform.legacy.showing import last_lines, shown, shown_cut

SENT_FILES_BYTES_MAX: Final = 16 * 1024 * 1024
"""Pinned files go to other hosts with each try: scripts and manifests, not data."""

FilesFor = Callable[[str, str, tuple[str, ...]], Path]
"""Lays the bytes that are pinned for a move's act, by these names, out in a folder here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended by itself, and what it printed, fit to be shown."""

    exit: int
    output: str
    ended_behind: int

    @property
    def told(self) -> str:
        """Its end in words, and the last of what it printed."""
        how = f"exit {self.exit}" if self.exit >= 0 else f"ended by {_signal(-self.exit)}"
        if self.ended_behind:
            how += f", {self.ended_behind} left in the background and ended"
        last = last_lines(self.output)
        return f"{how}\n{last}" if last else how


@dataclass(frozen=True, slots=True)
class Commands:
    """Performs and observes by command. `guards` is a folder that every conductor here uses."""

    guards: Path
    files_for: FilesFor
    machine: str = os.uname().nodename
    grace_seconds: float = 10.0  # between SIGTERM and SIGKILL
    settle_seconds: float = 5.0  # for an earlier try that is just being ended
    progress: Callable[[ActFacts, int, str], None] | None = None
    keep_output: Callable[[ActFacts, str], None] | None = None
    way_to: Callable[[str], Way] = ssh.Over

    async def perform(self, act: ActFacts, command: Command) -> ActResult:
        """Do the act. Cancelled (by a time-out), the command and its offspring are ended."""
        answer = await self.ask(act, command)
        if answer.exit in command.expects:
            return ActResult("done", answer.told)
        if answer.exit == PASSING_EXIT:
            raise TransientError(
                "command-passing-fault",
                f"{command.argv[0]} says that its trouble passes: {answer.told}",
                hint="it is tried again with the same token",
            )
        raise PermanentError(
            "command-failed",
            f"{command.argv[0]}: {answer.told}",
            hint=f"expected: exit {', '.join(map(str, command.expects))}; its last words are above",
        )

    async def observe(self, act: ActFacts, means: Means) -> ActResult:
        """Ask the world by the means' observing command: done, not done, unknown."""
        command = means.observe
        assert command is not None, "lint wants an observing command where it is needed"
        try:
            if means.command is not None:
                await self._prove_gone(act, means.command, command)
            answer = await self.ask(act, command)
        except MigratorError as error:
            return ActResult("unknown", f"{error.reference}: {error.message}")
        outcomes = {OBSERVED_DONE: "done", OBSERVED_NOT_DONE: "not_done"}
        return ActResult(outcomes.get(answer.exit, "unknown"), answer.told)

    async def ask(self, act: ActFacts, command: Command) -> Answer:
        """Run a command to its own end, whatever its exit code says."""
        if not command.argv:
            raise _empty()
        secrets = read_secrets(command.secrets)

        def told(share: int, text: str) -> None:
            if self.progress is not None:
                self.progress(act, share, shown(text.encode(), secrets))

        way = self._way(act, command)
        with _no_secret_in_errors(secrets):
            task = self._task(act, command, way, secrets)
            output_max = command.output_kib_max * 1024
            try:
                heard = await guarded(way, task, output_max, told)
            except OSError as error:
                raise PermanentError(
                    "guard-failed",
                    f"{way.argv([])[:1] or [way.python()]} cannot be started: {error.strerror}",
                    hint="mend this machine, then retry the act",
                ) from error
            output = shown_cut(heard.head, heard.tail, heard.left_out, secrets)
            if self.keep_output is not None and heard.ended:
                self.keep_output(act, output)
            _raise_unless_ended(way.host, command.argv[0], heard, secrets, output)
        return Answer(heard.exit, output, heard.ended_behind)

    async def _prove_gone(self, act: ActFacts, command: Command, observing: Command) -> None:
        """Prove it where the command runs; on the same host the observing guard does it itself."""
        way = self._way(act, command)
        if not way.host and act.began_on and act.began_on != self.machine:
            raise LostEnd(f"it was begun on {act.began_on}; from here nobody sees what runs there")
        if way.host == self._way(act, observing).host:
            return
        nothing = Secrets({})
        task = self._task(act, Command(()), way, nothing)
        heard = await guarded(way, task, 1024, lambda _share, _text: None)
        if heard.refused != "proved":
            _raise_unless_ended(way.host, command.argv[0], heard, nothing, "")

    def _way(self, act: ActFacts, command: Command) -> Way:
        host = filled(command.host, act.placeholders(""))
        return self.way_to(host) if host else Here()

    def _task(
        self, act: ActFacts, command: Command, way: Way, secrets: Secrets
    ) -> Mapping[str, object]:
        """What the guard is told; nothing in it is ever on a command line."""
        pinned = self.files_for(act.move, act.act, command.files)
        files = FILES_MARK if way.host else str(pinned)
        folder = "" if way.host else str(self.guards.resolve())
        values = act.placeholders(files)
        environment = {name: filled(text, values) for name, text in command.environment.items()}
        task: dict[str, object] = {
            "run_key": act.run_key(folder),
            "key": act.key(folder),
            "mark": chance.token_hex(8),
            "move": act.move,
            "act": act.act,
            "attempt": act.attempt,
            "token": act.token,
            "epoch": act.epoch,
            "folder": folder,
            "parent": 0 if way.host else os.getpid(),
            "argv": [filled(word, values) for word in command.argv],
            # A folder of the command's own starts at the folder with the pinned files.
            "cwd": str(PurePosixPath(files) / filled(command.folder, values)),
            "environment": {**environment, **act.environment()},
            "secrets": secrets.values,
            "files": _sent(pinned, command.files) if way.host else None,
            "output_max": command.output_kib_max * 1024,
            "grace_seconds": self.grace_seconds,
            "silence_seconds": way.silence_seconds,
            "settle_seconds": self.settle_seconds,
        }
        words = (*command.argv, command.folder, *environment, *environment.values())
        if any("\0" in word for word in words):
            raise InputError(
                "command-unusable", "a command has a zero byte in it", hint="mend the plan"
            )
        return task


def _sent(folder: Path, names: tuple[str, ...]) -> Mapping[str, tuple[int, str]]:
    """The pinned files for another host: their modes and bytes."""
    sent: dict[str, tuple[int, str]] = {}
    total = 0
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise InputError(
                "pinned-files", f"{name!r} leads out of the plan's folder", hint="mend the plan"
            )
        try:
            data = (folder / name).read_bytes()
            mode = (folder / name).stat().st_mode & 0o700
        except OSError as error:
            raise PermanentError(
                "pinned-files", f"{name!r} cannot be read: {error.strerror}", hint="see the page"
            ) from error
        total += len(data)
        sent[name] = (mode | 0o400, base64.b64encode(data).decode("ascii"))
    if total > SENT_FILES_BYTES_MAX:
        raise PermanentError(
            "pinned-files",
            f"the files of one command have {total // 1_000_000} MB; at most 16 go over ssh",
            hint="have the data fetched on the host, and send the script only",
        )
    return sent


def _raise_unless_ended(
    host: str, program: str, heard: Heard, secrets: Secrets, output: str
) -> None:
    """Raise the error for a command that did not come to an end of its own."""
    if heard.refused:
        raise _refused(host, program, heard)
    if heard.ended and heard.cut:
        raise LostEnd(f"{program} was ended by its guard: {heard.cut}\n{last_lines(output)}")
    if heard.ended:
        return
    complaint = last_lines(shown(heard.stderr, secrets))
    if host:
        raise ssh.trouble(host, heard.code, complaint, went=heard.went)
    if heard.went:
        raise LostEnd(f"the guard of {program} was killed; the command was ended with it")
    raise PermanentError(
        "guard-failed",
        f"the guard ended with {heard.code} before anything was begun: {complaint}",
        hint="mend this machine, then retry the act",
    )


def _refused(host: str, program: str, heard: Heard) -> MigratorError:
    """The error for what the guard would not begin."""
    where = f" on {host}" if host else ""
    files_there = heard.text.replace(FILES_MARK, "the pinned files' folder")
    match heard.refused:
        case "missing-program":
            return PermanentError(
                "command-not-found",
                f"there is no program {files_there}{where}; nothing was begun",
                hint="install it, or name it by its whole path, then retry the act",
            )
        case "not-executable":
            return PermanentError(
                "command-not-executable",
                f"{files_there}{where} cannot be executed; nothing was begun",
                hint="`chmod +x` it, and look whether its first line names a program that exists",
            )
        case "missing-folder":
            return PermanentError(
                "command-folder-missing",
                f"there is no folder {files_there}{where} for {program}; nothing was begun",
                hint="make the folder, then retry the act",
            )
        case "alive":
            return TransientError(
                "earlier-try-alive",
                f"{heard.text}{where}; {program} was not begun",
                hint="it is tried again; if that process hangs, end it by hand",
            )
        case "fenced":
            return PermanentError(
                "act-fenced",
                f"another conductor leads this run by now ({heard.text}); nothing was begun",
                hint="leave it to that one",
            )
        case _:
            return PermanentError(
                "guard-failed",
                f"the guard could not begin {program}{where} ({heard.refused}: {files_there})",
                hint="mend what it names, then retry the act",
            )


def _empty() -> InputError:
    return InputError("command-unusable", "a command has no program", hint="mend the plan's argv")


def _signal(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


class _no_secret_in_errors(contextlib.AbstractContextManager[None]):  # noqa: N801 - reads as words
    """Strikes secrets out of an error that leaves this block."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, MigratorError):
            error.message = self._secrets.hidden(error.message)
            error.args = (error.message,)
            error.hint = self._secrets.hidden(error.hint)
